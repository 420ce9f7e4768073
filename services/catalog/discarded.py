"""Discarded images as rows, and how far an image has got from the box."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlite_utils import Database

from services.catalog.database import Catalog, Row

NOTE = "rejection note"
"""``instance.object`` of a Key Object Selection that tells an archive what was discarded."""

PERHAPS = (
    "r.attempts > 0 AND ifnull(r.last_status, -1) < 0"
    " AND ifnull(r.before_discard, r.state) != 'held'"
)
"""In SQL: store delivery ``r`` was tried without an answer, so the archive may have the image."""

REACHED = f"""
    (EXISTS (SELECT 1 FROM archived a WHERE a.sop_instance_uid = i.sop_instance_uid
        AND a.stored IS NOT NULL)
    OR EXISTS (SELECT 1 FROM delivery r WHERE r.sop_instance_uid = i.sop_instance_uid
        AND r.kind = 'store' AND (r.state IN ('sending', 'done') OR ({PERHAPS}))))
"""  # noqa: S608 -- constants only
"""In SQL: instance ``i`` is at an archive, or may be."""

REPORTED = f"i.object != '{NOTE}' AND (i.discarded IS NULL OR {REACHED})"
"""In SQL: instance ``i`` belongs into the final MPPS, since it exists outside the box."""

_REACH = f"""
    SELECT r.peer, max(r.state = 'sending') AS sending, max({PERHAPS}) AS perhaps,
        max(r.state = 'done' OR EXISTS (SELECT 1 FROM archived a
            WHERE a.sop_instance_uid = :uid AND a.peer = r.peer AND a.stored IS NOT NULL))
            AS stored
    FROM delivery r WHERE r.kind = 'store' AND r.sop_instance_uid = :uid
    GROUP BY r.peer ORDER BY r.peer
"""  # noqa: S608 -- constants only


class Reach(StrEnum):
    """How far an image has got towards one archive."""

    KEPT = "kept"
    SENDING = "sending"
    PERHAPS = "perhaps"
    STORED = "stored"


@dataclass(frozen=True, slots=True)
class Discarded:
    """A discarded image: when, why (code value) and by whom."""

    sop_instance_uid: str
    at: str
    reason: str
    by: str


def mark(db: Database, sop_instance_uid: str, *, at: str, reason: str, by: str) -> None:
    """Discard an image, and cancel what is owed of it and has not been begun.

    The deliveries are cancelled by a trigger, as whatever falls due later is.
    """
    db.conn.execute(
        "UPDATE instance SET discarded = ?, discard_reason = ?, discarded_by = ?"
        " WHERE sop_instance_uid = ?",
        [at, reason, by, sop_instance_uid],
    )


def unmark(db: Database, sop_instance_uid: str) -> None:
    """Bring a discarded image back, and what was owed of it."""
    db.conn.execute(
        "UPDATE instance SET discarded = NULL, discard_reason = NULL, discarded_by = NULL"
        " WHERE sop_instance_uid = ?",
        [sop_instance_uid],
    )
    db.conn.execute(
        "UPDATE delivery SET state = before_discard, before_discard = NULL"
        " WHERE kind = 'store' AND sop_instance_uid = ? AND state = 'cancelled'"
        " AND before_discard IS NOT NULL",
        [sop_instance_uid],
    )


def find(db: Database, sop_instance_uid: str) -> Row | None:
    """What a discard asks: the image's exam, that exam's state, and what became of the image."""
    found = db.conn.execute(
        "SELECT i.exam_id, i.object, i.discarded, e.state"
        " FROM instance i JOIN exam e USING (exam_id) WHERE i.sop_instance_uid = ?",
        [sop_instance_uid],
    ).fetchone()
    return None if found is None else dict(found)


def of_exam(catalog: Catalog, exam_id: str) -> dict[str, Discarded]:
    """The exam's discarded images by SOP Instance UID."""
    rows = catalog.rows(
        "SELECT sop_instance_uid, discarded, discard_reason, discarded_by FROM instance"
        " WHERE exam_id = ? AND discarded IS NOT NULL",
        [exam_id],
    )
    return {
        each["sop_instance_uid"]: Discarded(
            each["sop_instance_uid"],
            each["discarded"],
            each["discard_reason"],
            each["discarded_by"],
        )
        for each in rows
    }


def kept(catalog: Catalog, exam_id: str) -> int:
    """How many images of the exam are not discarded."""
    found = catalog.row(
        "SELECT count(*) AS n FROM instance WHERE exam_id = ? AND discarded IS NULL"
        " AND object != ?",
        [exam_id, NOTE],
    )
    return int(found["n"]) if found else 0


def reach(catalog: Catalog, sop_instance_uid: str) -> dict[str, Reach]:
    """By archive, how far the image has got; archives that never were owed it are not there."""
    rows = catalog.rows(_REACH, {"uid": sop_instance_uid})
    return {each["peer"]: _reach(each) for each in rows}


def _reach(found: Row) -> Reach:
    if found["stored"]:
        return Reach.STORED
    if found["sending"]:
        return Reach.SENDING
    return Reach.PERHAPS if found["perhaps"] else Reach.KEPT
