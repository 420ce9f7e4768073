"""The worklist as last received, for use with the network down."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from device.errors import InvalidIdentity
from device.worklist import QueryKeys, WorklistItem
from services.catalog.database import Catalog, Row
from services.errors import NotFound

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CachedItem:
    """One worklist item, where it came from and when (Unix seconds)."""

    item: WorklistItem
    peer: str
    received: float


@dataclass(frozen=True, slots=True)
class Freshness:
    """What the last refresh from one RIS brought.

    ``succeeded`` is None when no answer about everybody ever came; ``error`` is empty when the
    last attempt succeeded.
    """

    peer: str
    succeeded: float | None
    attempted: float
    items: int
    truncated: bool
    error: str


def replace(
    catalog: Catalog,
    peer: str,
    keys: QueryKeys,
    items: Sequence[WorklistItem],
    *,
    truncated: bool,
    at: float,
) -> None:
    """Take over one answer of a RIS.

    Items that the same RIS sent earlier, that ``keys`` would have matched and that are no longer
    in the answer have left the worklist; after a truncated answer nothing is dropped, since
    absence proves nothing then. An item that cannot be read any more goes with the refresh.
    """
    present = {item.key for item in items}
    with catalog.writing() as db:
        if not truncated:
            kept = list(db.query("SELECT * FROM worklist_item WHERE peer = ?", [peer]))
            readable = {row["key"]: cached for row, cached in _readable(kept)}
            for row in kept:
                cached = readable.get(row["key"])
                if row["key"] not in present and (cached is None or keys.matches(cached.item)):
                    db.conn.execute("DELETE FROM worklist_item WHERE key = ?", [row["key"]])
        db.table("worklist_item").upsert_all(
            (
                {
                    "key": item.key,
                    "peer": peer,
                    "start_date": item.start_date,
                    "start_time": item.start_time,
                    "received": at,
                    "dataset": item.encode(),
                }
                for item in items
            ),
            pk="key",
        )
        _note_answer(db, peer, keys, len(items), truncated=truncated, at=at)


def _note_answer(
    db: Database, peer: str, keys: QueryKeys, items: int, *, truncated: bool, at: float
) -> None:
    """The list is as old as the last answer about everybody: a query for one patient leaves it."""
    whole = keys == QueryKeys(date=keys.date)
    db.conn.execute(
        "INSERT INTO worklist_refresh (peer, succeeded, attempted, items, truncated, error)"
        " VALUES (:peer, CASE WHEN :whole THEN :at END, :at, :items, :truncated, '')"
        " ON CONFLICT (peer) DO UPDATE SET attempted = :at, error = '',"
        " succeeded = CASE WHEN :whole THEN :at ELSE succeeded END,"
        " items = CASE WHEN :whole THEN :items ELSE items END,"
        " truncated = CASE WHEN :whole THEN :truncated ELSE truncated END",
        {"peer": peer, "whole": whole, "at": at, "items": items, "truncated": int(truncated)},
    )


def note_failure(catalog: Catalog, peer: str, error: str, *, at: float) -> None:
    """Remember that a refresh failed; what was cached stays."""
    with catalog.writing() as db:
        db.conn.execute(
            "INSERT INTO worklist_refresh (peer, succeeded, attempted, items, truncated, error)"
            " VALUES (?, NULL, ?, 0, 0, ?)"
            " ON CONFLICT (peer) DO UPDATE SET attempted = excluded.attempted,"
            " error = excluded.error",
            [peer, at, error],
        )


def items(catalog: Catalog, keys: QueryKeys) -> list[CachedItem]:
    """The cached items that ``keys`` match, by scheduled start; damaged ones are left out."""
    rows = catalog.rows("SELECT * FROM worklist_item ORDER BY start_date, start_time, key")
    return [cached for _, cached in _readable(rows) if keys.matches(cached.item)]


def get(catalog: Catalog, key: str) -> CachedItem:
    """The cached item with this key, or the only one whose key begins so.

    Raises
    ------
    NotFound
        When no item, or more than one, answers to ``key``.
    """
    rows = catalog.rows(
        "SELECT * FROM worklist_item WHERE key = ? OR substr(key, 1, length(?)) = ? LIMIT 2",
        [key, key, key],
    )
    if not key or not rows:
        raise NotFound(
            f"no worklist item {key!r} in the cache: run 'gantry worklist --refresh' and pick a key"
        )
    if len(rows) > 1:
        raise NotFound(f"{key!r} stands for more than one worklist item: give more of the key")
    return _cached(rows[0])


def freshness(catalog: Catalog) -> list[Freshness]:
    """How old each RIS's answer is, by peer name."""
    return [
        Freshness(**{**row, "truncated": bool(row["truncated"])})
        for row in catalog.rows("SELECT * FROM worklist_refresh ORDER BY peer")
    ]


def exams_of(catalog: Catalog, key: str) -> list[tuple[str, str]]:
    """Exams of ours that satisfy the item: ``(exam id, state)``, oldest first."""
    rows = catalog.rows(
        "SELECT exam.exam_id, exam.state FROM exam JOIN exam_item USING (exam_id)"
        " WHERE exam_item.key = ? ORDER BY exam.number",
        [key],
    )
    return [(row["exam_id"], row["state"]) for row in rows]


def _readable(rows: Iterable[Row]) -> list[tuple[Row, CachedItem]]:
    """The rows with their items; one damaged row must not hide the rest of the list."""
    found = []
    for row in rows:
        try:
            found.append((row, _cached(row)))
        except InvalidIdentity as error:
            _log.warning("entry %s of %s: %s", row["key"], row["peer"], error)
    return found


def _cached(row: Row) -> CachedItem:
    return CachedItem(WorklistItem.decode(row["dataset"]), row["peer"], row["received"])
