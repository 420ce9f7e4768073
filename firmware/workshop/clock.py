"""The box's clock: what it is set by, how far off it is, and setting it by hand where nothing does.

A clock that is synchronised is never set by hand: exams of two machines would no longer be in the
order in which they were made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from firmware.workshop.commands import ask, there
from services.console.workshop import ClockState, WorkshopRefusal

_EVER = Path("/var/lib/systemd/timesync/clock")
_FIELDS = 14
_STEP = timedelta(days=365 * 20)
"""A step beyond this is a slip of the finger."""


@dataclass(frozen=True, slots=True)
class _Trust:
    word: str
    source: str = ""
    offset_ms: float | None = None


class TimeOfDay:
    """Satisfies :class:`services.console.workshop.ClockDesk`.

    Parameters
    ----------
    now : callable
        The time in the zone of the box.
    ever : Path
        A file that exists where the clock was synchronised at some time.
    """

    def __init__(self, now: Callable[[], datetime], ever: Path = _EVER) -> None:
        self._now = now
        self._ever = ever

    def state(self) -> ClockState:
        """The time and its trust."""
        now = self._now()
        trust = self._trust()
        return ClockState(
            now=now.isoformat(timespec="seconds"),
            timezone=str(now.tzinfo),
            trust=trust.word,
            source=trust.source,
            offset_ms=trust.offset_ms,
            settable=_why_not(trust),
        )

    def set(self, moment: str) -> ClockState:
        """Set the clock by hand.

        Parameters
        ----------
        moment : str
            Local time, ``YYYY-MM-DD HH:MM`` with or without seconds.

        Raises
        ------
        WorkshopRefusal
            ``G-5301`` where the clock may not be set, ``G-5302`` where this is no time,
            ``G-5303`` where the system refuses.
        """
        reason = _why_not(self._trust())
        if reason:
            raise WorkshopRefusal("G-5301", said=reason)
        now = self._now()
        try:
            wanted = datetime.fromisoformat(moment).replace(tzinfo=now.tzinfo)
        except ValueError as error:
            raise WorkshopRefusal("G-5302", value=moment) from error
        if abs(wanted - now) > _STEP:
            raise WorkshopRefusal("G-5302", value=moment)
        utc = int(wanted.timestamp())
        # in seconds since 1970, so that neither zone nor daylight saving is guessed at
        said = ask("timedatectl", "--no-ask-password", "set-time", f"@{utc}")
        if not said.good:
            raise WorkshopRefusal("G-5303", said=said.words)
        return self.state()

    def _trust(self) -> _Trust:
        told = _chrony()
        if told is None:
            told = _timedatectl()
        if told.word == "never" and self._ever.exists():
            return _Trust("lost", told.source)
        return told


def _chrony() -> _Trust | None:
    """What chrony says; None where it does not run."""
    said = ask("chronyc", "-c", "tracking", patience=5)
    fields = said.out.strip().split(",")
    if not said.good or len(fields) < _FIELDS:
        return None
    name, stratum, reference, offset, leap = (
        fields[1], fields[2], fields[3], fields[4], fields[13],
    )  # fmt: skip
    try:
        milliseconds = round(float(offset) * 1000, 3)
        set_once = float(reference) > 0
    except ValueError:
        return None
    if leap == "Not synchronised" or stratum in ("0", ""):
        return _Trust("lost" if set_once else "never", name)
    return _Trust("synchronised", name, milliseconds)


def _timedatectl() -> _Trust:
    shown = dict(
        line.split("=", 1) for line in ask("timedatectl", "show").out.splitlines() if "=" in line
    )
    if shown.get("NTPSynchronized") != "yes":
        return _Trust("never")
    synced = ask("timedatectl", "show-timesync", "-p", "ServerName", "--value")
    return _Trust("synchronised", synced.out.strip())


def _why_not(trust: _Trust) -> str:
    if trust.word == "synchronised":
        return f"it is synchronised with {trust.source or 'a time server'}"
    if not there("timedatectl"):
        return "timedatectl is not installed on this machine"
    return ""
