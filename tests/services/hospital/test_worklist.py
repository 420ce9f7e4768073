"""The worklist SCP: matching, return keys, character sets, cancelling, limits."""

from __future__ import annotations

import copy
import re
import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import config
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from services.hospital import Faults, daily_schedule
from services.hospital.encoding import decode_dataset, elements, encode_dataset
from services.hospital.matching import Range, in_period, name_matches, same_name, text_matches
from tests.services.hospital.scu import MWL, associated, dcmtk, find, find_raw, is_accepted
from tests.services.hospital.scu import worklist_keys as keys

TODAY = date(2026, 1, 5)
EVERYBODY = {f"G10{number:02d}" for number in range(1, 13)}


def ids_found(hospital, identifier):
    with associated(hospital.ris, MWL) as association:
        answers, statuses = find(association, identifier)
    assert statuses[-1] == 0x0000
    return {answer.PatientID for answer in answers}


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        (keys(), EVERYBODY),
        (keys(PatientName="*"), EVERYBODY),
        (keys(PatientName="smith^catherine"), {"G1004"}),
        (keys(PatientName="SMITH*"), {"G1004", "G1005"}),
        (keys(PatientName="Smith^?atherine"), {"G1004", "G1005"}),
        (keys(PatientName="MÜLLER*"), {"G1001"}),
        (keys(PatientName="山田*"), {"G1002"}),
        (keys(PatientName="Yamada^Tarou=山田^太郎"), {"G1002"}),
        (keys(PatientName="ковалёва*"), {"G1003"}),
        (keys(PatientName="Nobody*"), set()),
        (keys(PatientID="G1006"), {"G1006"}),
        (keys(PatientID="G101*"), {"G1010", "G1011", "G1012"}),
        (keys(AccessionNumber="A26010507"), {"G1007"}),
        (keys(RequestedProcedureID="A26010508"), {"G1008"}),
        (keys(step={"Modality": "MR"}), {"G1002", "G1006", "G1010"}),
        (keys(step={"ScheduledStationAETitle": "BOX", "Modality": "US"}), {"G1003", "G1007"}),
        (keys(step={"ScheduledStationAETitle": "OTHER"}), set()),
        (keys(step={"ScheduledPerformingPhysicianName": "vogel*"}), EVERYBODY),
        (keys(step={"ScheduledPerformingPhysicianName": "Else^One"}), set()),
        (keys(step={"ScheduledProcedureStepStartDate": "20260105"}), EVERYBODY),
        (keys(step={"ScheduledProcedureStepStartDate": "20260101-20260104"}), set()),
        (keys(step={"ScheduledProcedureStepStartDate": "20260105-"}), EVERYBODY),
        (keys(step={"ScheduledProcedureStepStartDate": "-20260104"}), set()),
        (keys(step={"ScheduledProcedureStepStartTime": "0815"}), {"G1002"}),
        (keys(step={"ScheduledProcedureStepStartTime": "0800-0815"}), {"G1001", "G1002"}),
        (keys(step={"ScheduledProcedureStepStartTime": "1300-"}), {"G1011", "G1012"}),
    ],
)
def test_keys_of_the_ris_select_entries(hospital, identifier, expected):
    assert ids_found(hospital, identifier) == expected


def test_a_range_of_dates_and_times_is_one_period():
    dates = Range("20260105", "20260107")
    times = Range("100000.000000", "180000.999999")
    assert in_period(dates, times, "20260105", "1000")
    assert in_period(dates, times, "20260106", "0300")
    assert not in_period(dates, times, "20260105", "0959")
    assert not in_period(dates, times, "20260107", "1801")


def test_a_list_of_study_uids_selects_each(hospital):
    with associated(hospital.ris, MWL) as association:
        everything, _ = find(association, keys())
        wanted = [answer.StudyInstanceUID for answer in everything[:2]]
        some, _ = find(association, keys(StudyInstanceUID=wanted))
    assert [answer.StudyInstanceUID for answer in some] == wanted


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_names_in_every_script_arrive_as_they_were_entered(hospital, syntax):
    with associated(hospital.ris, MWL, syntax=syntax) as association:
        answers, _ = find(association, keys(RequestedProcedureDescription=""))
    entered = {item.PatientID: item for item in daily_schedule(TODAY, "BOX")}
    assert len(answers) == 12
    for answer in answers:
        original = entered[answer.PatientID]
        assert answer.PatientName == original.PatientName
        assert answer.RequestedProcedureDescription == original.RequestedProcedureDescription
        assert answer.get("SpecificCharacterSet") == original.get("SpecificCharacterSet")
    japanese = next(answer for answer in answers if answer.PatientID == "G1002")
    assert japanese.PatientName.phonetic == "やまだ^たろう"


def test_only_what_was_asked_for_and_type_1_comes_back(hospital):
    identifier = Dataset()
    identifier.PatientID = "G1004"
    identifier.PatientWeight = None
    identifier.PatientComments = ""
    step = Dataset()
    step.CommentsOnTheScheduledProcedureStep = ""
    step.ScheduledProtocolCodeSequence = []
    identifier.ScheduledProcedureStepSequence = [step]
    with associated(hospital.ris, MWL) as association:
        (answer,), _ = find(association, identifier)
    assert {element.keyword for element in answer} == {
        "PatientName",
        "PatientID",
        "PatientWeight",
        "PatientComments",
        "StudyInstanceUID",
        "RequestedProcedureID",
        "ScheduledProcedureStepSequence",
    }
    assert answer.PatientComments == ""
    (step,) = answer.ScheduledProcedureStepSequence
    assert {element.keyword for element in step} == {
        "Modality",
        "ScheduledStationAETitle",
        "ScheduledProcedureStepStartDate",
        "ScheduledProcedureStepStartTime",
        "ScheduledProcedureStepID",
        "CommentsOnTheScheduledProcedureStep",
        "ScheduledProtocolCodeSequence",
    }
    assert step.CommentsOnTheScheduledProcedureStep == "Low dose. Arms raised."
    assert step.ScheduledProtocolCodeSequence[0].CodeMeaning == "CT Chest"


def test_an_empty_step_item_asks_for_the_whole_step(hospital):
    identifier = Dataset()
    identifier.PatientID = "G1004"
    identifier.ScheduledProcedureStepSequence = [Dataset()]
    with associated(hospital.ris, MWL) as association:
        (answer,), _ = find(association, identifier)
    assert "CommentsOnTheScheduledProcedureStep" in answer.ScheduledProcedureStepSequence[0]


def test_an_entry_in_progress_elsewhere_is_shown_as_started(hospital):
    with associated(hospital.ris, MWL) as association:
        answers, _ = find(association, keys())
    states = {
        answer.PatientID: answer.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStatus
        for answer in answers
    }
    assert states["G1009"] == "STARTED"
    assert {states[one] for one in EVERYBODY - {"G1009"}} == {"SCHEDULED"}


def test_keys_that_the_ris_does_not_match_are_announced(hospital):
    with associated(hospital.ris, MWL) as association:
        _, matched = find(association, keys(PatientID="G1004"))
        answers, statuses = find(association, keys(PatientID="G1004", PatientSex="M"))
    assert matched == [0xFF00, 0x0000]
    assert statuses == [0xFF01, 0x0000]
    assert len(answers) == 1


@pytest.mark.parametrize(
    "step",
    [
        {"ScheduledProcedureStepStartDate": "2026"},
        {"ScheduledProcedureStepStartTime": "25-99-1"},
        {"Modality": ["CT", "MR"]},
    ],
)
def test_a_bad_identifier_is_refused_with_a_reason(hospital, step, monkeypatch):
    monkeypatch.setattr(config.settings, "_writing_validation_mode", config.IGNORE)
    with associated(hospital.ris, MWL) as association:
        (status, _), *more = association.send_c_find(keys(step=step), MWL)
    assert status.Status == 0xA900
    assert next(iter(step)) in status.ErrorComment
    assert more == []


def test_two_step_items_are_refused(hospital):
    identifier = keys()
    identifier.ScheduledProcedureStepSequence.append(Dataset())
    with associated(hospital.ris, MWL) as association:
        ((status, _),) = association.send_c_find(identifier, MWL)
    assert status.Status == 0xA900
    assert status.OffendingElement == 0x00400100


def test_an_identifier_of_rubbish_is_refused_and_the_ris_lives_on(hospital):
    with associated(hospital.ris, MWL) as association:
        assert find_raw(association, b"\x08\x00\x05\x00CS\xff\xff\x01" * 3) & 0xF000 in (
            0xA000,
            0xC000,
        )
    assert ids_found(hospital, keys(PatientID="G1004")) == {"G1004"}


def test_a_fault_brings_other_patients(hospital):
    hospital.store.set_faults(Faults(wrong_patients_in_worklist=True))
    assert ids_found(hospital, keys(PatientID="G1004")) == EVERYBODY
    wrong = keys(PatientName="Smith*", step={"Modality": "US"})
    assert ids_found(hospital, wrong) == {"G1003", "G1007"}


def many(count):
    (template, *_) = daily_schedule(TODAY, "BOX")
    for number in range(count):
        item = copy.deepcopy(template)
        item.StudyInstanceUID = f"1.2.826.0.1.3680043.10.9.{number + 1}"
        item.AccessionNumber = item.RequestedProcedureID = f"M{number:05d}"
        item.ScheduledProcedureStepSequence[0].ScheduledProcedureStepID = f"M{number:05d}"
        yield item


@pytest.mark.peer
def test_findscu_cancels_in_the_middle(hospital):
    hospital.store.add_worklist_items(many(800))
    done = dcmtk(
        "findscu", "-v", "-W", "--cancel", "5", "-aec", "RIS", "-k", "0010,0010",
        "-k", "0040,0100[0].0008,0060=CT", "127.0.0.1", hospital.ris.port,
    )  # fmt: skip
    output = done.stdout + done.stderr
    assert "Final Find Response (Cancel: MatchingTerminatedDueToCancelRequest)" in output
    answers = [int(number) for number in re.findall(r"Find Response: (\d+) \(Pending", output)]
    assert 5 <= max(answers) < 800


@pytest.mark.peer
def test_findscu_finds_by_date_and_modality(hospital):
    done = dcmtk(
        "findscu", "-v", "-W", "-aec", "RIS", "-k", "0010,0010=SMITH*", "-k", "0010,0020",
        "-k", "0040,0100[0].0008,0060=CT", "-k", "0040,0100[0].0040,0002=20260101-20260131",
        "127.0.0.1", hospital.ris.port,
    )  # fmt: skip
    output = done.stdout + done.stderr
    assert done.returncode == 0
    assert re.findall(r"\[(G1\d+)", output) == ["G1004", "G1005"]


def test_one_accession_among_many_is_found_without_reading_the_rest(hospital):
    hospital.store.add_worklist_items(many(1500))
    with associated(hospital.ris, MWL) as association:
        find(association, keys(AccessionNumber="M00001"))
        took = []
        for number in range(700, 710):
            began = time.monotonic()
            answers, _ = find(association, keys(AccessionNumber=f"M00{number}"))
            took.append(time.monotonic() - began)
            assert len(answers) == 1
    assert sorted(took)[5] < 0.035, "slower than one delayed acknowledgement"


def test_one_caller_has_three_associations_and_others_are_not_kept_out(hospital):
    with (
        associated(hospital.ris) as first,
        associated(hospital.ris),
        associated(hospital.ris),
    ):
        assert not is_accepted(hospital.ris)
        assert is_accepted(hospital.ris, calling="OTHER")
        first.release()
        assert is_accepted(hospital.ris)


def test_a_name_that_calls_another_is_rejected(hospital):
    assert not is_accepted(hospital.ris, called="WRONG")


TEXT = st.text(alphabet="abAB*?^ü", max_size=6)


@given(key=TEXT, value=st.text(alphabet="abABü^", max_size=6))
def test_wild_cards_match_what_a_plain_matcher_matches(key, value):
    def plain(key, value):
        if not key:
            return not value
        if key[0] == "*":
            return plain(key[1:], value) or (bool(value) and plain(key, value[1:]))
        return bool(value) and key[0] in ("?", value[0]) and plain(key[1:], value[1:])

    assert text_matches(key, value) == (not key or plain(key, value))


@given(name=st.text(alphabet="abÄß^ 山", min_size=1, max_size=8))
def test_a_name_is_found_by_itself_in_any_case(name):
    assert name_matches(name.upper(), name.lower()) or name.upper().lower() != name.lower()
    assert same_name(name, name + "^^")


@given(
    st.dictionaries(
        st.sampled_from(["PatientName", "PatientComments", "AccessionNumber", "PatientID"]),
        st.text(alphabet="abc", max_size=8),
    ),
    st.lists(st.text(alphabet="xyz", max_size=5), max_size=3),
    st.booleans(),
)
def test_cutting_an_encoded_data_set_loses_nothing(values, items, implicit):
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    dataset.RequestedProcedureCodeSequence = []
    for text in items:
        code = Dataset()
        code.CodeMeaning = text
        dataset.RequestedProcedureCodeSequence.append(code)
    encoded = encode_dataset(dataset, implicit=implicit)
    cut = list(elements(encoded, implicit=implicit))
    assert b"".join(part for _, _, part in cut) == encoded
    assert [tag for tag, _, _ in cut] == [int(element.tag) for element in dataset]
    if not implicit:
        assert encode_dataset(decode_dataset(encoded)) == encoded
