"""Which exam the operator has open on the screen: durable, so that every service means the same.

The console writes it and the acquisition service follows it. It outlives both, so that after a
crash or a power cut the same patient is open again. A person's word that it is this patient lasts
as long as the machine runs: whoever lies there when it is switched on again may be somebody else,
whereas a service that crashed and came back has missed nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from sqlite_utils import Database

from device.exam import ExamState
from services.catalog.database import Catalog
from services.errors import NotFound

RESUMED = "resumed"
"""The doubt after the machine was started anew."""

_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class AtHand:
    """The exam that a touch, a press or a scan means.

    Attributes
    ----------
    protocol
        By which the next picture is taken; empty for the first one that is configured.
    since
        When it came to hand.
    confirmed_at
        When a person last said that this is the patient; None while they must say so first, and
        until then nothing may be taken.
    doubt
        Why they are asked: :data:`RESUMED`, or a code of the caller's such as ``wristband``.
    """

    exam_id: str
    protocol: str
    since: datetime
    confirmed_at: datetime | None
    doubt: str


def get(catalog: Catalog) -> AtHand | None:
    """What is at hand; None where nothing is, or where its exam has ended since."""
    row = catalog.row(
        "SELECT at_hand.* FROM at_hand JOIN exam USING (exam_id) WHERE exam.state = ?",
        [ExamState.IN_PROGRESS],
    )
    if row is None:
        return None
    same_run = row["boot"] == boot()
    confirmed = row["confirmed_at"] if same_run else ""
    return AtHand(
        exam_id=row["exam_id"],
        protocol=row["protocol"],
        since=datetime.fromisoformat(row["since"]),
        confirmed_at=datetime.fromisoformat(confirmed) if confirmed else None,
        doubt=row["doubt"] or ("" if same_run else RESUMED),
    )


@cache
def boot() -> str:
    """Which run of the machine this is (Linux, random(4)); empty where no system tells."""
    try:
        return _BOOT.read_text("ascii").strip()
    except OSError:
        return ""


def set(
    db: Database,
    exam_id: str,
    protocol: str,
    confirmed_at: datetime | None,
    *,
    since: datetime | None = None,
    doubt: str = "",
) -> None:
    """Take an exam to hand, in place of whatever was.

    Parameters
    ----------
    since
        When; where left out, when it was confirmed. One of the two is needed.
    """
    begun = since or confirmed_at
    if begun is None:
        raise ValueError("an exam comes to hand at a time: give since or confirmed_at")
    db.conn.execute(
        "INSERT OR REPLACE INTO at_hand (only, exam_id, protocol, since, confirmed_at, doubt,"
        " boot) VALUES (1, ?, ?, ?, ?, ?, ?)",
        [
            exam_id,
            protocol,
            begun.isoformat(),
            confirmed_at.isoformat() if confirmed_at else "",
            doubt,
            boot(),
        ],
    )


def confirm(db: Database, exam_id: str, at: datetime) -> None:
    """Keep that a person said that this is still the patient.

    Raises
    ------
    NotFound
        Another exam is at hand, or none.
    """
    _update(db, exam_id, confirmed_at=at.isoformat(), doubt="", during=boot())


def ask(db: Database, exam_id: str, doubt: str) -> None:
    """Let nothing be taken until a person has said again that this is the patient.

    Raises
    ------
    NotFound
        Another exam is at hand, or none.
    """
    _update(db, exam_id, confirmed_at="", doubt=doubt)


def choose_protocol(db: Database, exam_id: str, protocol: str) -> None:
    """Take the next pictures by this protocol.

    Raises
    ------
    NotFound
        Another exam is at hand, or none.
    """
    _update(db, exam_id, protocol=protocol)


def clear(db: Database) -> None:
    """Have nothing at hand; the exam itself stays as it is."""
    db.conn.execute("DELETE FROM at_hand")


def _update(
    db: Database,
    exam_id: str,
    *,
    protocol: str | None = None,
    confirmed_at: str | None = None,
    doubt: str | None = None,
    during: str | None = None,
) -> None:
    done = db.conn.execute(
        "UPDATE at_hand SET protocol = coalesce(?, protocol),"
        " confirmed_at = coalesce(?, confirmed_at), doubt = coalesce(?, doubt),"
        " boot = coalesce(?, boot) WHERE exam_id = ?",
        [protocol, confirmed_at, doubt, during, exam_id],
    )
    if done.rowcount == 0:
        raise NotFound(
            f"exam {exam_id} is not the one at hand: the screen shows which is; open it again there"
        )
