"""When an image may leave the box: committed, and old enough or in the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.box import Box
from services.catalog.database import Row

# Deletable: every archive that owes a promise has given it, every other one has stored it and was
# not found to miss it since, there is at least one, nothing is still to be sent or printed, and the
# exam has ended.
_RELEASED = """
    SELECT i.sop_instance_uid, i.path, i.acquired FROM instance i
    JOIN exam e USING (exam_id)
    WHERE i.removed IS NULL
    AND i.missing IS NULL AND e.state != 'IN PROGRESS'
    AND EXISTS (SELECT 1 FROM archived a WHERE a.sop_instance_uid = i.sop_instance_uid)
    AND NOT EXISTS (SELECT 1 FROM archived a WHERE a.sop_instance_uid = i.sop_instance_uid
        AND (a.stored IS NULL OR (a.owes_commitment AND a.committed IS NULL)))
    AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.sop_instance_uid = i.sop_instance_uid
        AND d.state IN ('waiting', 'sending', 'awaiting', 'held'))
    AND NOT EXISTS (SELECT 1 FROM delivery d JOIN archived a USING (peer)
        WHERE d.kind = 'check' AND d.exam_id = i.exam_id
        AND d.state IN ('waiting', 'sending', 'held')
        AND a.sop_instance_uid = i.sop_instance_uid AND a.proof IS NULL)
    AND NOT EXISTS (SELECT 1 FROM print_job_image p JOIN print_job j ON j.id = p.job_id
        JOIN delivery d ON d.id = j.delivery_id
        WHERE p.sop_instance_uid = i.sop_instance_uid
        AND d.state IN ('waiting', 'sending', 'awaiting', 'held'))
"""
_OLDEST_FIRST = f"{_RELEASED} ORDER BY i.acquired"
_ONE = f"{_RELEASED} AND i.sop_instance_uid = ?"

# A discarded image is owed to nobody: its exam has to be over, and its time.
_DISCARDED = """
    SELECT i.sop_instance_uid, i.path, i.acquired FROM instance i
    JOIN exam e USING (exam_id)
    WHERE i.removed IS NULL
    AND i.missing IS NULL AND e.state != 'IN PROGRESS' AND i.discarded IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.sop_instance_uid = i.sop_instance_uid
        AND d.state IN ('waiting', 'sending', 'awaiting', 'held'))
"""
_ONE_DISCARDED = f"{_DISCARDED} AND i.sop_instance_uid = ?"


@dataclass(frozen=True, slots=True)
class Removed:
    """How many image files retention deleted, by the rule that let them go."""

    by_age: int
    by_room: int


def apply(box: Box) -> Removed:
    """Delete what may leave: first by age, then the oldest until the disk is below its mark.

    An image that any archive still owes a promise for is never deleted, however full the card. A
    discarded one goes by age alone.
    """
    oldest = (box.clock.now() - timedelta(days=box.retention.keep_days)).timestamp()
    by_age = by_room = 0
    for row in box.catalog.rows(_DISCARDED):
        if _timestamp(row) < oldest:
            by_age += _delete(box, row, _ONE_DISCARDED)
    for row in box.catalog.rows(_OLDEST_FIRST):
        if _timestamp(row) < oldest:
            by_age += _delete(box, row, _ONE)
        elif box.spool.usage().percent >= box.retention.high_water_percent:
            by_room += _delete(box, row, _ONE)
        else:
            break
    return Removed(by_age, by_room)


def _delete(box: Box, row: Row, still: str) -> bool:
    """Delete the file, unless somebody has asked for it since it was looked at."""
    uid = row["sop_instance_uid"]
    # the mark comes first: a crash between the two leaves a marked file, which recovery removes
    with box.catalog.writing() as db:
        if db.conn.execute(still, [uid]).fetchone() is None:
            return False
        db.conn.execute(
            "UPDATE instance SET removed = ? WHERE sop_instance_uid = ?",
            [box.clock.now().isoformat(), uid],
        )
    box.spool.remove(row["path"])
    return True


def _timestamp(row: Row) -> float:
    return datetime.fromisoformat(row["acquired"]).timestamp()
