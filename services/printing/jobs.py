"""Print jobs: put in and read; :mod:`services.printing.actions` has what a person may do.

A job is a delivery of kind ``film`` or ``paper`` with what is to be printed beside it. How far it
came is durable sheet by sheet; ``no_return`` stands from just before a printer is told to print
until its answer is known, and while it stands nothing is printed without a person's word.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from sqlite_utils import Database

from device.film import FilmJob
from services.box import Box
from services.catalog.database import Catalog, Row
from services.errors import NotFound
from services.film_render import check_true_size
from services.outbox.model import Kind, State
from services.printing.check import check_images, check_job
from services.printing.printers import PrinterKind, capable, facts_of, find_printer
from services.printing.works import works_of

_JOB = """
    SELECT j.*, d.kind, d.state, d.attempts, d.next_attempt, d.last_text, d.last_status, d.advice
    FROM print_job j JOIN delivery d ON d.id = j.delivery_id
"""


@dataclass(frozen=True, slots=True)
class PrintJob:
    """One order to print, as far as it has come.

    Attributes
    ----------
    sheets_done : int
        Sheets that the printer has taken with all their copies; these are never printed again.
    no_return : str
        Since when a sheet may have been printed without our knowing, empty as a rule.
    doubtful_to : int
        The last sheet of those that may have been printed.
    outcome : str
        Empty while open; then ``printed``, ``marked`` (a person said so), ``cancelled`` or
        ``redirected``.
    code, words : str
        Why it waits or how it ended: the code of the case, and the printer's own words.
    follows : int or None
        The job that this one was redirected from.
    """

    id: int
    delivery_id: int
    exam_id: str
    printer: str
    film: FilmJob
    state: State
    sheets: int
    sheets_done: int
    no_return: str
    doubtful_to: int
    made_by: str
    made: str
    ended: str
    outcome: str
    code: str
    words: str
    advice: str
    reference: str
    follows: int | None
    attempts: int
    next_attempt: float


def submit(
    box: Box, exam_id: str, printer_name: str, film: FilmJob, *, by: str, follows: int | None = None
) -> PrintJob:
    """Owe an exam's pictures to a printer; it need not be reachable.

    Raises
    ------
    NotFound
        No such printer or exam.
    NotPrintable
        The printer cannot do what is asked for, or an image cannot be printed.
    """
    printer = find_printer(box.printers, printer_name)
    check_job(printer, capable(printer, facts_of(box.catalog, printer.name)), film)
    kind = Kind.FILM if printer.kind is PrinterKind.DICOM else Kind.PAPER
    check_images(box.catalog, exam_id, film)
    for work in works_of(box, exam_id, printer, film):
        check_true_size(work)
    with box.catalog.writing() as db:
        check_images(box.catalog, exam_id, film)
        job_id = insert(db, box, kind, exam_id, printer.name, film, by, follows)
    return get(box.catalog, job_id)


def insert(
    db: Database,
    box: Box,
    kind: Kind,
    exam_id: str,
    printer: str,
    film: FilmJob,
    by: str,
    follows: int | None,
) -> int:
    """Owe a job within a step that is open already; returns its number."""
    at = box.wall()
    delivery = db.conn.execute(
        "INSERT INTO delivery (kind, peer, exam_id, next_attempt, created) VALUES (?, ?, ?, ?, ?)",
        [kind, printer, exam_id, at, at],
    ).lastrowid
    job_id = db.conn.execute(
        "INSERT INTO print_job (delivery_id, exam_id, printer, layout, copies, sheets, made_by,"
        " made, follows) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            delivery,
            exam_id,
            printer,
            msgspec.json.encode(film),
            film.copies,
            len(film.sheets),
            by,
            box.clock.now().isoformat(),
            follows,
        ],
    ).lastrowid
    assert job_id is not None, "an INSERT gives its row a number"
    db.table("print_job_image").insert_all(
        {"job_id": job_id, "sop_instance_uid": uid}
        for uid in sorted({image.sop_instance_uid for image in film.images})
    )
    note(db, box, job_id, "ordered", by=by)
    return job_id


def get(catalog: Catalog, job_id: int) -> PrintJob:
    """The job with this number.

    Raises
    ------
    NotFound
        When there is none.
    """
    row = catalog.row(f"{_JOB} WHERE j.id = ?", [job_id])
    if row is None:
        raise NotFound(f"there is no print job {job_id}: 'gantry printers jobs' shows them")
    return _from_row(row)


def of_delivery(catalog: Catalog, delivery_id: int) -> PrintJob:
    """The job that a delivery carries."""
    row = catalog.row(f"{_JOB} WHERE d.id = ?", [delivery_id])
    if row is None:
        raise NotFound(f"delivery {delivery_id} is no print job")
    return _from_row(row)


def of_exam(catalog: Catalog, exam_id: str) -> list[PrintJob]:
    """Everything that was ordered of an exam, oldest first."""
    return [
        _from_row(r) for r in catalog.rows(f"{_JOB} WHERE j.exam_id = ? ORDER BY j.id", [exam_id])
    ]


def recent(catalog: Catalog, *, open_only: bool = False, limit: int = 100) -> list[PrintJob]:
    """The latest jobs of all exams, newest first."""
    wanted = "d.state IN ('waiting', 'sending', 'awaiting', 'held')" if open_only else "TRUE"
    rows = catalog.rows(f"{_JOB} WHERE {wanted} ORDER BY j.id DESC LIMIT ?", [limit])
    return [_from_row(row) for row in rows]


def history(catalog: Catalog, job_id: int) -> list[Row]:
    """What became of a job step by step: moment, event, sheet, by_whom, words."""
    return catalog.rows(
        "SELECT moment, event, sheet, by_whom, words FROM print_event WHERE job_id = ? ORDER BY id",
        [job_id],
    )


def note(
    db: Database,
    box: Box,
    job_id: int,
    event: str,
    *,
    sheet: int | None = None,
    by: str = "",
    words: str = "",
) -> None:
    """Enter one line into a job's history."""
    db.conn.execute(
        "INSERT INTO print_event (job_id, moment, event, sheet, by_whom, words)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [job_id, box.clock.now().isoformat(), event, sheet, by, words],
    )


def _from_row(row: Row) -> PrintJob:
    return PrintJob(
        id=row["id"],
        delivery_id=row["delivery_id"],
        exam_id=row["exam_id"],
        printer=row["printer"],
        film=msgspec.json.decode(row["layout"], type=FilmJob),
        state=State(row["state"]),
        sheets=row["sheets"],
        sheets_done=row["sheets_done"],
        no_return=row["no_return"] or "",
        doubtful_to=row["doubtful_to"],
        made_by=row["made_by"],
        made=row["made"],
        ended=row["ended"] or "",
        outcome=row["outcome"],
        code=row["code"],
        words=row["words"] or row["last_text"],
        advice=row["advice"],
        reference=row["reference"],
        follows=row["follows"],
        attempts=row["attempts"],
        next_attempt=row["next_attempt"],
    )
