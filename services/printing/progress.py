"""How far a print job has come, written down so that no crash can print a sheet twice."""

from __future__ import annotations

from sqlite_utils import Database

from services.box import Box
from services.dicom.outcome import Disposition, Outcome
from services.outbox import queue
from services.outbox.model import Delivery
from services.outbox.queue import LEASE_SECONDS
from services.printing.jobs import PrintJob, note


class LeaseLost(Exception):
    """Somebody else has the delivery by now: nothing may be printed any more."""


class PutDown(Exception):
    """The box is being stopped: what is left of the job waits for its next start."""


def give_back(box: Box, delivery: Delivery) -> None:
    """Put a job down between two sheets."""
    with box.catalog.writing() as db:
        queue.give_back(db, delivery, "put down between two sheets")


def about_to_print(box: Box, delivery: Delivery, job: PrintJob, first: int, last: int) -> None:
    """The point of no return of sheets ``first`` to ``last``: durable before it is passed.

    Raises
    ------
    LeaseLost
        The delivery is not this worker's any more; it was cancelled, or its lease ran out.
    """
    with box.catalog.writing() as db:
        ours = db.conn.execute(
            "UPDATE delivery SET lease_until = ? WHERE id = ? AND state = 'sending'"
            " AND attempts = ?",
            [box.wall() + LEASE_SECONDS, delivery.id, delivery.attempts],
        )
        if ours.rowcount != 1:
            raise LeaseLost(f"delivery {delivery.id} is no longer this worker's")
        db.conn.execute(
            "UPDATE print_job SET no_return = ?, doubtful_to = ? WHERE id = ?",
            [box.clock.now().isoformat(), last, job.id],
        )
        note(db, box, job.id, "told to print", sheet=first)


def taken(box: Box, job: PrintJob, first: int, last: int, reference: str) -> None:
    """The printer has answered that it prints these sheets: they are never sent again."""
    with box.catalog.writing() as db:
        db.conn.execute(
            "UPDATE print_job SET no_return = NULL, sheets_done = max(sheets_done, ?),"
            " reference = ? WHERE id = ?",
            [last, reference, job.id],
        )
        for sheet in range(first, last + 1):
            note(db, box, job.id, "taken by the printer", sheet=sheet, words=reference)


def failed_after_all(box: Box, job: PrintJob, sheet: int, words: str) -> None:
    """The printer took a sheet and then reported that it did not come out."""
    with box.catalog.writing() as db:
        db.conn.execute(
            "UPDATE print_job SET sheets_done = min(sheets_done, ?) WHERE id = ?",
            [sheet - 1, job.id],
        )
        note(db, box, job.id, "failed at the printer", sheet=sheet, words=words)


def doubt(db: Database, box: Box, job_id: int, last: int) -> None:
    """Sheets up to ``last`` may have been printed: a person must look before they are again."""
    db.conn.execute(
        "UPDATE print_job SET no_return = ?, doubtful_to = ? WHERE id = ?",
        [box.clock.now().isoformat(), last, job_id],
    )


def settle(
    box: Box, delivery: Delivery, job: PrintJob, outcome: Outcome, code: str, *, doubtful: bool
) -> None:
    """Write down what became of an attempt, delivery and job in one step.

    ``doubtful`` leaves the point of no return standing.
    """
    at = box.wall()
    with box.catalog.writing() as db:
        if outcome.disposition is Disposition.HOLD:
            ours = queue.hold(
                db, delivery, status=outcome.status, text=outcome.text, advice=outcome.advice
            )
            event = "held"
        elif outcome.disposition is Disposition.RETRY:
            ours = queue.retry(
                db,
                delivery,
                at=at,
                status=outcome.status,
                text=outcome.text,
                advice=outcome.advice,
            )
            event = "to be tried again"
        else:
            ours = queue.finish(db, delivery, at=at, status=outcome.status, text=outcome.text)
            event = "printed"
            if ours:
                db.conn.execute(
                    "UPDATE print_job SET outcome = 'printed', ended = ? WHERE id = ?",
                    [box.clock.now().isoformat(), job.id],
                )
        if not ours:
            return
        db.conn.execute(
            "UPDATE print_job SET code = ?, words = ?,"
            " no_return = CASE WHEN ? THEN no_return END WHERE id = ?",
            [code, outcome.text, doubtful, job.id],
        )
        note(db, box, job.id, event, words=outcome.text)
