"""Which job of the print server a print job was given to."""

from __future__ import annotations

from sqlite_utils import Database

from services.box import Box
from services.catalog.database import Catalog
from services.film_picture import NotPrintable
from services.outbox.model import State
from services.printing.jobs import PrintJob
from services.printing.paper import PaperAway, PaperRefused, PaperTicket


def of(catalog: Catalog, job_id: int) -> PaperTicket | None:
    """The ticket of a job; None for one that no print server was given yet."""
    row = catalog.row("SELECT paper_job, paper_uuid FROM print_job WHERE id = ?", [job_id])
    if row is None or row["paper_job"] is None:
        return None
    return PaperTicket(row["paper_job"], row["paper_uuid"])


def keep(db: Database, job_id: int, ticket: PaperTicket) -> None:
    """Note the ticket, before anything of it can be printed."""
    db.conn.execute(
        "UPDATE print_job SET paper_job = ?, paper_uuid = ? WHERE id = ?",
        [ticket.number, ticket.uuid, job_id],
    )


def forget(db: Database, job_id: int) -> None:
    """Let the job be given to the print server anew."""
    db.conn.execute("UPDATE print_job SET paper_job = NULL, paper_uuid = '' WHERE id = ?", [job_id])


def withdraw(box: Box, job: PrintJob) -> None:
    """Stop a job at the print server; nothing where it is not there.

    Raises
    ------
    NotPrintable
        The server does not answer, so the job would be printed all the same.
    """
    ticket = of(box.catalog, job.id)
    if ticket is None or job.state not in (State.WAITING, State.HELD):
        return
    try:
        box.find_paper(job.printer).cancel(ticket)
    except PaperAway as error:
        raise NotPrintable(
            f"print job {job.id} cannot be stopped: {error}. It is printed when the server is back",
            "G-6503",
        ) from error
    except PaperRefused:
        return  # the server does not know it any more: there is nothing to stop
