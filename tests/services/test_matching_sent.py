"""A matched exam as the hospital gets it: one patient, in images, reports and commitment."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from pydicom import dcmread

from device.worklist import WorklistItem
from services import exams as lives
from services import matching
from services.dispatcher import drain
from services.hospital import Hospital
from tests.services.boxes import acquire, archive, item, make_box, ris

pytestmark = pytest.mark.peer


def test_the_hospital_hears_of_the_right_patient_alone(tmp_path: Path) -> None:
    with Hospital(tmp_path / "hospital") as hospital:
        hospital.load_schedule(date(2026, 3, 4), "GANTRY")
        pacs = archive(port=hospital.pacs.port, ae_title="PACS", commitment_wait=2.0)
        box = make_box(tmp_path / "box", [ris(port=hospital.ris.port, ae_title="RIS"), pacs])
        entry = WorklistItem.unscheduled(
            patient_id="TMP-1", patient_name="Unknown^Man", study_instance_uid=box.uids()
        )
        exam = lives.start(box, [entry])
        acquire(box, exam, frames=3)
        lives.complete(box, exam.exam_id)
        right = item(2, name="Roe^Richard", PatientID="PID-77", PatientSex="M")
        matching.correct(box, exam.exam_id, [right], by="Ann")
        left = drain(replace(box), timeout=30)
        assert not left.held
        held = hospital.store.instances()
        assert len(held) == 3
        (step,) = hospital.store.mpps_all()
        assert (step.status, step.dataset.PatientID) == ("COMPLETED", "PID-77")
        for path in box.spool.files():
            assert dcmread(path, stop_before_pixels=True).PatientID == "PID-77"
        rows = box.catalog.rows("SELECT stored FROM archived")
        assert all(row["stored"] for row in rows)
        box.catalog.close()
