"""What the capture process said and nobody took yet, and what is known of the source from it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from drivers.errors import CorruptMedia, DriverError, SourceUnavailable
from drivers.frame import Frame
from firmware.capture import wire
from firmware.capture.ring import ReaderRing

_NANOSECONDS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """A picture, where it lies, and its number among those of all workers."""

    picture: wire.Picture
    ring: ReaderRing
    sequence: int


class Inbox:
    """Pictures and errors in their order, with counts that go on when the worker is another one.

    Filled by one thread and emptied by another, which agree on a lock of their own.

    Parameters
    ----------
    name : str
        Of the source.
    zone : ZoneInfo
        Time zone of the pictures' wall time.
    newest : bool
        Keep the newest picture alone.
    """

    def __init__(self, name: str, zone: ZoneInfo, *, newest: bool) -> None:
        self._name = name
        self._zone = zone
        self._newest = newest
        self._items: deque[Waiting | DriverError] = deque()
        self._condition = wire.Condition(wire.NO_DEVICE)
        self._dropped_before = 0
        self._withheld_before = 0
        self._missed = 0
        self._offset = 0
        self._last: tuple[int, int] | None = None
        self._is_first = True
        self._over: DriverError | None = None
        self.skipped = 0
        self.opened = False
        self.ended = False
        self.failure: SourceUnavailable | CorruptMedia | None = None
        self.reason = ""
        self.advice = ""

    @property
    def is_over(self) -> bool:
        """Whether the source has ended or will not come back."""
        return self.ended or self._over is not None

    @property
    def state(self) -> str:
        return self._condition.state

    @property
    def dropped(self) -> int:
        return self._dropped_before + self._condition.dropped + self._missed

    @property
    def withheld(self) -> int:
        return self._withheld_before + self._condition.withheld

    @property
    def frame_time_ms(self) -> float | None:
        return self._condition.frame_time_ms

    def put_beat(self, beat: wire.Beat) -> None:
        """The worker is well; its source is as the beat says."""
        self._condition = beat.condition
        self.reason, self.advice = beat.reason, beat.advice
        self.opened = self.opened or beat.condition.state != wire.NO_DEVICE

    def put_picture(self, picture: wire.Picture, ring: ReaderRing) -> None:
        """A picture came."""
        self._condition = picture.condition
        self.reason = self.advice = ""
        if self._is_first:
            self._follow_on(picture)
        sequence = picture.sequence + self._offset
        self._last = (sequence, picture.monotonic_ns)
        if self._newest:
            self._skip()
        self._items.append(Waiting(picture, ring, sequence))

    def put_failure(self, told: wire.Failed) -> None:
        """The source could not be opened, or went away."""
        self._condition = told.condition
        self.reason, self.advice = told.reason, told.advice
        kind = CorruptMedia if told.corrupt else SourceUnavailable
        self.failure = kind(told.device, told.reason, told.advice)
        if told.opened:
            self._items.append(self.failure)
        if told.final:
            self._over = self.failure

    def put_end(self, end: wire.End) -> None:
        """A source that ends has ended."""
        self._condition = end.condition
        self.ended = True

    def note_interruption(self, reason: str, advice: str) -> None:
        """The worker is gone; the next one begins to count anew."""
        self._dropped_before += self._condition.dropped
        self._withheld_before += self._condition.withheld
        self._condition = wire.Condition(
            wire.NO_DEVICE, frame_time_ms=self._condition.frame_time_ms
        )
        self._is_first = True
        self.reason, self.advice = reason, advice

    def give_up(self, failure: SourceUnavailable) -> None:
        """No worker can be started at all."""
        self.failure = self._over = failure

    def take(self) -> Waiting | DriverError | None:
        """The next picture or error; None where nothing waits."""
        if self._items:
            return self._items.popleft()
        return self._over

    def clear(self) -> None:
        """Forget everything that waits."""
        self._items.clear()

    def frame_of(self, waiting: Waiting) -> Frame:
        """The picture, where it lies."""
        picture = waiting.picture
        pixels, jpeg = waiting.ring.read(
            picture.slot, picture.shape, picture.dtype, picture.jpeg_bytes
        )
        return Frame(
            pixels=pixels,
            bits_stored=picture.bits_stored,
            photometric=picture.photometric,
            sequence=waiting.sequence,
            monotonic_ns=picture.monotonic_ns,
            taken_at=picture.taken_at.astimezone(self._zone),
            attributes=picture.attributes,
            lossy_ratio=picture.lossy_ratio,
            lossy_method=picture.lossy_method,
            jpeg=jpeg,
            native=picture.native,
        )

    def _follow_on(self, picture: wire.Picture) -> None:
        """Go on numbering after another worker; what was missed meanwhile leaves a gap."""
        self._is_first = False
        if self._last is None:
            return
        sequence, monotonic_ns = self._last
        missed = 1
        if self.frame_time_ms:
            period = self.frame_time_ms * _NANOSECONDS_PER_MS
            missed = max(1, round((picture.monotonic_ns - monotonic_ns) / period) - 1)
        self._missed += missed
        self._offset = sequence + 1 + missed - picture.sequence

    def _skip(self) -> None:
        """Let go of the pictures that a newer one replaces; errors stay."""
        kept: list[Waiting | DriverError] = []
        for item in self._items:
            if isinstance(item, Waiting):
                item.ring.skip(item.picture.slot)
                self.skipped += 1
            else:
                kept.append(item)
        self._items = deque(kept)
