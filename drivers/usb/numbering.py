"""Running numbers of frames, from those of a device that begins anew with every start."""

from __future__ import annotations

_WRAP = 2**32
_BACKWARDS = 2**31


class Numbering:
    """Makes one running number of the device's 32-bit ones, and counts what is missing.

    For every frame whose number is known :meth:`reach` is called first, and then one of
    :meth:`take`, :meth:`drop` and :meth:`skip`.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._next = 0
        self._expected: int | None = None

    def reach(self, device_sequence: int) -> None:
        """Come to the frame of this number, counting those that were passed over."""
        if self._expected is not None:
            gap = (device_sequence - self._expected) % _WRAP
            if gap >= _BACKWARDS:
                gap = 1  # the device began anew, and nobody knows how many went missing
            self.dropped += gap
            self._next += gap
        self._expected = (device_sequence + 1) % _WRAP

    def take(self) -> int:
        """The running number of the frame that was reached."""
        number = self._next
        self._next += 1
        return number

    def drop(self) -> None:
        """Count the frame that was reached as thrown away."""
        self.dropped += 1
        self._next += 1

    def skip(self) -> None:
        """Pass over a frame without picture."""
        self._next += 1

    def restart(self) -> None:
        """The device was away: at least one frame went missing, and its numbers begin anew."""
        self.dropped += 1
        self._next += 1
        self._expected = None
