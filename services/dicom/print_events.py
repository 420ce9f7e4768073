"""What a printer reports by itself while an association is open (N-EVENT-REPORT)."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.dimse_primitives import N_EVENT_REPORT

from services.dicom.print_uids import PRINT_JOB, PRINTER

_PRINTER_STATES = {1: "NORMAL", 2: "WARNING", 3: "FAILURE"}
_JOB_STATES = {1: "PENDING", 2: "PRINTING", 3: "DONE", 4: "FAILURE"}


@dataclass(frozen=True, slots=True)
class JobState:
    """Execution Status (2100,0020) with its Info (2100,0030), in the printer's words."""

    state: str
    info: str = ""

    @property
    def final(self) -> bool:
        return self.state in ("DONE", "FAILURE")


class PrintEvents:
    """Remembers reports, and lets somebody wait for them. Safe to be told from another thread."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._jobs: dict[str, JobState] = {}
        self.printer: list[JobState] = []

    def receive(self, event: evt.Event) -> tuple[int, Dataset | None]:
        """Handler of pynetdicom's ``EVT_N_EVENT_REPORT`` (PS3.4 H.4.5.2.3, H.4.6.2.1)."""
        request = event.request
        assert isinstance(request, N_EVENT_REPORT), "pynetdicom binds this to N-EVENT-REPORT"
        kind = int(event.event_type or 0)
        told = _information(event)
        with self._news:
            if request.AffectedSOPClassUID == PRINT_JOB and kind in _JOB_STATES:
                info = str(told.get("ExecutionStatusInfo") or "")
                uid = str(request.AffectedSOPInstanceUID)
                self._note(uid, JobState(_JOB_STATES[kind], info))
            elif request.AffectedSOPClassUID == PRINTER and kind in _PRINTER_STATES:
                info = str(told.get("PrinterStatusInfo") or "")
                self.printer.append(JobState(_PRINTER_STATES[kind], info))
            else:
                return 0x0113, None
            self._news.notify_all()
        return 0x0000, None

    def note(self, job_uid: str, state: JobState) -> None:
        """Remember what the printer answered when it was asked."""
        with self._news:
            self._note(job_uid, state)

    def job(self, job_uid: str) -> JobState | None:
        with self._news:
            return self._jobs.get(job_uid)

    def wait(self, seconds: float) -> None:
        """Until something is reported, or the time is up."""
        with self._news:
            self._news.wait(seconds)

    def _note(self, uid: str, state: JobState) -> None:
        earlier = self._jobs.get(uid)
        # an answer may cross with the report of the end, which is the last word
        if earlier is None or not earlier.final:
            self._jobs[uid] = state


def _information(event: evt.Event) -> Dataset:
    try:
        return event.event_information or Dataset()
    except (AttributeError, ValueError, NotImplementedError):
        return Dataset()
