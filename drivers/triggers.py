"""What a person does with a hand or a foot: one stream of events from every switch and scanner."""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from threading import Condition, Event
from typing import Protocol

_SECOND = 1_000_000_000

GRACE_NS = 20_000_000
"""An event waits until it is this old, so that one from a slower source can still go before it.

Debouncing is what makes one source slower than another; it takes up to 10 ms.
"""

_POLL = 0.25
"""Seconds that a source is asked to wait at a time: closing takes no longer."""

_REOPEN = 1.0
"""Seconds between two attempts to open a source that is not there."""


class Gesture(StrEnum):
    """What was done.

    Every press of a switch brings ``press`` and ``release``, and is exactly one of ``short``,
    ``long`` and ``hold``, or one half of a ``double``.
    """

    PRESS = "press"
    RELEASE = "release"
    SHORT = "short"
    LONG = "long"
    DOUBLE = "double"
    HOLD = "hold"
    EXPOSE = "expose"
    SCAN = "scan"


class Action(StrEnum):
    """What a gesture can be made to do.

    ``record`` starts a clip, or stops the one that runs; ``record_start`` on hold and
    ``record_stop`` on release make a switch that records while it is held down.
    """

    CAPTURE = "capture"
    RECORD = "record"
    RECORD_START = "record_start"
    RECORD_STOP = "record_stop"
    NEXT_PROTOCOL = "next_protocol"
    COMPLETE = "complete"
    SCAN = "scan"


class TriggerState(StrEnum):
    """How a source of events is."""

    NO_DEVICE = "no device"
    LIVE = "live"
    BUSY = "in use elsewhere"
    DENIED = "no access"
    UNSTEADY = "unsteady contact"


@dataclass(frozen=True, slots=True)
class TriggerEvent:
    """One gesture of one source.

    Attributes
    ----------
    source : str
        Name of the switch or scanner as configured.
    gesture : Gesture
        What was done.
    monotonic_ns : int
        On the machine's monotonic clock: for press, release and expose the moment of the contact,
        for the others the moment at which the gesture was certain.
    text : str
        What was scanned; empty for switches. May be a patient's identity, so it is left out of
        the representation.
    """

    source: str
    gesture: Gesture
    monotonic_ns: int
    text: str = ""

    def __repr__(self) -> str:
        return f"TriggerEvent({self.source!r}, {self.gesture.value!r}, {self.monotonic_ns})"


class EventSource(Protocol):
    """A switch panel, a pedal or a scanner.

    ``open`` and ``events`` raise an ``OSError`` where the device is not there or went away; a
    source that looks for its device by itself says so by ``state`` alone.
    """

    @property
    def name(self) -> str: ...

    @property
    def state(self) -> str: ...

    def open(self) -> None: ...

    def events(self, timeout: float) -> list[TriggerEvent]:
        """What was done since the last call, in order of time; empty after ``timeout`` seconds."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Trigger:
    """An event and what the site made it do; ``action`` is None where it was given nothing."""

    event: TriggerEvent
    action: Action | None

    @property
    def source(self) -> str:
        return self.event.source

    @property
    def text(self) -> str:
        return self.event.text

    @property
    def monotonic_ns(self) -> int:
        return self.event.monotonic_ns


ActionMap = Mapping[tuple[str, Gesture], Action]


def action_map(table: Mapping[str, Mapping[str, str]]) -> dict[tuple[str, Gesture], Action]:
    """Read actions by source and gesture, as configured.

    Parameters
    ----------
    table : mapping
        ``{"pedal": {"short": "capture", "long": "record"}, "scanner": {"scan": "scan"}}``.

    Raises
    ------
    ValueError
        Naming every gesture and action that there is not, all at once.
    """
    faults: list[str] = []
    actions: dict[tuple[str, Gesture], Action] = {}
    for source, gestures in table.items():
        for gesture, action in gestures.items():
            if gesture not in tuple(Gesture):
                faults.append(f"{source}: no gesture is called {gesture!r}: {_choice(Gesture)}")
            elif action not in tuple(Action):
                faults.append(
                    f"{source}.{gesture}: no action is called {action!r}: {_choice(Action)}"
                )
            else:
                actions[source, Gesture(gesture)] = Action(action)
    if faults:
        raise ValueError("; ".join(faults))
    return actions


def _choice(words: type[StrEnum]) -> str:
    return "one of " + ", ".join(word.value for word in words)


class InOrder:
    """Events of several sources on their way into one order of time.

    An event leaves when it is older than the grace. One that comes later than that leaves at once:
    late is better than lost.
    """

    def __init__(self, grace_ns: int = GRACE_NS) -> None:
        self._grace = grace_ns
        self._waiting: list[tuple[int, int, TriggerEvent]] = []
        self._arrivals = itertools.count()

    def push(self, events: Iterable[TriggerEvent]) -> None:
        """Take events in; those of equal time keep the order in which they came."""
        for event in events:
            heapq.heappush(self._waiting, (event.monotonic_ns, next(self._arrivals), event))

    def pop(self, now: int) -> list[TriggerEvent]:
        """The events that need not wait any longer, oldest first."""
        ripe = []
        while self._waiting and self._waiting[0][0] + self._grace <= now:
            ripe.append(heapq.heappop(self._waiting)[2])
        return ripe

    @property
    def due(self) -> int | None:
        """When the next event leaves, in monotonic nanoseconds; None where none waits."""
        return self._waiting[0][0] + self._grace if self._waiting else None


class TriggerStream:
    """Several sources as one stream in order of time, with what the site made of each gesture.

    Parameters
    ----------
    sources : sequence of EventSource
        Each is read by a thread of its own; one that is not there is looked for every second and
        keeps nobody waiting.
    actions : mapping
        Made by :func:`action_map`.
    clock : callable
        Monotonic nanoseconds.

    Notes
    -----
    A source that fails by anything but an ``OSError`` is a fault of ours: :meth:`events` raises
    it, so that the process ends and is started again.
    """

    def __init__(
        self,
        sources: Sequence[EventSource],
        actions: ActionMap,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._sources = tuple(sources)
        self._actions = actions
        self._clock = clock
        self._order = InOrder()
        self._news = Condition()
        self._closing = Event()
        self._readers: list[Future[None]] = []
        self._pool: ThreadPoolExecutor | None = None
        self._reasons: dict[str, str] = {}

    @property
    def reasons(self) -> dict[str, str]:
        """Why a source could not be opened or went away, by its name; of those that did."""
        return dict(self._reasons)

    @property
    def states(self) -> dict[str, str]:
        """The state of every source, by its name."""
        return {source.name: str(source.state) for source in self._sources}

    def open(self) -> None:
        """Begin to listen to every source."""
        if self._pool is not None:
            return
        self._closing.clear()
        self._pool = ThreadPoolExecutor(max(1, len(self._sources)), "trigger")
        self._readers = [self._pool.submit(self._read, source) for source in self._sources]
        for reader in self._readers:
            reader.add_done_callback(lambda _: self._wake())

    def events(self, timeout: float) -> list[Trigger]:
        """What was done, oldest first; empty when nothing was within ``timeout`` seconds."""
        deadline = self._clock() + round(timeout * _SECOND)
        with self._news:
            while True:
                self._raise_failure()
                now = self._clock()
                ripe = self._order.pop(now)
                if ripe or now >= deadline or self._closing.is_set():
                    return [Trigger(event, self._action(event)) for event in ripe]
                until = min(deadline, self._order.due or deadline)
                self._news.wait((until - now) / _SECOND)

    def close(self) -> None:
        """Let go of every source; whoever waits in :meth:`events` is let go too."""
        self._closing.set()
        self._wake()
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def _action(self, event: TriggerEvent) -> Action | None:
        return self._actions.get((event.source, event.gesture))

    def _raise_failure(self) -> None:
        for reader in self._readers:
            if reader.done():
                reader.result()

    def _wake(self) -> None:
        with self._news:
            self._news.notify_all()

    def _read(self, source: EventSource) -> None:
        while not self._closing.is_set():
            try:
                source.open()
                self._reasons.pop(source.name, None)
                self._listen(source)
            except OSError as error:  # it is looked for again
                self._reasons[source.name] = str(error)
                self._closing.wait(_REOPEN)
            finally:
                source.close()

    def _listen(self, source: EventSource) -> None:
        while not self._closing.is_set():
            events = source.events(_POLL)
            if events:
                with self._news:
                    self._order.push(events)
                    self._news.notify_all()
