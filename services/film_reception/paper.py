"""Received sheets on paper: each once, whatever happens to the box or the print server."""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path
from typing import Final

from services.box import Box
from services.catalog import received_sheets
from services.catalog.received_sheets import Paper, ReceivedSheet
from services.errors import CatalogError, NotFound
from services.film_reception.cabinet import Cabinet
from services.film_reception.compose import raster, sheet_mm, sheet_pixels
from services.printing.paper import (
    PaperAway,
    PaperJob,
    PaperOrder,
    PaperPage,
    PaperPrinter,
    PaperPrinters,
    PaperRefused,
    PaperState,
    PaperTicket,
)

_log = logging.getLogger(__name__)

AGAIN: Final = 10.0
"""Seconds after which a print server that was away is asked again."""

_LOOK: Final = (
    "look at the printer: print it again if the sheet did not come out, else mark it as printed"
)


class PaperDesk:
    """Prints received sheets.

    Parameters
    ----------
    find_printer
        Finds the printer of a configured name.
    """

    def __init__(
        self,
        box: Box,
        cabinet: Cabinet,
        find_printer: PaperPrinters,
    ) -> None:
        self._box = box
        self._cabinet = cabinet
        self._find = find_printer
        self._not_before: dict[str, float] = {}

    def serve(self, sheet: ReceivedSheet) -> Paper:
        """Do what can be done now for a sheet that waits or is being printed; what it is then."""
        if self._box.clock.monotonic() < self._not_before.get(sheet.printer, 0.0):
            return sheet.paper
        try:
            job = self._job(sheet)
        except PaperAway as error:
            self._not_before[sheet.printer] = self._box.clock.monotonic() + AGAIN
            return self._note(sheet.id, sheet.paper, str(error))
        except (PaperRefused, NotFound, CatalogError) as error:
            return self._note(sheet.id, Paper.HELD, str(error))
        return self._follow(sheet, job)

    def _job(self, sheet: ReceivedSheet) -> PaperJob:
        printer = self._find(sheet.printer)
        ticket = PaperTicket(sheet.paper_job, sheet.paper_uuid) if sheet.paper_job else None
        if sheet.paper is Paper.SENDING and ticket is not None:
            return printer.look(ticket)
        content = self._cabinet.read(sheet)
        width, height = sheet_mm(content)
        path = self._cabinet.root / sheet.folder / "sheet.pdf"
        if not path.exists():
            self._make(path, sheet, printer)
        order = PaperOrder(
            path, width, height, sheet.copies, content.colour, f"gantry-film-{sheet.id}"
        )
        job = printer.hand_over(order, lambda made: self._given(sheet.id, made), ticket)
        self._note(sheet.id, Paper.SENDING, job.text)
        return job

    def _make(self, path: Path, sheet: ReceivedSheet, printer: PaperPrinter) -> None:
        content = self._cabinet.read(sheet)
        making = path.with_suffix(".new")
        try:
            dpi = printer.dpi
            size_mm, size_px = sheet_mm(content), sheet_pixels(content, dpi)
            page = PaperPage(*size_mm, *size_px, content.colour, raster(content, dpi))
            printer.write(making, [page])
            making.rename(path)
        except OSError as error:
            with suppress(OSError):
                making.unlink()
            raise CatalogError(
                f"sheet {sheet.id} could not be prepared for printing: {error.strerror}. "
                f"Free space, then print it again"
            ) from error

    def _follow(self, sheet: ReceivedSheet, job: PaperJob) -> Paper:
        if job.state is PaperState.PRINTED:
            return self._note(sheet.id, Paper.DONE, "")
        if job.state in (PaperState.CANCELLED, PaperState.FAILED):
            return self._note(sheet.id, Paper.HELD, f"{job.text or job.state.value}: {_LOOK}")
        return self._note(sheet.id, Paper.SENDING, job.text)

    def _given(self, sheet_id: int, ticket: PaperTicket) -> None:
        with self._box.catalog.writing() as db:
            received_sheets.set_paper(
                db, sheet_id, Paper.WAITING, at=self._now(), job=ticket.number, uuid=ticket.uuid
            )

    def _note(self, sheet_id: int, paper: Paper, words: str) -> Paper:
        known = received_sheets.get(self._box.catalog, sheet_id)
        if (known.paper, known.words) != (paper, words):
            with self._box.catalog.writing() as db:
                received_sheets.set_paper(db, sheet_id, paper, at=self._now(), words=words)
        return paper

    def _now(self) -> str:
        return self._box.clock.now().isoformat()
