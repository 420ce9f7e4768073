"""Print jobs of the simulated film printer: their states, asked for and reported by itself."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom.association import Association

from services.hospital.sop_classes import PrintJob

_EVENTS = {"PENDING": 1, "PRINTING": 2, "DONE": 3, "FAILURE": 4}
_WORDS = {"DONE": "NORMAL", "FAILURE": "CHECK PRINTER"}


@dataclass(slots=True)
class _Job:
    states: list[str]
    info: str


class PrintJobs:
    """Every job goes from PENDING over PRINTING to its end, one step at each question.

    :meth:`report` tells of the next one unasked, on the association that printed.
    """

    def __init__(self) -> None:
        self._jobs: dict[str, _Job] = {}
        self._lock = threading.Lock()

    def create(self, end: str, info: str = "") -> str:
        """A new job that ends as said; its UID."""
        uid = generate_uid()
        with self._lock:
            self._jobs[uid] = _Job(["PENDING", "PRINTING", end], info or _WORDS[end])
        return uid

    def state(self, uid: str) -> Dataset | None:
        """Answer to N-GET; the next one tells of the next state."""
        with self._lock:
            job = self._jobs.get(uid)
            if job is None:
                return None
            return self._advance(job)

    def report(self, association: Association, uid: str) -> bool:
        """Report a job's next state; False when it has ended or cannot be reported.

        Called while a request of the other side waits for its answer, with which it crosses.
        """
        with self._lock:
            job = self._jobs[uid]
            told = self._advance(job)
        state = str(told.ExecutionStatus)
        try:
            association.send_n_event_report(told, _EVENTS[state], PrintJob, uid)
        except (RuntimeError, ValueError):
            return False  # the association ended meanwhile, or print jobs were not negotiated
        return state not in _WORDS

    def _advance(self, job: _Job) -> Dataset:
        told = Dataset()
        told.ExecutionStatus = job.states[0]
        told.ExecutionStatusInfo = job.info if len(job.states) == 1 else "NORMAL"
        if len(job.states) > 1:
            job.states.pop(0)
        return told
