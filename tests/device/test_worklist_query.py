import fnmatch
from datetime import date
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import config
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from device.errors import InvalidIdentity
from device.worklist import QueryKeys, WorklistItem


@pytest.fixture(autouse=True, scope="module")
def _strict_writing():
    before = config.settings.writing_validation_mode
    config.settings.writing_validation_mode = config.RAISE
    yield
    config.settings.writing_validation_mode = before


CONSOLE_KEYS = """
0010,0010 0010,0020 0010,1000 0010,1030 0010,1005
0010,0030 0010,0040 0010,1010 0010,2160 0010,4000 0040,3001
0010,2000 0010,2110 0010,21B0 0038,0050
0008,1120 0038,0010 0038,0500 0038,0300
0020,000D 0032,1060 0032,1033 0032,1064 0040,1001 0040,1010 0040,1400
0008,0050 0008,0090 0008,1110 0032,1032 0040,2400 0008,0005 0040,0100
"""
CONSOLE_STEP_KEYS = """
0008,0060 0040,0001 0040,0002 0040,0003 0040,0006 0040,0007 0040,0008 0040,0009 0040,0011
"""
IHE_KEYS = "0010,0021 0010,21C0 0040,1003 0040,1004 0040,2016 0040,2017 0040,1002 0040,100A"
IHE_STEP_KEYS = "0040,0010 0040,0012 0032,1070 0040,0020"


def tags(text: str) -> set[int]:
    return {int(tag.replace(",", ""), 16) for tag in text.split()}


def test_every_key_of_the_console_and_of_ihe_is_asked_for() -> None:
    ds = QueryKeys().identifier(("ISO_IR 100",))
    step = ds.ScheduledProcedureStepSequence[0]
    assert tags(CONSOLE_KEYS) | tags(IHE_KEYS) <= set(ds.keys())
    assert tags(CONSOLE_STEP_KEYS) | tags(IHE_STEP_KEYS) <= set(step.keys())
    codes = {"CodeValue", "CodingSchemeDesignator", "CodingSchemeVersion", "CodeMeaning"}
    for sequence in (ds.RequestedProcedureCodeSequence, step.ScheduledProtocolCodeSequence):
        assert {element.keyword for element in sequence[0]} == codes


def test_unused_keys_are_universal() -> None:
    ds = QueryKeys().identifier(("ISO_IR 100",))
    assert ds.SpecificCharacterSet == "ISO_IR 100"
    flat = [
        each for each in ds.iterall() if each.VR != "SQ" and each.keyword != "SpecificCharacterSet"
    ]
    assert all(each.is_empty for each in flat)


@pytest.mark.parametrize("implicit", [True, False])
def test_the_identifier_can_be_encoded(implicit: bool) -> None:
    buffer = DicomBytesIO()
    buffer.is_little_endian = True
    buffer.is_implicit_VR = implicit
    write_dataset(buffer, QueryKeys(patient_name="Mü*").identifier(("ISO_IR 100",)))
    assert b"M\xfc*" in buffer.getvalue()


def test_keys_are_written_where_they_belong() -> None:
    keys = QueryKeys("Mül*", "P1", "A1", date(2026, 1, 2), "ct", "BOX", "R1")
    ds = keys.identifier(("ISO_IR 100",))
    step = ds.ScheduledProcedureStepSequence[0]
    assert (str(ds.PatientName), ds.PatientID, ds.AccessionNumber) == ("Mül*", "P1", "A1")
    assert ds.RequestedProcedureID == "R1"
    assert (step.Modality, step.ScheduledStationAETitle) == ("CT", "BOX")
    assert step.ScheduledProcedureStepStartDate == "20260102"


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (None, ""),
        ((None, None), ""),
        (date(2026, 1, 2), "20260102"),
        ((date(2026, 1, 2), date(2026, 1, 2)), "20260102"),
        ((date(2026, 1, 2), date(2026, 1, 9)), "20260102-20260109"),
        ((date(2026, 1, 2), None), "20260102-"),
        ((None, date(2026, 1, 2)), "-20260102"),
    ],
)
def test_dates_are_written_as_the_standard_says(asked, text: str) -> None:
    step = QueryKeys(date=asked).identifier(()).ScheduledProcedureStepSequence[0]
    assert (step.ScheduledProcedureStepStartDate or "") == text


def test_a_name_that_the_stations_set_cannot_hold_goes_out_in_utf_8() -> None:
    assert (
        QueryKeys(patient_name="山*").identifier(("ISO_IR 100",)).SpecificCharacterSet
        == "ISO_IR 192"
    )


def test_malformed_keys_are_refused_together() -> None:
    keys = QueryKeys(
        patient_id="P" * 65,
        accession_number="A" * 17,
        modality="C-T",
        date=(date(2026, 1, 2), date(2026, 1, 1)),
    )
    with pytest.raises(InvalidIdentity) as refusal:
        keys.identifier(())
    text = str(refusal.value)
    assert all(name in text for name in ("Patient ID", "Accession", "Modality", "date range"))


def entry(**changes: str) -> WorklistItem:
    values = {
        "PatientName": "Yamada^Tarou=山田^太郎=やまだ^たろう",
        "PatientID": "P1",
        "AccessionNumber": "A1",
        "RequestedProcedureID": "R1",
        "Modality": "CT",
        "ScheduledStationAETitle": "BOX",
        "ScheduledProcedureStepStartDate": "20260102",
    } | changes
    ds, step = Dataset(), Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    for keyword, value in values.items():
        in_step = (
            keyword == "Modality" or keyword.startswith("ScheduledS") or "StepStart" in keyword
        )
        if value:
            setattr(step if in_step else ds, keyword, value)
    ds.ScheduledProcedureStepSequence = [step]
    return WorklistItem.from_dataset(ds)


@pytest.mark.parametrize(
    "pattern",
    ["", "*", "Yamada^Tarou", "YAMADA^TAROU", "yama*", "Yamada^Taro?", "山田^太郎", "山*",
     "やまだ*", "Yamada^Tarou^^", "*=山田*", "Yamada^Tarou=山田^太郎=やまだ^たろう"],
)  # fmt: skip
def test_a_name_matches_in_any_case_and_any_group(pattern: str) -> None:
    assert QueryKeys(patient_name=pattern).matches(entry())


@pytest.mark.parametrize(
    "pattern", ["Yamada", "Yam", "Tarou", "Yamada^Tarou?", "山", "Y.mada*", "田*"]
)
def test_a_name_without_wildcards_must_be_the_whole_name(pattern: str) -> None:
    assert not QueryKeys(patient_name=pattern).matches(entry())


@pytest.mark.parametrize(
    ("keys", "fits"),
    [
        (QueryKeys(patient_id="P1"), True),
        (QueryKeys(patient_id="P*"), True),
        (QueryKeys(patient_id="P"), False),
        (QueryKeys(patient_id="p1"), False),
        (QueryKeys(accession_number="A1"), True),
        (QueryKeys(accession_number="A2"), False),
        (QueryKeys(requested_procedure_id="R2"), False),
        (QueryKeys(modality="ct"), True),
        (QueryKeys(modality="MR"), False),
        (QueryKeys(station_ae_title="BOX"), True),
        (QueryKeys(station_ae_title="OTHER"), False),
        (QueryKeys(date=date(2026, 1, 2)), True),
        (QueryKeys(date=date(2026, 1, 3)), False),
        (QueryKeys(date=(date(2026, 1, 1), date(2026, 1, 2))), True),
        (QueryKeys(date=(date(2026, 1, 3), None)), False),
        (QueryKeys(date=(None, date(2026, 1, 1))), False),
        (QueryKeys(date=(None, None)), True),
    ],
)
def test_providers_that_ignore_keys_are_filtered(keys: QueryKeys, fits: bool) -> None:
    assert keys.matches(entry()) is fits


def test_an_answer_without_identity_does_not_fit_but_one_without_schedule_does() -> None:
    assert not QueryKeys(accession_number="A1").matches(entry(AccessionNumber=""))
    assert not QueryKeys(patient_name="Y*").matches(entry(PatientName=""))
    bare = entry(Modality="", ScheduledStationAETitle="", ScheduledProcedureStepStartDate="")
    assert QueryKeys(modality="CT", station_ae_title="BOX", date=date(2026, 1, 2)).matches(bare)


def test_one_of_several_stations_is_enough() -> None:
    assert QueryKeys(station_ae_title="B").matches(entry(ScheduledStationAETitle="A\\B"))


@given(st.text("aB*?.", max_size=8), st.text("aB.", min_size=1, max_size=8))
def test_wildcards_behave_like_those_of_the_shell(pattern: str, value: str) -> None:
    item = SimpleNamespace(
        patient_name="",
        patient_id=value,
        accession_number="",
        requested_procedure_id="",
        modality="",
        scheduled_station_ae_title="",
        start_date="",
    )
    expected = not pattern or fnmatch.fnmatchcase(value, pattern)
    assert QueryKeys(patient_id=pattern).matches(item) is expected
