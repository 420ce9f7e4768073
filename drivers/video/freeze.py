"""Pictures that come again and again although nothing new is in them."""

from __future__ import annotations

import zlib
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")

_SECOND = 1_000_000_000


class FreezeGuard(Generic[Item]):
    """Holds repeated pictures back until the next change shows that the source is alive.

    A source with noise or a clock never repeats itself for long. What repeats is either a source
    between two ticks of its clock, whose pictures are good and released with the next change, or a
    grabber that shows its last picture for ever, whose repeats must not be kept.

    Parameters
    ----------
    seconds : float
        Of standing still after which the source counts as frozen; 0 lets everything pass.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._digest: int | None = None
        self._last: Item | None = None
        self._changed_ns = 0
        self._held: list[Item] = []
        self.frozen = False

    @property
    def held(self) -> int:
        """Pictures that wait for the next change."""
        return len(self._held)

    def digest(self, data: Any) -> int | None:
        """What the raw bytes are compared by, None where everything passes."""
        return zlib.crc32(data) if self._seconds else None

    def same(self, digest: int | None) -> Item | None:
        """The last picture where this one is the same, so that it need not be decoded again."""
        return self._last if digest is not None and digest == self._digest else None

    def push(self, digest: int | None, item: Item, at_ns: int) -> list[Item]:
        """Take one picture; return those that may go on, oldest first.

        Parameters
        ----------
        digest : int or None
            As :meth:`digest` made it.
        item
            What stands for the picture.
        at_ns : int
            When it was taken.
        """
        if digest is None:
            return [item]
        self._last = item
        if digest != self._digest:
            self._digest, self._changed_ns = digest, at_ns
            released, self._held = [*self._held, item], []
            self.frozen = False
            return released
        self._held.append(item)
        if (at_ns - self._changed_ns) >= self._seconds * _SECOND:
            self.frozen = True
        return []

    def discard(self) -> int:
        """Forget what is held; return how many pictures that were."""
        count = len(self._held)
        self._held.clear()
        return count

    def restart(self) -> int:
        """Discard, and compare the next picture with none before."""
        self._digest = self._last = None
        self.frozen = False
        return self.discard()
