"""A board without hardware: the functions of RPi.GPIO, and hands that press its contacts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import Any

from drivers.panel.traces import CLOSING, OPENING, Trace

_CHANNELS = range(2, 28)
"""GPIO 2 to 27 are on the header of every board."""


@dataclass(frozen=True, slots=True)
class Output:
    """A level that the box gave to a pin, and when."""

    channel: int
    high: bool
    monotonic_ns: int


class SimulatedGpio:
    """Behaves like the module RPi.GPIO: the same functions, the same refusals, one callback thread.

    Edges that come while one of the same pin still waits for its callback are merged into it, as
    the kernel does; a callback therefore often sees another level than the one that caused it.

    Parameters
    ----------
    clock : callable
        Monotonic nanoseconds, for the record of outputs.
    """

    BCM = 11
    BOARD = 10
    OUT = 0
    IN = 1
    LOW = 0
    HIGH = 1
    PUD_OFF = 20
    PUD_DOWN = 21
    PUD_UP = 22
    RISING = 31
    FALLING = 32
    BOTH = 33

    def __init__(self, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._clock = clock
        self._lock = Lock()
        self._mode: int | None = None
        self._directions: dict[int, int] = {}
        self._pulls: dict[int, int] = {}
        self._driven: dict[int, int] = {}
        self._levels: dict[int, int] = {}
        self._watched: dict[int, tuple[int, Callable[[int], None] | None]] = {}
        self._edges: SimpleQueue[int | None] = SimpleQueue()
        self._pending: set[int] = set()
        self._thread: Thread | None = None
        self.outputs: list[Output] = []
        """Every level that the box gave to a pin, oldest first."""

    def setmode(self, mode: int, /) -> None:
        if mode not in (self.BCM, self.BOARD):
            raise ValueError("An invalid mode was passed to setmode()")
        if self._mode not in (None, mode):
            raise ValueError("A different mode has already been set!")
        self._mode = mode

    def getmode(self) -> int | None:
        return self._mode

    def setwarnings(self, on: bool, /) -> None:
        """Accepted; this board never warns."""

    def setup(
        self,
        channel: int,
        direction: int,
        pull_up_down: int = PUD_OFF,
        initial: int | None = None,
    ) -> None:
        self._check_channel(channel)
        if direction not in (self.IN, self.OUT):
            raise ValueError("An invalid direction was passed to setup()")
        if direction == self.OUT and pull_up_down != self.PUD_OFF:
            raise ValueError("pull_up_down parameter is not valid for outputs")
        with self._lock:
            self._directions[channel] = direction
            self._pulls[channel] = pull_up_down
            if direction == self.IN:
                self._levels[channel] = self._resting(channel)
        if direction == self.OUT and initial is not None:
            self.output(channel, initial)

    def input(self, channel: int, /) -> int:
        self._check_set_up(channel)
        with self._lock:
            return self._levels.get(channel, self.LOW)

    def output(self, channel: int, value: Any, /) -> None:
        self._check_channel(channel)
        if self._directions.get(channel) != self.OUT:
            raise RuntimeError("The GPIO channel has not been set up as an OUTPUT")
        with self._lock:
            self._levels[channel] = self.HIGH if value else self.LOW
            self.outputs.append(Output(channel, bool(value), self._clock()))

    def add_event_detect(
        self, channel: int, edge: int, callback: Callable[[int], None] | None = None
    ) -> None:
        self._check_channel(channel)
        if self._directions.get(channel) != self.IN:
            raise RuntimeError("You must setup() the GPIO channel as an input first")
        if edge not in (self.RISING, self.FALLING, self.BOTH):
            raise ValueError("The edge must be set to RISING, FALLING or BOTH")
        with self._lock:
            if channel in self._watched:
                raise RuntimeError("Conflicting edge detection already enabled for this channel")
            self._watched[channel] = (edge, callback)
            if self._thread is None:
                self._thread = Thread(target=self._call_back, name="simulated gpio", daemon=True)
                self._thread.start()

    def remove_event_detect(self, channel: int, /) -> None:
        self._check_channel(channel)
        with self._lock:
            self._watched.pop(channel, None)

    def cleanup(self, channel: Sequence[int] | int | None = None, /) -> None:
        with self._lock:
            given = [channel] if isinstance(channel, int) else channel
            channels = list(self._directions) if given is None else given
            for each in channels:
                self._watched.pop(each, None)
                self._directions.pop(each, None)
                self._levels.pop(each, None)
            if self._directions:
                return
            if channel is None:
                self._mode = None
            thread, self._thread = self._thread, None
        if thread is not None:
            self._edges.put(None)
            thread.join()

    def drive(self, channel: int, high: bool | None) -> None:
        """From outside: put a level on a pin; None lets go, and its pull resistor decides."""
        with self._lock:
            if high is None:
                self._driven.pop(channel, None)
            else:
                self._driven[channel] = int(high)
            if self._directions.get(channel) != self.IN:
                return
            before = self._levels[channel]
            self._levels[channel] = after = self._resting(channel)
            if after == before or not self._is_watched(channel, after):
                return
            if channel not in self._pending:
                self._pending.add(channel)
                self._edges.put(channel)

    def move(self, channel: int, trace: Trace, closed_high: bool = False) -> None:
        """From outside: play the movement of a contact in real time, bounce and all."""
        began = time.monotonic_ns()
        nap = Event()
        for offset_us, closed in trace:
            due = began + offset_us * 1000
            while (left := due - time.monotonic_ns()) > 0:
                nap.wait(left / 1e9)
            self.drive(channel, closed == closed_high)

    def press(self, channel: int, kind: str = "microswitch", closed_high: bool = False) -> None:
        """From outside: close a contact as this kind of switch does."""
        self.move(channel, CLOSING[kind], closed_high)

    def release(self, channel: int, kind: str = "microswitch", closed_high: bool = False) -> None:
        """From outside: open a contact as this kind of switch does."""
        self.move(channel, OPENING[kind], closed_high)

    def is_high(self, channel: int) -> bool:
        """From outside: the level of a pin; one that is not set up is low."""
        with self._lock:
            return self._levels.get(channel, self.LOW) == self.HIGH

    def _resting(self, channel: int) -> int:
        pulled = self.HIGH if self._pulls.get(channel) == self.PUD_UP else self.LOW
        return self._driven.get(channel, pulled)

    def _is_watched(self, channel: int, level: int) -> bool:
        edge = self._watched.get(channel, (None, None))[0]
        return edge in (self.BOTH, self.RISING if level else self.FALLING)

    def _check_channel(self, channel: int) -> None:
        if self._mode is None:
            raise RuntimeError("Please set pin numbering mode using setmode(BOARD) or setmode(BCM)")
        if channel not in _CHANNELS:
            raise ValueError("The channel sent is invalid on a Raspberry Pi")

    def _check_set_up(self, channel: int) -> None:
        self._check_channel(channel)
        if channel not in self._directions:
            raise RuntimeError("You must setup() the GPIO channel first")

    def _call_back(self) -> None:
        for channel in _until_none(self._edges):
            with self._lock:
                self._pending.discard(channel)
                callback = self._watched.get(channel, (None, None))[1]
            if callback is not None:
                callback(channel)


def _until_none(queue: SimpleQueue[int | None]) -> Iterable[int]:
    while (channel := queue.get()) is not None:
        yield channel
