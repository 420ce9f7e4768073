"""Whether it is still the same patient: asked after a restart, after hours, and after a long rest.

People leave, others lie down, and an exam that somebody forgot takes the next patient's pictures.
So what is at hand falls into doubt, and nothing is taken until somebody has looked again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.box import Box
from services.catalog import at_hand
from services.catalog.at_hand import AtHand
from services.errors import NotFound


class Doubt(StrEnum):
    """Why somebody is asked; the acquisition service has reasons of its own besides."""

    LONG = "long"
    IDLE = "idle"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an exam may be at hand (hours), and rest (minutes), before somebody is asked."""

    hours: float = 4.0
    idle_minutes: float = 30.0


def doubt(box: Box, held: AtHand, patience: Patience) -> Doubt | None:
    """Why somebody should be asked now; None while all is well, or when they are asked already."""
    if held.confirmed_at is None:
        return None
    now = box.clock.now()
    if (now - held.confirmed_at).total_seconds() >= patience.hours * 3600:
        return Doubt.LONG
    latest = max(held.confirmed_at, _last_picture(box, held.exam_id) or held.confirmed_at)
    if (now - latest).total_seconds() >= patience.idle_minutes * 60:
        return Doubt.IDLE
    return None


def look(box: Box, patience: Patience, *, recording: bool = False) -> AtHand | None:
    """What is at hand, put into doubt when it is time to ask; never while a clip is recorded."""
    held = at_hand.get(box.catalog)
    if held is None or recording:
        return held
    why = doubt(box, held, patience)
    if why is None:
        return held
    with box.catalog.writing() as db:
        try:
            at_hand.ask(db, held.exam_id, why)
        except NotFound:
            return None  # finished, and perhaps another opened, since we looked
    return at_hand.get(box.catalog)


def _last_picture(box: Box, exam_id: str) -> datetime | None:
    row = box.catalog.row(
        "SELECT acquired FROM instance WHERE exam_id = ? ORDER BY rowid DESC LIMIT 1", [exam_id]
    )
    return datetime.fromisoformat(row["acquired"]) if row else None
