"""What a delivery is and the states that it goes through."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.catalog.database import Row
from services.dicom.peers import Service


class Kind(StrEnum):
    """What is owed."""

    MPPS_CREATE = "mpps-create"
    MPPS_SET = "mpps-set"
    STORE = "store"
    COMMIT = "commit"
    CHECK = "check"
    FILM = "film"
    PAPER = "paper"

    @property
    def service(self) -> Service:
        """The service that a peer must offer to be owed this."""
        return _SERVICES[self]


_SERVICES = {
    Kind.MPPS_CREATE: Service.MPPS,
    Kind.MPPS_SET: Service.MPPS,
    Kind.STORE: Service.STORE,
    Kind.COMMIT: Service.COMMIT,
    Kind.CHECK: Service.QUERY,
    Kind.FILM: Service.PRINT,
    Kind.PAPER: Service.PRINT,
}


class State(StrEnum):
    """``waiting -> sending -> done | held | cancelled``; a commitment request is ``awaiting``."""

    WAITING = "waiting"
    SENDING = "sending"
    AWAITING = "awaiting"
    DONE = "done"
    HELD = "held"
    CANCELLED = "cancelled"


PRINTS = (Kind.FILM, Kind.PAPER)
"""Sheets, for which sending twice is not the same as sending once: see `services.printing`."""

OWED = (State.WAITING, State.SENDING, State.AWAITING, State.HELD)
"""The states in which a peer has not got what it is owed."""

OPEN = "state IN ('waiting', 'sending', 'awaiting', 'held')"
"""The same as a condition in SQL, letter for letter that of the index ``delivery_open``.

SQLite uses a partial index only where its very condition stands: every query for what is owed
repeats it, lest it read the deliveries of years to find the few that are open.
"""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing owed to one peer.

    ``attempts`` counts requests that were about to go onto the wire, this one included;
    ``last_text`` holds the peer's own words, ``advice`` what they mean and what to do.
    """

    id: int
    kind: Kind
    peer: str
    exam_id: str
    sop_instance_uid: str | None
    state: State
    payload: bytes | None
    attempts: int
    next_attempt: float
    transaction_uid: str | None
    last_status: int | None
    last_text: str
    advice: str
    created: float
    finished: float | None

    @classmethod
    def from_row(cls, row: Row) -> Delivery:
        return cls(
            id=row["id"],
            kind=Kind(row["kind"]),
            peer=row["peer"],
            exam_id=row["exam_id"],
            sop_instance_uid=row["sop_instance_uid"],
            state=State(row["state"]),
            payload=row["payload"],
            attempts=row["attempts"],
            next_attempt=row["next_attempt"],
            transaction_uid=row["transaction_uid"],
            last_status=row["last_status"],
            last_text=row["last_text"],
            advice=row["advice"],
            created=row["created"],
            finished=row["finished"],
        )
