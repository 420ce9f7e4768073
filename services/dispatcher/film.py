"""Carrying film jobs out at a DICOM printer: each sheet once, or held for a person."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import dataclass, field

from services.box import Box
from services.dicom.outcome import Disposition, Outcome
from services.dicom.print_events import JobState
from services.dicom.print_outcome import PrintOutcome
from services.dicom.print_scu import PrintAssociation, PrintRefused, print_association
from services.dicom.print_uids import FILM_BOX, FILM_SESSION, PRINT_JOB
from services.dispatcher.errand import Errand
from services.errors import PeerError
from services.film_picture import NotPrintable
from services.film_render import SheetWork
from services.outbox.model import Delivery, Kind
from services.printing import jobs, progress
from services.printing.film_composer import FilmComposer
from services.printing.inquiry import ask_on
from services.printing.jobs import PrintJob
from services.printing.printers import Printer, PrinterFacts, find_printer
from services.printing.works import works_of

_log = logging.getLogger(__name__)

_DOUBT_TEXT = "the answer of the printer was lost: sheet {sheet} may have been printed"
_DOUBT_ADVICE = (
    "Look at the printer: print again if the sheet did not come out, else mark it as printed"
)
_ASK_AGAIN = 1.0
"""Seconds between two questions after a Print Job that does not report by itself."""


def deliver(errand: Errand) -> None:
    """Every film job that is due at this printer."""
    printer = find_printer(errand.box.printers, errand.peer.name)
    while claimed := errand.claim([Kind.FILM]):
        for delivery in claimed:
            with errand.carrying(delivery):
                FilmErrand(errand, printer, delivery).run()


@dataclass
class FilmErrand:
    """One attempt at one job."""

    errand: Errand
    printer: Printer
    delivery: Delivery
    _references: dict[int, str] = field(default_factory=dict)
    _states: dict[str, JobState | None] = field(default_factory=dict)
    _passed: bool = False
    """Whether a point of no return was passed and the answer is not known yet."""

    @property
    def _box(self) -> Box:
        return self.errand.box

    def run(self) -> None:
        """Print what is left of the job; raises PeerError when the printer broke off."""
        job = jobs.of_delivery(self._box.catalog, self.delivery.id)
        if job.no_return:
            self._hold(job, "G-6403", _DOUBT_TEXT.format(sheet=job.sheets_done + 1), doubtful=True)
            return
        try:
            warnings = self._print(job)
        except PrintRefused as refused:
            self._settle(job, refused.outcome)
        except NotPrintable as error:
            advice = "Choose other pictures, or another layout or printer"
            self._finish(job, Outcome(Disposition.HOLD, -1, str(error), advice), error.code)
        except progress.PutDown:
            progress.give_back(self._box, self.delivery)
        except progress.LeaseLost:
            _log.warning("print job %d was taken over before it was printed", job.id)
        except PeerError:
            if self._passed:
                at = jobs.get(self._box.catalog, job.id).sheets_done + 1
                self._hold(job, "G-6403", _DOUBT_TEXT.format(sheet=at), doubtful=True)
            raise
        else:
            self._end(job, warnings)

    def _print(self, job: PrintJob) -> list[PrintOutcome]:
        works = works_of(self._box, job.exam_id, self.printer, job.film)[job.sheets_done :]
        if not works:
            return []
        true_size = any(work.sheet.true_size for work in works)
        with print_association(
            self.printer.peer, self.errand.calling_ae_title, colour=job.film.colour,
            true_size=true_size,
        ) as link:  # fmt: skip
            try:
                self._print_on(link, job, works)
            finally:
                self._note_reports(link, job)
            return link.warnings

    def _print_on(self, link: PrintAssociation, job: PrintJob, works: list[SheetWork]) -> None:
        facts = self._ask(link)
        composer = FilmComposer(link, self.printer, facts, job.film, self._box.uids)
        first = job.sheets_done + 1
        if self.printer.profile.session_action:
            for work in works:
                composer.lay_out(work)
            self._act(link, job, FILM_SESSION, composer.session, first, job.sheets)
        else:
            for sheet, work in enumerate(works, first):
                if self.errand.stopping():
                    raise progress.PutDown
                self._act(link, job, FILM_BOX, composer.lay_out(work), sheet, sheet)
        # all sheets are taken: whatever the printer does from here on changes nothing of that
        with suppress(PeerError):
            self._await_jobs(link)
            link.delete_session(composer.session)

    def _note_reports(self, link: PrintAssociation, job: PrintJob) -> None:
        """Keep what the printer said of itself meanwhile, for whoever looks at the job."""
        if not link.events.printer:
            return
        with self._box.catalog.writing() as db:
            for told in link.events.printer:
                words = f"{told.state} {told.info}".strip()
                jobs.note(db, self._box, job.id, "printer reports", words=words)

    def _ask(self, link: PrintAssociation) -> PrinterFacts:
        facts = ask_on(self._box, self.printer, link)
        if facts.status == "FAILURE":
            raise PrintRefused(
                PrintOutcome(
                    Disposition.RETRY,
                    -1,
                    "G-6402",
                    f"the printer is out of order: {facts.status_info or 'it does not say why'}",
                    "See to the printer; the box tries again by itself and nothing was printed",
                )
            )
        return facts

    def _act(
        self,
        link: PrintAssociation,
        job: PrintJob,
        sop_class_uid: str,
        uid: str,
        first: int,
        last: int,
    ) -> None:
        """The action that prints, between two durable steps."""
        link.require_open()
        progress.about_to_print(self._box, self.delivery, job, first, last)
        self._passed = True
        reference = link.print(sop_class_uid, uid)
        progress.taken(self._box, job, first, last, reference)
        self._passed = False
        if reference:
            self._references[first] = reference

    def _await_jobs(self, link: PrintAssociation) -> None:
        """Until the printer has said of every job how it ended, or for as long as configured."""
        if not link.accepts(PRINT_JOB):
            return
        deadline = time.monotonic() + self.printer.job_wait
        waiting = set(self._references.values())
        while waiting and time.monotonic() < deadline and not self.errand.stopping():
            for uid in list(waiting):
                state = link.events.job(uid)
                if state is None or not state.final:
                    state = _asked(link, uid)
                if state is None or state.final:
                    waiting.discard(uid)
            if waiting:
                link.events.wait(min(_ASK_AGAIN, max(0.0, deadline - time.monotonic())))
        self._states = {uid: link.events.job(uid) for uid in self._references.values()}

    def _end(self, job: PrintJob, warnings: list[PrintOutcome]) -> None:
        for sheet, uid in sorted(self._references.items()):
            state = self._states.get(uid)
            if state is not None and state.state == "FAILURE":
                words = state.info or "it does not say why"
                progress.failed_after_all(self._box, job, sheet, words)
                self._hold(
                    job, "G-6409", f"the printer took sheet {sheet} and then failed: {words}",
                    doubtful=False,
                )  # fmt: skip
                return
        if warnings:
            text = "; ".join(dict.fromkeys(warning.text for warning in warnings))
            outcome = Outcome(
                Disposition.DONE_WITH_WARNING, warnings[0].status, text, warnings[0].advice
            )
            self._finish(job, outcome, warnings[0].code)
            return
        ended = bool(self._states) and all(s and s.final for s in self._states.values())
        text = "the printer reports that it came out" if ended else "the printer has taken it"
        self._finish(job, Outcome(Disposition.DONE, 0, text, ""), "")

    def _settle(self, job: PrintJob, judged: PrintOutcome) -> None:
        outcome = Outcome(judged.disposition, judged.status, judged.text, judged.advice)
        self._finish(job, outcome, judged.code, doubtful=judged.doubtful and self._passed)

    def _hold(self, job: PrintJob, code: str, text: str, *, doubtful: bool) -> None:
        advice = _DOUBT_ADVICE if doubtful else "See to the printer, then resend what did not come"
        self._finish(job, Outcome(Disposition.HOLD, -1, text, advice), code, doubtful=doubtful)

    def _finish(
        self, job: PrintJob, outcome: Outcome, code: str, *, doubtful: bool = False
    ) -> None:
        progress.settle(self._box, self.delivery, job, outcome, code, doubtful=doubtful)
        self.errand.report(self.delivery, outcome)


def _asked(link: PrintAssociation, uid: str) -> JobState | None:
    """What the printer answers; None where it does not know the job any more, or does not say."""
    told = link.job_status(uid)
    status = str(told.get("ExecutionStatus") or "") if told is not None else ""
    if told is None or not status:
        return None
    state = JobState(status, str(told.get("ExecutionStatusInfo") or ""))
    link.events.note(uid, state)
    return state
