"""Worklists of patients for the console, and codes that name them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from device.uids import random_uid
from device.worklist import QueryKeys, WorklistItem
from services.box import Box
from services.catalog import worklist as cache
from tests.device.iod.factories import answer
from tests.services.boxes import archive, make_box, ris
from tests.services.console.browsing import PAGE


@dataclass(frozen=True)
class Code:
    """What a scanner's text says."""

    patient_id: str = ""
    accession_number: str = ""
    birth_date: str = ""


def read_code(text: str) -> Code:
    """``id/accession/birth date``; raises ``ValueError`` for anything else."""
    parts = text.split("/")
    if len(parts) != 3:
        raise ValueError("no rule of this site fits this code")
    return Code(*parts)


def entry(number: int, **said: Any) -> WorklistItem:
    """A step of patient PID-<number>, today at this station, unless said otherwise.

    ``date``, ``time``, ``station``, ``status`` and ``modality`` go into the step.
    """
    step = {
        "ScheduledStationAETitle": said.pop("station", "GANTRY"),
        "ScheduledProcedureStepStartDate": said.pop("date", "20260304"),
        "ScheduledProcedureStepStartTime": said.pop("time", "0830"),
        "ScheduledProcedureStepStatus": said.pop("status", ""),
        "Modality": said.pop("modality", "CT"),
    }
    values = {
        "PatientID": f"PID-{number}",
        "PatientName": f"Family{chr(64 + number)}^Given{chr(64 + number)}",
        "PatientBirthDate": f"19{50 + number:02d}0102",
        "StudyInstanceUID": random_uid(),
    }
    ds = answer(number=number, **(values | said))
    for keyword, value in step.items():
        setattr(ds.ScheduledProcedureStepSequence[0], keyword, value)
    return WorklistItem.from_dataset(ds)


def ward_box(folder: Path, **more: Any) -> Box:
    """A box with a RIS and an archive."""
    return make_box(folder, [ris(), archive()], **more)


def fill(box: Box, *entries: WorklistItem) -> None:
    """What the RIS answered."""
    cache.replace(box.catalog, "ris", QueryKeys(), entries, truncated=False, at=box.wall())


def post(browser: TestClient, path: str, **body: Any) -> Any:
    """What our own page sends; the answer must be a good one."""
    answer = browser.post(path, json=body, headers=PAGE)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(browser: TestClient, path: str, **body: Any) -> str:
    """The code with which something is refused."""
    answer = browser.post(path, json=body, headers=PAGE)
    assert answer.status_code >= 400, answer.text
    error = answer.json()["error"]
    assert all(error[part] for part in ("text", "safe", "todo"))
    return str(error["code"])


def held(item: WorklistItem, *names: str) -> dict[str, Any]:
    """The confirmation of somebody who compared these identifiers and held the button."""
    values = {
        "patient_name": item.patient_name,
        "birth_date": item.patient_birth_date,
        "patient_id": item.patient_id,
        "accession_number": item.accession_number,
    }
    wanted = names or ("patient_name", "birth_date")
    return {
        "by": "hold",
        "identifiers": [{"name": name, "value": values[name]} for name in wanted],
    }


def scanned(*texts: str) -> dict[str, Any]:
    """The confirmation by codes."""
    return {"by": "scan", "scans": list(texts)}
