"""How far the sending of images is: what is owed, how fast it goes, and how long it will take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.box import Box
from services.outbox import operator, peer_state
from services.outbox.model import OPEN

WINDOW_SECONDS = 60.0
"""The rate is that of so many last seconds."""

_LEFT = f"""
    SELECT d.peer, count(*) AS images, sum(i.size) AS bytes,
        count(CASE WHEN d.state = 'sending' THEN 1 END) AS sending,
        count(CASE WHEN d.state = 'held' THEN 1 END) AS held
    FROM delivery d JOIN instance i USING (sop_instance_uid)
    WHERE d.{OPEN} AND d.kind = 'store' GROUP BY d.peer
"""  # noqa: S608 -- constants only

_SENT = """
    SELECT count(*) AS images, coalesce(sum(i.size), 0) AS bytes, min(d.finished) AS first
    FROM delivery d JOIN instance i USING (sop_instance_uid)
    WHERE d.peer = ? AND d.finished > ? AND d.finished IS NOT NULL AND d.kind = 'store'
        AND d.state = 'done'
"""


@dataclass(frozen=True, slots=True)
class PeerProgress:
    """One peer, and what is on its way there.

    Attributes
    ----------
    owed_images, owed_bytes
        Images that it has not got yet, those that wait for a person included.
    sent_images, sent_bytes
        Those that it took in the last :data:`WINDOW_SECONDS`.
    bytes_per_second
        0 where nothing was taken lately.
    seconds_left
        None where that cannot be told.
    paused_seconds
        How long the peer is left alone yet, since it did not answer.
    """

    peer: str
    owed_images: int
    owed_bytes: int
    sending: int
    held: int
    owed: int
    sent_images: int
    sent_bytes: int
    bytes_per_second: float
    seconds_left: float | None
    paused_seconds: float
    last_contact: float | None
    fault: str

    def as_plain(self) -> dict[str, Any]:
        """For JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


def of_peers(box: Box) -> list[PeerProgress]:
    """All configured peers, and such as are owed something still, in that order."""
    left = {row["peer"]: row for row in box.catalog.rows(_LEFT)}
    names = [peer.name for peer in box.peers]
    others = box.catalog.rows(f"SELECT DISTINCT peer FROM delivery WHERE {OPEN}")  # noqa: S608 -- constants only
    names += [row["peer"] for row in others if row["peer"] not in names]
    return [_of_peer(box, name, left.get(name, {})) for name in names]


def _of_peer(box: Box, name: str, left: dict[str, Any]) -> PeerProgress:
    now = box.wall()
    state = peer_state.get(box.catalog, name)
    sent = box.catalog.row(_SENT, [name, now - WINDOW_SECONDS]) or {}
    owed_bytes = left.get("bytes") or 0
    span = max(1.0, now - sent["first"]) if sent.get("first") else WINDOW_SECONDS
    rate = (sent.get("bytes") or 0) / span
    return PeerProgress(
        peer=name,
        owed_images=left.get("images", 0),
        owed_bytes=owed_bytes,
        sending=left.get("sending", 0),
        held=left.get("held", 0),
        owed=sum(operator.owed(box.catalog, name).values()),
        sent_images=sent.get("images", 0),
        sent_bytes=sent.get("bytes") or 0,
        bytes_per_second=round(rate, 1),
        seconds_left=round(owed_bytes / rate, 1) if rate and owed_bytes else None,
        paused_seconds=round(peer_state.seconds_paused(box.catalog, name, at=now), 1),
        last_contact=state.last_contact,
        fault=state.last_error,
    )


def try_now(box: Box, peer: str) -> None:
    """A person asks for another try at once: lift the peer's pause and its deliveries' back-offs.

    Raises
    ------
    NotFound
        No such peer is configured.
    """
    name = box.peer(peer).name
    with box.catalog.writing() as db:
        db.conn.execute(
            f"UPDATE delivery SET next_attempt = 0 WHERE {OPEN} AND state = 'waiting'"  # noqa: S608 -- constants only
            " AND peer = ?",
            [name],
        )
    peer_state.clear_pause(box.catalog, name)
