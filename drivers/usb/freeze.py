"""Notices a picture that stands still."""

from __future__ import annotations

_SECOND = 1_000_000_000


class FreezeWatch:
    """Tells from a picture's check sum whether nothing changed for too long.

    Parameters
    ----------
    seconds : float or None
        How long; None never finds a picture frozen.

    Raises
    ------
    ValueError
        The time is not positive.
    """

    def __init__(self, seconds: float | None) -> None:
        if seconds is not None and not seconds > 0:
            raise ValueError("a picture is frozen after some seconds, not after none")
        self._limit_ns = None if seconds is None else round(seconds * _SECOND)
        self.reset()

    def reset(self) -> None:
        """Forget the picture before."""
        self._check: int | None = None
        self._since_ns = 0

    def is_frozen(self, check: int, monotonic_ns: int) -> bool:
        """Take the check sum of the next picture, and say whether it stands still by now."""
        if check != self._check:
            self._check, self._since_ns = check, monotonic_ns
            return False
        return self._limit_ns is not None and monotonic_ns - self._since_ns >= self._limit_ns
