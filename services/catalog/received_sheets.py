"""The rows of sheets that modalities printed here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlite_utils import Database

from services.catalog.database import Catalog, Row
from services.errors import NotFound

SAME_WITHIN = 900.0
"""Seconds in which a like sheet of the same caller counts as sent again."""


class Images(StrEnum):
    """What becomes of a sheet's pictures."""

    NONE = "none"
    WAITING = "waiting"
    UNASSIGNED = "unassigned"
    TAKEN = "taken"
    DISCARDED = "discarded"


class Paper(StrEnum):
    """What becomes of a sheet's print."""

    NONE = "none"
    WAITING = "waiting"
    SENDING = "sending"
    DONE = "done"
    HELD = "held"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class ReceivedSheet:
    """One sheet.

    Attributes
    ----------
    number
        Within its print job, from 1.
    folder
        Relative to the cabinet of received films.
    same_as
        An earlier sheet that looks the same, sent by the same caller a moment before; None as a
        rule. Nothing is left out for that: a modality may mean it.
    paper_job, paper_uuid
        Which job of the print server it was given to.
    words
        Why it waits for a person, or the printer's own words.
    """

    id: int
    job_uid: str
    number: int
    caller: str
    received: str
    priority: str
    copies: int
    film_size: str
    folder: str
    pictures: int
    same_as: int | None
    images: Images
    exam_id: str | None
    paper: Paper
    printer: str
    paper_job: int | None
    paper_uuid: str
    words: str
    removed: str | None

    @classmethod
    def from_row(cls, row: Row) -> ReceivedSheet:
        values = {name: row[name] for name in cls.__slots__}
        values.update(images=Images(row["images"]), paper=Paper(row["paper"]))
        return cls(**values)


@dataclass(frozen=True, slots=True)
class NewSheet:
    """A sheet that is about to be entered, with a UID for each of its pictures by position."""

    job_uid: str
    number: int
    caller: str
    received: str
    priority: str
    copies: int
    film_size: str
    folder: str
    digest: str
    images: Images
    paper: Paper
    printer: str
    instance_uids: dict[int, str]
    exam_id: str | None = None
    words: str = ""


def insert(db: Database, new: NewSheet, *, since: str) -> int:
    """Enter a sheet; ``since`` is from when on a like one counts as the same."""
    like = db.conn.execute(
        "SELECT id FROM received_sheet WHERE digest = ? AND caller = ? AND received >= ?"
        " AND job_uid != ? ORDER BY id DESC",
        [new.digest, new.caller, since, new.job_uid],
    ).fetchone()
    cursor = db.conn.execute(
        "INSERT INTO received_sheet (job_uid, number, caller, received, priority, copies,"
        " film_size, folder, pictures, digest, same_as, images, paper, printer, exam_id, words)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            new.job_uid, new.number, new.caller, new.received, new.priority, new.copies,
            new.film_size, new.folder, len(new.instance_uids), new.digest,
            like[0] if like else None, new.images, new.paper, new.printer,
            new.exam_id, new.words,
        ],
    )  # fmt: skip
    sheet_id = int(cursor.lastrowid or 0)
    db.conn.executemany(
        "INSERT INTO received_picture (sheet_id, position, sop_instance_uid) VALUES (?, ?, ?)",
        [(sheet_id, position, uid) for position, uid in new.instance_uids.items()],
    )
    return sheet_id


def get(catalog: Catalog, sheet_id: int) -> ReceivedSheet:
    """The sheet of this number.

    Raises
    ------
    NotFound
        There is none.
    """
    row = catalog.row("SELECT * FROM received_sheet WHERE id = ?", [sheet_id])
    if row is None:
        raise NotFound(f"there is no received sheet {sheet_id}: 'gantry films' shows them")
    return ReceivedSheet.from_row(row)


def of_job(catalog: Catalog, job_uid: str) -> list[ReceivedSheet]:
    """The sheets of a print job; none for one that is not known."""
    rows = catalog.rows("SELECT * FROM received_sheet WHERE job_uid = ? ORDER BY number", [job_uid])
    return [ReceivedSheet.from_row(row) for row in rows]


def recent(catalog: Catalog, limit: int = 100) -> list[ReceivedSheet]:
    """The latest sheets, those first that wait for somebody."""
    rows = catalog.rows(
        "SELECT * FROM received_sheet WHERE removed IS NULL"
        " ORDER BY (images = 'unassigned' OR paper = 'held') DESC, id DESC LIMIT ?",
        [limit],
    )
    return [ReceivedSheet.from_row(row) for row in rows]


def pictures_waiting(catalog: Catalog) -> int:
    """How many pictures wait for somebody to say whose they are."""
    row = catalog.row(
        "SELECT coalesce(sum(pictures), 0) AS n FROM received_sheet WHERE images = ?",
        [Images.UNASSIGNED],
    )
    return int(row["n"]) if row else 0


def open_sheets(catalog: Catalog) -> list[ReceivedSheet]:
    """Those of which something is still to be done, by priority and age."""
    rows = catalog.rows(
        "SELECT * FROM received_sheet WHERE settled IS NULL"
        " ORDER BY CASE priority WHEN 'HIGH' THEN 0 WHEN 'MED' THEN 1 ELSE 2 END, id"
    )
    return [ReceivedSheet.from_row(row) for row in rows]


def instance_uids(catalog: Catalog, sheet_id: int) -> dict[int, str]:
    """The SOP Instance UID that each picture has, or will have, by its position."""
    rows = catalog.rows(
        "SELECT position, sop_instance_uid FROM received_picture WHERE sheet_id = ?"
        " ORDER BY position",
        [sheet_id],
    )
    return {row["position"]: row["sop_instance_uid"] for row in rows}


def taken_already(catalog: Catalog, uids: Sequence[str]) -> set[str]:
    """Which of these instances there are."""
    marks = ", ".join("?" * len(uids))
    rows = catalog.rows(
        f"SELECT sop_instance_uid FROM instance WHERE sop_instance_uid IN ({marks})",  # noqa: S608
        list(uids),
    )
    return {row["sop_instance_uid"] for row in rows}


def set_images(
    db: Database, sheet_id: int, images: Images, *, at: str, exam_id: str | None = None,
    words: str = "",
) -> None:  # fmt: skip
    """Note what became of the pictures; why the paper waits for a person stays to be read."""
    db.conn.execute(
        "UPDATE received_sheet SET images = ?, exam_id = coalesce(?, exam_id),"
        " words = CASE WHEN ? = '' AND paper = 'held' THEN words ELSE ? END WHERE id = ?",
        [images, exam_id, words, words, sheet_id],
    )
    _settle(db, sheet_id, at)


def set_paper(
    db: Database, sheet_id: int, paper: Paper, *, at: str, words: str = "", job: int | None = None,
    uuid: str = "",
) -> None:  # fmt: skip
    """Note what became of the print, and which job of the print server it is, where given.

    Why the pictures wait for a person stays to be read, unless there is something newer.
    """
    db.conn.execute(
        "UPDATE received_sheet SET paper = ?, paper_job = coalesce(?, paper_job),"
        " words = CASE WHEN ? = '' AND images = 'unassigned' THEN words ELSE ? END,"
        " paper_uuid = CASE WHEN ? = '' THEN paper_uuid ELSE ? END WHERE id = ?",
        [paper, job, words, words, uuid, uuid, sheet_id],
    )
    _settle(db, sheet_id, at)


def forget_paper_job(db: Database, sheet_id: int, *, at: str) -> None:
    """Print it anew: what the print server was given before does not count."""
    db.conn.execute(
        "UPDATE received_sheet SET paper_job = NULL, paper_uuid = '' WHERE id = ?", [sheet_id]
    )
    set_paper(db, sheet_id, Paper.WAITING, at=at)


def bind(db: Database, sheet_id: int, exam_id: str) -> None:
    """Note whose pictures these are, before the first of them is taken."""
    db.conn.execute("UPDATE received_sheet SET exam_id = ? WHERE id = ?", [exam_id, sheet_id])


def removable(catalog: Catalog, before: str) -> list[ReceivedSheet]:
    """Sheets of which nothing is to be done any more since so long."""
    rows = catalog.rows(
        "SELECT * FROM received_sheet WHERE removed IS NULL AND settled IS NOT NULL"
        " AND settled < ? ORDER BY id",
        [before],
    )
    return [ReceivedSheet.from_row(row) for row in rows]


def set_removed(db: Database, sheet_id: int, *, at: str) -> None:
    db.conn.execute("UPDATE received_sheet SET removed = ? WHERE id = ?", [at, sheet_id])


def folders(catalog: Catalog) -> set[str]:
    """The folders that belong to somebody."""
    return {
        row["folder"]
        for row in catalog.rows("SELECT folder FROM received_sheet WHERE removed IS NULL")
    }


def _settle(db: Database, sheet_id: int, at: str) -> None:
    db.conn.execute(
        "UPDATE received_sheet SET settled = CASE WHEN images IN ('none', 'taken', 'discarded')"
        " AND paper IN ('none', 'done', 'cancelled') THEN coalesce(settled, ?) END WHERE id = ?",
        [at, sheet_id],
    )
