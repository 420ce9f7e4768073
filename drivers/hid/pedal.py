"""A foot pedal that types keys."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from drivers.hid.grabbed import GrabbedDevice
from drivers.hid.identity import Identity
from drivers.hid.nodes import InputBus, KeyEvent
from drivers.panel.gestures import GestureClassifier, Gestures, Thresholds
from drivers.triggers import TriggerEvent

_SECOND = 1_000_000_000


class HidPedal:
    """A paired pedal as a source of trigger events; its own firmware debounces it.

    Parameters
    ----------
    name : str
        Source of its events, where ``keys`` gives none.
    bus : InputBus
        All devices.
    identity : Identity
        The paired one.
    thresholds : Thresholds
        Times of the gestures.
    keys : mapping
        Key code to source name, for pedals with several plates; where given, other keys do
        nothing. Empty: every key of the device is the one plate.
    clock : callable
        Monotonic nanoseconds.
    """

    def __init__(
        self,
        name: str,
        bus: InputBus,
        identity: Identity,
        thresholds: Thresholds | None = None,
        keys: Mapping[int, str] | None = None,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._name = name
        self._device = GrabbedDevice(bus, identity, clock)
        self._thresholds = thresholds or Thresholds()
        self._keys = dict(keys or {})
        self._clock = clock
        self._begin()

    @property
    def name(self) -> str:
        return self._name

    @property
    def state(self) -> str:
        return self._device.state

    def open(self) -> None:
        self._begin()
        self._device.open()

    def events(self, timeout: float) -> list[TriggerEvent]:
        deadline = self._clock() + round(timeout * _SECOND)
        while True:
            now = self._clock()
            keys = self._device.read((min(deadline, self._due(deadline)) - now) / _SECOND)
            now = self._clock()
            events = self._release_all(now) if keys.lost else []
            for key in keys.events:
                events += self._key(key)
            if keys.gone:
                events += self._release_all(now)
            for source, plate in self._plates.items():
                events += self._named(source, plate.advance(now))
            if events or now >= deadline:
                return sorted(events, key=lambda event: event.monotonic_ns)

    def close(self) -> None:
        self._device.close()

    def _begin(self) -> None:
        sources = set(self._keys.values()) or {self._name}
        self._plates = {source: GestureClassifier(self._thresholds) for source in sorted(sources)}
        self._down: dict[str, set[int]] = {source: set() for source in self._plates}

    def _key(self, key: KeyEvent) -> list[TriggerEvent]:
        source = self._keys.get(key.code) if self._keys else self._name
        if source is None:
            return []
        # one plate may type several keys, such as a shortcut: down with the first, up with the last
        down = self._down[source]
        was = bool(down)
        (down.add if key.down else down.discard)(key.code)
        if bool(down) == was:
            return []
        plate = self._plates[source]
        act = plate.press if key.down else plate.release
        return self._named(source, act(key.monotonic_ns))

    def _release_all(self, at: int) -> list[TriggerEvent]:
        """Keys were lost or the device went: what was down counts as let go."""
        events: list[TriggerEvent] = []
        for source, plate in self._plates.items():
            self._down[source].clear()
            events += self._named(source, plate.release(at))
        return events

    def _due(self, latest: int) -> int:
        dues = (plate.deadline for plate in self._plates.values())
        return min((due for due in dues if due is not None), default=latest)

    @staticmethod
    def _named(source: str, gestures: Gestures) -> list[TriggerEvent]:
        return [TriggerEvent(source, gesture, at) for gesture, at in gestures]
