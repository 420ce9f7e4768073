"""An exam gets the patient that it really belongs to, while only the box has it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset

from device.exam import Exam
from device.reasons import discontinuation_reason
from device.uids import random_uid
from device.worklist import WorklistItem
from services import exams as lives
from services import match_journal, matching, recovery
from services.box import Box
from services.catalog import exams
from services.errors import CatalogError, StorageFull
from services.hospital.mpps_rules import check_create, check_set
from services.outbox import operator, queue
from services.outbox.model import Kind
from tests.device.iod.factories import answer, code
from tests.services.boxes import (
    CAPTURE,
    CLIP,
    HandClock,
    acquire,
    archive,
    begin,
    item,
    make_box,
    ris,
)

OTHER_STUDY = "1.2.826.0.1.3680043.10.999.7.77"


def other(**more: Any) -> WorklistItem:
    """An entry of another patient, with another order."""
    values: dict[str, Any] = {
        "PatientID": "PID-77",
        "IssuerOfPatientID": "WARD",
        "PatientBirthDate": "19551231",
        "PatientSex": "M",
        "PatientWeight": "88",
        "StudyInstanceUID": OTHER_STUDY,
        "AdmissionID": "ADM77",
        "ReferringPhysicianName": "Second^Doc",
        "MedicalAlerts": "LATEX",
        "Allergies": "PENICILLIN",
        "AdditionalPatientHistory": "Asthma",
        "SpecialNeeds": "Interpreter",
        "PatientState": "CRITICAL",
        "PregnancyStatus": 1,
        "RequestedProcedureCodeSequence": [code("P77", "Knee")],
    }
    ds = answer(number=77, name="Roe^Richard", description="Knee", **(values | more))
    ds.ScheduledProcedureStepSequence[0].ScheduledProtocolCodeSequence = [code("PR77", "Knee")]
    return WorklistItem.from_dataset(ds)


def typed(box: Box, **more: Any) -> Exam:
    """An exam of a patient who is not on the list."""
    values = {"patient_id": "TMP-1", "patient_name": "Unknown^Woman", "birth_date": "19900101"}
    entry = WorklistItem.unscheduled(study_instance_uid=box.uids(), **(values | more))
    return lives.start(box, [entry])


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = make_box(tmp_path, [ris(), archive()])
    with made.catalog:
        yield made


def files(box: Box) -> list[Path]:
    return [path for path in box.spool.files() if path.is_file()]


def texts(dataset: Dataset) -> set[str]:
    """Every value of a data set but its pixels, as text; the parts of a list one by one."""
    return {
        str(value)
        for element in dataset.iterall()
        if element.VR not in ("SQ", "OB", "OW")
        for value in (element.value if element.VM > 1 else [element.value])
        if value not in (None, "")
    }


def message(box: Box, kind: Kind, exam_id: str) -> Dataset:
    found = operator.deliveries(box.catalog, exam_id=exam_id, owed_only=False)
    (payload,) = (each.payload for each in found if each.kind is kind)
    return lives.decode(payload or b"")


def as_it_was(box: Box) -> tuple[Any, ...]:
    """Everything that a match that did not come to be must leave alone."""
    return (
        {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files(box)},
        box.catalog.rows("SELECT * FROM exam"),
        box.catalog.rows("SELECT * FROM exam_item"),
        box.catalog.rows("SELECT * FROM instance"),
        box.catalog.rows("SELECT id, kind, peer, state, payload, attempts FROM delivery"),
    )


def assert_the_catalog_knows_its_files(box: Box) -> None:
    rows = box.catalog.rows("SELECT path, size, sha256 FROM instance")
    assert {box.spool.absolute(row["path"]) for row in rows} == set(files(box))
    for row in rows:
        data = box.spool.absolute(row["path"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (row["size"], row["sha256"])


def test_every_object_is_the_new_patients_and_its_picture_is_the_same(box: Box) -> None:
    exam = typed(box)
    acquire(box, exam, frames=3)
    before = {ds.SOPInstanceUID: ds for ds in map(dcmread, files(box))}
    matched = matching.correct(box, exam.exam_id, [other()], by="Ann")
    assert matched.files == 3
    assert_the_catalog_knows_its_files(box)
    for path in files(box):
        ds = dcmread(path)
        former = before.pop(ds.SOPInstanceUID)
        assert ds.pixel_array.tobytes() == former.pixel_array.tobytes()
        assert (ds.PatientName, ds.PatientID, ds.PatientSex) == ("Roe^Richard", "PID-77", "M")
        assert (ds.AccessionNumber, ds.StudyInstanceUID) == ("ACC0077", OTHER_STUDY)
        assert ds.StudyID == "RP0077"
        assert ds.RequestAttributesSequence[0].ScheduledProcedureStepID == "SPS0077"
        assert ds.SeriesInstanceUID == former.SeriesInstanceUID
        assert (ds.SeriesNumber, ds.InstanceNumber) == (former.SeriesNumber, former.InstanceNumber)
    assert not before


def test_an_object_that_is_matched_is_the_one_that_would_have_been_built(box: Box) -> None:
    right = begin(box, 1)
    acquire(box, right)
    wrong = lives.start(box, [other()])
    acquire(box, wrong)
    matching.correct(box, wrong.exam_id, [item(1)], by="Ann")
    one, two = (dcmread(path) for path in sorted(files(box)))
    for ds in (one, two):
        for keyword in (
            "SOPInstanceUID", "SeriesInstanceUID", "SeriesNumber", "PerformedProcedureStepID",
            "ReferencedPerformedProcedureStepSequence", "FrameOfReferenceUID",
            "AcquisitionTime", "ContentTime", "TimeOfSecondaryCapture", "PixelData",
        ):  # fmt: skip
            if keyword in ds:
                del ds[keyword]
    assert [(each.tag, each.value) for each in two] == [(each.tag, each.value) for each in one]
    rows = box.catalog.rows("SELECT provenance FROM instance")
    assert rows[0] == rows[1]


def test_a_clip_is_matched_without_its_frames_being_touched(box: Box) -> None:
    exam = typed(box)
    acquire(box, exam, frames=5, protocol=CLIP)
    (before,) = (dcmread(path) for path in files(box))
    matching.correct(box, exam.exam_id, [other()], by="Ann")
    (after,) = (dcmread(path) for path in files(box))
    assert after.PixelData == before.PixelData
    assert after.NumberOfFrames == before.NumberOfFrames == 5
    assert after.PatientID == "PID-77"
    assert_the_catalog_knows_its_files(box)


def test_the_ris_hears_of_the_new_order_alone(box: Box) -> None:
    exam = begin(box)
    acquire(box, exam)
    lives.complete(box, exam.exam_id)
    matching.correct(box, exam.exam_id, [other()], by="Ann")
    create, final = (message(box, kind, exam.exam_id) for kind in (Kind.MPPS_CREATE, Kind.MPPS_SET))
    check_create(create)
    check_set(final, create)
    assert create.PatientID == "PID-77"
    (step,) = create.ScheduledStepAttributesSequence
    assert (step.AccessionNumber, step.StudyInstanceUID) == ("ACC0077", OTHER_STUDY)
    again = exams.load(box.catalog, exam.exam_id)
    assert again.mpps_uid == exam.mpps_uid
    assert again.item == other()


def test_what_was_owed_is_owed_again_at_once(box: Box) -> None:
    exam = typed(box)
    acquire(box, exam, frames=2)
    matching.correct(box, exam.exam_id, [other()], by="Ann")
    owed = operator.deliveries(box.catalog, exam_id=exam.exam_id)
    assert {(each.kind.value, each.state.value, each.last_text) for each in owed} == {
        ("mpps-create", "waiting", ""),
        ("store", "waiting", ""),
    }
    claimed = queue.claim(box.catalog, "pacs", [Kind.STORE], "me:1:1", at=box.wall(), limit=9)
    assert len(claimed) == 2


def test_what_a_person_had_held_stays_held(box: Box) -> None:
    exam = typed(box)
    acquire(box, exam)
    with box.catalog.writing() as db:
        db.conn.execute("UPDATE delivery SET state = 'held', last_text = 'no' WHERE kind = 'store'")
    matching.correct(box, exam.exam_id, [other()], by="Ann")
    (store,) = (
        each
        for each in operator.deliveries(box.catalog, exam_id=exam.exam_id)
        if each.kind is Kind.STORE
    )
    assert (store.state, store.last_text) == ("held", "no")


@pytest.mark.parametrize("kind", [Kind.STORE, Kind.MPPS_CREATE])
@pytest.mark.parametrize("answered", [True, False])
def test_what_a_peer_may_have_seen_is_never_rewritten(box: Box, kind: Kind, answered: bool) -> None:
    exam = typed(box)
    acquire(box, exam)
    peer = "ris" if kind is Kind.MPPS_CREATE else "pacs"
    (claimed,) = queue.claim(box.catalog, peer, [kind], "me:1:1", at=box.wall())
    with box.catalog.writing() as db:
        if answered:
            queue.finish(db, claimed, at=box.wall(), status=0)
        else:
            queue.retry(db, claimed, at=box.wall(), status=None, text="it broke off")
    before = as_it_was(box)
    with pytest.raises(matching.SeenElsewhere, match="reconciliation"):
        matching.correct(box, exam.exam_id, [other()], by="Ann")
    assert as_it_was(box) == before


def test_a_delivery_released_in_the_middle_undoes_the_match(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam = typed(box)
    acquire(box, exam, frames=2)
    before = as_it_was(box)
    real, done = matching.rewrite, []

    def rewrite_while_somebody_sends(*given: Any) -> Any:
        if not done:
            owed = operator.deliveries(box.catalog, exam_id=exam.exam_id)
            held = next(each.id for each in owed if each.kind is Kind.STORE)
            operator.resend(box.catalog, held)
            done.extend(queue.claim(box.catalog, "pacs", [Kind.STORE], "me:1:1", at=box.wall()))
        return real(*given)

    monkeypatch.setattr(matching, "rewrite", rewrite_while_somebody_sends)
    with pytest.raises(matching.SeenElsewhere):
        matching.correct(box, exam.exam_id, [other()], by="Ann")
    assert len(done) == 1
    assert as_it_was(box)[:4] == before[:4]
    states = {each.state for each in operator.deliveries(box.catalog, exam_id=exam.exam_id)}
    assert states == {"sending", "waiting"}


def test_nothing_is_claimed_while_a_match_goes_on(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam = typed(box)
    acquire(box, exam)
    real = matching.rewrite

    def rewrite_while_the_dispatcher_looks(*given: Any) -> Any:
        for peer, kind in (("pacs", Kind.STORE), ("ris", Kind.MPPS_CREATE)):
            assert queue.claim(box.catalog, peer, [kind], "me:1:1", at=box.wall()) == []
        return real(*given)

    monkeypatch.setattr(matching, "rewrite", rewrite_while_the_dispatcher_looks)
    assert matching.correct(box, exam.exam_id, [other()], by="Ann").files == 1


def test_an_exam_that_is_being_acquired_is_not_matched(box: Box) -> None:
    exam = typed(box)
    before = as_it_was(box)
    with box.spool.acquiring(exam.exam_id), pytest.raises(CatalogError, match="acquired"):
        matching.correct(box, exam.exam_id, [other()], by="Ann")
    assert as_it_was(box) == before


def test_images_taken_after_the_match_are_the_new_patients(box: Box) -> None:
    exam = typed(box)
    from drivers.pattern import PatternSource
    from services.acquisition import Acquisition

    prepared = Acquisition(box, exam.exam_id, CAPTURE)
    matching.correct(box, exam.exam_id, [other()], by="Ann")
    prepared.run(PatternSource("pattern", 0, rows=32, columns=32, bits=8), frames=1)
    (path,) = files(box)
    assert dcmread(path).PatientID == "PID-77"


def test_a_file_without_a_row_is_not_left_with_the_former_patient(box: Box) -> None:
    exam = typed(box)
    acquire(box, exam)
    (path,) = files(box)
    ds = dcmread(path)
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = random_uid()
    ds.InstanceNumber = 2
    orphan = path.with_name(f"{ds.SOPInstanceUID}.dcm")
    ds.save_as(orphan)
    matching.correct(box, exam.exam_id, [other()], by="Ann")
    assert {dcmread(path).PatientID for path in files(box)} == {"PID-77"}
    assert len(files(box)) == 2, "the start's recovery took it in first"
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = random_uid()
    ds.InstanceNumber = 3
    ds.save_as(path.with_name(f"{ds.SOPInstanceUID}.dcm"))
    recovery.recover(box)
    assert len(files(box)) == 2, "a file of the former study is never taken in"
    assert len(list(box.spool.quarantine.iterdir())) == 1


def test_a_full_card_changes_nothing(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    exam = typed(box)
    acquire(box, exam, frames=3)
    before = as_it_was(box)
    real, calls = matching.rewrite, []

    def rewrite_until_full(*given: Any) -> Any:
        calls.append(given)
        if len(calls) == 2:
            raise StorageFull("the card is full")
        return real(*given)

    monkeypatch.setattr(matching, "rewrite", rewrite_until_full)
    with pytest.raises(StorageFull):
        matching.correct(box, exam.exam_id, [other()], by="Ann")
    assert as_it_was(box) == before


def test_a_damaged_file_changes_nothing_and_is_said(box: Box) -> None:
    exam = typed(box)
    acquire(box, exam, frames=2)
    victim = files(box)[1]
    data = bytearray(victim.read_bytes())
    data[-1] ^= 0xFF
    victim.write_bytes(data)
    before = as_it_was(box)
    with pytest.raises(CatalogError, match="call service"):
        matching.correct(box, exam.exam_id, [other()], by="Ann")
    assert as_it_was(box) == before


def test_an_image_that_is_gone_does_not_come_back_as_this_patients(box: Box) -> None:
    exam = typed(box)
    acquire(box, exam, frames=2)
    gone = files(box)[0]
    data = gone.read_bytes()
    gone.unlink()
    recovery.recover(box)
    matching.correct(box, exam.exam_id, [other()], by="Ann")
    gone.write_bytes(data)
    recovery.recover(box)
    assert {dcmread(path).PatientID for path in files(box)} == {"PID-77"}


def test_a_name_in_another_script_finds_its_character_set(box: Box) -> None:
    exam = lives.start(
        box, [WorklistItem.from_dataset(answer(charset="ISO_IR 100", name="Müller^Jörg"))]
    )
    acquire(box, exam)
    entry = other(SpecificCharacterSet="ISO_IR 144", PatientName="Люкceмбypг")
    matching.correct(box, exam.exam_id, [entry], by="Ann")
    (path,) = files(box)
    assert str(dcmread(path).PatientName) == "Люкceмбypг"
    assert str(message(box, Kind.MPPS_CREATE, exam.exam_id).PatientName) == "Люкceмбypг"


def test_a_group_of_entries_is_named_whole(box: Box) -> None:
    exam = typed(box)
    acquire(box, exam)
    second = other(AccessionNumber="ACC0078")
    matching.correct(box, exam.exam_id, [other(), second], by="Ann")
    (path,) = files(box)
    assert len(exams.load(box.catalog, exam.exam_id).items) == 2
    assert dcmread(path).AccessionNumber is None or dcmread(path).AccessionNumber == ""
    with pytest.raises(CatalogError, match="one patient"):
        matching.correct(box, exam.exam_id, [other(), item(1)], by="Ann")


def test_an_entry_without_a_study_gets_a_fresh_one_that_its_exams_share(box: Box) -> None:
    entry = other(StudyInstanceUID="")
    one, two = typed(box), typed(box)
    uids = set()
    for exam in (one, two):
        acquire(box, exam)
        uids.add(matching.correct(box, exam.exam_id, [entry], by="Ann").exam.study_instance_uid)
    assert len(uids) == 1
    assert not uids & {one.study_instance_uid, two.study_instance_uid}


def test_an_exam_that_has_the_entry_already_is_left_alone(box: Box) -> None:
    exam = begin(box)
    with pytest.raises(CatalogError, match="already"):
        matching.correct(box, exam.exam_id, [exam.item], by="Ann")


def test_an_exam_can_be_matched_twice(box: Box) -> None:
    exam = typed(box)
    acquire(box, exam, frames=2)
    matching.correct(box, exam.exam_id, [other()], by="Ann")
    matching.correct(box, exam.exam_id, [item(1)], by="Ben")
    assert {dcmread(path).PatientID for path in files(box)} == {"PID-1"}
    assert_the_catalog_knows_its_files(box)
    assert not box.catalog.rows("SELECT * FROM matching_file")
    told = box.catalog.rows("SELECT begun_by, state, former FROM matching ORDER BY id")
    assert [(row["begun_by"], row["state"]) for row in told] == [("Ann", "done"), ("Ben", "done")]
    assert WorklistItem.decode(told[1]["former"]) == other()


def test_a_discontinued_exam_without_images_is_matched_too(box: Box) -> None:
    exam = typed(box)
    lives.discontinue(box, exam.exam_id, discontinuation_reason("110513"))
    matching.correct(box, exam.exam_id, [other()], by="Ann")
    assert message(box, Kind.MPPS_CREATE, exam.exam_id).PatientID == "PID-77"


def test_what_is_noted_of_a_match_is_one_step_with_it(box: Box) -> None:
    exam = typed(box)
    acquire(box, exam)
    before = as_it_was(box)

    def fail(_: Any) -> None:
        raise CatalogError("the audit cannot be written")

    with pytest.raises(CatalogError, match="audit"):
        matching.correct(box, exam.exam_id, [other()], by="Ann", note=fail)
    assert as_it_was(box) == before


def test_sheets_that_wait_with_the_former_name_are_not_printed(box: Box) -> None:
    exam = typed(box)
    acquire(box, exam)
    with box.catalog.writing() as db:
        delivery = db.conn.execute(
            "INSERT INTO delivery (kind, peer, exam_id, created) VALUES ('film', 'printer', ?, 0)"
            " RETURNING id",
            [exam.exam_id],
        ).fetchone()[0]
        db.conn.execute(
            "INSERT INTO print_job (delivery_id, exam_id, printer, layout, copies, sheets, made_by,"
            " made) VALUES (?, ?, 'printer', x'00', 1, 1, 'Ann', 'now')",
            [delivery, exam.exam_id],
        )
    matching.correct(box, exam.exam_id, [other()], by="Ann")
    assert operator.get(box.catalog, delivery).state == "cancelled"
    assert box.catalog.row("SELECT outcome FROM print_job") == {"outcome": "cancelled"}


words = st.text(st.sampled_from("QXZqxz"), min_size=9, max_size=12)
dates = st.dates().map(lambda day: f"{1900 + day.year % 120}{day:%m%d}")


def marked(mark: str, draw: Any) -> WorklistItem:
    """An entry all of whose texts say whose they are."""

    def text() -> str:
        return f"{mark}{draw(words)}"

    ds = answer(number=1, name=f"{text()}^{text()}", description=text())
    for keyword in (
        "AccessionNumber", "PatientID", "IssuerOfPatientID", "MedicalAlerts", "Allergies",
        "AdditionalPatientHistory", "SpecialNeeds", "PatientState", "RequestedProcedureID",
        "AdmissionID", "OtherPatientIDs", "EthnicGroup", "PatientComments", "StudyDescription",
        "RequestingService", "AdmittingDiagnosesDescription",
    ):  # fmt: skip
        if draw(st.booleans()) or keyword == "PatientID":
            setattr(ds, keyword, text()[:16])
        elif keyword in ds:
            del ds[keyword]
    ds.ReferringPhysicianName = f"{text()}^{text()}"
    ds.StudyInstanceUID = random_uid()
    ds.RequestedProcedureCodeSequence = [code(text()[:16], text())]
    step = ds.ScheduledProcedureStepSequence[0]
    step.ScheduledProcedureStepID = text()[:16]
    step.ScheduledProcedureStepDescription = text()
    step.ScheduledProtocolCodeSequence = [code(text()[:16], text())]
    ds.PatientBirthDate = draw(dates)
    return WorklistItem.from_dataset(ds)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_no_file_and_no_message_holds_a_value_of_the_former_identity(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    box = make_box(tmp_path_factory.mktemp("box"), [ris(), archive()], HandClock())
    with box.catalog:
        former, new = marked("OLD", data.draw), marked("NEW", data.draw)
        exam = lives.start(box, [former])
        acquire(box, exam, frames=1)
        acquire(box, exam, frames=2, protocol=CLIP)
        if data.draw(st.booleans()):
            lives.complete(box, exam.exam_id)
        assert all(any("OLD" in text for text in texts(dcmread(path))) for path in files(box))
        matching.correct(box, exam.exam_id, [new], by="Ann")
        sent = [lives.decode(row["payload"]) for row in payloads(box)]
        for dataset in [*map(dcmread, files(box)), *sent]:
            found = texts(dataset)
            assert not [text for text in found if "OLD" in text]
            assert former.study_instance_uid not in found
            if former.patient_birth_date != new.patient_birth_date:
                assert former.patient_birth_date not in found
        for path in files(box):
            assert b"OLD" not in path.read_bytes()
        assert_the_catalog_knows_its_files(box)


def payloads(box: Box) -> list[dict[str, Any]]:
    return box.catalog.rows("SELECT payload FROM delivery WHERE payload IS NOT NULL")


def test_a_match_under_way_is_left_alone_by_recovery(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam = typed(box)
    acquire(box, exam)
    real = matching.rewrite

    def rewrite_beside_a_start(*given: Any) -> Any:
        twin = replace(box)
        assert match_journal.recover(twin) == 0
        assert not recovery.recover(twin).ran
        return real(*given)

    monkeypatch.setattr(matching, "rewrite", rewrite_beside_a_start)
    assert matching.correct(box, exam.exam_id, [other()], by="Ann").files == 1
