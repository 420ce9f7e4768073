"""Storage commitment as the outbox keeps it: asked for, answered, late or twice."""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database

from device.commitment import CommitmentResult, failure_text
from device.exam import InstanceReference
from services.catalog.database import Catalog
from services.outbox import backoff
from services.outbox.model import Delivery, Kind
from services.outbox.queue import COMMIT_BATCH_SECONDS, enqueue, finish

REFUSALS = 3
"""Refusals to commit one image after which a person is asked."""

_LONGEST_WAIT = 86_400.0
"""Seconds between two requests to an archive that has never reported on the last ones."""

_WAITING = ("request accepted, waiting for the report", "")
_IN_VAIN = (
    "request accepted again; no report came for the last one",
    "Ask the PACS administrator whether the archive knows this box by its AE title, address and "
    "listener port, and that 'gantry listener' can be reached there. An archive that gives no "
    'commitment is configured with commitment = "none"',
)

_DUPLICATE_TRANSACTION = 0x0131
_WORTH_SENDING_AGAIN = frozenset({0x0110, 0x0112, 0x0213})
"""Processing failure, no such instance, resource limitation (PS3.3 C.14.1.1)."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What one report changed: newly committed, to be sent again, held for a person."""

    known: bool
    committed: int = 0
    resent: int = 0
    held: int = 0


def owe(db: Database, peer: str, exam_id: str, *, at: float) -> None:
    """Owe the archive's promise for what it has just stored; in batches while the exam goes on."""
    state = db.conn.execute("SELECT state FROM exam WHERE exam_id = ?", [exam_id]).fetchone()
    going_on = state is not None and state[0] == "IN PROGRESS"
    due = at + COMMIT_BATCH_SECONDS if going_on else at
    enqueue(db, Kind.COMMIT, peer, exam_id, at=at, due=due)


def hasten(db: Database, exam_id: str, *, at: float) -> None:
    """The exam has ended: its commitments need not wait for more images."""
    db.conn.execute(
        "UPDATE delivery SET next_attempt = ? WHERE exam_id = ? AND kind IN ('commit', 'check')"
        " AND state = 'waiting' AND attempts = 0",
        [at, exam_id],
    )


def uncommitted(db: Database, peer: str, exam_id: str) -> list[InstanceReference]:
    """What the archive has stored of the exam without having promised to keep it."""
    rows = db.query(
        "SELECT i.sop_class_uid, i.sop_instance_uid FROM archived a"
        " JOIN instance i USING (sop_instance_uid)"
        " WHERE a.peer = ? AND i.exam_id = ? AND a.stored IS NOT NULL AND a.committed IS NULL"
        " AND i.discarded IS NULL AND i.object != 'rejection note'"
        " ORDER BY i.acquired, i.instance_number",
        [peer, exam_id],
    )
    return [InstanceReference(row["sop_class_uid"], row["sop_instance_uid"]) for row in rows]


def begin(
    catalog: Catalog, delivery: Delivery, transaction_uid: str, *, at: float
) -> list[InstanceReference]:
    """Record a transaction before it is sent, since its report may overtake the response.

    Returns the references to ask for; empty when nothing is uncommitted any more, in which case
    no transaction was recorded and the delivery is done.
    """
    with catalog.writing() as db:
        references = uncommitted(db, delivery.peer, delivery.exam_id)
        if not references:
            # in this step: an image stored right after it owes a new delivery
            finish(db, delivery, at=at, status=0x0000, text="nothing is uncommitted any more")
            return []
        db.table("commitment").insert(
            {
                "transaction_uid": transaction_uid,
                "peer": delivery.peer,
                "exam_id": delivery.exam_id,
                "delivery_id": delivery.id,
                "requested": at,
            }
        )
        db.table("commitment_item").insert_all(
            {
                "transaction_uid": transaction_uid,
                "sop_instance_uid": reference.sop_instance_uid,
            }
            for reference in references
        )
        db.conn.execute(
            "UPDATE delivery SET transaction_uid = ?"
            " WHERE id = ? AND state = 'sending' AND attempts = ?",
            [transaction_uid, delivery.id, delivery.attempts],
        )
    return references


def await_report(
    db: Database, delivery: Delivery, transaction_uid: str, *, at: float, timeout: float
) -> None:
    """The archive took the request; unless its report came first, wait for it.

    Parameters
    ----------
    at
        Unix seconds.
    timeout
        Seconds to wait the first time. Each request that stays without a report doubles them, up
        to a day: an archive that never reports is not asked for its years every hour.
    """
    unanswered = _unanswered(db, delivery)
    patience = min(timeout * 2.0 ** min(unanswered - 1, 30), max(timeout, _LONGEST_WAIT))
    text, advice = _WAITING if unanswered == 1 else _IN_VAIN
    db.conn.execute(
        "UPDATE delivery SET state = 'awaiting', lease_owner = NULL, lease_until = ?,"
        " last_text = ?, advice = ?"
        " WHERE id = ? AND state = 'sending' AND transaction_uid = ?"
        " AND NOT EXISTS (SELECT 1 FROM commitment"
        " WHERE transaction_uid = ? AND answered IS NOT NULL)",
        [at + patience, text, advice, delivery.id, transaction_uid, transaction_uid],
    )


def _unanswered(db: Database, delivery: Delivery) -> int:
    row = db.conn.execute(
        "SELECT count(*) FROM commitment WHERE delivery_id = ? AND answered IS NULL", [delivery.id]
    ).fetchone()
    return int(row[0])


def is_answered(catalog: Catalog, transaction_uid: str) -> bool:
    row = catalog.row(
        "SELECT answered FROM commitment WHERE transaction_uid = ?", [transaction_uid]
    )
    return row is not None and row["answered"] is not None


def apply_report(catalog: Catalog, result: CommitmentResult, *, at: float, when: str) -> Applied:
    """Take one report into the catalog, in one step; a repeated one changes nothing.

    A promise once given is never taken back by a later report of failure.

    Parameters
    ----------
    at : float
        Unix seconds.
    when : str
        The same moment in ISO 8601, for the instance's record.
    """
    with catalog.writing() as db:
        row = db.conn.execute(
            "SELECT peer, exam_id, delivery_id FROM commitment WHERE transaction_uid = ?",
            [result.transaction_uid],
        ).fetchone()
        if row is None:
            return Applied(known=False)
        peer, exam_id, delivery_id = row["peer"], row["exam_id"], row["delivery_id"]
        committed = sum(
            _note_committed(db, result.transaction_uid, peer, uid, when) for uid in result.committed
        )
        resent = held = 0
        for failure in result.failed:
            uid = failure.sop_instance_uid
            if not _note_failed(db, result.transaction_uid, uid, failure.reason):
                continue
            if failure.reason == _DUPLICATE_TRANSACTION:
                continue
            again = _send_again(db, peer, exam_id, uid, failure.reason, at)
            resent += again is True
            held += again is False
        db.conn.execute(
            "UPDATE commitment SET answered = ifnull(answered, ?) WHERE transaction_uid = ?",
            [at, result.transaction_uid],
        )
        _close_request(db, peer, exam_id, delivery_id, result.transaction_uid, at)
    return Applied(known=True, committed=committed, resent=resent, held=held)


def _note_committed(
    db: Database, transaction_uid: str, peer: str, sop_instance_uid: str, when: str
) -> int:
    asked = db.conn.execute(
        "UPDATE commitment_item SET result = 'committed', reason = NULL"
        " WHERE transaction_uid = ? AND sop_instance_uid = ?",
        [transaction_uid, sop_instance_uid],
    )
    if asked.rowcount == 0:
        return 0
    return db.conn.execute(
        "UPDATE archived SET committed = ?, stored = ifnull(stored, ?), proof = 'commitment'"
        " WHERE sop_instance_uid = ? AND peer = ? AND committed IS NULL",
        [when, when, sop_instance_uid, peer],
    ).rowcount


def _note_failed(db: Database, transaction_uid: str, sop_instance_uid: str, reason: int) -> bool:
    noted = db.conn.execute(
        "UPDATE commitment_item SET result = 'failed', reason = ?"
        " WHERE transaction_uid = ? AND sop_instance_uid = ? AND result IS NULL",
        [reason, transaction_uid, sop_instance_uid],
    )
    return noted.rowcount == 1


def _send_again(
    db: Database, peer: str, exam_id: str, sop_instance_uid: str, reason: int, at: float
) -> bool | None:
    """Owe the image once more; False when it is held for a person instead.

    None when nothing is to be done: the archive has promised it, or is not owed it any more.
    """
    row = db.conn.execute(
        "UPDATE archived SET stored = NULL, refused_commitments = refused_commitments + 1"
        " WHERE sop_instance_uid = ? AND peer = ? AND committed IS NULL"
        " RETURNING refused_commitments",
        [sop_instance_uid, peer],
    ).fetchone()
    if row is None:
        return None
    enqueue(db, Kind.STORE, peer, exam_id, at=at, sop_instance_uid=sop_instance_uid)
    if reason in _WORTH_SENDING_AGAIN and row["refused_commitments"] < REFUSALS:
        return True
    db.conn.execute(
        "UPDATE delivery SET state = 'held', last_status = ?, last_text = ?, advice = ?"
        " WHERE kind = 'store' AND peer = ? AND sop_instance_uid = ? AND state = 'waiting'",
        [
            reason,
            f"commitment refused: {failure_text(reason)}",
            "The archive stored the image but will not promise to keep it. "
            "Ask the PACS administrator, then resend or redirect it",
            peer,
            sop_instance_uid,
        ],
    )
    return False


def _close_request(
    db: Database,
    peer: str,
    exam_id: str,
    delivery_id: int,
    transaction_uid: str,
    at: float,
) -> None:
    left = {reference.sop_instance_uid for reference in uncommitted(db, peer, exam_id)}
    if left:
        # images that were stored after this transaction was asked for need one of their own; what
        # it asked for and was not answered on is asked for again, but not in one breath
        asked = _asked_for(db, transaction_uid)
        pause = backoff.delay(_attempts(db, delivery_id)) if left <= asked else 0.0
        db.conn.execute(
            "UPDATE delivery SET state = 'waiting', next_attempt = ?, lease_owner = NULL,"
            " lease_until = NULL WHERE id = ? AND transaction_uid = ?"
            " AND state IN ('sending', 'awaiting')",
            [at + pause, delivery_id, transaction_uid],
        )
        return
    db.conn.execute(
        "UPDATE delivery SET state = 'done', finished = ?, last_status = 0, last_text = '',"
        " advice = '', lease_owner = NULL, lease_until = NULL"
        " WHERE kind = 'commit' AND peer = ? AND exam_id = ?"
        " AND state IN ('waiting', 'sending', 'awaiting', 'held')",
        [at, peer, exam_id],
    )


def _asked_for(db: Database, transaction_uid: str) -> set[str]:
    rows = db.query(
        "SELECT sop_instance_uid FROM commitment_item WHERE transaction_uid = ?",
        [transaction_uid],
    )
    return {row["sop_instance_uid"] for row in rows}


def _attempts(db: Database, delivery_id: int) -> int:
    row = db.conn.execute("SELECT attempts FROM delivery WHERE id = ?", [delivery_id]).fetchone()
    return int(row[0])
