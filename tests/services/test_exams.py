"""Exams from the first tap to the last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from device import exam_machine
from device.errors import IllegalTransition
from device.exam import ExamState
from device.reasons import discontinuation_reason
from device.uids import random_uid
from device.worklist import QueryKeys, WorklistItem
from drivers.pattern import PatternSource
from services import exams as lives
from services.acquisition import Acquisition
from services.box import Box
from services.catalog import exams
from services.catalog import worklist as cache
from services.errors import CatalogError, NotFound, StorageFull
from services.hospital.mpps_rules import check_create, check_final, check_set
from services.outbox import operator
from services.outbox.model import Kind
from tests.device.iod.factories import STUDY
from tests.services import exam_workers, processes
from tests.services.boxes import (
    CAPTURE,
    STATION,
    HandClock,
    acquire,
    add_images,
    archive,
    begin,
    item,
    make_box,
    ris,
    states,
)

REASON = discontinuation_reason("110513")


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def box(tmp_path: Path, clock: HandClock) -> Iterator[Box]:
    made = make_box(tmp_path, [ris(), archive()], clock)
    with made.catalog:
        yield made


def message(box: Box, kind: Kind, exam_id: str, peer: str = "ris") -> Dataset:
    (payload,) = (
        delivery.payload
        for delivery in operator.deliveries(box.catalog, exam_id=exam_id)
        if (delivery.kind, delivery.peer) == (kind, peer)
    )
    return lives.decode(payload or b"")


def test_an_exam_is_bound_to_the_patient_it_began_with(box: Box) -> None:
    keys = QueryKeys()
    cache.replace(box.catalog, "ris", keys, [item(1)], truncated=False, at=1.0)
    exam = lives.start(box, [cache.get(box.catalog, item(1).key).item])
    changed = item(1, name="Roe^Richard", PatientID="PID-2", PatientSex="M")
    cache.replace(box.catalog, "ris", keys, [changed], truncated=False, at=2.0)
    cache.replace(box.catalog, "ris", keys, [], truncated=False, at=3.0)
    again = exams.load(box.catalog, exam.exam_id)
    assert again == exam
    assert (again.item.patient_name, again.item.patient_id) == ("Doe^Jane", "PID-1")
    assert message(box, Kind.MPPS_CREATE, exam.exam_id).PatientID == "PID-1"
    acquire(box, again)
    lives.complete(box, exam.exam_id)
    assert exams.load(box.catalog, exam.exam_id).item.patient_id == "PID-1"


def test_the_beginning_is_owed_to_every_ris_in_the_same_step(tmp_path: Path) -> None:
    box = make_box(tmp_path, [ris(), ris("ris2"), archive()])
    exam = begin(box)
    found = operator.deliveries(box.catalog, exam_id=exam.exam_id)
    assert [(each.kind, each.peer) for each in found] == [
        (Kind.MPPS_CREATE, "ris"),
        (Kind.MPPS_CREATE, "ris2"),
    ]
    for peer in ("ris", "ris2"):
        check_create(message(box, Kind.MPPS_CREATE, exam.exam_id, peer))
    box.catalog.close()


def test_a_group_of_steps_is_one_exam_that_names_them_all(box: Box) -> None:
    exam = lives.start(box, [item(1), item(2)])
    create = message(box, Kind.MPPS_CREATE, exam.exam_id)
    steps = create.ScheduledStepAttributesSequence
    assert [step.ScheduledProcedureStepID for step in steps] == ["SPS0001", "SPS0002"]
    assert exam.study_instance_uid == STUDY


def test_a_group_of_several_studies_gets_a_study_of_its_own(box: Box) -> None:
    other = random_uid()
    exam = lives.start(box, [item(1), item(2, StudyInstanceUID=other)])
    assert exam.study_instance_uid not in (STUDY, other, "")
    steps = message(box, Kind.MPPS_CREATE, exam.exam_id).ScheduledStepAttributesSequence
    named = [step.ReferencedStudySequence[0].ReferencedSOPInstanceUID for step in steps]
    assert named == [STUDY, other]


@pytest.mark.parametrize(
    "other",
    [
        {"PatientID": "PID-2"},
        {"PatientBirthDate": "19700306"},
        {"IssuerOfPatientID": "ELSEWHERE"},
    ],
)
def test_steps_of_several_patients_are_never_one_exam(box: Box, other: dict[str, str]) -> None:
    with pytest.raises(CatalogError, match="one patient"):
        lives.start(box, [item(1), item(2, **other)])
    assert states(box) == {}


def test_without_an_id_the_name_tells_patients_apart(box: Box) -> None:
    with pytest.raises(CatalogError, match="one patient"):
        lives.start(box, [item(1, PatientID=""), item(2, PatientID="", name="Roe^Jane")])
    lives.start(box, [item(1, PatientID=""), item(2, PatientID="")])


def test_without_a_birth_date_the_name_must_agree_beside_the_id(box: Box) -> None:
    first, second = item(1, PatientBirthDate=""), item(2, PatientBirthDate="", name="Roe^Jane")
    with pytest.raises(CatalogError, match="one patient"):
        lives.start(box, [first, second])
    lives.start(box, [first, item(2, PatientBirthDate="")])


def test_the_same_step_named_twice_is_one_step(box: Box) -> None:
    exam = lives.start(box, [item(1), item(2), item(1)])
    assert len(exams.load(box.catalog, exam.exam_id).items) == 2
    create = message(box, Kind.MPPS_CREATE, exam.exam_id)
    assert len(create.ScheduledStepAttributesSequence) == 2


def test_an_exam_needs_a_patient(box: Box) -> None:
    with pytest.raises(CatalogError):
        lives.start(box, [])


def test_an_exam_of_nobody_on_the_list_says_so(box: Box) -> None:
    entry = WorklistItem.unscheduled(
        patient_name="Doe^Jane", birth_date="1970-03-05", study_instance_uid=random_uid()
    )
    exam = lives.start(box, [entry])
    assert not exams.load(box.catalog, exam.exam_id).scheduled
    assert exam.modality == "OT", "the station's, since nobody ordered another"
    create = message(box, Kind.MPPS_CREATE, exam.exam_id)
    check_create(create)
    (step,) = create.ScheduledStepAttributesSequence
    assert step.ScheduledProcedureStepID == ""
    assert step.AccessionNumber == ""


def test_an_appended_exam_stays_in_the_study_and_goes_on_counting(box: Box) -> None:
    first = begin(box)
    add_images(box, first)
    add_images(box, first)
    with pytest.raises(CatalogError, match="still in progress"):
        lives.append(box, first.exam_id)
    lives.complete(box, first.exam_id)
    second = lives.append(box, first.exam_id, operators_name="Op^Two")
    assert second.study_instance_uid == first.study_instance_uid
    assert second.study_id == first.study_id
    assert second.mpps_uid != first.mpps_uid
    assert second.performed_procedure_step_id != first.performed_procedure_step_id
    assert second.items == first.items
    add_images(box, second)
    numbers = [one.series_number for one in exams.series_of(box.catalog, second.exam_id)]
    assert numbers == [3]


def test_all_exams_of_a_study_give_the_same_study_date_and_time(box: Box, clock: HandClock) -> None:
    first = begin(box)
    acquire(box, first)
    lives.complete(box, first.exam_id)
    clock.advance(86_400 + 61)
    for later in (lives.append(box, first.exam_id), begin(box)):
        acquire(box, later)
        assert exams.load(box.catalog, later.exam_id) == later
    made = [dcmread(path) for path in sorted(box.spool.files())]
    assert len({str(ds.PerformedProcedureStepStartTime) for ds in made}) == 2
    assert {(str(ds.StudyInstanceUID), str(ds.StudyDate), str(ds.StudyTime)) for ds in made} == {
        (first.study_instance_uid, f"{first.started:%Y%m%d}", f"{first.started:%H%M%S}")
    }


def test_an_appended_group_stays_in_the_study_of_its_own(box: Box) -> None:
    first = lives.start(box, [item(1), item(2, StudyInstanceUID=random_uid())])
    add_images(box, first)
    lives.complete(box, first.exam_id)
    assert lives.append(box, first.exam_id).study_instance_uid == first.study_instance_uid


def test_a_completed_exam_reports_every_image(box: Box, clock: HandClock) -> None:
    exam = begin(box)
    uids = add_images(box, exam, 2) + add_images(box, exam)
    clock.advance(600)
    ended = lives.complete(box, exam.exam_id)
    assert ended.state is ExamState.COMPLETED
    assert exams.load(box.catalog, exam.exam_id) == ended
    final = message(box, Kind.MPPS_SET, exam.exam_id)
    create = message(box, Kind.MPPS_CREATE, exam.exam_id)
    check_set(final, create)
    create.update(final)
    check_final(create)
    named = [
        image.ReferencedSOPInstanceUID
        for series in final.PerformedSeriesSequence
        for image in series.ReferencedImageSequence
    ]
    assert named == uids
    assert final.PerformedProcedureStepEndTime == "091000"


def test_an_exam_without_images_is_not_completed(box: Box) -> None:
    exam = begin(box)
    with pytest.raises(CatalogError, match="no images"):
        lives.complete(box, exam.exam_id)
    assert exams.load(box.catalog, exam.exam_id).state is ExamState.IN_PROGRESS


def test_an_exam_without_images_is_discontinued_with_a_legal_report(box: Box) -> None:
    exam = begin(box)
    lives.discontinue(box, exam.exam_id, REASON)
    final = message(box, Kind.MPPS_SET, exam.exam_id)
    create = message(box, Kind.MPPS_CREATE, exam.exam_id)
    check_set(final, create)
    create.update(final)
    check_final(create)
    assert final.PerformedProcedureStepStatus == "DISCONTINUED"
    (code,) = final.PerformedProcedureStepDiscontinuationReasonCodeSequence
    assert code.CodeValue == "110513"
    (series,) = final.PerformedSeriesSequence
    assert len(series.ReferencedImageSequence) == 0
    loaded = exams.load(box.catalog, exam.exam_id)
    assert loaded.discontinuation_reason == REASON


def test_an_exam_ends_once(box: Box) -> None:
    exam = begin(box)
    add_images(box, exam)
    lives.complete(box, exam.exam_id)
    for end in (lives.complete, lambda *args: lives.discontinue(*args, REASON)):
        with pytest.raises(IllegalTransition):
            end(box, exam.exam_id)
    assert len(states(box, "mpps-set")) == 1


def test_an_end_that_somebody_else_was_quicker_with_is_refused(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam = begin(box)
    add_images(box, exam)
    real = exam_machine.complete

    def meanwhile(*asked: Any) -> Any:
        monkeypatch.setattr(exam_machine, "complete", real)
        lives.discontinue(box, exam.exam_id, REASON)
        return real(*asked)

    monkeypatch.setattr(exam_machine, "complete", meanwhile)
    with pytest.raises(CatalogError, match="somebody else meanwhile: DISCONTINUED"):
        lives.complete(box, exam.exam_id)
    assert exams.load(box.catalog, exam.exam_id).state is ExamState.DISCONTINUED
    assert len(states(box, "mpps-set")) == 1


def test_processes_that_end_an_exam_at_once_end_it_once(box: Box) -> None:
    exam = begin(box)
    add_images(box, exam)
    start, outcomes = processes.CONTEXT.Barrier(3), processes.CONTEXT.Queue()
    processes.run_all(exam_workers.complete, [(box.state_dir, exam.exam_id, start, outcomes)] * 3)
    found = [outcomes.get(timeout=processes.PATIENCE) for _ in range(3)]
    assert found.count("completed") == 1
    assert len(states(box, "mpps-set")) == 1


def test_an_exam_is_not_ended_while_it_is_acquired(box: Box) -> None:
    exam = begin(box)
    add_images(box, exam)
    with box.spool.acquiring(exam.exam_id), pytest.raises(CatalogError, match="let it finish"):
        lives.complete(box, exam.exam_id)
    assert exams.load(box.catalog, exam.exam_id).state is ExamState.IN_PROGRESS


def test_a_full_card_takes_no_new_exam_and_lets_the_old_one_end(tmp_path: Path) -> None:
    roomy = make_box(tmp_path, [ris(), archive()])
    exam = begin(roomy)
    full = make_box(tmp_path, [ris(), archive()], high_water_percent=0)
    with pytest.raises(StorageFull, match=r"% full .* no new exam"):
        begin(full, 2)
    acquire(full, exam)
    lives.complete(full, exam.exam_id)
    for box in (roomy, full):
        box.catalog.close()


@pytest.mark.parametrize(
    ("charset", "name", "expected"),
    [
        ("ISO_IR 100", "Müller^Jörg", ("ISO_IR 100",)),
        ("ISO_IR 144", "Ковалёва^Ирина", ("ISO_IR 144",)),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎", ("", "ISO 2022 IR 87")),
        ("ISO_IR 192", "Nguyễn^Minh", ("ISO_IR 192",)),
    ],
)
def test_the_ris_gets_its_own_character_set_back(
    box: Box, charset: Any, name: str, expected: tuple[str, ...]
) -> None:
    exam = lives.start(box, [item(1, charset=charset, name=name)])
    assert exam.character_set == expected
    assert str(message(box, Kind.MPPS_CREATE, exam.exam_id).PatientName) == name


def test_a_text_that_does_not_fit_widens_the_character_set_and_loses_nothing(box: Box) -> None:
    exam = lives.start(
        box, [item(1, charset="ISO_IR 100", name="Müller^Jörg")], operators_name="Иванов^Пётр"
    )
    assert exam.character_set == ("ISO_IR 192",)
    assert str(message(box, Kind.MPPS_CREATE, exam.exam_id).PatientName) == "Müller^Jörg"


@pytest.mark.parametrize(
    "field", ["institutional_department_name", "institution_address", "manufacturer"]
)
def test_every_text_of_the_station_fits_into_the_objects(tmp_path: Path, field: str) -> None:
    station = replace(STATION, **{field: "Röntgen Süd"})
    box = make_box(tmp_path, [ris(), archive()], station=station)
    exam = lives.start(box, [item(1, charset="ISO_IR 144", name="Ковалёва^Ирина")])
    assert len(acquire(box, exam).instances) == 1
    box.catalog.close()


def test_the_end_is_reported_in_the_character_set_of_the_start(tmp_path: Path) -> None:
    protocol = replace(CAPTURE, name="Schädel seitlich", series_description="Schädel")
    box = replace(make_box(tmp_path, [ris(), archive()]), protocols=(protocol,))
    exam = lives.start(box, [item(1, charset="ISO_IR 144", name="Ковалёва^Ирина")])
    source = PatternSource("pattern", 0, rows=64, columns=64, frames=1)
    Acquisition(box, exam.exam_id, protocol).run(source)
    lives.complete(box, exam.exam_id)
    create = message(box, Kind.MPPS_CREATE, exam.exam_id)
    final = message(box, Kind.MPPS_SET, exam.exam_id)
    assert create.SpecificCharacterSet == final.SpecificCharacterSet == "ISO_IR 192"
    assert create.PatientName == "Ковалёва^Ирина"
    assert final.PerformedSeriesSequence[0].ProtocolName == "Schädel seitlich"
    box.catalog.close()


def test_numbers_are_never_used_twice(box: Box) -> None:
    first, second = begin(box), begin(box, 2)
    assert (first.exam_id, second.exam_id) == ("1", "2")
    assert [exam.exam_id for exam in exams.recent(box.catalog)] == ["2", "1"]
    with pytest.raises(NotFound, match="no exam 3"):
        exams.load(box.catalog, "3")


def test_a_clock_set_back_during_an_exam_ends_it_no_earlier_than_it_began(
    box: Box, clock: HandClock
) -> None:
    exam = begin(box)
    add_images(box, exam)
    clock.jump(-86400)
    assert lives.complete(box, exam.exam_id).ended == exam.started
