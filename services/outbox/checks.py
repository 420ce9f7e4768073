"""The weaker proof, for an archive that gives no commitment: is the image there when asked?"""

from __future__ import annotations

from collections.abc import Collection

from sqlite_utils import Database

from services.outbox.model import Kind
from services.outbox.queue import enqueue

SETTLING_SECONDS = 10.0
"""What an archive is given to file an image before it is asked for it."""


def owe(db: Database, peer: str, exam_id: str, *, at: float) -> None:
    """Owe a C-FIND for what the archive has just stored."""
    enqueue(db, Kind.CHECK, peer, exam_id, at=at, due=at + SETTLING_SECONDS)


def unproven(db: Database, peer: str, exam_id: str) -> list[str]:
    """SOP Instance UIDs that the archive took and that nobody has seen there since."""
    rows = db.query(
        "SELECT a.sop_instance_uid FROM archived a JOIN instance i USING (sop_instance_uid)"
        " WHERE a.peer = ? AND i.exam_id = ? AND a.stored IS NOT NULL AND a.proof IS NULL"
        " AND i.discarded IS NULL AND i.object != 'rejection note'",
        [peer, exam_id],
    )
    return [row["sop_instance_uid"] for row in rows]


def note_present(db: Database, peer: str, sop_instance_uids: Collection[str]) -> None:
    """The archive listed these: labelled ``query``, never passed off as a commitment."""
    for uid in sop_instance_uids:
        db.conn.execute(
            "UPDATE archived SET proof = 'query' WHERE sop_instance_uid = ? AND peer = ?"
            " AND proof IS NULL",
            [uid, peer],
        )
