"""The MPPS SCP: the table of PS3.4 F.7.2-1, the schedule behind it, and exceptions."""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from services.hospital import Faults, HospitalStore
from services.hospital.mpps import create_step, set_step
from services.hospital.mpps_rules import CREATE, MppsRefused
from tests.services.hospital.scu import MPPS, MWL, associated, find
from tests.services.hospital.scu import worklist_keys as keys

UID = "1.2.826.0.1.3680043.10.7.1"


def created(answer: Dataset | None = None, **changes) -> Dataset:
    """An N-CREATE for a worklist answer, or an unscheduled one."""
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    item = Dataset()
    item.StudyInstanceUID = answer.StudyInstanceUID if answer else "1.2.826.0.1.3680043.10.2"
    item.ReferencedStudySequence = []
    item.AccessionNumber = answer.AccessionNumber if answer else ""
    item.RequestedProcedureID = answer.RequestedProcedureID if answer else ""
    item.RequestedProcedureDescription = ""
    step = answer.ScheduledProcedureStepSequence[0] if answer else None
    item.ScheduledProcedureStepID = step.ScheduledProcedureStepID if step else ""
    item.ScheduledProcedureStepDescription = ""
    item.ScheduledProtocolCodeSequence = []
    dataset.ScheduledStepAttributesSequence = [item]
    dataset.PatientName = str(answer.PatientName) if answer else "Nobody^Known"
    dataset.PatientID = answer.PatientID if answer else "X1"
    dataset.PatientBirthDate = answer.PatientBirthDate if answer else ""
    dataset.PatientSex = answer.PatientSex if answer else ""
    dataset.PerformedProcedureStepID = "P1"
    dataset.PerformedStationAETitle = "BOX"
    dataset.PerformedProcedureStepStartDate = "20260105"
    dataset.PerformedProcedureStepStartTime = "101500"
    dataset.PerformedProcedureStepStatus = "IN PROGRESS"
    dataset.Modality = "CT"
    for keyword in (
        "PerformedStationName",
        "PerformedLocation",
        "PerformedProcedureStepDescription",
        "PerformedProcedureTypeDescription",
        "PerformedProcedureStepEndDate",
        "PerformedProcedureStepEndTime",
        "StudyID",
    ):
        setattr(dataset, keyword, "")
    for keyword in (
        "ReferencedPatientSequence",
        "ProcedureCodeSequence",
        "PerformedProtocolCodeSequence",
        "PerformedSeriesSequence",
        "PerformedProcedureStepDiscontinuationReasonCodeSequence",
    ):
        setattr(dataset, keyword, [])
    for keyword, value in changes.items():
        setattr(dataset, keyword, value)
    return dataset


def final(status="COMPLETED", **changes) -> Dataset:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PerformedProcedureStepStatus = status
    dataset.PerformedProcedureStepEndDate = "20260105"
    dataset.PerformedProcedureStepEndTime = "103000"
    series = Dataset()
    series.PerformingPhysicianName = "Vogel^Anna"
    series.ProtocolName = "CT HEAD"
    series.OperatorsName = ""
    series.SeriesInstanceUID = "1.2.826.0.1.3680043.10.3"
    series.SeriesDescription = ""
    series.RetrieveAETitle = ""
    series.ReferencedImageSequence = []
    series.ReferencedNonImageCompositeSOPInstanceSequence = []
    dataset.PerformedSeriesSequence = [series]
    for keyword, value in changes.items():
        setattr(dataset, keyword, value)
    return dataset


def n_create(association, dataset, uid=UID):
    status, _ = association.send_n_create(dataset, MPPS, uid)
    return status


def n_set(association, dataset, uid=UID):
    status, _ = association.send_n_set(dataset, MPPS, uid)
    return status


def worklist(hospital, **query):
    wanted = {"PatientBirthDate": "", "PatientSex": "", **query}
    with associated(hospital.ris, MWL) as association:
        return find(association, keys(**wanted))[0]


def state_of(hospital, patient_id):
    answers = worklist(hospital, PatientID=patient_id)
    if not answers:
        return None
    return answers[0].ScheduledProcedureStepSequence[0].ScheduledProcedureStepStatus


@pytest.fixture
def ris(hospital):
    with associated(hospital.ris, MPPS) as association:
        yield association


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_a_step_goes_through_the_schedule(hospital, syntax):
    (answer,) = worklist(hospital, PatientID="G1002")
    with associated(hospital.ris, MPPS, syntax=syntax) as association:
        assert n_create(association, created(answer)).Status == 0x0000
        assert state_of(hospital, "G1002") == "STARTED"
        assert n_set(association, final()).Status == 0x0000
    assert state_of(hospital, "G1002") is None
    record = hospital.store.mpps(UID)
    assert record.status == "COMPLETED"
    assert record.calling_ae_title == "BOX"
    assert record.updates == 1
    assert record.dataset.PatientName.ideographic == "山田^太郎"
    assert record.dataset.PerformedSeriesSequence[0].ProtocolName == "CT HEAD"
    assert hospital.store.exceptions() == []


def test_a_discontinued_examination_is_on_the_list_again(hospital, ris):
    (answer,) = worklist(hospital, PatientID="G1004")
    n_create(ris, created(answer))
    reason = Dataset()
    reason.CodeValue, reason.CodingSchemeDesignator = "110514", "DCM"
    reason.CodeMeaning = "Incorrect worklist entry selected"
    dataset = final("DISCONTINUED")
    dataset.PerformedProcedureStepDiscontinuationReasonCodeSequence = [reason]
    assert n_set(ris, dataset).Status == 0x0000
    assert state_of(hospital, "G1004") == "SCHEDULED"
    assert hospital.store.mpps(UID).status == "DISCONTINUED"


def test_one_step_can_satisfy_several_entries(hospital, ris):
    first, second = worklist(hospital, PatientName="Smith*")
    second.PatientName, second.PatientID = first.PatientName, first.PatientID
    dataset = created(first)
    dataset.ScheduledStepAttributesSequence.append(
        created(second).ScheduledStepAttributesSequence[0]
    )
    assert n_create(ris, dataset).Status == 0x0000
    assert state_of(hospital, "G1004") == "STARTED"
    (exception,) = hospital.store.exceptions()
    assert exception.attributes == ("PatientName", "PatientID", "PatientBirthDate")


def test_an_unscheduled_step_is_taken_without_an_exception(hospital, ris):
    assert n_create(ris, created()).Status == 0x0000
    assert n_set(ris, final()).Status == 0x0000
    assert hospital.store.exceptions() == []
    assert [record.status for record in hospital.store.mpps_all()] == ["COMPLETED"]


def test_another_patients_demographics_are_an_exception_and_leave_the_schedule(hospital, ris):
    (answer,) = worklist(hospital, PatientID="G1004")
    answer.PatientName = "Smith^Katherine"
    assert n_create(ris, created(answer)).Status == 0x0000
    (exception,) = hospital.store.exceptions()
    assert (exception.kind, exception.attributes) == ("demographics", ("PatientName",))
    assert exception.sop_instance_uid == UID
    assert state_of(hospital, "G1004") == "SCHEDULED"


def test_a_step_nobody_scheduled_is_an_exception(hospital, ris):
    dataset = created()
    dataset.ScheduledStepAttributesSequence[0].ScheduledProcedureStepID = "ELSEWHERE"
    assert n_create(ris, dataset).Status == 0x0000
    assert [one.kind for one in hospital.store.exceptions()] == ["unknown step"]


@pytest.mark.parametrize("keyword", sorted(CREATE))
def test_every_attribute_of_the_table_must_be_there(hospital, ris, keyword):
    dataset = created()
    delattr(dataset, keyword)
    status = n_create(ris, dataset)
    assert status.Status == 0x0120
    assert keyword.startswith(status.ErrorComment.split()[0][:64])
    assert hospital.store.mpps_all() == []


@pytest.mark.parametrize("keyword", sorted(CREATE["ScheduledStepAttributesSequence"].items))
def test_every_attribute_of_the_scheduled_step_must_be_there(ris, keyword):
    dataset = created()
    delattr(dataset.ScheduledStepAttributesSequence[0], keyword)
    assert n_create(ris, dataset).Status == 0x0120


TYPE_1 = sorted(keyword for keyword, rule in CREATE.items() if rule.type == 1)


@pytest.mark.parametrize("keyword", TYPE_1)
def test_type_1_attributes_have_a_value(ris, keyword):
    empty = [] if keyword.endswith("Sequence") else ""
    assert n_create(ris, created(**{keyword: empty})).Status == 0x0121


@pytest.mark.parametrize(
    "changes",
    [
        {"PerformedProcedureStepStatus": "COMPLETED"},
        {"PerformedProcedureStepStatus": "STARTED"},
        {"PatientSex": "X"},
    ],
)
def test_invalid_values_are_refused(ris, changes):
    assert n_create(ris, created(**changes)).Status == 0x0106


def test_the_same_uid_twice_is_a_duplicate(hospital, ris):
    assert n_create(ris, created()).Status == 0x0000
    assert n_create(ris, created()).Status == 0x0111
    assert len(hospital.store.mpps_all()) == 1


def test_an_unknown_step_cannot_be_set(ris):
    assert n_set(ris, final()).Status == 0x0112


def test_a_final_step_is_never_changed(hospital, ris):
    n_create(ris, created())
    n_set(ris, final())
    status = n_set(ris, final("DISCONTINUED"))
    assert (status.Status, status.ErrorID) == (0x0110, 0xA710)
    assert hospital.store.mpps(UID).status == "COMPLETED"


@pytest.mark.parametrize("keyword", ["PatientName", "PatientID", "StudyID", "Modality"])
def test_what_may_not_change_is_refused_by_name(hospital, ris, keyword):
    n_create(ris, created())
    status = n_set(ris, final(**{keyword: "CT"}))
    assert status.Status == 0x0105
    assert keyword in status.ErrorComment
    assert hospital.store.mpps(UID).status == "IN PROGRESS"


def test_only_what_was_created_can_be_set(ris):
    dataset = created()
    del dataset.PerformedProcedureStepDiscontinuationReasonCodeSequence
    n_create(ris, dataset)
    late = final("DISCONTINUED", PerformedProcedureStepDiscontinuationReasonCodeSequence=[])
    assert n_set(ris, late).Status == 0x0105


@pytest.mark.parametrize(
    ("damage", "status"),
    [
        (lambda ds: delattr(ds, "PerformedProcedureStepEndDate"), 0x0121),
        (lambda ds: setattr(ds, "PerformedProcedureStepEndTime", ""), 0x0121),
        (lambda ds: setattr(ds, "PerformedSeriesSequence", []), 0x0121),
        (lambda ds: delattr(ds.PerformedSeriesSequence[0], "ProtocolName"), 0x0120),
        (lambda ds: delattr(ds.PerformedSeriesSequence[0], "OperatorsName"), 0x0120),
        (lambda ds: setattr(ds.PerformedSeriesSequence[0], "ProtocolName", ""), 0x0121),
        (lambda ds: setattr(ds, "PerformedProcedureStepStatus", "DONE"), 0x0106),
        (lambda ds: setattr(ds, "SpecificCharacterSet", "ISO_IR 100"), 0x0106),
    ],
)
def test_a_final_state_says_when_and_has_a_series(hospital, ris, damage, status):
    n_create(ris, created())
    dataset = final()
    damage(dataset)
    assert n_set(ris, dataset).Status == status
    assert hospital.store.mpps(UID).status == "IN PROGRESS"


def test_names_stay_in_the_character_set_they_came_in(hospital, ris):
    japanese = created(SpecificCharacterSet=["", "ISO 2022 IR 87"])
    japanese.PatientName = "Yamada^Tarou=山田^太郎=やまだ^たろう"
    assert n_create(ris, japanese).Status == 0x0000
    done = final(SpecificCharacterSet=["", "ISO 2022 IR 87"])
    done.PerformedSeriesSequence[0].ProtocolName = "頭部"
    assert n_set(ris, done).Status == 0x0000
    dataset = hospital.store.mpps(UID).dataset
    assert list(dataset.SpecificCharacterSet) == ["", "ISO 2022 IR 87"]
    assert dataset.PatientName.phonetic == "やまだ^たろう"
    assert dataset.PerformedSeriesSequence[0].ProtocolName == "頭部"


def test_a_fault_refuses_the_next_requests_and_then_no_more(hospital, ris):
    hospital.store.set_faults(Faults(mpps_status=0x0110, mpps_status_count=2))
    assert n_create(ris, created()).Status == 0x0110
    assert n_create(ris, created()).Status == 0x0110
    assert n_create(ris, created()).Status == 0x0000


class MppsMachine(RuleBasedStateMachine):
    """Any order of requests on two UIDs leaves what a plain model says."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = HospitalStore(Path(self.folder.name) / "hospital.db")
        self.model: dict[str, str] = {}

    def teardown(self):
        self.store.close()
        self.folder.cleanup()

    def outcome(self, request):
        try:
            request()
        except MppsRefused as refused:
            return refused.status
        return 0x0000

    @rule(uid=st.sampled_from(["1.2.3", "1.2.4"]))
    def create(self, uid):
        expected = 0x0111 if uid in self.model else 0x0000
        assert self.outcome(lambda: create_step(self.store, uid, "BOX", created())) == expected
        self.model.setdefault(uid, "IN PROGRESS")

    @rule(
        uid=st.sampled_from(["1.2.3", "1.2.4"]),
        status=st.sampled_from(["IN PROGRESS", "COMPLETED", "DISCONTINUED"]),
        complete=st.booleans(),
    )
    def change(self, uid, status, complete):
        dataset = copy.deepcopy(final(status))
        if not complete:
            dataset.PerformedSeriesSequence = []
        expected = 0x0000
        if uid not in self.model:
            expected = 0x0112
        elif self.model[uid] != "IN PROGRESS":
            expected = 0x0110
        elif status != "IN PROGRESS" and not complete:
            expected = 0x0121
        assert self.outcome(lambda: set_step(self.store, uid, dataset)) == expected
        if expected == 0x0000:
            self.model[uid] = status

    @invariant()
    def the_store_agrees(self):
        held = {record.sop_instance_uid: record.status for record in self.store.mpps_all()}
        assert held == self.model


TestMppsMachine = MppsMachine.TestCase
TestMppsMachine.settings = settings(max_examples=15, stateful_step_count=12, deadline=None)
