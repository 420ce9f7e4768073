"""A box with an exam of real CT images and a film printer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from device.exam import Exam
from device.film import FilmImage, FilmJob
from services import exams as lives
from services.acquisition import Acquisition
from services.box import Box
from services.clock import SystemClock
from services.dispatcher import Dispatcher, drain
from services.dispatcher.drain import Left
from services.printing import drafts, jobs
from services.printing.jobs import PrintJob
from services.printing.printers import Printer
from tests.services.boxes import begin, make_box
from tests.services.dispatcher.stage import CT, until
from tests.services.sources import Script, pictures


class PrintStage:
    """Closed by :meth:`close`; ``box`` may be replaced by one with other printers."""

    def __init__(self, folder: Path, printers: Sequence[Printer]) -> None:
        clock = SystemClock(ZoneInfo("Europe/Berlin"))
        self.box: Box = replace(make_box(folder, (), clock), printers=tuple(printers))

    def close(self) -> None:
        self.box.catalog.close()

    def exam(self, images: int = 4, **more: Any) -> Exam:
        exam = begin(self.box, **more)
        Acquisition(self.box, exam.exam_id, CT).run(Script(pictures(images)))
        return lives.complete(self.box, exam.exam_id)

    def order(self, exam: Exam, **more: Any) -> PrintJob:
        """A job for all images of an exam; ``more`` as for :func:`drafts.propose`."""
        film = drafts.propose(self.box, exam.exam_id, **more)
        return self.submit(exam, film)

    def submit(self, exam: Exam, film: FilmJob, printer: str = "") -> PrintJob:
        return jobs.submit(self.box, exam.exam_id, printer, film, by="test")

    def print(self, timeout: float = 90.0) -> Left:
        """Deliver until nothing is owed but what waits for a person."""
        return drain(self.box, timeout=timeout)

    def print_until(self, met: Callable[[], bool]) -> None:
        """Deliver until something has come about, with the job still owed."""
        dispatcher = Dispatcher(self.box)
        dispatcher.start()
        try:
            until(dispatcher, met)
        finally:
            dispatcher.stop()

    def job(self, job: PrintJob) -> PrintJob:
        return jobs.get(self.box.catalog, job.id)

    def events(self, job: PrintJob) -> list[str]:
        return [row["event"] for row in jobs.history(self.box.catalog, job.id)]

    def first_image(self, exam: Exam) -> FilmImage:
        return FilmImage(drafts.images(self.box, exam.exam_id)[0]["sop_instance_uid"])
