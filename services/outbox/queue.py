"""Putting deliveries in, claiming them, and settling them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlite_utils import Database

from services.catalog.database import Catalog, Row
from services.dicom.peers import Peer, Service
from services.outbox import backoff
from services.outbox.model import OPEN, Delivery, Kind
from services.outbox.owner import is_alive

LEASE_SECONDS = 900.0
"""A lease outlives any single object; a dead owner's lease is freed at once instead."""

COMMIT_BATCH_SECONDS = 30.0
"""While an exam goes on, its commitment is asked for in batches of this many seconds."""

# A clock that was set back must not leave work lying: a time further ahead than any back-off
# or lease can put it counts as past.
_DUE = """
    (d.state = 'waiting' AND (d.next_attempt <= :now OR d.next_attempt > :now + :longest_delay))
    OR (d.state = 'sending' AND (d.lease_until <= :now OR d.lease_until > :now + :longest_lease))
    OR (d.state = 'awaiting' AND (d.lease_until <= :now OR d.lease_until > :now + 864000))
"""

_PUT_OFF = 3
"""Attempts from which on an image that is put off delays no promise for the others."""

_READY = """
    CASE
        WHEN d.kind = 'mpps-set' THEN EXISTS (
            SELECT 1 FROM delivery c WHERE c.exam_id = d.exam_id AND c.peer = d.peer
            AND c.kind = 'mpps-create' AND c.state = 'done')
        WHEN d.kind IN ('commit', 'check') THEN NOT EXISTS (
            SELECT 1 FROM delivery s WHERE s.exam_id = d.exam_id AND s.peer = d.peer
            AND s.kind = 'store' AND s.state IN ('waiting', 'sending')
            AND s.attempts < :put_off)
        WHEN d.kind = 'store' AND d.state = 'sending' THEN NOT EXISTS (
            SELECT 1 FROM instance i WHERE i.sop_instance_uid = d.sop_instance_uid
            AND i.discarded IS NOT NULL)
        ELSE 1
    END
"""


def enqueue(
    db: Database,
    kind: Kind,
    peer: str,
    exam_id: str,
    *,
    at: float,
    sop_instance_uid: str | None = None,
    payload: bytes | None = None,
    due: float | None = None,
) -> None:
    """Put one delivery into the outbox; one that is open already stays as it is."""
    db.conn.execute(
        "INSERT OR IGNORE INTO delivery"
        " (kind, peer, exam_id, sop_instance_uid, payload, next_attempt, created)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [kind, peer, exam_id, sop_instance_uid, payload, at if due is None else due, at],
    )


def enqueue_stores(
    db: Database, peers: Iterable[Peer], exam_id: str, sop_instance_uid: str, *, at: float
) -> None:
    """Owe an instance to every archive."""
    for peer in peers:
        if not peer.offers(Service.STORE):
            continue
        db.table("archived").insert(
            {
                "sop_instance_uid": sop_instance_uid,
                "peer": peer.name,
                "owes_commitment": int(peer.commitment_required),
            },
            ignore=True,
        )
        enqueue(db, Kind.STORE, peer.name, exam_id, at=at, sop_instance_uid=sop_instance_uid)


def claim(
    catalog: Catalog, peer: str, kinds: Sequence[Kind], owner: str, *, at: float, limit: int = 1
) -> list[Delivery]:
    """Take up to ``limit`` deliveries that are due and whose turn it is, oldest first.

    One ``UPDATE ... RETURNING``: no two owners ever hold the same delivery, and the attempt is
    counted before anything goes onto the wire.
    """
    marks = ", ".join(f"'{kind}'" for kind in kinds)
    with catalog.writing() as db:
        rows = db.conn.execute(
            "UPDATE delivery SET state = 'sending', attempts = attempts + 1,"  # noqa: S608 -- enum members only
            " lease_owner = :owner, lease_until = :now + :longest_lease, transaction_uid = NULL"
            " WHERE id IN (SELECT d.id FROM delivery d"
            f" WHERE d.{OPEN} AND d.peer = :peer AND d.kind IN ({marks})"
            " AND d.state IN ('waiting', 'sending', 'awaiting')"
            f" AND ({_DUE}) AND ({_READY})"
            " ORDER BY d.id LIMIT :limit)"
            " RETURNING *",
            {**_bounds(at), "peer": peer, "owner": owner, "limit": limit},
        ).fetchall()
    claimed = [Delivery.from_row(dict(row)) for row in rows]
    return sorted(claimed, key=lambda delivery: delivery.id)


def due_kinds(catalog: Catalog, peer: str, *, at: float) -> set[Kind]:
    """The kinds of which something is due at this peer now."""
    rows = catalog.rows(
        f"SELECT DISTINCT d.kind FROM delivery d WHERE d.{OPEN} AND d.peer = :peer"  # noqa: S608 -- constants only
        f" AND d.state IN ('waiting', 'sending', 'awaiting') AND ({_DUE}) AND ({_READY})",
        {**_bounds(at), "peer": peer},
    )
    return {Kind(row["kind"]) for row in rows}


def next_due(catalog: Catalog, peer: str, *, at: float) -> float | None:
    """Unix time at which something falls due at this peer, None when nothing is open."""
    row = catalog.row(
        "SELECT min(CASE state WHEN 'waiting' THEN next_attempt ELSE lease_until END) AS due"  # noqa: S608 -- constants only
        f" FROM delivery WHERE {OPEN} AND peer = ? AND state IN ('waiting', 'sending', 'awaiting')",
        [peer],
    )
    due = row["due"] if row else None
    return None if due is None else min(due, at + LEASE_SECONDS)


def finish(
    db: Database, delivery: Delivery, *, at: float, status: int | None, text: str = ""
) -> bool:
    """The peer has it. False when the lease was lost in the meantime and nothing was changed."""
    return _settle(
        db,
        delivery,
        "state = 'done', finished = :at, last_status = :status, last_text = :text, advice = ''",
        {"at": at, "status": status, "text": text},
    )


def retry(
    db: Database, delivery: Delivery, *, at: float, status: int | None, text: str, advice: str = ""
) -> bool:
    """Try again later, by this delivery's own back-off."""
    return _settle(
        db,
        delivery,
        "state = 'waiting', next_attempt = :next, last_status = :status, last_text = :text,"
        " advice = :advice",
        {
            "next": at + backoff.delay(delivery.attempts),
            "status": status,
            "text": text,
            "advice": advice,
        },
    )


def hold(db: Database, delivery: Delivery, *, status: int | None, text: str, advice: str) -> bool:
    """Wait for a person, with the peer's own words."""
    return _settle(
        db,
        delivery,
        "state = 'held', last_status = :status, last_text = :text, advice = :advice",
        {"status": status, "text": text, "advice": advice},
    )


def give_back(db: Database, delivery: Delivery, text: str) -> bool:
    """The peer could not be reached after all: due again at once, the attempt not counted."""
    return _settle(
        db,
        delivery,
        "state = 'waiting', attempts = attempts - 1, last_text = :text",
        {"text": text},
    )


def put_off(db: Database, delivery: Delivery, *, until: float, text: str) -> bool:
    """Nothing can be done for it before then; the attempt is not counted."""
    return _settle(
        db,
        delivery,
        "state = 'waiting', attempts = attempts - 1, next_attempt = :until, last_text = :text",
        {"until": until, "text": text},
    )


def _settle(db: Database, delivery: Delivery, changes: str, values: Row) -> bool:
    cursor = db.conn.execute(
        f"UPDATE delivery SET {changes}, lease_owner = NULL, lease_until = NULL"  # noqa: S608 -- our own text
        " WHERE id = :id AND state = 'sending' AND attempts = :attempts",
        {**values, "id": delivery.id, "attempts": delivery.attempts},
    )
    return cursor.rowcount == 1


def free_dead_leases(catalog: Catalog) -> int:
    """Give back what processes that are gone had claimed; the number of deliveries freed."""
    with catalog.writing() as db:
        owners = [
            row["lease_owner"]
            for row in db.query(
                f"SELECT DISTINCT lease_owner FROM delivery WHERE {OPEN} AND state = 'sending'"  # noqa: S608 -- constants only
                " AND lease_owner IS NOT NULL"
            )
        ]
        freed = 0
        for owner in owners:
            if is_alive(owner):
                continue
            freed += db.conn.execute(
                "UPDATE delivery SET state = 'waiting', next_attempt = 0, lease_owner = NULL,"  # noqa: S608 -- constants only
                f" lease_until = NULL WHERE {OPEN} AND state = 'sending' AND lease_owner = ?",
                [owner],
            ).rowcount
    return freed


def _bounds(at: float) -> Row:
    return {
        "now": at,
        "longest_delay": max(backoff.LONGEST_DELAY, COMMIT_BATCH_SECONDS),
        "longest_lease": LEASE_SECONDS,
        "put_off": _PUT_OFF,
    }
