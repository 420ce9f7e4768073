"""A grabber whose pictures the test hands over one by one, at moments of its choice."""

from __future__ import annotations

import time
from queue import Empty, SimpleQueue

from tests.device.iod.factories import Picture, grey

Given = Picture | OSError | None
"""A picture, an error to raise, or the end."""


class LiveSource:
    """Waits for what the test gives; ``paced`` is False for a source of stills."""

    def __init__(self, name: str = "grabber", *, paced: bool = True) -> None:
        self.name = name
        self.state = "live"
        self.dropped = 0
        self.frame_time_ms = 40.0 if paced else None
        self.opened = 0
        self.closed = 0
        self.refuse_open: OSError | None = None
        self._given: SimpleQueue[Given] = SimpleQueue()
        self._sequence = 0

    def open(self) -> None:
        self.opened += 1
        if self.refuse_open is not None:
            raise self.refuse_open

    def read(self, timeout: float) -> Picture | None:
        try:
            given = self._given.get(timeout=timeout)
        except Empty:
            raise TimeoutError(f"{self.name}: nothing came") from None
        if isinstance(given, OSError):
            raise given
        return given

    def close(self) -> None:
        self.closed += 1

    def show(self, at: int | None = None) -> Picture:
        """Hand over a picture taken at ``at``, or just now."""
        self._sequence += 1
        moment = time.monotonic_ns() if at is None else at
        picture = grey(sequence=self._sequence, monotonic_ns=moment)
        self._given.put(picture)
        return picture

    def give(self, given: Given) -> None:
        self._given.put(given)

    @property
    def waiting(self) -> bool:
        """Whether something given was not read yet."""
        return not self._given.empty()
