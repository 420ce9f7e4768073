"""Foot switches and exposure lines on pins, as a source of trigger events."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Event
from types import MappingProxyType

from drivers.errors import SourceUnavailable
from drivers.panel import debounce
from drivers.panel.debounce import Change, Debouncer
from drivers.panel.gestures import GestureClassifier, Thresholds
from drivers.panel.gpio import Gpio, begin
from drivers.triggers import Gesture, TriggerEvent, TriggerState

_SECOND = 1_000_000_000

MOST_EDGES = 10_000
"""Edges kept for a reader that is late; a chattering contact brings more, and they say nothing."""


class ContactKind(StrEnum):
    """What hangs on the line.

    A ``pedal`` is pressed by a foot and has gestures. An ``exposure`` line follows the X-ray: it
    brings ``expose`` when it begins and ``release`` when it ends, each with its moment.
    """

    PEDAL = "pedal"
    EXPOSURE = "exposure"


SETTLE_NS: Mapping[ContactKind, int] = MappingProxyType(
    {ContactKind.PEDAL: debounce.SETTLE_NS, ContactKind.EXPOSURE: 1_000_000}
)
"""Usual settling times in nanoseconds. An exposure may be as short as a few milliseconds, and the
opto-coupler on its line does not bounce."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One input as configured.

    Attributes
    ----------
    name : str
        Source of its events.
    channel : int
        Number of the pin as the chip counts (BCM).
    kind : ContactKind
        Foot switch or exposure line.
    closed_high : bool
        False for a contact to ground or an opto-coupler with open collector: the pin is pulled up,
        closed is low. True where the line is driven to 3.3 V.
    settle_ns : int
        Settling time of the debouncing in nanoseconds.
    thresholds : Thresholds
        Times of the gestures of a pedal.
    """

    name: str
    channel: int
    kind: ContactKind = ContactKind.PEDAL
    closed_high: bool = False
    settle_ns: int = debounce.SETTLE_NS
    thresholds: Thresholds = field(default_factory=Thresholds)


class Contacts:
    """All inputs of the panel.

    The edges are stamped in the module's own thread, as soon as it reports them, and are worked on
    in the thread that reads. The level is looked at again at every step, because a burst can lose
    its last edge in the kernel.

    Parameters
    ----------
    name : str
        Name of the panel.
    gpio : Gpio
        The module.
    contacts : sequence of Contact
        Names and channels differ.
    clock : callable
        Monotonic nanoseconds.

    Raises
    ------
    ValueError
        Two contacts share a name or a channel.
    """

    def __init__(
        self,
        name: str,
        gpio: Gpio,
        contacts: Sequence[Contact],
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        for key in ("name", "channel"):
            if len({getattr(contact, key) for contact in contacts}) != len(contacts):
                raise ValueError(f"{name}: two contacts have the same {key}")
        self._name = name
        self._gpio = gpio
        self._contacts = tuple(contacts)
        self._clock = clock
        self._edges: deque[tuple[int, int, bool]] = deque(maxlen=MOST_EDGES)
        self._news = Event()
        self._lines: dict[int, _Line] = {}

    @property
    def name(self) -> str:
        return self._name

    @property
    def state(self) -> str:
        """Live; no device before :meth:`open`; unsteady contact where one never comes to rest."""
        if not self._lines:
            return TriggerState.NO_DEVICE
        now = self._clock()
        if any(line.debouncer.unsteady(now) for line in self._lines.values()):
            return TriggerState.UNSTEADY
        return TriggerState.LIVE

    def open(self) -> None:
        """Set the pins up; a contact that is closed already does nothing until it was open.

        Raises
        ------
        SourceUnavailable
            The module refuses a pin.
        """
        if self._lines:
            return
        self._edges.clear()
        try:
            begin(self._gpio)
            for contact in self._contacts:
                self._lines[contact.channel] = self._set_up(contact)
        except (RuntimeError, ValueError, OSError) as error:
            self.close()
            raise SourceUnavailable(
                self._name,
                f"a pin cannot be used ({error})",
                "Compare the pin numbers of the configuration with the wiring (BCM numbers), and "
                "look whether another program uses them.",
            ) from error

    def events(self, timeout: float) -> list[TriggerEvent]:
        """What was done, in order of time.

        Raises
        ------
        SourceUnavailable
            The panel is not open.
        """
        deadline = self._clock() + round(timeout * _SECOND)
        while True:
            if not self._lines:
                raise SourceUnavailable(self._name, "the panel is not open", "Open it first.")
            self._news.clear()
            events = self._work()
            now = self._clock()
            if events or now >= deadline:
                return sorted(events, key=lambda event: event.monotonic_ns)
            self._news.wait((min(deadline, self._due(deadline)) - now) / _SECOND)

    def close(self) -> None:
        """Give the pins back; may be called twice."""
        channels = list(self._lines)
        self._lines = {}
        for channel in channels:
            self._gpio.remove_event_detect(channel)
        if channels:
            self._gpio.cleanup(channels)
        self._news.set()

    def _set_up(self, contact: Contact) -> _Line:
        gpio = self._gpio
        pull = gpio.PUD_DOWN if contact.closed_high else gpio.PUD_UP
        gpio.setup(contact.channel, gpio.IN, pull_up_down=pull)
        gpio.add_event_detect(contact.channel, gpio.BOTH, callback=lambda _: self._note(contact))
        return _Line(contact, self._closed(contact))

    def _note(self, contact: Contact) -> None:
        at = self._clock()
        self._edges.append((at, contact.channel, self._closed(contact)))
        self._news.set()

    def _closed(self, contact: Contact) -> bool:
        return bool(self._gpio.input(contact.channel)) == contact.closed_high

    def _work(self) -> list[TriggerEvent]:
        events: list[TriggerEvent] = []
        while self._edges:
            at, channel, closed = self._edges.popleft()
            if channel in self._lines:
                events += self._lines[channel].edge(at, closed)
        for line in tuple(self._lines.values()):
            closed = self._closed(line.contact)
            now = self._clock()
            if closed != line.debouncer.level:
                events += line.edge(now, closed)
            events += line.advance(now)
        return events

    def _due(self, latest: int) -> int:
        dues = (line.deadline for line in tuple(self._lines.values()))
        return min((due for due in dues if due is not None), default=latest)


class _Line:
    """One contact at work: debounced, then classified."""

    def __init__(self, contact: Contact, closed: bool) -> None:
        self.contact = contact
        self.debouncer = Debouncer(contact.settle_ns, closed)
        self._gestures = GestureClassifier(contact.thresholds)

    @property
    def deadline(self) -> int | None:
        dues = (self.debouncer.deadline, self._gestures.deadline)
        return min((due for due in dues if due is not None), default=None)

    def edge(self, at: int, closed: bool) -> list[TriggerEvent]:
        return self._follow(self.debouncer.edge(at, closed))

    def advance(self, now: int) -> list[TriggerEvent]:
        events = self._follow(self.debouncer.advance(now))
        if self.debouncer.deadline is None:
            # while the contact moves, its release may turn out to be earlier than now
            events += self._events(self._gestures.advance(now))
        return events

    def _follow(self, changes: list[Change]) -> list[TriggerEvent]:
        events: list[TriggerEvent] = []
        for change in changes:
            events += self._events(self._gestures_of(change))
        return events

    def _gestures_of(self, change: Change) -> list[tuple[Gesture, int]]:
        at = change.monotonic_ns
        if self.contact.kind is ContactKind.EXPOSURE:
            return [(Gesture.EXPOSE if change.closed else Gesture.RELEASE, at)]
        return self._gestures.press(at) if change.closed else self._gestures.release(at)

    def _events(self, gestures: list[tuple[Gesture, int]]) -> list[TriggerEvent]:
        return [TriggerEvent(self.contact.name, gesture, at) for gesture, at in gestures]
