"""What a person may do with a delivery: resend, cancel, redirect; and what there is to see."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlite_utils import Database

from services.catalog.database import Catalog
from services.dicom.peers import Peer
from services.errors import CatalogError, NotFound
from services.outbox import peer_state
from services.outbox.model import OPEN, OWED, PRINTS, Delivery, Kind, State
from services.outbox.queue import enqueue_stores

_STUCK = f"""
    SELECT count(*) AS n FROM delivery d WHERE d.{OPEN}
    AND d.state IN ('waiting', 'sending', 'awaiting') AND (:peer IS NULL OR d.peer = :peer)
    AND (d.peer NOT IN (SELECT value FROM json_each(:configured))
        OR (d.kind = 'mpps-set' AND EXISTS (
            SELECT 1 FROM delivery c WHERE c.kind = 'mpps-create' AND c.state = 'held'
            AND c.exam_id = d.exam_id AND c.peer = d.peer)))
"""  # noqa: S608 -- constants only


def deliveries(
    catalog: Catalog,
    *,
    exam_id: str | None = None,
    owed_only: bool = True,
    limit: int | None = None,
) -> list[Delivery]:
    """Deliveries by id; without ``owed_only`` the finished ones too.

    Of more than ``limit`` those that wait for a person are kept first, then the newest.
    """
    wanted = ["TRUE" if exam_id is None else "exam_id = :exam_id"]
    if owed_only:
        wanted.append(OPEN)
    order = "" if limit is None else "ORDER BY state = 'held' DESC, id DESC LIMIT :limit"
    rows = catalog.rows(
        f"SELECT * FROM delivery WHERE {' AND '.join(wanted)} {order}",  # noqa: S608 -- our own text
        {"exam_id": exam_id, "limit": limit},
    )
    return sorted((Delivery.from_row(row) for row in rows), key=lambda delivery: delivery.id)


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
        "SELECT state, count(*) AS n FROM delivery"  # noqa: S608 -- constants only
        f" WHERE {OPEN} AND (? IS NULL OR peer = ?) GROUP BY state",
        [peer, peer],
    ):
        counts[State(row["state"])] = row["n"]
    return counts


def stuck(catalog: Catalog, peers: Sequence[Peer], peer: str | None = None) -> int:
    """How many open deliveries move only when a person acts on something else.

    Those are final MPPS messages whose N-CREATE is held, and whatever is owed to a peer that is
    not among ``peers`` any more.
    """
    configured = json.dumps([each.name for each in peers])
    row = catalog.row(_STUCK, {"peer": peer, "configured": configured})
    return int(row["n"]) if row else 0


def resend(catalog: Catalog, delivery_id: int) -> Delivery:
    """Make a delivery due now, whatever stopped it; same UIDs, nothing doubled.

    An N-SET that was cancelled with its N-CREATE comes back with it.

    Raises
    ------
    CatalogError
        When it is being sent, is owed by another delivery already, is an MPPS message that the
        RIS has taken or whose N-CREATE is cancelled, or its image has left this box or is owed
        elsewhere by now.
    """
    with catalog.writing() as db:
        delivery = get(catalog, delivery_id)
        _refuse_sheets(db, delivery, "resend")
        _refuse_resending(db, delivery)
        ids = [delivery.id]
        if delivery.kind is Kind.MPPS_CREATE and delivery.state is State.CANCELLED:
            ids += _sets(db, delivery, (State.CANCELLED,))[-1:]
        for each in ids:
            db.conn.execute(
                "UPDATE delivery SET state = 'waiting', next_attempt = 0, lease_owner = NULL,"
                " lease_until = NULL, finished = NULL, advice = '' WHERE id = ?",
                [each],
            )
        db.conn.execute(
            "UPDATE archived SET refused_commitments = 0 WHERE sop_instance_uid = ? AND peer = ?",
            [delivery.sop_instance_uid, delivery.peer],
        )
    peer_state.clear_pause(catalog, delivery.peer)
    return get(catalog, delivery_id)


def _refuse_sheets(db: Database, delivery: Delivery, what: str) -> None:
    """A sheet may have come out without our knowing: its own actions ask about that."""
    if delivery.kind not in PRINTS:
        return
    job = db.conn.execute(
        "SELECT id FROM print_job WHERE delivery_id = ?", [delivery.id]
    ).fetchone()
    raise CatalogError(
        f"delivery {delivery.id} is print job {job[0]}: {what} it as one, on the print screen or "
        f"by 'gantry printers {what} {job[0]}', which asks whether a sheet came out"
    )


def _refuse_resending(db: Database, delivery: Delivery) -> None:
    name = f"delivery {delivery.id}"
    if delivery.state is State.SENDING:
        raise CatalogError(f"{name} is being sent to {delivery.peer} right now")
    if delivery.state is State.DONE and delivery.kind is not Kind.STORE:
        raise CatalogError(
            f"{name} ({delivery.kind}) was taken by {delivery.peer} already: "
            f"only images can be sent again after that"
        )
    open_one = _same_open(db, delivery, delivery.peer)
    if open_one not in (None, delivery.id):
        raise CatalogError(f"{name} is owed to {delivery.peer} by delivery {open_one} already")
    if delivery.kind is Kind.MPPS_SET and not _create_stands(db, delivery):
        raise CatalogError(f"{name} follows a cancelled N-CREATE: resend that one instead")
    if delivery.kind is Kind.STORE:
        _refuse_resending_image(db, delivery)


def _refuse_resending_image(db: Database, delivery: Delivery) -> None:
    row = db.conn.execute(
        "SELECT removed, EXISTS (SELECT 1 FROM archived a WHERE a.peer = ?"
        " AND a.sop_instance_uid = i.sop_instance_uid), discarded"
        " FROM instance i WHERE sop_instance_uid = ?",
        [delivery.peer, delivery.sop_instance_uid],
    ).fetchone()
    removed, owed_there, discarded = row
    if discarded:
        raise CatalogError(
            f"the image of delivery {delivery.id} was discarded and is not sent any more: while "
            f"its exam is open, 'gantry exam restore' brings it back"
        )
    if removed:
        raise CatalogError(
            f"the image of delivery {delivery.id} was archived and has left this box by its "
            f"retention rule: send it on from the archive"
        )
    if not owed_there:
        raise CatalogError(
            f"the image of delivery {delivery.id} was redirected: redirect the delivery that took "
            f"its place back to {delivery.peer}"
        )


def cancel(catalog: Catalog, delivery_id: int) -> list[Delivery]:
    """Stop owing a delivery, and the N-SET that would follow a cancelled N-CREATE.

    The image itself stays in the spool: what an archive has not promised is never deleted.

    Raises
    ------
    CatalogError
        When it is being sent, or has ended.
    """
    with catalog.writing() as db:
        delivery = get(catalog, delivery_id)
        _refuse_sheets(db, delivery, "cancel")
        if delivery.state not in (State.WAITING, State.HELD, State.AWAITING):
            raise CatalogError(
                f"delivery {delivery_id} is {delivery.state}: only one that waits, is held or "
                f"awaits its report can be cancelled"
            )
        ids = _with_its_set(db, delivery)
        _cancel_all(db, ids)
    return [get(catalog, each) for each in ids]


def redirect(
    catalog: Catalog, delivery_id: int, peers: Sequence[Peer], target: str, *, at: float
) -> list[Delivery]:
    """Owe the delivery to another peer instead; returns what is owed there now.

    Raises
    ------
    NotFound
        When no such peer is configured.
    CatalogError
        When the target does not offer the service or has the same message already, or the
        delivery is not waiting or held.
    """
    peer = next((each for each in peers if each.name == target), None)
    if peer is None:
        known = ", ".join(each.name for each in peers) or "none"
        raise NotFound(f"no peer is called {target!r}; configured: {known}")
    with catalog.writing() as db:
        delivery = get(catalog, delivery_id)
        _refuse_sheets(db, delivery, "redirect")
        _refuse_redirecting(db, delivery, peer)
        ids = _with_its_set(db, delivery)
        _cancel_all(db, ids)
        if delivery.kind is Kind.STORE:
            owed = _owe_image_elsewhere(db, delivery, peer, at)
        else:
            owed = [_copy_to(db, each, peer, at) for each in ids]
    return [get(catalog, each) for each in owed]


def _refuse_redirecting(db: Database, delivery: Delivery, peer: Peer) -> None:
    kind, target = delivery.kind, peer.name
    if kind in (Kind.COMMIT, Kind.CHECK):
        raise CatalogError(f"a {kind} follows the images: redirect their store deliveries instead")
    if kind is Kind.MPPS_SET:
        raise CatalogError(
            f"an {kind} goes where its N-CREATE went: redirect that one while it is open, or "
            f"cancel this one"
        )
    if not peer.offers(kind.service):
        raise CatalogError(f"{target} is not configured for the service '{kind.service}'")
    if delivery.state not in (State.WAITING, State.HELD) or delivery.peer == target:
        raise CatalogError(f"delivery {delivery.id} is {delivery.state} for {delivery.peer}")
    if kind is Kind.MPPS_CREATE and _create_stands(db, delivery, target):
        raise CatalogError(f"{target} has or is owed this {kind} already: cancel this one instead")


def _owe_image_elsewhere(db: Database, delivery: Delivery, peer: Peer, at: float) -> list[int]:
    assert delivery.sop_instance_uid is not None
    db.conn.execute(
        "DELETE FROM archived WHERE sop_instance_uid = ? AND peer = ? AND stored IS NULL",
        [delivery.sop_instance_uid, delivery.peer],
    )
    enqueue_stores(db, [peer], delivery.exam_id, delivery.sop_instance_uid, at=at)
    owed = _same_open(db, delivery, peer.name)
    return [] if owed is None else [owed]


def _copy_to(db: Database, delivery_id: int, peer: Peer, at: float) -> int:
    row = db.conn.execute(
        "INSERT INTO delivery (kind, peer, exam_id, payload, next_attempt, created)"
        " SELECT kind, ?, exam_id, payload, ?, ? FROM delivery WHERE id = ? RETURNING id",
        [peer.name, at, at, delivery_id],
    ).fetchone()
    return int(row[0])


def _cancel_all(db: Database, ids: Sequence[int]) -> None:
    for each in ids:
        db.conn.execute(
            "UPDATE delivery SET state = 'cancelled', advice = '', lease_owner = NULL,"
            " lease_until = NULL WHERE id = ?",
            [each],
        )


def _with_its_set(db: Database, delivery: Delivery) -> list[int]:
    """The delivery, and after an N-CREATE the N-SET that waits for it."""
    if delivery.kind is not Kind.MPPS_CREATE:
        return [delivery.id]
    return [delivery.id, *_sets(db, delivery, (State.WAITING, State.HELD))]


def _sets(db: Database, delivery: Delivery, states: Sequence[State]) -> list[int]:
    marks = ", ".join(f"'{state}'" for state in states)
    rows = db.query(
        "SELECT id FROM delivery WHERE kind = 'mpps-set' AND exam_id = ? AND peer = ?"  # noqa: S608 -- enum members only
        f" AND state IN ({marks}) ORDER BY id",
        [delivery.exam_id, delivery.peer],
    )
    return [row["id"] for row in rows]


def _create_stands(db: Database, delivery: Delivery, peer: str | None = None) -> bool:
    """Whether the peer has, or is still owed, the N-CREATE of the delivery's exam."""
    row = db.conn.execute(
        "SELECT 1 FROM delivery WHERE kind = 'mpps-create' AND exam_id = ? AND peer = ?"
        " AND state != 'cancelled'",
        [delivery.exam_id, peer or delivery.peer],
    ).fetchone()
    return row is not None


def _same_open(db: Database, delivery: Delivery, peer: str) -> int | None:
    """The open delivery by which the peer is owed the same thing."""
    row = db.conn.execute(
        "SELECT id FROM delivery WHERE kind = ? AND peer = ? AND exam_id = ?"  # noqa: S608 -- constants only
        f" AND ifnull(sop_instance_uid, '') = ? AND {OPEN}",
        [delivery.kind, peer, delivery.exam_id, delivery.sop_instance_uid or ""],
    ).fetchone()
    return None if row is None else int(row[0])
