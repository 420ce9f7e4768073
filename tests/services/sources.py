"""Frame sources by shape alone, that do as a test tells them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.device.iod.factories import Picture, grey
from tests.services.boxes import HandClock

Event = Picture | BaseException | int | None
"""A picture, an error to raise, frames that are lost, or the end."""


@dataclass
class Script:
    """Plays events in order; each reading takes ``seconds`` of the clock."""

    events: Sequence[Event]
    clock: HandClock | None = None
    seconds: float = 0.0
    frame_time_ms: float | None = None
    name: str = "grabber"
    dropped: int = 0
    opened: int = 0
    closed: int = 0
    timeouts: list[float] = field(default_factory=list)
    on_read: Callable[[int], None] = lambda _: None

    def open(self) -> None:
        self.opened += 1
        self._play: Iterator[Event] = iter(self.events)

    def read(self, timeout: float) -> Any:
        self.timeouts.append(timeout)
        self.on_read(len(self.timeouts))
        if self.clock is not None:
            self.clock.advance(min(self.seconds, timeout))
            if self.seconds > timeout:
                raise TimeoutError(f"{self.name}: nothing came")
        for event in self._play:
            if isinstance(event, BaseException):
                raise event
            if isinstance(event, int):
                self.dropped += event
                continue
            return event
        return None

    def close(self) -> None:
        self.closed += 1


def pictures(count: int, **more: Any) -> list[Event]:
    """Grey pictures, 40 ms apart."""
    return [grey(sequence=n, monotonic_ns=n * 40_000_000, **more) for n in range(1, count + 1)]


def flat(rows: int, columns: int, number: int = 1) -> Picture:
    """A uniform 8-bit picture."""
    pixels = np.full((rows, columns), number % 256, dtype=np.uint8)
    return Picture(pixels, 8, sequence=number, monotonic_ns=number * 40_000_000)
