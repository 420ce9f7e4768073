"""Who did what at the box, in the order in which it happened; no patient's name is ever in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from services.catalog.database import Catalog


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that somebody did or tried.

    Attributes
    ----------
    at
        When, by the box's clock.
    who, role
        The person's name and role; the name is empty for the screen's operator without sign-in.
    action
        What, as a short word such as ``sign-in`` or ``exam-start``.
    outcome
        How it ended, such as ``done`` or ``refused``.
    exam_id
        The exam that it was about; empty for none.
    detail
        What else an auditor needs; names of patients do not belong here.
    """

    at: datetime
    who: str
    role: str
    action: str
    outcome: str
    exam_id: str = ""
    detail: str = ""


def note(
    db: Database,
    at: datetime,
    who: str,
    role: str,
    action: str,
    outcome: str,
    exam_id: str = "",
    detail: str = "",
) -> None:
    """Write down an event within the step that it belongs to; see :class:`Event`."""
    db.conn.execute(
        "INSERT INTO audit_event (at, who, role, action, outcome, exam_id, detail)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [at.isoformat(), who, role, action, outcome, exam_id, detail],
    )


def newest(catalog: Catalog, limit: int = 200) -> list[Event]:
    """The latest events, newest first."""
    rows = catalog.rows(
        "SELECT at, who, role, action, outcome, exam_id, detail FROM audit_event"
        " ORDER BY id DESC LIMIT ?",
        [limit],
    )
    return [Event(**{**row, "at": datetime.fromisoformat(row["at"])}) for row in rows]
