"""A long shift in one page: ``python -m tests.browser.soak --exams 300``.

Every exam is a scan, two pictures and the held button, one after the other without reloading; what
the page and the services need must not grow with it.
"""

from __future__ import annotations

import argparse
import copy
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path

import httpx
from playwright.sync_api import CDPSession, Page, expect, sync_playwright
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from services.hospital.schedule import daily_schedule
from tests.browser.conftest import FLAGS, SIZES
from tests.browser.hands import Operator
from tests.browser.tour import PAGE
from tests.browser.ward import Ward, running_ward
from tests.end_to_end.cli import until
from tests.peers.process import program

_MODEL = "G1004"
_BORN = "19490921"


@dataclass(frozen=True, slots=True)
class Sample:
    """What everything needs after so many exams; memory in kilobytes, after a collection."""

    exams: int
    heap: int
    nodes: int
    listeners: int
    console: int
    acquisition: int


class Shift:
    """Exams one after the other in one page.

    Parameters
    ----------
    page
        Shows the worklist of ``ward``, whose hospital gets the patients.
    exams
        How many patients come at most.
    """

    def __init__(self, ward: Ward, page: Page, exams: int) -> None:
        self._ward = ward
        self._page = page
        self._operator = Operator(page)
        self._meter: CDPSession = page.context.new_cdp_session(page)
        self._meter.send("Performance.enable")
        self._done = 0
        ward.hospital.store.add_worklist_items([_patient(each) for each in range(exams)])
        until(lambda: self._listed() >= exams, 90)

    def work(self, exams: int) -> Sample:
        """Do so many exams, and see what it took."""
        for _ in range(exams):
            self._exam(self._done)
            self._done += 1
        return self._sample()

    def _exam(self, number: int) -> None:
        operator = self._operator
        operator.scan(f"{_name(number)}|{_BORN}")
        operator.sees("acquire")
        operator.sees_live_picture()
        for _ in range(2):
            operator.capture()
        operator.complete()
        expect(operator.row("Soak")).not_to_have_count(0, timeout=30_000)

    def _sample(self) -> Sample:
        self._page.wait_for_timeout(1500)
        for _ in range(2):
            self._meter.send("HeapProfiler.collectGarbage")
        told = self._meter.send("Performance.getMetrics")["metrics"]
        page = {each["name"]: int(each["value"]) for each in told}
        return Sample(
            exams=self._done,
            heap=page["JSHeapUsedSize"] // 1024,
            nodes=page["Nodes"],
            listeners=page["JSEventListeners"],
            console=self._resident("console"),
            acquisition=self._resident("acquisition"),
        )

    def _resident(self, service: str) -> int:
        process = self._ward.service.process_ids(service)[-1]
        status = Path(f"/proc/{process}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+)", status)
        assert found, status
        return int(found[1])

    def _listed(self) -> int:
        httpx.post(
            f"{self._ward.url}/api/worklist/refresh",
            json={"preset": "today"},
            headers=PAGE,
            timeout=60,
        )
        rows = self._ward.api("/api/worklist?preset=today")["rows"]
        return sum("Soak" in row["patient_name"] for row in rows)


def _name(number: int) -> str:
    return f"S{number:04d}"


def _patient(number: int) -> Dataset:
    today = date.today()  # noqa: DTZ011 - local calendar
    model = next(each for each in daily_schedule(today, "GANTRY") if each.PatientID == _MODEL)
    item = copy.deepcopy(model)
    item.PatientID = _name(number)
    item.PatientName = f"Soak^{_name(number)}"
    item.PatientBirthDate = _BORN
    item.AccessionNumber = item.RequestedProcedureID = f"SOAK{number:04d}"
    item.StudyInstanceUID = generate_uid()
    step = item.ScheduledProcedureStepSequence[0]
    step.ScheduledProcedureStepID = f"SOAK{number:04d}"
    step.Modality = "ES"
    return item


def growth(samples: Sequence[Sample], what: str) -> float:
    """How much more is needed at the end than after the first part, as a share of the latter."""
    first, last = (getattr(samples[place], what) for place in (0, -1))
    return (last - first) / first


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exams", type=int, default=300)
    parser.add_argument("--every", type=int, default=25)
    given = parser.parse_args()
    width, height = SIZES["7-inch"]
    with (
        tempfile.TemporaryDirectory() as folder,
        running_ward(Path(folder)) as ward,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=program("chromium", "chromium"), args=FLAGS
        )
        page = browser.new_page(viewport={"width": width, "height": height}, has_touch=True)
        page.goto(f"{ward.url}/#/worklist")
        shift = Shift(ward, page, given.exams)
        names = [each.name for each in fields(Sample)]
        print(*(f"{name:>12}" for name in names), "  seconds", flush=True)
        samples = []
        for _ in range(given.exams // given.every):
            began = time.monotonic()
            samples.append(shift.work(given.every))
            took = time.monotonic() - began
            values = (getattr(samples[-1], name) for name in names)
            print(*(f"{value:12d}" for value in values), f"{took:9.1f}", flush=True)
        browser.close()
    for name in names[1:]:
        print(f"{name}: {100 * growth(samples, name):+.1f} % after the first {given.every} exams")
    return 0


if __name__ == "__main__":
    sys.exit(main())
