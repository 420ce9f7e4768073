"""The real clock, in the station's time zone."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class SystemClock:
    """Satisfies :class:`device.ports.Clock` with the operating system's clocks."""

    timezone: ZoneInfo

    def now(self) -> datetime:
        return datetime.now(self.timezone)

    def monotonic(self) -> float:
        return time.monotonic()
