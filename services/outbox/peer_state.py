"""How each peer is doing: when it last answered, and how long it is left alone."""

from __future__ import annotations

from dataclasses import dataclass

from services.catalog.database import Catalog
from services.outbox import backoff


@dataclass(frozen=True, slots=True)
class PeerState:
    """Failures in a row, and Unix seconds of the last contact and of the next probe."""

    peer: str
    failures: int = 0
    paused_until: float = 0.0
    last_contact: float | None = None
    last_error: str = ""


def get(catalog: Catalog, peer: str) -> PeerState:
    row = catalog.row("SELECT * FROM peer_state WHERE peer = ?", [peer])
    return PeerState(peer) if row is None else PeerState(**row)


def pause(catalog: Catalog, peer: str, error: str, *, at: float) -> float:
    """The peer did not answer: leave it alone for a while. Returns the seconds."""
    seconds = backoff.delay(get(catalog, peer).failures + 1)
    with catalog.writing() as db:
        db.conn.execute(
            "INSERT INTO peer_state (peer, failures, paused_until, last_error) VALUES (?, 1, ?, ?)"
            " ON CONFLICT (peer) DO UPDATE SET failures = failures + 1,"
            " paused_until = excluded.paused_until, last_error = excluded.last_error",
            [peer, at + seconds, error],
        )
    return seconds


def note_contact(catalog: Catalog, peer: str, *, at: float) -> None:
    """The peer answered: whatever is due may go."""
    with catalog.writing() as db:
        db.conn.execute(
            "INSERT INTO peer_state (peer, last_contact) VALUES (?, ?)"
            " ON CONFLICT (peer) DO UPDATE SET failures = 0, paused_until = 0, last_error = '',"
            " last_contact = excluded.last_contact",
            [peer, at],
        )


def clear_pause(catalog: Catalog, peer: str) -> None:
    """A person asked for another try now."""
    with catalog.writing() as db:
        db.conn.execute(
            "UPDATE peer_state SET failures = 0, paused_until = 0 WHERE peer = ?", [peer]
        )


def seconds_paused(catalog: Catalog, peer: str, *, at: float) -> float:
    """How long the peer is still left alone; a clock that was set back never prolongs it."""
    left = get(catalog, peer).paused_until - at
    return 0.0 if left > backoff.LONGEST_DELAY else max(0.0, left)
