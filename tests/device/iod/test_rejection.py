"""Rejection notes, and what programs that we did not write say of them."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from device.discard_reasons import DISCARD_REASONS, discard_reason
from device.errors import UnknownReason
from device.exam import InstanceReference
from device.iod import encode
from device.iod.rejection import Rejected, RejectionContext, build_rejection
from device.uids import random_uid
from tests.device.iod.charsets import NAMES
from tests.device.iod.factories import answer, context, exam
from tests.device.iod.test_validators import UNKNOWN_TO_DICOM3TOOLS

SC = "1.2.840.10008.5.1.4.1.1.7"
VIDEO = "1.2.840.10008.5.1.4.1.1.77.1.1.1"


def note_context(**more: object) -> RejectionContext:
    of_image = context()
    series = replace(of_image.series, modality="KO", series_instance_uid=random_uid())
    made = RejectionContext(of_image.exam, series, of_image.station, random_uid(), of_image.created)
    return replace(made, **more)  # type: ignore[arg-type]


def images(*series: str, sop_class: str = SC) -> list[Rejected]:
    return [Rejected(each, InstanceReference(sop_class, random_uid())) for each in series]


def build(code: str = "111210", rejected: list[Rejected] | None = None) -> Dataset:
    return build_rejection(note_context(), discard_reason(code), rejected or images("1.2.3"))


def test_the_title_is_what_the_archive_acts_upon_and_the_reason_modifies_it() -> None:
    note = build("111210")
    assert note.ConceptNameCodeSequence[0].CodeValue == "113001"
    modifier = note.ContentSequence[0]
    assert modifier.RelationshipType == "HAS CONCEPT MOD"
    assert modifier.ConceptCodeSequence[0].CodeValue == "111210"


@pytest.mark.parametrize("code", ["113001", "113037", "113038"])
def test_a_reason_that_is_a_title_needs_no_modifier(code: str) -> None:
    note = build(code)
    assert note.ConceptNameCodeSequence[0].CodeValue == code
    assert [item.RelationshipType for item in note.ContentSequence] == ["CONTAINS"]


def test_every_image_is_named_in_the_content_and_once_in_the_evidence() -> None:
    rejected = images("1.2.3", "1.2.4", "1.2.3")
    note = build("113037", rejected)
    wanted = [one.reference.sop_instance_uid for one in rejected]
    assert [
        item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for item in note.ContentSequence
    ] == wanted
    (study,) = note.CurrentRequestedProcedureEvidenceSequence
    assert study.StudyInstanceUID == note.StudyInstanceUID
    assert [series.SeriesInstanceUID for series in study.ReferencedSeriesSequence] == [
        "1.2.3",
        "1.2.4",
    ]
    evidence = [
        item.ReferencedSOPInstanceUID
        for series in study.ReferencedSeriesSequence
        for item in series.ReferencedSOPSequence
    ]
    assert sorted(evidence) == sorted(wanted)


def test_the_note_is_of_the_exams_patient_and_study() -> None:
    note, whose = build(), exam()
    assert note.PatientID == whose.item.patient_id
    assert note.StudyInstanceUID == whose.study_instance_uid
    assert note.Modality == "KO"


def test_a_note_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        build_rejection(note_context(), discard_reason("113001"), [])


def test_an_unknown_reason_is_told_what_there_is() -> None:
    with pytest.raises(UnknownReason, match="113037"):
        discard_reason("110513")


def _problems(path: Path) -> list[str]:
    said = subprocess.run(["dciodvfy", path], capture_output=True, check=False)
    return [
        line
        for line in said.stderr.decode(errors="replace").splitlines()
        if line.startswith("Error")
    ]


@pytest.mark.peer
@pytest.mark.parametrize("code", sorted(DISCARD_REASONS))
def test_foreign_programs_find_nothing_wrong(code: str, tmp_path: Path) -> None:
    path = tmp_path / "note.dcm"
    rejected = images("1.2.3", "1.2.4") + images("1.2.5", sop_class=VIDEO)
    path.write_bytes(encode(build(code, rejected)))
    assert dcmread(path).SOPInstanceUID
    assert _problems(path) == []
    said = subprocess.run(["dsrdump", path], capture_output=True, check=False)
    assert said.returncode == 0, said.stderr
    told = said.stdout.decode(errors="replace")
    assert "Key Object Selection Document" in told
    assert told.count("<contains IMAGE:") == 3


@pytest.mark.peer
@pytest.mark.parametrize("name", sorted(NAMES.keys() - set(UNKNOWN_TO_DICOM3TOOLS)))
def test_names_of_every_script_are_carried(name: str, tmp_path: Path) -> None:
    character_set = name.split("\\")
    item = answer(character_set if len(character_set) > 1 else name, NAMES[name][0])
    whose = exam(item)
    path = tmp_path / "note.dcm"
    path.write_bytes(
        encode(build_rejection(note_context(exam=whose), discard_reason("113037"), images("1.2.3")))
    )
    assert str(dcmread(path).PatientName) == str(item.PatientName)
    assert _problems(path) == []
