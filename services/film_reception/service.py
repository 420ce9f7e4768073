"""The film reception as it runs: sheets that came are taken into exams and printed."""

from __future__ import annotations

import logging
import sqlite3
import threading
from datetime import timedelta

from services.box import Box
from services.catalog import received_sheets
from services.catalog.received_sheets import Images, Paper, ReceivedSheet
from services.film_reception.cabinet import Cabinet
from services.film_reception.intake import Intake
from services.film_reception.jobs import Jobs, status_of
from services.film_reception.paper import PaperDesk
from services.film_reception.server import FilmReception

_log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How often the print server is asked how its jobs stand."""

GLANCE_SECONDS = 5.0
"""How often it is asked how the printer is, to tell modalities of a change."""

_TIDY_SECONDS = 3600.0
_ASIDE = "the box cannot work on it, and its log says why"
_MAY_HAVE = "; look at the printer before it is printed again"


class FilmWork:
    """Works through received sheets, oldest and most urgent first, in a thread of its own.

    Parameters
    ----------
    reception
        Told how jobs stand, so that it can tell their modalities.
    paper
        None where nothing is printed.
    """

    def __init__(
        self,
        box: Box,
        cabinet: Cabinet,
        jobs: Jobs,
        reception: FilmReception,
        intake: Intake,
        paper: PaperDesk | None,
    ) -> None:
        self._box = box
        self._cabinet = cabinet
        self._jobs = jobs
        self._reception = reception
        self._intake = intake
        self._paper = paper
        self._told: dict[str, str] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="film-work", daemon=True)
        self._tidy_at = 0.0
        self._glance_at = 0.0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End after the sheet at hand; the rest is done after the next start."""
        self._stop.set()
        self._jobs.wake()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.look()
            except Exception:  # noqa: BLE001 -- logged; the sheets are safe and are looked at again
                _log.exception("received sheets could not be worked on; trying again")
            self._jobs.wait(LOOK_SECONDS)

    def _serve(self, sheet: ReceivedSheet) -> None:
        """What cannot be worked on is left to a person, so that the sheets after it go on."""
        try:
            if sheet.images is Images.WAITING:
                self._intake.take_next(sheet)
            if self._paper is not None and sheet.paper in (Paper.WAITING, Paper.SENDING):
                self._paper.serve(received_sheets.get(self._box.catalog, sheet.id))
        except sqlite3.Error:
            raise
        except Exception as error:  # noqa: BLE001 -- logged; a person sees to the sheet
            _log.exception("received sheet %d cannot be worked on", sheet.id)
            self._set_aside(sheet, f"{_ASIDE} ({type(error).__name__})")

    def _set_aside(self, sheet: ReceivedSheet, why: str) -> None:
        at = self._box.clock.now().isoformat()
        with self._box.catalog.writing() as db:
            now = received_sheets.get(self._box.catalog, sheet.id)
            if now.images is Images.WAITING:
                received_sheets.set_images(db, sheet.id, Images.UNASSIGNED, at=at, words=why)
            elif now.paper in (Paper.WAITING, Paper.SENDING):
                words = why + (_MAY_HAVE if now.paper_job else "")
                received_sheets.set_paper(db, sheet.id, Paper.HELD, at=at, words=words)

    def look(self) -> None:
        """Do once what can be done for every sheet that is not settled."""
        touched: set[str] = set(self._told)
        for sheet in received_sheets.open_sheets(self._box.catalog):
            touched.add(sheet.job_uid)
            self._serve(sheet)
        for job_uid in touched:
            self._tell(job_uid)
        self._glance()
        self._tidy()

    def _glance(self) -> None:
        now = self._box.clock.monotonic()
        if now >= self._glance_at:
            self._glance_at = now + GLANCE_SECONDS
            self._reception.look_at_printer()

    def _tell(self, job_uid: str) -> None:
        state, info = status_of(received_sheets.of_job(self._box.catalog, job_uid))
        if self._told.get(job_uid) == state:
            return
        self._told[job_uid] = state
        self._reception.tell_job(job_uid, state, info)
        if state == "DONE":
            del self._told[job_uid]

    def _tidy(self) -> None:
        """Remove the files of sheets that were settled long ago."""
        now = self._box.clock.monotonic()
        if now < self._tidy_at:
            return
        self._tidy_at = now + _TIDY_SECONDS
        before = self._box.clock.now() - timedelta(days=self._box.retention.keep_days)
        for sheet in received_sheets.removable(self._box.catalog, before.isoformat()):
            self._cabinet.remove(sheet)
            with self._box.catalog.writing() as db:
                received_sheets.set_removed(db, sheet.id, at=self._box.clock.now().isoformat())
