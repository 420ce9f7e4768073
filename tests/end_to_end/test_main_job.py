"""From the worklist to the archives, by the command line, against programs that are not ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom.data
import pytest
from pydicom import dcmread
from pydicom.pixels.utils import iter_pixels

from tests.end_to_end.cli import Gantry
from tests.end_to_end.settings import Settings
from tests.end_to_end.witnesses import (
    OrthancRecord,
    iod_errors,
    mpps_messages,
    received_by_storescp,
    reported_images,
)
from tests.peers.process import RunningPeer

CLINICAL = Path(pydicom.data.__file__).parent / "test_files"
MATERIAL = {
    "CT": CLINICAL / "dicomdirtests/98892001/CT5N",
    "MR": CLINICAL / "dicomdirtests/98892003/MR700",
    "US": CLINICAL / "examples_ybr_color.dcm",
}
SOP_CLASSES = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "MR": "1.2.840.10008.5.1.4.1.1.4",
    "US": "1.2.840.10008.5.1.4.1.1.7.4",
}
NAMES = {"CT": "Grün^Jörg=王^小东=", "MR": "Ковалёва^Ирина^Петровна", "US": "Žluťoučký^Kůň"}


def pixels(*files: Any) -> list[np.ndarray]:
    return [frame for file in files for frame in iter_pixels(file)]


def clinical_files(modality: str) -> list[Path]:
    path = MATERIAL[modality]
    return sorted(path.iterdir()) if path.is_dir() else [path]


class Job:
    """Three exams through the command line, and what the box says of them."""

    def __init__(self, gantry: Gantry) -> None:
        self.gantry = gantry
        self.details: dict[str, dict[str, Any]] = {}

    def do(self) -> None:
        entries = self.gantry("worklist", "--refresh", "--json").good().json()
        keys = {entry["patient_id"]: entry["key"] for entry in entries}
        exams = {}
        for number, modality in enumerate(MATERIAL, 1):
            started = self.gantry("exam", "start", "--item", keys[f"E2E{number}"]).good()
            exams[modality] = exam = started.out.strip()
            self.gantry("exam", "acquire", exam, "--protocol", modality).good()
            self.gantry("exam", "complete", exam).good()
        drained = self.gantry("outbox", "drain", "--timeout", "60").good()
        assert "Nothing is owed" in drained.out
        for modality, exam in exams.items():
            shown = self.gantry("exam", "show", exam, "--json").good()
            self.details[modality] = shown.json()

    def images(self, modality: str) -> list[dict[str, Any]]:
        return list(self.details[modality]["images"])

    def spooled(self, modality: str) -> list[Path]:
        return [self.gantry.state / "spool" / image["path"] for image in self.images(modality)]


@pytest.fixture(scope="module")
def job(
    tmp_path_factory: pytest.TempPathFactory,
    orders: RunningPeer,
    mpps_scp: RunningPeer,
    orthanc: RunningPeer,
    second_archive: RunningPeer,
    dcmqrscp: RunningPeer,
) -> Job:
    settings = Settings(listener=orthanc.report_port)
    settings.peer("ris", "RIS", orders.peer.port, "worklist")
    settings.peer("mpps", "JSRIS", mpps_scp.peer.port, "mpps")
    settings.peer(
        "orthanc", "ORTHANC", orthanc.peer.port, "store", "commit", "query", commitment="required"
    )
    settings.peer("second", "STORESCP", second_archive.peer.port, "store", commitment="none")
    settings.peer(
        "third", "DQR", dcmqrscp.peer.port, "store", "query", commitment="none", instance_check=True
    )
    for modality, path in MATERIAL.items():
        settings.replay(modality, path)
        kind = "SC" if modality == "US" else modality
        settings.protocol(
            modality,
            kind,
            modality=modality,
            body_part="HEART" if modality == "US" else "HEAD",
            series_description=f"{modality} replayed",
            multi_frame=modality == "US",
        )
    job = Job(settings.write(tmp_path_factory.mktemp("box")))
    job.do()
    return job


@pytest.mark.peer
@pytest.mark.parametrize("modality", MATERIAL)
def test_orthanc_holds_the_same_pixels_of_the_right_patient(
    job: Job, orthanc: RunningPeer, modality: str
) -> None:
    record = OrthancRecord(orthanc)
    detail = job.details[modality]
    held = [record.instance(image["sop_instance_uid"]) for image in job.images(modality)]
    assert record.of_study(detail["study_instance_uid"]) == {str(ds.SOPInstanceUID) for ds in held}
    number = list(MATERIAL).index(modality) + 1
    for ds in held:
        assert str(ds.PatientName) == NAMES[modality].rstrip("=")
        assert ds.PatientID == f"E2E{number}"
        assert ds.AccessionNumber == f"ACC{number}"
        assert ds.StudyInstanceUID == f"1.2.826.0.1.3680043.10.999.71.{number}"
        assert ds.SOPClassUID == SOP_CLASSES[modality]
        assert ds.RequestAttributesSequence[0].ScheduledProcedureStepID == f"SPS{number}"
        performed = ds.ReferencedPerformedProcedureStepSequence[0]
        assert performed.ReferencedSOPInstanceUID == detail["mpps_uid"]
    theirs = pixels(*clinical_files(modality))
    ours = pixels(*held)
    assert len(ours) == len(theirs) > 0
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.peer
@pytest.mark.parametrize("modality", MATERIAL)
def test_every_archive_has_every_image_by_its_own_kind_of_proof(
    job: Job, second_archive: RunningPeer, modality: str
) -> None:
    for image in job.images(modality):
        states = {archive["peer"]: archive["state"] for archive in image["archives"]}
        assert states == {
            "orthanc": "committed",
            "second": "stored",
            "third": "stored, seen by query",
        }
        assert received_by_storescp(second_archive, image["sop_instance_uid"]) == 1


@pytest.mark.peer
@pytest.mark.parametrize("modality", MATERIAL)
def test_mpps_names_exactly_what_was_stored(job: Job, mpps_scp: RunningPeer, modality: str) -> None:
    created, final = mpps_messages(mpps_scp, job.details[modality]["mpps_uid"])
    assert (created["message"], created["status"]) == ("N-CREATE", 0)
    assert (final["message"], final["status"]) == ("N-SET", 0)
    assert created["elements"]["PerformedProcedureStepStatus"] == "IN PROGRESS"
    assert created["elements"]["Modality"] == modality
    assert final["elements"]["PerformedProcedureStepStatus"] == "COMPLETED"
    stored = {image["sop_instance_uid"] for image in job.images(modality)}
    assert reported_images(final) == stored


@pytest.mark.peer
def test_dicom3tools_finds_no_error_in_any_object_or_series(job: Job) -> None:
    files = [file for modality in MATERIAL for file in job.spooled(modality)]
    assert len(files) == len(clinical_files("CT")) + len(clinical_files("MR")) + 1
    assert iod_errors(files) == []


def test_the_spool_holds_the_images_and_nothing_else(job: Job) -> None:
    expected = {file for modality in MATERIAL for file in job.spooled(modality)}
    spool = job.gantry.state / "spool"
    assert {path for path in spool.rglob("*") if path.is_file()} == expected
    for modality in MATERIAL:
        for image, file in zip(job.images(modality), job.spooled(modality), strict=True):
            assert dcmread(file).SOPInstanceUID == image["sop_instance_uid"]
