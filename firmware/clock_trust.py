"""Whether the kernel's clock is disciplined by a time source."""

from __future__ import annotations

import ctypes

_TIME_ERROR = 5
_LONGER_THAN_TIMEX = 512


def clock_trust() -> str:
    """``synchronised``, ``unsynchronised``, or ``unknown`` where the kernel does not tell.

    As adjtimex(2) has it: a clock that no time source has set lately is in the state TIME_ERROR.
    """
    try:
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError):
        return "unknown"
    state = adjtimex(ctypes.create_string_buffer(_LONGER_THAN_TIMEX))
    if state < 0:
        return "unknown"
    return "unsynchronised" if state == _TIME_ERROR else "synchronised"
