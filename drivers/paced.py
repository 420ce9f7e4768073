"""What all sources share that make their pictures themselves: beat, numbers, counts and closing."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import timedelta
from threading import Event, Lock

from drivers.errors import CorruptMedia, SourceTimeout, SourceUnavailable
from drivers.frame import Damage, Frame, Picture
from drivers.timing import SYSTEM, Timing

_SECOND = 1_000_000_000

LATE_PERIODS = 4
"""Pictures that a grabber buffers for a slow reader before it begins to lose them. A reader later
than that moves the beat here instead: a file can wait, so nothing is lost."""


class PacedSource(ABC):
    """A frame source that keeps a beat of its own.

    Parameters
    ----------
    name : str
        As configured.
    rate : float or None
        Pictures per second; 0 delivers them as fast as they are read; None keeps the rate of the
        material itself, and is as fast as they are read where it has none.
    timing : Timing
        Clocks.

    Raises
    ------
    ValueError
        A rate that is negative or not finite.

    Notes
    -----
    One thread reads; any thread may close. Whoever waits in :meth:`read` is then let go with None.
    """

    def __init__(self, name: str, rate: float | None, timing: Timing = SYSTEM) -> None:
        if rate is not None and not (math.isfinite(rate) and rate >= 0):
            raise ValueError(f"{name}: a rate of {rate} pictures per second makes no sense")
        self._name = name
        self._rate = rate
        self._timing = timing
        self._lock = Lock()
        self._closing = Event()
        self._pictures: Iterator[Picture | Damage] | None = None
        self._next: Picture | None = None
        self._failure: SourceUnavailable | CorruptMedia | None = None
        self._own_period: float | None = None
        self._begin_numbering()

    @property
    def name(self) -> str:
        """Name as configured."""
        return self._name

    @property
    def dropped(self) -> int:
        """Pictures lost or thrown away as damaged since :meth:`open`."""
        return self._dropped

    @property
    def frame_time_ms(self) -> float | None:
        """Nominal milliseconds between two pictures; None for stills and for rate 0.

        The material's own rate is known once the source is open.
        """
        if self._rate is None:
            return self._own_period * 1000 if self._own_period else None
        return 1000 / self._rate if self._rate else None

    def open(self) -> None:
        """Begin from the first picture; does nothing where the source is open already.

        Raises
        ------
        SourceUnavailable
            Where there is nothing to play.
        """
        with self._lock:
            if self._pictures is not None:
                return
            self._own_period = self._open()
            self._closing = Event()
            self._begin_numbering()
            self._pictures = self._play()
            self._due = self._timing.monotonic_ns()

    def read(self, timeout: float) -> Frame | None:
        """The next picture when it is due.

        Parameters
        ----------
        timeout : float
            Seconds to wait at most; a picture that was not yet due stays the next one.

        Returns
        -------
        Frame or None
            None at the end of a source that ends, and where another thread closed the source.

        Raises
        ------
        SourceTimeout
            No picture was due in time.
        SourceUnavailable
            The source is not open, or went away.
        CorruptMedia
            Not one picture of the whole source could be read.
        """
        deadline = self._timing.monotonic_ns() + round(timeout * _SECOND)
        with self._lock:
            if self._pictures is None:
                raise SourceUnavailable(self._name, "the source is not open", "Open it first.")
            if self._failure is not None:
                raise self._failure
            if self._next is None:
                self._next = self._advance(self._pictures, deadline)
            if self._next is None:
                return None
            if not self._await_due(deadline):
                return None
            return self._take(self._next)

    def close(self) -> None:
        """Let go of the medium; may be called twice, and from another thread."""
        self._closing.set()
        with self._lock:
            pictures, self._pictures = self._pictures, None
            self._next = None
            closer = getattr(pictures, "close", None)
            if closer is not None:
                closer()

    @abstractmethod
    def _open(self) -> float | None:
        """Look whether the medium is there; return its own seconds per picture, if it has any."""

    @abstractmethod
    def _play(self) -> Iterator[Picture | Damage]:
        """Yield every picture and every loss from the first on."""

    def _begin_numbering(self) -> None:
        self._next = None
        self._failure = None
        self._dropped = 0
        self._sequence = 0
        self._lost = 0
        self._due = 0
        self._delivered = False

    def _advance(self, pictures: Iterator[Picture | Damage], deadline: int) -> Picture | None:
        """Go to the next sound picture and find out when it is due."""
        try:
            for item in pictures:
                if self._closing.is_set():
                    return None
                if isinstance(item, Picture):
                    self._due = self._next_due(item)
                    self._lost = 0
                    return item
                self._dropped += 1
                self._sequence += 1
                self._lost += 1
                if self._timing.monotonic_ns() > deadline:
                    raise self._timeout(f"only damaged pictures came ({item.reason})")
        except (SourceUnavailable, CorruptMedia) as error:
            self._failure = error
            raise
        return None

    def _next_due(self, picture: Picture) -> int:
        """When the picture is due on the monotonic clock, in nanoseconds."""
        now = self._timing.monotonic_ns()
        if picture.hold == math.inf:
            return -1
        gap = self._gap_before(picture)
        if not gap:
            return max(now, self._due) + round(picture.hold * _SECOND)
        due = self._due + round((gap if self._delivered else 0) * _SECOND)
        if now - due > LATE_PERIODS * gap * _SECOND:
            due = now
        return due + round(picture.hold * _SECOND)

    def _gap_before(self, picture: Picture) -> float:
        """Seconds since the picture before, lost ones included; 0 where there is no beat."""
        if self._rate is None and picture.after is not None:
            return picture.after
        period = 1 / self._rate if self._rate else (self._own_period or 0.0)
        return 0.0 if self._rate == 0 else period * (1 + self._lost)

    def _await_due(self, deadline: int) -> bool:
        """Wait for the beat; False where the source was closed meanwhile."""
        while not self._closing.is_set():
            now = self._timing.monotonic_ns()
            if 0 <= self._due <= now:
                return True
            if now >= deadline:
                raise self._timeout("no picture came in time")
            until = deadline if self._due < 0 else min(self._due, deadline)
            self._timing.wait(self._closing, (until - now) / _SECOND)
        return False

    def _take(self, picture: Picture) -> Frame:
        late = self._timing.monotonic_ns() - self._due
        frame = Frame(
            pixels=picture.pixels,
            bits_stored=picture.bits_stored,
            photometric=picture.photometric,
            sequence=self._sequence,
            monotonic_ns=self._due,
            taken_at=self._timing.now() - timedelta(microseconds=late / 1000),
            attributes=picture.attributes,
            lossy_ratio=picture.lossy_ratio,
            lossy_method=picture.lossy_method,
            native=picture.native,
        )
        self._next = None
        self._sequence += 1
        self._delivered = True
        return frame

    def _timeout(self, reason: str) -> SourceTimeout:
        return SourceTimeout(
            self._name, reason, "Look whether the source runs and its cable is plugged in."
        )
