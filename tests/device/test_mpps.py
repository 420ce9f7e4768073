from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from pydicom import config
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

from device import exam_machine
from device.errors import CharacterSetError, DeviceError, IllegalTransition
from device.exam import Exam, ExamState, InstanceReference, Series
from device.mpps import create_dataset, set_dataset
from device.reasons import discontinuation_reason
from device.station import Station
from device.worklist import WorklistItem

CT = "1.2.840.10008.5.1.4.1.1.2"
STARTED = datetime(2026, 1, 2, 8, 30, 15, tzinfo=timezone(timedelta(hours=1)))
STATION = Station("BOX", station_name="ST1", location="R1", modality="CT")


# PS3.4 table F.7.2-1, columns N-CREATE and Final State.
CREATE_TYPE_1 = [
    "ScheduledStepAttributesSequence",
    "PerformedProcedureStepID",
    "PerformedStationAETitle",
    "PerformedProcedureStepStartDate",
    "PerformedProcedureStepStartTime",
    "PerformedProcedureStepStatus",
    "Modality",
]
CREATE_TYPE_2 = [
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "ReferencedPatientSequence",
    "PerformedStationName",
    "PerformedLocation",
    "PerformedProcedureStepDescription",
    "PerformedProcedureTypeDescription",
    "ProcedureCodeSequence",
    "PerformedProcedureStepEndDate",
    "PerformedProcedureStepEndTime",
    "StudyID",
    "PerformedProtocolCodeSequence",
    "PerformedSeriesSequence",
]
CREATE_OPTIONAL = [
    "SpecificCharacterSet",
    "IssuerOfPatientID",
    "AdmissionID",
    "TimezoneOffsetFromUTC",
    "PerformedProcedureStepDiscontinuationReasonCodeSequence",
]
STEP_TYPE_1 = ["StudyInstanceUID"]
STEP_TYPE_2 = [
    "ReferencedStudySequence",
    "AccessionNumber",
    "RequestedProcedureID",
    "RequestedProcedureDescription",
    "ScheduledProcedureStepID",
    "ScheduledProcedureStepDescription",
    "ScheduledProtocolCodeSequence",
]
SET_ALLOWED = [
    "SpecificCharacterSet",
    "PerformedProcedureStepStatus",
    "PerformedProcedureStepDescription",
    "PerformedProcedureTypeDescription",
    "ProcedureCodeSequence",
    "ReasonForPerformedProcedureCodeSequence",
    "PerformedProcedureStepEndDate",
    "PerformedProcedureStepEndTime",
    "CommentsOnThePerformedProcedureStep",
    "PerformedProcedureStepDiscontinuationReasonCodeSequence",
    "PerformedProtocolCodeSequence",
    "PerformedSeriesSequence",
]
FINAL_TYPE_1 = [
    "PerformedProcedureStepStatus",
    "PerformedProcedureStepEndDate",
    "PerformedProcedureStepEndTime",
    "PerformedSeriesSequence",
]
SERIES_TYPE_1 = ["ProtocolName", "SeriesInstanceUID"]
SERIES_TYPE_2 = [
    "PerformingPhysicianName",
    "OperatorsName",
    "SeriesDescription",
    "RetrieveAETitle",
    "ReferencedImageSequence",
    "ReferencedNonImageCompositeSOPInstanceSequence",
]

# Tables 12 to 17 of the CT console's conformance statement.
CONSOLE_CREATE = [
    "0008,0060",
    "0020,0010",
    "0040,0260",
    "0040,0340",
    "0008,1032",
    "0040,0241",
    "0040,0242",
    "0040,0243",
    "0040,0244",
    "0040,0245",
    "0040,0250",
    "0040,0251",
    "0040,0252",
    "0040,0253",
    "0040,0254",
    "0040,0255",
    "0008,1120",
    "0010,0010",
    "0010,0020",
    "0010,0030",
    "0010,0040",
    "0040,0270",
]
CONSOLE_STEP = [
    "0008,0050",
    "0008,1110",
    "0020,000D",
    "0032,1060",
    "0040,0007",
    "0040,0008",
    "0040,0009",
    "0040,1001",
]
CONSOLE_SET = ["0040,0340", "0040,0250", "0040,0251", "0040,0252"]
CONSOLE_SERIES = [
    "0008,0054",
    "0008,103E",
    "0008,1050",
    "0008,1070",
    "0008,1140",
    "0018,1030",
    "0020,000E",
]


@pytest.fixture(autouse=True, scope="module")
def _strict_writing():
    before = config.settings.writing_validation_mode
    config.settings.writing_validation_mode = config.RAISE
    yield
    config.settings.writing_validation_mode = before


def code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue = value
    item.CodingSchemeDesignator = "99HOSP"
    item.CodingSchemeVersion = ""
    item.CodeMeaning = meaning
    return item


def reference(sop_class: str, uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = sop_class
    item.ReferencedSOPInstanceUID = uid
    return item


def answer(number: int = 1, charset: str | list[str] = "ISO_IR 100") -> Dataset:
    ds = Dataset()
    ds.SpecificCharacterSet = charset
    ds.AccessionNumber = f"A{number}"
    ds.PatientName = "Doe^Jane"
    ds.PatientID = "P1"
    ds.IssuerOfPatientID = "HOSP"
    ds.PatientBirthDate = "19700101"
    ds.PatientSex = "F"
    ds.AdmissionID = "ADM1"
    ds.StudyInstanceUID = f"1.2.{number}"
    ds.ReferencedStudySequence = [reference("1.2.840.10008.3.1.2.3.1", f"1.2.{number}")]
    ds.ReferencedPatientSequence = [reference("1.2.840.10008.3.1.2.1.1", "1.9"), reference("", "")]
    ds.RequestedProcedureID = f"R{number}"
    ds.RequestedProcedureDescription = "CT head"
    ds.RequestedProcedureCodeSequence = [
        code("P1", "CT head"),
        code("", ""),
        code("", "Meaning alone"),
        code("P2", ""),
    ]
    ds.PlacerOrderNumberImagingServiceRequest = "PL1"
    step = Dataset()
    step.Modality = "CT"
    step.ScheduledProcedureStepDescription = "Head plain"
    step.ScheduledProcedureStepID = f"S{number}"
    step.ScheduledProtocolCodeSequence = [code("PR1", "Head protocol")]
    ds.ScheduledProcedureStepSequence = [step]
    return ds


def scheduled(number: int = 1) -> WorklistItem:
    return WorklistItem.from_dataset(answer(number))


def unscheduled() -> WorklistItem:
    return WorklistItem.unscheduled(
        patient_name="Doe^Jane", study_instance_uid="2.25.1", modality="CT"
    )


def begun(*items: WorklistItem, **changes: object) -> Exam:
    bound = items or (scheduled(),)
    exam = Exam(
        exam_id="7",
        mpps_uid="2.25.7",
        study_instance_uid=bound[0].study_instance_uid,
        study_id="S1",
        performed_procedure_step_id="PPS7",
        items=bound,
        modality="CT",
        state=ExamState.IN_PROGRESS,
        started=STARTED,
        operators_name="Op^One",
        performing_physicians_name="Perf^Doc",
    )
    return replace(exam, **changes)


def performed(images: int = 2, **changes: object) -> Series:
    series = Series(
        series_instance_uid="2.25.50",
        series_number=1,
        modality="CT",
        protocol_name="Head",
        series_description="Head plain",
        frame_of_reference_uid="2.25.51",
        started=STARTED,
        instances=tuple(InstanceReference(CT, f"2.25.6{n}") for n in range(images)),
    )
    return replace(series, **changes)


def completed(exam: Exam | None = None) -> Exam:
    return exam_machine.complete(exam or begun(), STARTED + timedelta(minutes=9))


def final(exam: Exam | None = None, *series: Series) -> Dataset:
    return set_dataset(exam or completed(), series or (performed(),), STATION, "PACS")


def keywords(ds: Dataset) -> set[str]:
    return {element.keyword for element in ds}


def tags(names: list[str]) -> set[int]:
    return {int(name.replace(",", ""), 16) for name in names}


EXAMS = {
    "scheduled": lambda: begun(),
    "unscheduled": lambda: begun(unscheduled()),
    "group": lambda: begun(scheduled(1), scheduled(2)),
}


@pytest.mark.parametrize("kind", EXAMS)
def test_create_holds_every_required_attribute(kind: str) -> None:
    ds = create_dataset(EXAMS[kind](), STATION)
    for keyword in CREATE_TYPE_1:
        assert keyword in ds, keyword
        assert not ds[keyword].is_empty, keyword
    for keyword in CREATE_TYPE_2:
        assert keyword in ds, keyword
    for step in ds.ScheduledStepAttributesSequence:
        assert step.StudyInstanceUID
        assert set(STEP_TYPE_1 + STEP_TYPE_2) <= keywords(step)
    assert keywords(ds) <= set(CREATE_TYPE_1 + CREATE_TYPE_2 + CREATE_OPTIONAL)


@pytest.mark.parametrize("kind", EXAMS)
@pytest.mark.parametrize("state", [ExamState.COMPLETED, ExamState.DISCONTINUED])
@pytest.mark.parametrize("images", [0, 2])
def test_set_holds_the_final_state_and_only_what_is_allowed(kind, state, images) -> None:
    exam = EXAMS[kind]()
    ended = (
        completed(exam)
        if state is ExamState.COMPLETED
        else exam_machine.discontinue(exam, STARTED, discontinuation_reason("110514"))
    )
    ds = final(ended, performed(images))
    for keyword in FINAL_TYPE_1:
        assert not ds[keyword].is_empty, keyword
    for series in ds.PerformedSeriesSequence:
        assert set(SERIES_TYPE_1 + SERIES_TYPE_2) <= keywords(series)
        assert all(series[keyword].value for keyword in SERIES_TYPE_1)
        assert len(series.ReferencedImageSequence) == images
    assert keywords(ds) <= set(SET_ALLOWED)


@pytest.mark.parametrize("kind", EXAMS)
def test_only_created_attributes_are_set(kind: str) -> None:
    exam = EXAMS[kind]()
    stopped = exam_machine.discontinue(exam, STARTED, discontinuation_reason("110514"))
    assert keywords(final(stopped)) <= keywords(create_dataset(exam, STATION))


def test_every_attribute_of_the_console_has_its_place() -> None:
    create, ended = create_dataset(begun(), STATION), final()
    assert tags(CONSOLE_CREATE) | {0x00080005} <= set(create.keys())
    assert tags(CONSOLE_STEP) <= set(create.ScheduledStepAttributesSequence[0].keys())
    assert tags(CONSOLE_SET) <= set(ended.keys())
    assert tags(CONSOLE_SERIES) <= set(ended.PerformedSeriesSequence[0].keys())
    patient = create.ReferencedPatientSequence[0]
    assert patient.ReferencedSOPClassUID == "1.2.840.10008.3.1.2.1.1"


@pytest.mark.parametrize("kind", EXAMS)
@pytest.mark.parametrize("implicit", [True, False])
def test_both_messages_survive_the_wire(kind: str, implicit: bool) -> None:
    exam = EXAMS[kind]()
    for ds in (create_dataset(exam, STATION), final(completed(exam))):
        buffer = DicomBytesIO()
        buffer.is_little_endian = True
        buffer.is_implicit_VR = implicit
        write_dataset(buffer, ds)
        buffer.seek(0)
        assert read_dataset(buffer, implicit, True) == ds


def test_what_was_ordered_is_reported_back() -> None:
    ds = create_dataset(begun(), STATION)
    step = ds.ScheduledStepAttributesSequence[0]
    assert (step.AccessionNumber, step.RequestedProcedureID) == ("A1", "R1")
    assert (step.ScheduledProcedureStepID, step.StudyInstanceUID) == ("S1", "1.2.1")
    assert step.ScheduledProcedureStepDescription == "Head plain"
    assert step.RequestedProcedureDescription == "CT head"
    assert step.ScheduledProtocolCodeSequence[0].CodeValue == "PR1"
    assert step.ReferencedStudySequence[0].ReferencedSOPInstanceUID == "1.2.1"
    assert step.PlacerOrderNumberImagingServiceRequest == "PL1"
    assert (ds.PatientName, ds.PatientID, ds.IssuerOfPatientID) == ("Doe^Jane", "P1", "HOSP")
    assert (ds.PatientBirthDate, ds.PatientSex, ds.AdmissionID) == ("19700101", "F", "ADM1")
    assert ds.PerformedProcedureStepStatus == "IN PROGRESS"
    assert (ds.PerformedStationAETitle, ds.PerformedStationName) == ("BOX", "ST1")
    assert (ds.PerformedLocation, ds.StudyID) == ("R1", "S1")
    assert ds.PerformedProcedureStepDescription == "Head plain"
    assert ds.ProcedureCodeSequence[0].CodeValue == "P1"
    assert ds.PerformedProtocolCodeSequence[0].CodeValue == "PR1"


def test_the_answer_itself_is_left_alone() -> None:
    item = scheduled()
    before = item.encode()
    create_dataset(begun(item, character_set=("ISO_IR 192",)), STATION)
    assert item.encode() == before


def test_empty_code_members_and_items_are_stripped() -> None:
    ds = create_dataset(begun(), STATION)
    assert len(ds.ProcedureCodeSequence) == 1
    for item in (ds.ProcedureCodeSequence[0], ds.PerformedProtocolCodeSequence[0]):
        assert keywords(item) == {"CodeValue", "CodingSchemeDesignator", "CodeMeaning"}
    assert len(ds.ReferencedPatientSequence) == 1


def test_an_unscheduled_step_gives_only_its_own_study() -> None:
    ds = create_dataset(begun(unscheduled()), STATION)
    (step,) = ds.ScheduledStepAttributesSequence
    assert step.StudyInstanceUID == "2.25.1"
    assert all(step[keyword].is_empty for keyword in STEP_TYPE_2)
    assert ds.PatientID is None or ds.PatientID == ""


def test_a_group_reports_every_order_in_the_study_of_the_images() -> None:
    exam = begun(scheduled(1), scheduled(2), study_instance_uid="2.25.99")
    ds = create_dataset(exam, STATION)
    steps = ds.ScheduledStepAttributesSequence
    assert [step.AccessionNumber for step in steps] == ["A1", "A2"]
    assert {step.StudyInstanceUID for step in steps} == {"2.25.99"}
    ordered = [step.ReferencedStudySequence[0].ReferencedSOPInstanceUID for step in steps]
    assert ordered == ["1.2.1", "1.2.2"]
    assert len(ds.ProcedureCodeSequence) == 1


def test_an_order_without_references_still_names_its_study_in_a_group() -> None:
    bare = answer(2)
    bare.ReferencedStudySequence = []
    exam = begun(WorklistItem.from_dataset(bare), study_instance_uid="2.25.99")
    (named,) = (
        create_dataset(exam, STATION).ScheduledStepAttributesSequence[0].ReferencedStudySequence
    )
    assert named.ReferencedSOPInstanceUID == "1.2.2"
    assert named.ReferencedSOPClassUID == "1.2.840.10008.3.1.2.3.1"


@pytest.mark.parametrize(
    ("started", "offset"),
    [
        (STARTED, "+0100"),
        (STARTED.replace(tzinfo=UTC), "+0000"),
        (STARTED.replace(tzinfo=timezone(-timedelta(hours=3, minutes=30))), "-0330"),
    ],
)
def test_times_are_the_stations_and_their_offset_is_said(started: datetime, offset: str) -> None:
    ds = create_dataset(begun(started=started), STATION)
    assert ds.PerformedProcedureStepStartDate == "20260102"
    assert ds.PerformedProcedureStepStartTime == "083015"
    assert ds.TimezoneOffsetFromUTC == offset


def test_the_end_keeps_the_offset_over_a_change_of_the_clocks() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    exam = begun(started=datetime(2026, 3, 29, 1, 50, tzinfo=berlin))
    ended = exam_machine.complete(exam, datetime(2026, 3, 29, 3, 10, tzinfo=berlin))
    ds = final(ended)
    assert create_dataset(exam, STATION).TimezoneOffsetFromUTC == "+0100"
    assert ds.PerformedProcedureStepEndTime == "021000"


def test_a_discontinued_exam_says_why() -> None:
    stopped = exam_machine.discontinue(begun(), STARTED, discontinuation_reason("110514"))
    ds = final(stopped)
    assert ds.PerformedProcedureStepStatus == "DISCONTINUED"
    (reason,) = ds.PerformedProcedureStepDiscontinuationReasonCodeSequence
    assert (reason.CodeValue, reason.CodingSchemeDesignator) == ("110514", "DCM")


def test_the_series_are_sent_whole() -> None:
    second = performed(3, series_instance_uid="2.25.70", protocol_name="Neck")
    ds = final(completed(), performed(2), second)
    first_item, second_item = ds.PerformedSeriesSequence
    assert [item.SeriesInstanceUID for item in (first_item, second_item)] == ["2.25.50", "2.25.70"]
    assert [image.ReferencedSOPInstanceUID for image in first_item.ReferencedImageSequence] == [
        "2.25.60",
        "2.25.61",
    ]
    assert {image.ReferencedSOPClassUID for image in second_item.ReferencedImageSequence} == {CT}
    assert (first_item.OperatorsName, first_item.PerformingPhysicianName) == ("Op^One", "Perf^Doc")
    assert (second_item.ProtocolName, second_item.RetrieveAETitle) == ("Neck", "PACS")


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        (("ISO_IR 100",), "Müller^Jörg"),
        (("", "ISO 2022 IR 87"), "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        (("GB18030",), "Wang^XiaoDong=王^小东"),
        (("ISO_IR 192",), "Hong^Gildong=洪^吉洞=홍^길동"),
    ],
)
def test_both_messages_carry_the_exams_character_set(charset, name: str) -> None:
    ds = answer(charset=list(charset) if len(charset) > 1 else charset[0])
    ds.PatientName = name
    exam = begun(WorklistItem.from_dataset(ds), character_set=charset, operators_name=name)
    create, ended = create_dataset(exam, STATION), final(completed(exam))
    assert create.SpecificCharacterSet == ended.SpecificCharacterSet
    assert str(create.PatientName) == name
    assert str(ended.PerformedSeriesSequence[0].OperatorsName) == name
    assert next(iter(create)).tag == tag_for_keyword("SpecificCharacterSet")


def test_text_that_the_exams_set_cannot_hold_is_refused() -> None:
    with pytest.raises(CharacterSetError, match="OperatorsName"):
        final(completed(begun(operators_name="山田", character_set=("ISO_IR 100",))))


def test_an_exam_in_progress_has_no_final_message() -> None:
    with pytest.raises(IllegalTransition, match="still in progress"):
        set_dataset(begun(), [performed()], STATION)


def test_a_final_message_needs_a_series() -> None:
    with pytest.raises(DeviceError, match="one series"):
        set_dataset(completed(), [], STATION)


@pytest.mark.parametrize(
    ("build", "keyword"),
    [
        (lambda: create_dataset(begun(performed_procedure_step_id=""), STATION), "StepID"),
        (lambda: create_dataset(begun(modality=""), STATION), "Modality"),
        (lambda: create_dataset(begun(study_instance_uid=""), STATION), "StudyInstanceUID"),
        (lambda: create_dataset(begun(), Station("")), "PerformedStationAETitle"),
        (lambda: create_dataset(begun(), replace(STATION, location="L" * 17)), "PerformedLocation"),
        (lambda: final(completed(), performed(protocol_name="")), "ProtocolName"),
        (lambda: final(completed(), performed(series_instance_uid="1.02")), "SeriesInstanceUID"),
    ],
)
def test_a_missing_or_malformed_value_is_named(build, keyword: str) -> None:
    with pytest.raises(DeviceError, match=keyword):
        build()
