"""How print jobs of modalities stand, and the bell that tells of new ones."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from pydicom.dataset import Dataset

from services.catalog import received_sheets
from services.catalog.database import Catalog
from services.catalog.received_sheets import Images, Paper, ReceivedSheet

PENDING, PRINTING, DONE, FAILURE = "PENDING", "PRINTING", "DONE", "FAILURE"


class Jobs:
    """Print jobs as their modalities see them (PS3.3 C.13.9)."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._bell = threading.Event()

    def wake(self) -> None:
        """Something new is there to be done."""
        self._bell.set()

    def wait(self, seconds: float) -> None:
        """Until something new is there, or so long."""
        self._bell.wait(seconds)
        self._bell.clear()

    def describe(self, job_uid: str) -> Dataset | None:
        """A Print Job; None for one that is not known."""
        sheets = received_sheets.of_job(self._catalog, job_uid)
        if not sheets:
            return None
        state, info = status_of(sheets)
        first = sheets[0]
        said = Dataset()
        said.ExecutionStatus = state
        said.ExecutionStatusInfo = info
        said.PrintPriority = first.priority
        said.CreationDate = first.received[:10].replace("-", "")
        said.CreationTime = first.received[11:19].replace(":", "")
        said.Originator = first.caller
        return said


def status_of(sheets: Sequence[ReceivedSheet]) -> tuple[str, str]:
    """Execution Status and its Info (PS3.3 C.13.9.1.1) of the sheets of one job.

    A sheet whose pictures wait for a person is done as far as the modality is concerned: it is
    safe here.
    """
    if any(sheet.paper is Paper.HELD for sheet in sheets):
        return FAILURE, "CHECK PRINTER"
    open_ones = [
        sheet
        for sheet in sheets
        if sheet.paper in (Paper.WAITING, Paper.SENDING) or sheet.images is Images.WAITING
    ]
    if not open_ones:
        return DONE, "NORMAL"
    if any(sheet.paper is Paper.SENDING for sheet in open_ones):
        return PRINTING, "NORMAL"
    return PENDING, "QUEUED"
