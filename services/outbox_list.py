"""What is owed, for the screen: deliveries of one exam that share a fate are one line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from services import exam_list
from services.box import Box
from services.catalog.database import Row
from services.errors import CatalogError
from services.outbox import operator, peer_state, verdict
from services.outbox.model import OPEN, Delivery, Kind, State

PAGE = 20

_GROUPS = f"""
    SELECT min(id) AS first, count(*) AS n, exam_id, peer, kind, state, last_status, last_text,
        advice, max(attempts) AS attempts, min(next_attempt) AS next_attempt,
        min(created) AS created, max(sop_instance_uid) AS sop_instance_uid
    FROM delivery INDEXED BY delivery_open
    WHERE {OPEN} AND (:exam = '' OR exam_id = :exam) AND (:peer = '' OR peer = :peer)
        AND (:held = 0 OR state = 'held')
    GROUP BY exam_id, peer, kind, state, last_status, last_text, advice
    ORDER BY state = 'held' DESC, state = 'sending' DESC, first LIMIT :limit OFFSET :offset
"""  # noqa: S608 -- constants only
_COUNT = f"""
    SELECT count(*) AS n FROM (SELECT 1 FROM delivery INDEXED BY delivery_open
        WHERE {OPEN} AND (:exam = '' OR exam_id = :exam) AND (:peer = '' OR peer = :peer)
        AND (:held = 0 OR state = 'held')
        GROUP BY exam_id, peer, kind, state, last_status, last_text, advice)
"""  # noqa: S608 -- constants only
_ALIKE = f"""
    SELECT d.id FROM delivery d, delivery one WHERE one.id = ? AND d.{OPEN}
        AND d.exam_id = one.exam_id AND d.peer = one.peer AND d.kind = one.kind
        AND d.state = one.state AND d.last_status IS one.last_status
        AND d.last_text = one.last_text AND d.advice = one.advice ORDER BY d.id
"""  # noqa: S608 -- constants only


@dataclass(frozen=True, slots=True)
class Lines:
    """Some lines of the outbox, what waits for a person first, of ``total``."""

    lines: list[dict[str, Any]]
    total: int


def page(
    box: Box,
    *,
    exam_id: str = "",
    peer: str = "",
    held: bool = False,
    number: int = 0,
    size: int = PAGE,
) -> Lines:
    """A page of what is owed; ``held`` leaves only what waits for a person."""
    asked = {
        "exam": exam_id,
        "peer": peer,
        "held": int(held),
        "limit": size,
        "offset": number * size,
    }
    rows = box.catalog.rows(_GROUPS, asked)
    total = (box.catalog.row(_COUNT, asked) or {"n": 0})["n"]
    faces = _faces(box, [row["exam_id"] for row in rows if row["exam_id"]])
    stuck = _Stuck(box, rows)
    return Lines([_line(box, row, faces, stuck) for row in rows], total)


def _line(box: Box, row: Row, faces: dict[str, Row], stuck: _Stuck) -> dict[str, Any]:
    delivery = _as_delivery(row)
    fault = _peer_fault(box, delivery.peer)
    code = verdict.code_of(delivery, peer_fault=fault, stuck=stuck.code(delivery))
    return {
        "id": row["first"],
        "n": row["n"],
        "kind": delivery.kind.value,
        "peer": delivery.peer,
        "exam": delivery.exam_id,
        "face": faces.get(delivery.exam_id),
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "next_attempt": delivery.next_attempt,
        "created": delivery.created,
        "code": code,
        "words": fault if code == verdict.UNREACHABLE and fault else verdict.own_words(delivery),
        "text": delivery.last_text,
        "advice": delivery.advice,
        "may": _may(box, delivery, code),
        "others": _others(box, delivery),
        "progress": _progress(box, delivery),
    }


def _progress(box: Box, delivery: Delivery) -> Row | None:
    """Bytes of the long image that is on its way at this moment."""
    if delivery.state is not State.SENDING:
        return None
    return box.catalog.row(
        "SELECT p.sent, i.size FROM delivery_progress p JOIN delivery d ON d.id = p.delivery_id"
        " JOIN instance i USING (sop_instance_uid)"
        " WHERE d.exam_id = ? AND d.peer = ? AND d.state = 'sending'",
        [delivery.exam_id, delivery.peer],
    )


def _may(box: Box, delivery: Delivery, code: str) -> list[str]:
    """What a person may do with it here; sheets are looked after where they are printed."""
    if delivery.state is State.SENDING or code == verdict.MATCHING:
        return []
    if delivery.kind in (Kind.FILM, Kind.PAPER):
        return ["print"]
    if code == verdict.BEFORE_IT_HELD:
        return ["cancel"]
    may = ["resend", "cancel"] if code != verdict.NOT_CONFIGURED else ["cancel"]
    return [*may, "redirect"] if _others(box, delivery) else may


def _others(box: Box, delivery: Delivery) -> list[str]:
    """Peers that could get it instead."""
    if delivery.kind not in (Kind.STORE, Kind.MPPS_CREATE):
        return []
    if delivery.state not in (State.WAITING, State.HELD):
        return []
    service = delivery.kind.service
    return [peer.name for peer in box.offering(service) if peer.name != delivery.peer]


class _Stuck:
    """Which deliveries move only when a person acts on something else."""

    def __init__(self, box: Box, rows: Sequence[Row]) -> None:
        self._configured = {peer.name for peer in box.peers}
        sets = [row["exam_id"] for row in rows if row["kind"] == Kind.MPPS_SET]
        self._held: set[tuple[str, str]] = set()
        for exam_id in dict.fromkeys(sets):
            for row in box.catalog.rows(
                "SELECT peer FROM delivery WHERE exam_id = ? AND kind = 'mpps-create'"
                " AND state = 'held'",
                [exam_id],
            ):
                self._held.add((exam_id, row["peer"]))

    def code(self, delivery: Delivery) -> str:
        prints = delivery.kind in (Kind.FILM, Kind.PAPER)
        if not prints and delivery.peer not in self._configured:
            return verdict.NOT_CONFIGURED
        if delivery.kind is Kind.MPPS_SET and (delivery.exam_id, delivery.peer) in self._held:
            return verdict.BEFORE_IT_HELD
        return ""


def _peer_fault(box: Box, peer: str) -> str:
    return peer_state.get(box.catalog, peer).last_error


def _faces(box: Box, exam_ids: Sequence[str]) -> dict[str, Row]:
    exam_list.learn(box)
    found = {}
    for exam_id in dict.fromkeys(exam_ids):
        row = box.catalog.row(
            "SELECT patient_name, patient_id, birth_date FROM exam_face WHERE exam_id = ?",
            [exam_id],
        )
        if row is not None:
            found[exam_id] = row
    return found


def _as_delivery(row: Row) -> Delivery:
    return Delivery.from_row(
        {
            **row,
            "id": row["first"],
            "payload": None,
            "transaction_uid": None,
            "finished": None,
        }
    )


def resend(box: Box, delivery_id: int) -> int:
    """Make a delivery and all of its line due now; how many those are."""
    return _for_each(box, delivery_id, lambda each: operator.resend(box.catalog, each))


def cancel(box: Box, delivery_id: int) -> int:
    """Stop owing a delivery and all of its line; how many those are."""
    return _for_each(box, delivery_id, lambda each: operator.cancel(box.catalog, each))


def redirect(box: Box, delivery_id: int, peer: str) -> int:
    """Owe a delivery and all of its line to another peer; how many those are."""
    return _for_each(
        box,
        delivery_id,
        lambda each: operator.redirect(box.catalog, each, box.peers, peer, at=box.wall()),
    )


def resend_held(box: Box, *, peer: str = "", exam_id: str = "") -> tuple[int, list[str]]:
    """Make all that is held due now, of one peer or exam; how many, and what was refused."""
    rows = box.catalog.rows(
        f"SELECT id, kind FROM delivery WHERE {OPEN} AND state = 'held'"  # noqa: S608 -- constants only
        " AND (? IN ('', peer)) AND (? IN ('', exam_id)) AND last_text NOT LIKE 'kept back while%'"
        " ORDER BY id",
        [peer, exam_id],
    )
    done, refused = 0, []
    for row in rows:
        if row["kind"] in (Kind.FILM, Kind.PAPER):
            continue
        try:
            operator.resend(box.catalog, row["id"])
            done += 1
        except CatalogError as error:
            refused.append(str(error))
    return done, refused


def _for_each(box: Box, delivery_id: int, do: Callable[[int], Any]) -> int:
    """One after the other; what moved by itself meanwhile is left alone.

    Raises
    ------
    NotFound
        There is no such delivery.
    CatalogError
        Nothing could be done with any of them: why, for the first.
    """
    operator.get(box.catalog, delivery_id)
    ids = [row["id"] for row in box.catalog.rows(_ALIKE, [delivery_id])] or [delivery_id]
    done, refused = 0, None
    for each in ids:
        try:
            do(each)
            done += 1
        except CatalogError as error:
            refused = refused or error
    if not done and refused is not None:
        raise refused
    return done
