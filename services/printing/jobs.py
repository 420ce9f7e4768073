"""Print jobs: put in, read, and what a person may do with them.

A job is a delivery of kind ``film`` or ``paper`` with what is to be printed beside it. How far it
came is durable sheet by sheet; ``no_return`` stands from just before a printer is told to print
until its answer is known, and while it stands nothing is printed without a person's word.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec
from sqlite_utils import Database

from device.film import FilmJob
from services.box import Box
from services.catalog.database import Catalog, Row
from services.errors import CatalogError, NotFound
from services.film_picture import NotPrintable
from services.outbox import peer_state
from services.outbox.model import Kind, State
from services.printing.check import check_images, check_job
from services.printing.printers import PrinterKind, capable, facts_of, find_printer

_JOB = """
    SELECT j.*, d.kind, d.state, d.attempts, d.next_attempt, d.last_text, d.last_status, d.advice
    FROM print_job j JOIN delivery d ON d.id = j.delivery_id
"""
_WAITS = (State.WAITING, State.HELD)


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
    with box.catalog.writing() as db:
        check_images(box.catalog, exam_id, film)
        job_id = _insert(db, box, kind, exam_id, printer.name, film, by, follows)
    return get(box.catalog, job_id)


def _insert(
    db: Database,
    box: Box,
    kind: Kind,
    exam_id: str,
    printer: str,
    film: FilmJob,
    by: str,
    follows: int | None,
) -> int:
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


def resend(box: Box, job_id: int, *, by: str, print_again: bool = False) -> PrintJob:
    """Print what is left of a job now.

    Parameters
    ----------
    print_again
        The person has looked, and the sheet in doubt did not come out.

    Raises
    ------
    NotPrintable
        A sheet may have been printed and nobody has looked.
    CatalogError
        The job is being printed, or is over.
    """
    with box.catalog.writing() as db:
        job = get(box.catalog, job_id)
        _refuse_unless(job, _WAITS, "be resent")
        if job.no_return and not print_again:
            raise _in_doubt(job)
        db.conn.execute(
            "UPDATE print_job SET no_return = NULL, code = '', words = '' WHERE id = ?", [job_id]
        )
        db.conn.execute(
            "UPDATE delivery SET state = 'waiting', next_attempt = 0, advice = '' WHERE id = ?",
            [job.delivery_id],
        )
        note(db, box, job_id, "printed again" if job.no_return else "resent", by=by)
    peer_state.clear_pause(box.catalog, job.printer)
    return get(box.catalog, job_id)


def mark_printed(box: Box, job_id: int, *, by: str) -> PrintJob:
    """A person has seen the sheet in doubt: it counts, and what is left goes on.

    Without a doubt the whole job counts as printed.

    Raises
    ------
    CatalogError
        The job is being printed, or is over.
    """
    with box.catalog.writing() as db:
        job = get(box.catalog, job_id)
        _refuse_unless(job, _WAITS, "be marked as printed")
        done = job.doubtful_to if job.no_return else job.sheets
        db.conn.execute(
            "UPDATE print_job SET no_return = NULL, sheets_done = ? WHERE id = ?", [done, job_id]
        )
        note(db, box, job_id, "marked as printed", sheet=done, by=by)
        if done < job.sheets:
            db.conn.execute(
                "UPDATE delivery SET state = 'waiting', next_attempt = 0, advice = '' WHERE id = ?",
                [job.delivery_id],
            )
        else:
            _end(db, box, job, State.DONE, "marked")
    return get(box.catalog, job_id)


def cancel(box: Box, job_id: int, *, by: str) -> PrintJob:
    """Print no more of a job.

    Raises
    ------
    CatalogError
        The job is being printed, or is over.
    """
    with box.catalog.writing() as db:
        job = get(box.catalog, job_id)
        _refuse_unless(job, _WAITS, "be cancelled")
        _end(db, box, job, State.CANCELLED, "cancelled")
        note(db, box, job_id, "cancelled", by=by)
    return get(box.catalog, job_id)


def redirect(
    box: Box, job_id: int, printer_name: str, *, by: str, print_again: bool = False
) -> PrintJob:
    """Print what is left of a job on another printer, if that one can; the new job.

    Raises
    ------
    NotPrintable
        The other printer cannot do it, or a sheet may have been printed and nobody has looked.
    CatalogError
        The job is being printed, or is over.
    """
    printer = find_printer(box.printers, printer_name)
    with box.catalog.writing() as db:
        job = get(box.catalog, job_id)
        _refuse_unless(job, _WAITS, "be redirected")
        if job.no_return and not print_again:
            raise _in_doubt(job)
        left = replace(job.film, sheets=job.film.sheets[job.sheets_done :])
        check_job(printer, capable(printer, facts_of(box.catalog, printer.name)), left)
        _end(db, box, job, State.CANCELLED, "redirected")
        note(db, box, job_id, "redirected", by=by, words=printer.name)
        kind = Kind.FILM if printer.kind is PrinterKind.DICOM else Kind.PAPER
        new = _insert(db, box, kind, job.exam_id, printer.name, left, by, job_id)
    return get(box.catalog, new)


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


def _end(db: Database, box: Box, job: PrintJob, state: State, outcome: str) -> None:
    db.conn.execute(
        "UPDATE delivery SET state = ?, finished = ?, advice = '', lease_owner = NULL,"
        " lease_until = NULL WHERE id = ?",
        [state, box.wall(), job.delivery_id],
    )
    db.conn.execute(
        "UPDATE print_job SET outcome = ?, ended = ?, no_return = NULL WHERE id = ?",
        [outcome, box.clock.now().isoformat(), job.id],
    )


def _in_doubt(job: PrintJob) -> NotPrintable:
    return NotPrintable(
        f"sheet {job.sheets_done + 1} of print job {job.id} may have been printed: look at "
        f"{job.printer}. Print again if it did not come out, else mark it printed",
        "G-6403",
    )


def _refuse_unless(job: PrintJob, states: tuple[State, ...], what: str) -> None:
    if job.state in states:
        return
    how = "is being printed right now" if job.state is State.SENDING else f"is {job.state}"
    raise CatalogError(f"print job {job.id} {how} and cannot {what}")


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
