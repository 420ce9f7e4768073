"""CUPS queues as the services' paper printers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, TypeVar

from drivers.cups import (
    Document,
    Job,
    JobState,
    Options,
    PrinterAway,
    PrinterRefused,
    Readiness,
    Submitted,
    media,
)
from drivers.cups.pdf import Page, write_pdf
from drivers.cups.port import PrintQueue
from drivers.cups.queue import CupsQueue
from firmware.config import Configuration
from services.errors import NotFound
from services.printing.paper import (
    PaperAway,
    PaperHealth,
    PaperJob,
    PaperOrder,
    PaperPage,
    PaperPrinter,
    PaperPrinters,
    PaperRefused,
    PaperState,
    PaperTicket,
)
from services.printing.printers import PrinterKind

T = TypeVar("T")

DPI: Final = 300

_STATES: Final = {
    JobState.PENDING: PaperState.WAITING,
    JobState.HELD: PaperState.STOPPED,
    JobState.PROCESSING: PaperState.PRINTING,
    JobState.STOPPED: PaperState.STOPPED,
    JobState.CANCELLED: PaperState.CANCELLED,
    JobState.ABORTED: PaperState.FAILED,
    JobState.COMPLETED: PaperState.PRINTED,
}


class QueuePrinter:
    """A queue as the services see it: sizes in millimetres, errors for a person.

    Parameters
    ----------
    queue
        Of this machine or another one.
    """

    def __init__(self, queue: PrintQueue) -> None:
        self._queue = queue
        self._dpi = 0

    @property
    def dpi(self) -> int:
        """The best resolution that is no finer than needed; 300 where the queue says none."""
        if not self._dpi:
            known = self._asked(self._queue.abilities).resolutions
            fitting = [each for each in known if each >= DPI]
            self._dpi = min(fitting, default=max(known, default=DPI))
        return self._dpi

    def health(self) -> PaperHealth:
        state = self._asked(self._queue.state)
        errors = any(reason.endswith("-error") for reason in state.reasons)
        stopped = state.readiness is Readiness.STOPPED or not state.accepting
        if stopped or errors:
            return PaperHealth("FAILURE", state.reasons, state.text)
        return PaperHealth("WARNING" if state.reasons else "NORMAL", state.reasons, state.text)

    def sizes(self) -> tuple[tuple[float, float], ...]:
        known = self._asked(self._queue.abilities).media
        return tuple((each.width_mm, each.height_mm) for each in known)

    def write(self, path: Path, pages: Iterable[PaperPage]) -> None:
        write_pdf(
            path,
            (Page(p.width_mm, p.height_mm, p.columns, p.rows, p.colour, p.bands) for p in pages),
        )

    def hand_over(
        self,
        order: PaperOrder,
        note: Callable[[PaperTicket], None],
        before: PaperTicket | None = None,
    ) -> PaperJob:
        known = self._asked(self._queue.abilities)
        sheet = media.fitting(known.media, order.width_mm, order.height_mm)
        if sheet is None:
            sizes = ", ".join(f"{m.width_mm:.0f} x {m.height_mm:.0f}" for m in known.media)
            raise PaperRefused(
                f"{self._queue.name}: it has no sheet of {order.width_mm:.0f} x "
                f"{order.height_mm:.0f} mm, and nothing is scaled to fit. It has: {sizes or 'none'}"
            )
        options = Options(sheet.name, order.copies, order.colour)
        job = self._asked(
            lambda: self._queue.submit(
                Document(order.path),
                options,
                order.title,
                lambda made: note(PaperTicket(made.number, made.uuid)),
                Submitted(before.number, before.uuid) if before else None,
            )
        )
        return _said(job)

    def look(self, ticket: PaperTicket) -> PaperJob:
        job = self._asked(lambda: self._queue.job(ticket.number))
        if job.uuid != ticket.uuid:
            raise PaperRefused(
                f"{self._queue.name}: the print server has forgotten job {ticket.number}: look "
                f"whether the sheet came out"
            )
        return _said(job)

    def cancel(self, ticket: PaperTicket) -> None:
        self._asked(lambda: self._queue.cancel(ticket.number))

    def _asked(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except PrinterAway as error:
            raise PaperAway(str(error)) from error
        except PrinterRefused as error:
            raise PaperRefused(str(error)) from error


def _said(job: Job) -> PaperJob:
    words = ", ".join((*((job.text,) if job.text else ()), *job.reasons))
    return PaperJob(_STATES[job.state], words)


def paper_printers(configuration: Configuration) -> PaperPrinters:
    """Finds the paper printers of this configuration, each made once."""
    made: dict[str, PaperPrinter] = {}

    def find(name: str) -> PaperPrinter:
        if name not in made:
            made[name] = _paper_printer(configuration, name)
        return made[name]

    return find


def _paper_printer(configuration: Configuration, name: str) -> PaperPrinter:
    known = [each for each in configuration.printers if each.kind is PrinterKind.CUPS]
    for printer in known:
        if printer.name == name:
            return QueuePrinter(CupsQueue(printer.queue, os.environ.get("CUPS_SERVER", "")))
    names = ", ".join(each.name for each in known) or "none"
    raise NotFound(f"no paper printer is called {name!r}; configured: {names}")
