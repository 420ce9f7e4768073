"""Carrying paper jobs out at a print server: each once, or held for a person."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from device.film import FilmJob
from services.box import Box
from services.dicom.outcome import Disposition, Outcome
from services.dispatcher.errand import Errand
from services.errors import CatalogError, PeerUnreachable
from services.film_picture import NotPrintable
from services.film_render import SheetWork, render_sheet, sheet_pixels
from services.outbox import queue
from services.outbox.model import Delivery, Kind
from services.printing import jobs, paper_tickets, progress
from services.printing.jobs import PrintJob
from services.printing.paper import (
    PaperAway,
    PaperJob,
    PaperOrder,
    PaperPage,
    PaperPrinter,
    PaperRefused,
    PaperState,
    PaperTicket,
)
from services.printing.printers import Printer, find_printer
from services.printing.works import works_of

_log = logging.getLogger(__name__)

WATCH_SECONDS: Final = 20.0
"""How long a job is watched before others of the same printer have their turn."""

_GLANCE: Final = 0.5
_LATER: Final = 5.0

_ADVICE_REFUSED: Final = "See to the print server or choose another printer, then resend"
_ADVICE_LOST: Final = (
    "Look at the printer: print again if the sheets did not come out, else mark them as printed"
)


def deliver(errand: Errand) -> None:
    """Every paper job that is due at this printer."""
    printer = find_printer(errand.box.printers, errand.peer.name)
    while claimed := errand.claim([Kind.PAPER]):
        for delivery in claimed:
            with errand.carrying(delivery):
                PaperErrand(errand, printer, delivery).run()


@dataclass
class PaperErrand:
    """One attempt at one job: it is handed over, or looked after at the print server."""

    errand: Errand
    printer: Printer
    delivery: Delivery

    @property
    def _box(self) -> Box:
        return self.errand.box

    def run(self) -> None:
        """Bring the job forward.

        Raises
        ------
        PeerUnreachable
            The print server does not answer.
        """
        job = jobs.of_delivery(self._box.catalog, self.delivery.id)
        known = paper_tickets.of(self._box.catalog, job.id) is not None
        try:
            paper = self._box.find_paper(self.printer.name)
            said = self._handed_over(job, paper)
            self._follow(job, paper, said)
        except PaperAway as error:
            raise PeerUnreachable(
                self.printer.name, str(error), "The job waits; nothing is lost"
            ) from error
        except PaperRefused as error:
            # of what it was given before nobody knows whether it came out
            advice = _ADVICE_LOST if known else _ADVICE_REFUSED
            self._hold(job, "G-6501", str(error), advice, doubtful=known)
        except NotPrintable as error:
            advice = "Choose other pictures, or another layout or printer"
            self._hold(job, error.code, str(error), advice, doubtful=False)

    def _handed_over(self, job: PrintJob, paper: PaperPrinter) -> PaperJob:
        ticket = paper_tickets.of(self._box.catalog, job.id)
        if ticket is not None and job.sheets_done == job.sheets:
            return paper.look(ticket)
        path = self._document(job, paper)
        width, height = job.film.sheets[0].size_mm
        order = PaperOrder(
            path, width, height, job.film.copies, job.film.colour, f"gantry-{job.id}"
        )
        said = paper.hand_over(order, lambda made: self._keep(job, made), ticket)
        # from here on the sheets are the print server's: they are never handed over again unasked
        progress.taken(self._box, job, 1, job.sheets, order.title)
        with suppress(OSError):
            path.unlink()
        return said

    def _keep(self, job: PrintJob, ticket: PaperTicket) -> None:
        with self._box.catalog.writing() as db:
            paper_tickets.keep(db, job.id, ticket)

    def _document(self, job: PrintJob, paper: PaperPrinter) -> Path:
        folder = self._box.state_dir / "prints"
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / f"job-{job.id}.pdf"
        works = works_of(self._box, job.exam_id, self.printer, job.film)
        try:
            paper.write(path, _pages(works, job.film, paper.dpi))
        except OSError as error:
            with suppress(OSError):
                path.unlink()
            raise CatalogError(
                f"print job {job.id} could not be prepared: {error.strerror}. Free space, then "
                f"resend it"
            ) from error
        return path

    def _follow(self, job: PrintJob, paper: PaperPrinter, said: PaperJob) -> None:
        """Watch the job for a while; one that takes longer is looked at again later."""
        ticket = paper_tickets.of(self._box.catalog, job.id)
        deadline = time.monotonic() + WATCH_SECONDS
        while ticket is not None and _is_open(said):
            if self.errand.stopping() or time.monotonic() > deadline:
                self._put_off(paper, said)
                return
            time.sleep(_GLANCE)
            said = paper.look(ticket)
        if said.state is PaperState.PRINTED:
            outcome = Outcome(Disposition.DONE, 0, "the printer reports that it came out", "")
            progress.settle(self._box, self.delivery, job, outcome, "", doubtful=False)
            self.errand.report(self.delivery, outcome)
            return
        words = f"the print server ended the job: {said.text or said.state.value}"
        self._hold(job, "G-6502", words, _ADVICE_LOST, doubtful=True)

    def _put_off(self, paper: PaperPrinter, said: PaperJob) -> None:
        words = said.text or ", ".join(paper.health().reasons) or "the printer is busy"
        with self._box.catalog.writing() as db:
            queue.put_off(db, self.delivery, until=self._box.wall() + _LATER, text=words)

    def _hold(self, job: PrintJob, code: str, text: str, advice: str, *, doubtful: bool) -> None:
        outcome = Outcome(Disposition.HOLD, -1, text, advice)
        if doubtful:
            progress.failed_after_all(self._box, job, 1, text)
            with self._box.catalog.writing() as db:
                progress.doubt(db, self._box, job.id, job.sheets)
        progress.settle(self._box, self.delivery, job, outcome, code, doubtful=doubtful)
        self.errand.report(self.delivery, outcome)


def _is_open(said: PaperJob) -> bool:
    return said.state in (PaperState.WAITING, PaperState.PRINTING, PaperState.STOPPED)


def _pages(works: list[SheetWork], film: FilmJob, dpi: float) -> Iterator[PaperPage]:
    for work in works:
        width, height = work.sheet.size_mm
        columns, rows = sheet_pixels(work, dpi)
        bands = render_sheet(work, dpi, colour=film.colour)
        yield PaperPage(width, height, columns, rows, film.colour, bands)
