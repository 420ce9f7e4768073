"""Which pictures were lost between the device and us."""

from __future__ import annotations

from fractions import Fraction

_SECOND = 1_000_000_000
_WRAP = 2**32


class Numbering:
    """Gives every picture a number of its own that goes on through restarts of the device.

    Some kernels repeat or skip numbers without losing a picture, so a gap counts only as far as the
    time stamps leave room for it.
    """

    def __init__(self) -> None:
        self._next = 0
        self._last: tuple[int, int] | None = None
        self._period_ns = 0

    def restart(self, period: Fraction | None) -> None:
        """The device begins to count anew, ``period`` seconds per picture."""
        self._last = None
        self._period_ns = round(period * _SECOND) if period else 0

    def number(self, sequence: int, timestamp_ns: int) -> tuple[int, int]:
        """Number of this picture, and how many were lost before it."""
        lost = self._lost(sequence, timestamp_ns)
        self._last = (sequence, timestamp_ns)
        number = self._next + lost
        self._next = number + 1
        return number, lost

    def _lost(self, sequence: int, timestamp_ns: int) -> int:
        if self._last is None:
            return 0
        last_sequence, last_ns = self._last
        gap = (sequence - last_sequence) % _WRAP - 1
        if not 0 < gap < _WRAP // 2:
            return 0
        if not self._period_ns:
            return gap
        # a little more than half a period counts as a whole one: analogue sources are not exact
        room = (timestamp_ns - last_ns + self._period_ns // 3) // self._period_ns - 1
        return max(0, min(gap, room))
