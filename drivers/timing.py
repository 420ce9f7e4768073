"""The clocks that a source goes by; tests pass their own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Event


def _local_now() -> datetime:
    return datetime.now().astimezone()


def _wait(event: Event, seconds: float) -> bool:
    return event.wait(seconds)


@dataclass(frozen=True, slots=True)
class Timing:
    """Clocks and the one way to wait.

    Attributes
    ----------
    monotonic_ns : callable
        Nanoseconds that never jump.
    now : callable
        Aware wall time.
    wait : callable
        ``wait(event, seconds)`` returns True as soon as the event is set, else False when the time
        is over; this is what makes waiting interruptible.
    """

    monotonic_ns: Callable[[], int] = time.monotonic_ns
    now: Callable[[], datetime] = _local_now
    wait: Callable[[Event, float], bool] = _wait


SYSTEM = Timing()
