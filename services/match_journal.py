"""What lets a match be finished or undone after a crash: its journal in the catalog.

New files are written beside the old ones, and one step of the catalog exchanges all of them and the
exam's identity at once. Before that step the journal lists the new files, after it the old ones:
whatever it lists is to be removed. It also lists the deliveries that were held meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from sqlite_utils import Database

from services.box import Box
from services.errors import CatalogError
from services.spool import TEMPORARY_SUFFIX

_log = logging.getLogger(__name__)

MATCHING = "kept back while the exam is matched with another entry"
"""What a delivery says that waits for the end of a match."""


def begin(
    db: Database, exam_id: str, former: bytes, paths: Iterable[str], *, when: str, by: str
) -> int:
    """Open the journal and keep back what is owed of the exam; the number of the match."""
    number = db.conn.execute(
        "INSERT INTO matching (exam_id, state, begun, begun_by, former)"
        " VALUES (?, 'begun', ?, ?, ?) RETURNING id",
        [exam_id, when, by, former],
    ).fetchone()[0]
    list_files(db, number, (new_path(path, number) for path in paths))
    db.conn.execute(
        "INSERT INTO matching_hold (delivery_id, matching_id)"
        " SELECT id, ? FROM delivery WHERE exam_id = ? AND state = 'waiting'",
        [number, exam_id],
    )
    db.conn.execute(
        "UPDATE delivery SET state = 'held', last_text = ? WHERE id IN"
        " (SELECT delivery_id FROM matching_hold WHERE matching_id = ?)",
        [MATCHING, number],
    )
    return int(number)


def new_path(path: str, number: int) -> str:
    """Under which name a file is written anew: that of its object and the match's number."""
    folder, _, name = path.rpartition("/")
    stem = name.removesuffix(".dcm").partition("-")[0]
    return f"{folder}/{stem}-{number}.dcm"


def list_files(db: Database, number: int, paths: Iterable[str]) -> None:
    """List, in place of what was listed, the files that the end of this match removes."""
    db.conn.execute("DELETE FROM matching_file WHERE matching_id = ?", [number])
    db.conn.executemany(
        "INSERT INTO matching_file (path, matching_id) VALUES (?, ?)",
        [(path, number) for path in paths],
    )


def end(db: Database, number: int, state: str, *, when: str) -> None:
    """Close the journal in the step that decides the match, and let go of what was kept back."""
    db.conn.execute(
        "UPDATE delivery SET state = 'waiting', next_attempt = 0, last_text = ''"
        " WHERE state = 'held' AND last_text = ? AND id IN"
        " (SELECT delivery_id FROM matching_hold WHERE matching_id = ?)",
        [MATCHING, number],
    )
    # an image that was discarded meanwhile comes back as what it was before the match
    db.conn.execute(
        "UPDATE delivery SET before_discard = 'waiting' WHERE before_discard = 'held'"
        " AND id IN (SELECT delivery_id FROM matching_hold WHERE matching_id = ?)",
        [number],
    )
    db.conn.execute("DELETE FROM matching_hold WHERE matching_id = ?", [number])
    db.conn.execute("UPDATE matching SET state = ?, ended = ? WHERE id = ?", [state, when, number])


def undo(box: Box, number: int) -> None:
    """Nothing of this match came to be: what was kept back goes on, the new files go."""
    with box.catalog.writing() as db:
        end(db, number, "undone", when=box.clock.now().isoformat())
    remove_files(box, number)


def remove_files(box: Box, number: int) -> None:
    """Remove the files that a match which is decided has left over."""
    remove_listed(box, number)
    with box.catalog.writing() as db:
        db.conn.execute("DELETE FROM matching_file WHERE matching_id = ?", [number])


def remove_listed(box: Box, number: int) -> None:
    """Remove what the journal lists, whole or half written, and keep it listed."""
    for row in box.catalog.rows("SELECT path FROM matching_file WHERE matching_id = ?", [number]):
        box.spool.absolute(row["path"] + TEMPORARY_SUFFIX).unlink(missing_ok=True)
        box.spool.remove(row["path"])


def recover(box: Box) -> int:
    """Undo or finish what a process that is gone left half done; how many matches those were.

    One that is under way holds the exam's lock, and is left alone.
    """
    left = box.catalog.rows(
        "SELECT id, exam_id FROM matching WHERE state = 'begun' OR id IN"
        " (SELECT matching_id FROM matching_file) ORDER BY id"
    )
    settled = 0
    for row in left:
        try:
            with box.spool.acquiring(row["exam_id"]):
                settled += _settle(box, row["id"])
        except CatalogError as error:
            _log.debug("a match is left alone: %s", error)
    return settled


def _settle(box: Box, number: int) -> bool:
    row = box.catalog.row("SELECT state, exam_id FROM matching WHERE id = ?", [number])
    assert row is not None, "matches are never deleted"
    if row["state"] == "begun":
        undo(box, number)
        _log.warning("exam %s: a match that was cut off is undone", row["exam_id"])
        return True
    listed = box.catalog.row("SELECT 1 FROM matching_file WHERE matching_id = ?", [number])
    if listed is None:
        return False
    remove_files(box, number)
    _log.warning("exam %s: a match that was cut off is finished", row["exam_id"])
    return True
