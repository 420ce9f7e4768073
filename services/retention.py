"""When an image may leave the box: committed, and old enough or in the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.box import Box
from services.catalog.database import Row

# Deletable: every archive that owes a promise has given it, every other one has stored it, there
# is at least one, nothing is still to be sent, and the exam has ended.
_RELEASED = """
    SELECT i.sop_instance_uid, i.path, i.acquired FROM instance i
    JOIN exam e USING (exam_id)
    WHERE i.removed IS NULL AND i.missing IS NULL AND e.state != 'IN PROGRESS'
    AND EXISTS (SELECT 1 FROM archived a WHERE a.sop_instance_uid = i.sop_instance_uid)
    AND NOT EXISTS (SELECT 1 FROM archived a WHERE a.sop_instance_uid = i.sop_instance_uid
        AND (a.stored IS NULL OR (a.owes_commitment AND a.committed IS NULL)))
    AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.sop_instance_uid = i.sop_instance_uid
        AND d.state IN ('waiting', 'sending', 'awaiting', 'held'))
    ORDER BY i.acquired
"""


@dataclass(frozen=True, slots=True)
class Removed:
    """How many image files retention deleted, by the rule that let them go."""

    by_age: int
    by_room: int


def apply(box: Box) -> Removed:
    """Delete what may leave: first by age, then the oldest until the disk is below its mark.

    An image that any archive still owes a promise for is never deleted, however full the card.
    """
    oldest = (box.clock.now() - timedelta(days=box.retention.keep_days)).timestamp()
    by_age = by_room = 0
    for row in box.catalog.rows(_RELEASED):
        if _timestamp(row) < oldest:
            _delete(box, row)
            by_age += 1
        elif box.spool.usage().percent >= box.retention.high_water_percent:
            _delete(box, row)
            by_room += 1
        else:
            break
    return Removed(by_age, by_room)


def _delete(box: Box, row: Row) -> None:
    # the mark comes first: a crash between the two leaves a marked file, which recovery removes
    with box.catalog.writing() as db:
        db.conn.execute(
            "UPDATE instance SET removed = ? WHERE sop_instance_uid = ?",
            [box.clock.now().isoformat(), row["sop_instance_uid"]],
        )
    box.spool.remove(row["path"])


def _timestamp(row: Row) -> float:
    return datetime.fromisoformat(row["acquired"]).timestamp()
