"""What a person may do with a print job: resend, mark as printed, cancel, redirect."""

from __future__ import annotations

from dataclasses import replace

from sqlite_utils import Database

from device.film import FilmJob
from services.box import Box
from services.errors import CatalogError
from services.film_picture import NotPrintable
from services.outbox import peer_state
from services.outbox.model import Kind, State
from services.printing import paper_tickets
from services.printing.check import check_job
from services.printing.jobs import PrintJob, get, insert, note
from services.printing.printers import PrinterKind, capable, facts_of, find_printer

_WAITS = (State.WAITING, State.HELD)


def resend(box: Box, job_id: int, *, by: str, print_again: bool = False) -> PrintJob:
    """Print what is left of a job now.

    Parameters
    ----------
    print_again
        The person has looked, and the sheet in doubt did not come out.

    Raises
    ------
    NotPrintable
        A sheet may have been printed and nobody has looked, or the print server that still has
        it does not answer.
    CatalogError
        The job is being printed, or is over.
    """
    before = get(box.catalog, job_id)
    if before.no_return and print_again:
        # what the print server may still have of it must not come out as well
        paper_tickets.withdraw(box, before)
    with box.catalog.writing() as db:
        job = get(box.catalog, job_id)
        _refuse_unless(job, _WAITS, "be resent")
        if job.no_return and not print_again:
            raise _in_doubt(job)
        db.conn.execute(
            "UPDATE print_job SET no_return = NULL, code = '', words = '' WHERE id = ?", [job_id]
        )
        if job.no_return:
            paper_tickets.forget(db, job_id)
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
    paper_tickets.withdraw(box, get(box.catalog, job_id))
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

    def left_of(job: PrintJob) -> FilmJob:
        _refuse_unless(job, _WAITS, "be redirected")
        if job.no_return and not print_again:
            raise _in_doubt(job)
        left = replace(job.film, sheets=job.film.sheets[job.sheets_done :])
        check_job(printer, capable(printer, facts_of(box.catalog, printer.name)), left)
        return left

    before = get(box.catalog, job_id)
    left_of(before)
    paper_tickets.withdraw(box, before)
    with box.catalog.writing() as db:
        job = get(box.catalog, job_id)
        left = left_of(job)
        _end(db, box, job, State.CANCELLED, "redirected")
        note(db, box, job_id, "redirected", by=by, words=printer.name)
        kind = Kind.FILM if printer.kind is PrinterKind.DICOM else Kind.PAPER
        new = insert(db, box, kind, job.exam_id, printer.name, left, by, job_id)
    return get(box.catalog, new)


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
