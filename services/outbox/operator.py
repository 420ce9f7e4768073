"""What a person may do with a delivery: resend, cancel, redirect; and what there is to see."""

from __future__ import annotations

from collections.abc import Sequence

from sqlite_utils import Database

from services.catalog.database import Catalog
from services.dicom.peers import Peer
from services.errors import CatalogError, NotFound
from services.outbox import peer_state
from services.outbox.model import OWED, Delivery, Kind, State
from services.outbox.queue import enqueue_stores

_OWED = ", ".join(f"'{state}'" for state in OWED)


def deliveries(
    catalog: Catalog, *, exam_id: str | None = None, owed_only: bool = True, limit: int = 1000
) -> list[Delivery]:
    """Deliveries by id; without ``owed_only`` the finished ones too, newest ``limit`` of all."""
    rows = catalog.rows(
        "SELECT * FROM (SELECT * FROM delivery WHERE (? IS NULL OR exam_id = ?)"  # noqa: S608 -- enum members only
        f" AND (NOT ? OR state IN ({_OWED})) ORDER BY id DESC LIMIT ?) ORDER BY id",
        [exam_id, exam_id, int(owed_only), limit],
    )
    return [Delivery.from_row(row) for row in rows]


def get(catalog: Catalog, delivery_id: int) -> Delivery:
    """The delivery with this number.

    Raises
    ------
    NotFound
        When there is none.
    """
    row = catalog.row("SELECT * FROM delivery WHERE id = ?", [delivery_id])
    if row is None:
        raise NotFound(f"there is no delivery {delivery_id}: 'gantry outbox' shows those there are")
    return Delivery.from_row(row)


def owed(catalog: Catalog, peer: str | None = None) -> dict[State, int]:
    """How many deliveries are owed, by state; all zero when nothing is owed any more."""
    counts = dict.fromkeys(OWED, 0)
    for row in catalog.rows(
        "SELECT state, count(*) AS n FROM delivery"  # noqa: S608 -- enum members only
        f" WHERE state IN ({_OWED}) AND (? IS NULL OR peer = ?) GROUP BY state",
        [peer, peer],
    ):
        counts[State(row["state"])] = row["n"]
    return counts


def resend(catalog: Catalog, delivery_id: int) -> Delivery:
    """Make a delivery due now, whatever stopped it; same UIDs, nothing doubled.

    Raises
    ------
    CatalogError
        When it is being sent, or is an MPPS message that the RIS has taken.
    """
    delivery = get(catalog, delivery_id)
    if delivery.state is State.SENDING:
        raise CatalogError(f"delivery {delivery_id} is being sent to {delivery.peer} right now")
    if delivery.state is State.DONE and delivery.kind is not Kind.STORE:
        raise CatalogError(
            f"delivery {delivery_id} ({delivery.kind}) was taken by {delivery.peer} already: "
            f"only images can be sent again after that"
        )
    with catalog.writing() as db:
        db.conn.execute(
            "UPDATE delivery SET state = 'waiting', next_attempt = 0, lease_owner = NULL,"
            " lease_until = NULL, finished = NULL WHERE id = ? AND state != 'sending'",
            [delivery_id],
        )
        db.conn.execute(
            "UPDATE archived SET refused_commitments = 0 WHERE sop_instance_uid = ? AND peer = ?",
            [delivery.sop_instance_uid, delivery.peer],
        )
    peer_state.clear_pause(catalog, delivery.peer)
    return get(catalog, delivery_id)


def cancel(catalog: Catalog, delivery_id: int) -> list[Delivery]:
    """Stop owing a delivery, and the N-SET that would follow a cancelled N-CREATE.

    The image itself stays in the spool: what an archive has not promised is never deleted.
    """
    delivery = get(catalog, delivery_id)
    if delivery.state not in (State.WAITING, State.HELD, State.AWAITING):
        raise CatalogError(
            f"delivery {delivery_id} is {delivery.state}: only one that waits, is held or "
            f"awaits its report can be cancelled"
        )
    with catalog.writing() as db:
        ids = [delivery.id]
        if delivery.kind is Kind.MPPS_CREATE:
            ids += _open_sets(db, delivery)
        for each in ids:
            db.conn.execute(
                "UPDATE delivery SET state = 'cancelled', advice = '', lease_owner = NULL,"
                " lease_until = NULL WHERE id = ? AND state IN ('waiting', 'held', 'awaiting')",
                [each],
            )
    return [get(catalog, each) for each in ids]


def redirect(
    catalog: Catalog, delivery_id: int, peers: Sequence[Peer], target: str, *, at: float
) -> list[Delivery]:
    """Owe the delivery to another peer instead.

    Raises
    ------
    NotFound
        When no such peer is configured.
    CatalogError
        When the target does not offer the service, or the delivery is not waiting or held.
    """
    delivery = get(catalog, delivery_id)
    peer = next((each for each in peers if each.name == target), None)
    if peer is None:
        raise NotFound(f"no peer is called {target!r}: {', '.join(p.name for p in peers)} are")
    if delivery.kind in (Kind.COMMIT, Kind.CHECK):
        raise CatalogError(
            f"a {delivery.kind} follows the images: redirect their store deliveries instead"
        )
    if not peer.offers(delivery.kind.service):
        raise CatalogError(f"{target} is not configured for the service '{delivery.kind.service}'")
    if delivery.state not in (State.WAITING, State.HELD) or delivery.peer == target:
        raise CatalogError(f"delivery {delivery_id} is {delivery.state} for {delivery.peer}")
    with catalog.writing() as db:
        ids = [delivery.id]
        if delivery.kind is Kind.MPPS_CREATE:
            ids += _open_sets(db, delivery)
        for each in ids:
            db.conn.execute("UPDATE delivery SET state = 'cancelled' WHERE id = ?", [each])
        return _owe_elsewhere(db, delivery, ids, peer, at)


def _owe_elsewhere(
    db: Database, delivery: Delivery, ids: Sequence[int], peer: Peer, at: float
) -> list[Delivery]:
    if delivery.kind is Kind.STORE:
        assert delivery.sop_instance_uid is not None
        db.conn.execute(
            "DELETE FROM archived WHERE sop_instance_uid = ? AND peer = ? AND stored IS NULL",
            [delivery.sop_instance_uid, delivery.peer],
        )
        enqueue_stores(db, [peer], delivery.exam_id, delivery.sop_instance_uid, at=at)
    else:
        for each in ids:
            db.conn.execute(
                "INSERT OR IGNORE INTO delivery (kind, peer, exam_id, payload, created)"
                " SELECT kind, ?, exam_id, payload, ? FROM delivery WHERE id = ?",
                [peer.name, at, each],
            )
    rows = db.query(
        "SELECT * FROM delivery WHERE peer = ? AND exam_id = ? AND created = ? ORDER BY id",
        [peer.name, delivery.exam_id, at],
    )
    return [Delivery.from_row(row) for row in rows]


def _open_sets(db: Database, delivery: Delivery) -> list[int]:
    rows = db.query(
        "SELECT id FROM delivery WHERE kind = 'mpps-set' AND exam_id = ? AND peer = ?"
        " AND state IN ('waiting', 'held')",
        [delivery.exam_id, delivery.peer],
    )
    return [row["id"] for row in rows]
