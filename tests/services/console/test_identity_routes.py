"""Whose exam is opened: scans, two identifiers, one exam at a time, and asking again."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from device import mpps
from device.exam import Exam
from device.worklist import WorklistItem
from services import exams as lives
from services import still_here
from services.box import Box
from services.catalog import at_hand, audit, exams
from services.console import identity_routes
from services.console.options import Options
from services.still_here import Patience
from tests.services.boxes import STATION, HandClock, acquire, begin, make_box
from tests.services.console.browsing import PAGE, browse
from tests.services.console.patients import (
    entry,
    fill,
    held,
    post,
    read_code,
    refused,
    scanned,
    ward_box,
)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def box(tmp_path: Path, clock: HandClock) -> Iterator[Box]:
    made = ward_box(tmp_path, clock=clock)
    with made.catalog:
        yield made


@pytest.fixture
def browser(box: Box) -> TestClient:
    return browse(box, read_scan=read_code)


def exam_of(box: Box) -> Exam:
    """The only exam that there is."""
    (only,) = exams.recent(box.catalog)
    return only


def audited(box: Box) -> list[tuple[str, str]]:
    return [(event.action, event.exam_id) for event in audit.newest(box.catalog)]


class TestScan:
    def test_one_match_opens_it(self, browser: TestClient, box: Box) -> None:
        item = entry(1)
        fill(box, item, entry(2))
        found = post(browser, "/api/scan", text="PID-1//19510102")
        assert found["meant"] == "one"
        assert [row["key"] for row in found["rows"]] == [item.key]
        assert found["agreed"] == ["patient_id", "birth_date"]
        assert found["sure"], "two identifiers agree and nothing warns"
        assert found["problem"] is None

    def test_one_identifier_is_a_match_and_not_a_proof(self, browser: TestClient, box: Box) -> None:
        fill(box, entry(1))
        found = post(browser, "/api/scan", text="PID-1//")
        assert found["meant"] == "one"
        assert not found["sure"]

    def test_an_accession_number_tells_two_orders_apart(
        self, browser: TestClient, box: Box
    ) -> None:
        fill(box, entry(1), entry(2, PatientID="PID-1", PatientBirthDate="19510102"))
        several = post(browser, "/api/scan", text="PID-1//")
        assert (several["meant"], several["problem"]["code"]) == ("several", "G-1103")
        assert len(several["rows"]) == 2
        one = post(browser, "/api/scan", text="/ACC0002/")
        assert (one["meant"], one["rows"][0]["accession_number"]) == ("one", "ACC0002")

    def test_several_entries_of_one_patient_say_so(self, browser: TestClient, box: Box) -> None:
        fill(box, entry(1), entry(2, PatientID="PID-1", PatientBirthDate="19510102"))
        assert post(browser, "/api/scan", text="PID-1//")["one_patient"]
        fill(box, entry(1), entry(2, PatientID="PID-1", PatientBirthDate="19991231"))
        assert not post(browser, "/api/scan", text="PID-1//")["one_patient"]

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("what", "G-1101"),
            ("PID-9//", "G-1102"),
            ("//19510102", "G-1108"),
            ("PID//", "G-1102"),
            ("pid-1//", "G-1102"),
        ],
    )
    def test_what_fits_nobody_is_explained(
        self, browser: TestClient, box: Box, text: str, code: str
    ) -> None:
        fill(box, entry(1))
        assert refused(browser, "/api/scan", text=text) == code

    @pytest.mark.parametrize(
        ("said", "meant", "code"),
        [
            ({"date": "20260305"}, "other_day", "G-1105"),
            ({"date": "20260301"}, "other_day", "G-1105"),
            ({"status": "STARTED"}, "started_elsewhere", "G-1106"),
            ({"status": "CANCELED"}, "over", "G-1107"),
        ],
    )
    def test_what_should_not_be_opened_blindly_is_explained_and_shown(
        self, browser: TestClient, box: Box, said: dict[str, str], meant: str, code: str
    ) -> None:
        fill(box, entry(1, **said))
        found = post(browser, "/api/scan", text="PID-1//19510102")
        assert (found["meant"], found["problem"]["code"]) == (meant, code)
        assert len(found["rows"]) == 1
        assert not found["sure"]

    def test_a_code_that_contradicts_opens_nothing(self, browser: TestClient, box: Box) -> None:
        fill(box, entry(1))
        found = post(browser, "/api/scan", text="PID-1//19991231")
        assert (found["meant"], found["problem"]["code"]) == ("contradiction", "G-1104")

    def test_a_box_without_rules_says_so(self, box: Box) -> None:
        assert refused(browse(box), "/api/scan", text="PID-1//") == "G-1109"

    def test_an_open_exam_comes_first(self, browser: TestClient, box: Box) -> None:
        fill(box, entry(1), entry(2))
        begin(box, 3)
        assert refused(browser, "/api/scan", text="PID-1//") == "G-1201"

    def test_a_scan_is_proof_enough(self, browser: TestClient, box: Box) -> None:
        item = entry(1)
        fill(box, item)
        post(
            browser,
            "/api/exams/start",
            keys=[item.key],
            confirmed=scanned("PID-1//19510102"),
        )
        assert exam_of(box).item.key == item.key
        assert audit.newest(box.catalog)[0].detail == "scan: patient_id, birth_date"

    def test_wristband_and_request_form_add_up(self, browser: TestClient, box: Box) -> None:
        item = entry(1)
        fill(box, item)
        start = {"keys": [item.key], "token": "t"}
        assert refused(browser, "/api/exams/start", **start, confirmed=scanned("PID-1//")) == (
            "G-1202"
        )
        post(browser, "/api/exams/start", **start, confirmed=scanned("PID-1//", "/ACC0001/"))

    def test_a_scan_does_not_settle_what_must_be_read(self, browser: TestClient, box: Box) -> None:
        item = entry(1, status="STARTED")
        fill(box, item)
        proof = scanned("PID-1//19510102")
        assert refused(browser, "/api/exams/start", keys=[item.key], confirmed=proof) == "G-1211"
        post(browser, "/api/exams/start", keys=[item.key], confirmed=held(item))


class TestStart:
    def test_two_identifiers_open_the_exam_and_take_it_to_hand(
        self, browser: TestClient, box: Box, clock: HandClock
    ) -> None:
        item = entry(1)
        fill(box, item)
        began = post(browser, "/api/exams/start", keys=[item.key], confirmed=held(item))["exam"]
        assert began["patient_name"] == item.patient_name
        now = at_hand.get(box.catalog)
        assert now is not None
        assert (now.exam_id, now.confirmed_at) == (began["exam"], clock.now())
        assert audited(box) == [("exam-started", began["exam"])]

    @pytest.mark.parametrize(
        "names", [("patient_name",), ("birth_date",), ("patient_id", "patient_id")]
    )
    def test_one_identifier_is_not_enough(
        self, browser: TestClient, box: Box, names: tuple[str, ...]
    ) -> None:
        item = entry(1)
        fill(box, item)
        proof = held(item, *names)
        assert refused(browser, "/api/exams/start", keys=[item.key], confirmed=proof) == "G-1202"
        assert exams.recent(box.catalog) == []

    def test_what_changed_under_the_screen_is_not_opened(
        self, browser: TestClient, box: Box
    ) -> None:
        before = entry(1, StudyInstanceUID="1.2.3")
        fill(box, entry(1, StudyInstanceUID="1.2.3", PatientName="Other^Name"))
        proof = held(before)
        assert refused(browser, "/api/exams/start", keys=[before.key], confirmed=proof) == "G-1203"
        fill(box)
        assert refused(browser, "/api/exams/start", keys=[before.key], confirmed=proof) == "G-1204"

    def test_an_entry_that_says_too_little_is_not_opened(
        self, browser: TestClient, box: Box
    ) -> None:
        item = entry(1, PatientBirthDate="", PatientName="", AccessionNumber="")
        fill(box, item)
        proof = held(item, "patient_id")
        assert refused(browser, "/api/exams/start", keys=[item.key], confirmed=proof) == "G-1207"

    def test_the_patient_cannot_be_changed_while_an_exam_is_open(
        self, browser: TestClient, box: Box
    ) -> None:
        one, other = entry(1), entry(2)
        fill(box, one, other)
        post(browser, "/api/exams/start", keys=[one.key], confirmed=held(one))
        start = "/api/exams/start"
        assert refused(browser, start, keys=[other.key], confirmed=held(other)) == "G-1201"
        assert refused(browser, "/api/exams/emergency") == "G-1201"
        assert refused(browser, "/api/exams/unscheduled", patient_id="X") == "G-1201"
        assert len(exams.recent(box.catalog)) == 1

    def test_a_double_tap_opens_one_exam(self, browser: TestClient, box: Box) -> None:
        item = entry(1)
        fill(box, item)
        body = {"keys": [item.key], "confirmed": held(item), "token": "tap"}
        answers: list[Any] = []

        def tap() -> None:
            answers.append(browser.post("/api/exams/start", json=body, headers=PAGE))

        fingers = [threading.Thread(target=tap) for _ in range(4)]
        for finger in fingers:
            finger.start()
        for finger in fingers:
            finger.join()
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json()["exam"]["exam"] for answer in answers}) == 1
        assert len(exams.recent(box.catalog)) == 1

    def test_two_pages_open_one_exam(self, box: Box) -> None:
        item = entry(1)
        fill(box, item)
        pages = [browse(box) for _ in range(3)]
        codes: list[int] = []

        def tap(page: TestClient) -> None:
            body = {"keys": [item.key], "confirmed": held(item)}
            codes.append(page.post("/api/exams/start", json=body, headers=PAGE).status_code)

        fingers = [threading.Thread(target=tap, args=[page]) for page in pages]
        for finger in fingers:
            finger.start()
        for finger in fingers:
            finger.join()
        assert sorted(codes) == [200, 409, 409]

    def test_several_steps_of_one_patient_are_one_exam(self, browser: TestClient, box: Box) -> None:
        one = entry(1)
        other = entry(
            2, PatientID="PID-1", PatientBirthDate="19510102", PatientName="FamilyA^GivenA"
        )
        fill(box, one, other)
        shown = browser.get(f"/api/confirm/{one.key},{other.key}").json()
        assert shown["accession_number"] == "ACC0001, ACC0002"
        post(browser, "/api/exams/start", keys=[one.key, other.key], confirmed=held(one))
        assert [item.key for item in exam_of(box).items] == [one.key, other.key]

    def test_steps_of_several_patients_are_not(self, browser: TestClient, box: Box) -> None:
        one, other = entry(1), entry(2)
        fill(box, one, other)
        keys = [one.key, other.key]
        assert refused(browser, "/api/exams/start", keys=keys, confirmed=held(one)) == "G-1205"
        answer = browser.get(f"/api/confirm/{one.key},{other.key}")
        assert answer.json()["error"]["code"] == "G-1205"

    def test_a_full_card_and_an_unknown_protocol_are_explained(self, tmp_path: Path) -> None:
        box = make_box(tmp_path, high_water_percent=0)
        item = entry(1)
        with box.catalog:
            fill(box, item)
            body = {"keys": [item.key], "confirmed": held(item)}
            assert refused(browse(box), "/api/exams/start", **body) == "G-1206"
            assert refused(browse(box), "/api/exams/start", **body, protocol="No") == "G-1210"

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"keys": "x"},
            {"keys": []},
            {"keys": [1], "confirmed": {}},
            {"keys": ["x"] * 21},
        ],
    )
    def test_nonsense_is_refused(self, browser: TestClient, box: Box, body: dict[str, Any]) -> None:
        assert refused(browser, "/api/exams/start", **body) == "G-9003"

    @pytest.mark.parametrize(
        "confirmed",
        [
            None,
            {},
            {"by": "luck"},
            {"by": "hold"},
            {"by": "hold", "identifiers": ["x"]},
            {"by": "hold", "identifiers": [{"name": "patient_sex", "value": "F"}]},
            {"by": "scan", "scans": []},
        ],
    )
    def test_a_confirmation_that_says_nothing_is_refused(
        self, browser: TestClient, box: Box, confirmed: Any
    ) -> None:
        item = entry(1)
        fill(box, item)
        assert refused(browser, "/api/exams/start", keys=[item.key], confirmed=confirmed) == (
            "G-9003"
        )

    def test_what_is_to_be_compared_is_shown_with_its_look_alikes(
        self, browser: TestClient, box: Box
    ) -> None:
        one = entry(1, PatientName="Smith^John")
        other = entry(2, PatientName="Smith^Jon")
        fill(box, one, other, entry(3))
        shown = browser.get(f"/api/confirm/{one.key}").json()
        assert shown["enough"]
        assert [row["key"] for row in shown["alike"]] == [other.key]
        assert {each["name"] for each in shown["identifiers"]} == {
            "patient_name",
            "birth_date",
            "patient_id",
            "accession_number",
        }


class TestNobodyOnTheList:
    def test_unscheduled_holds_what_was_typed(self, browser: TestClient, box: Box) -> None:
        post(
            browser,
            "/api/exams/unscheduled",
            names=[
                {"family": "Yamada", "given": "Tarou"},
                {"family": "山田", "given": "太郎"},
            ],
            patient_id="X-7",
            birth_date="1980-02-29",
            sex="M",
            procedure="Knie links",
        )
        exam = exam_of(box)
        assert not exam.scheduled
        assert exam.item.patient_name == "Yamada^Tarou=山田^太郎"
        assert (exam.item.patient_id, exam.item.patient_birth_date) == ("X-7", "19800229")
        assert exam.item.dataset.StudyDescription == "Knie links"
        assert exam.item.requested_procedure_description == "", "nobody requested it"

    @pytest.mark.parametrize(
        "typed",
        [
            {},
            {"patient_id": "X", "birth_date": "1980-13-01"},
            {"patient_id": "X", "sex": "Q"},
            {"names": [{"family": "A^B"}]},
            {"patient_id": "a\\b"},
        ],
    )
    def test_what_dicom_forbids_is_explained(
        self, browser: TestClient, box: Box, typed: dict[str, Any]
    ) -> None:
        assert refused(browser, "/api/exams/unscheduled", **typed) == "G-1209"
        assert exams.recent(box.catalog) == []

    def test_an_emergency_has_a_number_of_ours_and_nothing_else(
        self, browser: TestClient, box: Box
    ) -> None:
        post(browser, "/api/exams/emergency", token="once")
        post(browser, "/api/exams/emergency", token="once")
        item = exam_of(box).item
        assert item.patient_id == "EMERGENCY-GANTRY-20260304-090000"
        said = {
            element.keyword
            for element in item.dataset
            if element.value and element.keyword != "ScheduledProcedureStepSequence"
        }
        assert said <= {"SpecificCharacterSet", "PatientID", "StudyInstanceUID"}
        assert audited(box)[0][0] == "exam-started-emergency"

    def test_a_near_miss_is_noted_without_names(self, browser: TestClient, box: Box) -> None:
        item = entry(1)
        fill(box, item)
        post(browser, "/api/worklist/not-this-patient", keys=[item.key])
        event = audit.newest(box.catalog)[0]
        assert event.action == "not-this-patient"
        assert item.patient_name not in event.detail
        assert item.patient_id not in event.detail


# letters that no number, time or UID of ours can hold by chance
TEXT = st.text(st.characters(categories=["L"], max_codepoint=0x24F), min_size=5, max_size=9).map(
    lambda text: f"Ж{text}"
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(TEXT, min_size=12, max_size=12, unique=True), st.data())
def test_nothing_of_the_entry_survives_not_this_patient(
    box: Box, values: list[str], data: st.DataObject
) -> None:
    """Whatever the RIS said of the wrong patient is nowhere in the exam that follows."""
    item = entry(
        1,
        StudyInstanceUID="1.2.840.99." + "".join(str(1 + ord(ch) % 9) for ch in values[0]),
        AccessionNumber=values[1],
        PatientID=values[2],
        PatientName=f"{values[3]}^{values[4]}",
        RequestedProcedureID=values[5],
        RequestedProcedureDescription=values[6],
        AdmissionID=values[7],
        MedicalAlerts=values[8],
    )
    fill(box, item)
    page = browse(box)
    page.get(f"/api/confirm/{item.key}")
    post(page, "/api/worklist/not-this-patient", keys=[item.key])
    typed = {
        "patient_id": values[9],
        "names": [{"family": values[10], "given": values[11]}],
        **data.draw(st.sampled_from([{}, {"key": item.key}, {"keys": [item.key]}])),
    }
    began = post(page, "/api/exams/unscheduled", **typed)["exam"]["exam"]
    exam = exams.load(box.catalog, began)
    acquire(box, exam)
    lives.complete(box, began)
    wrong = set(values[1:9]) | {item.study_instance_uid}
    for text in everything_kept_of(box, exam):
        assert not {value for value in wrong if value in text}


def everything_kept_of(box: Box, exam: Exam) -> list[str]:
    """Every value of the exam, its messages to the RIS and its objects."""
    from pydicom import dcmread

    datasets = [exam.item.dataset, mpps.create_dataset(exam, STATION)]
    for row in box.catalog.rows(
        "SELECT payload FROM delivery WHERE exam_id = ? AND payload IS NOT NULL", [exam.exam_id]
    ):
        datasets.append(lives.decode(row["payload"]))
    for row in box.catalog.rows("SELECT path FROM instance WHERE exam_id = ?", [exam.exam_id]):
        datasets.append(dcmread(box.spool.root / row["path"]))
    return [str(element.value) for ds in datasets for element in ds.iterall() if element.VR != "OW"]


class TestStillThisPatient:
    def begin(self, browser: TestClient, box: Box) -> tuple[WorklistItem, str]:
        item = entry(1)
        fill(box, item)
        began = post(browser, "/api/exams/start", keys=[item.key], confirmed=held(item))
        return item, str(began["exam"]["exam"])

    def look(self, box: Box, *, recording: bool = False) -> str:
        found = still_here.look(box, Patience(4, 30), recording=recording)
        return found.doubt if found and found.confirmed_at is None else ""

    def test_nothing_is_asked_for_a_while(
        self, browser: TestClient, box: Box, clock: HandClock
    ) -> None:
        self.begin(browser, box)
        clock.advance(29 * 60)
        assert self.look(box) == ""
        assert browser.get("/api/at-hand").json()["ask"] == ""

    def test_a_rest_is_asked_about_and_pictures_are_no_rest(
        self, browser: TestClient, box: Box, clock: HandClock
    ) -> None:
        _, exam_id = self.begin(browser, box)
        clock.advance(29 * 60)
        acquire(box, exams.load(box.catalog, exam_id))
        clock.advance(29 * 60)
        assert self.look(box) == ""
        clock.advance(60)
        assert self.look(box, recording=True) == "", "a clip is not interrupted"
        assert self.look(box) == "idle"

    def test_hours_are_asked_about_however_busy(
        self, browser: TestClient, box: Box, clock: HandClock
    ) -> None:
        _, exam_id = self.begin(browser, box)
        for _ in range(16):
            clock.advance(15 * 60)
            acquire(box, exams.load(box.catalog, exam_id))
        assert self.look(box) == "long"

    def test_somebody_who_looked_again_goes_on(
        self, browser: TestClient, box: Box, clock: HandClock
    ) -> None:
        item, exam_id = self.begin(browser, box)
        clock.advance(3600)
        assert self.look(box) == "idle"
        answer = browser.get("/api/at-hand").json()
        assert (answer["ask"], answer["exam"]["exam"]) == ("idle", exam_id)
        one = held(item, "patient_id")
        assert refused(browser, "/api/at-hand/confirm", exam=exam_id, confirmed=one) == "G-1202"
        assert browser.get("/api/at-hand").json()["ask"] == "idle"
        post(browser, "/api/at-hand/confirm", exam=exam_id, confirmed=held(item))
        assert browser.get("/api/at-hand").json()["ask"] == ""
        assert self.look(box) == ""
        assert audited(box)[0] == ("patient-confirmed", exam_id)

    def test_a_scan_of_the_patient_is_an_answer(
        self, browser: TestClient, box: Box, clock: HandClock
    ) -> None:
        _, exam_id = self.begin(browser, box)
        clock.advance(3600)
        self.look(box)
        wrong = scanned("PID-2//19520102")
        confirm = "/api/at-hand/confirm"
        assert refused(browser, confirm, exam=exam_id, confirmed=wrong) == "G-1203"
        post(browser, confirm, exam=exam_id, confirmed=scanned("PID-1//19510102"))

    def test_one_identifier_is_enough_where_there_is_no_more(
        self, browser: TestClient, box: Box, clock: HandClock
    ) -> None:
        began = post(browser, "/api/exams/emergency")["exam"]
        clock.advance(timedelta(hours=1).total_seconds())
        assert self.look(box) == "idle"
        number = held(exam_of(box).item, "patient_id")
        post(browser, "/api/at-hand/confirm", exam=began["exam"], confirmed=number)

    def test_exams_that_others_left_open_are_chosen_from(
        self, browser: TestClient, box: Box
    ) -> None:
        one, other = begin(box, 1), begin(box, 2)
        answer = browser.get("/api/at-hand").json()
        assert answer["exam"] is None
        assert [each["exam"] for each in answer["open"]] == [one.exam_id, other.exam_id]
        confirm = "/api/at-hand/confirm"
        post(browser, confirm, exam=other.exam_id, confirmed=held(other.item))
        assert browser.get("/api/at-hand").json()["exam"]["exam"] == other.exam_id
        assert refused(browser, confirm, exam=one.exam_id, confirmed=held(one.item)) == "G-1201"

    def test_an_exam_that_ended_meanwhile_is_not_taken_to_hand(
        self, browser: TestClient, box: Box
    ) -> None:
        item, exam_id = self.begin(browser, box)
        acquire(box, exams.load(box.catalog, exam_id))
        lives.complete(box, exam_id)
        proof = held(item)
        confirm = "/api/at-hand/confirm"
        assert refused(browser, confirm, exam=exam_id, confirmed=proof) == "G-1208"
        assert refused(browser, confirm, exam="99", confirmed=proof) == "G-1208"
        assert browser.get("/api/at-hand").json() == {
            "exam": None,
            "protocol": "",
            "since": "",
            "ask": "",
            "open": [],
        }


def test_the_box_asks_by_itself_while_its_page_is_served(
    box: Box, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity_routes, "LOOK_SECONDS", 0.05)
    exam = begin(box)
    with box.catalog.writing() as db:
        at_hand.set(db, exam.exam_id, "", clock.now())
    clock.advance(7200)
    with browse(box, Options(ask_after_idle_minutes=60)) as page:
        deadline = time.monotonic() + 60
        while page.get("/api/at-hand").json()["ask"] != "idle":
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_the_prefix_of_an_emergency_is_the_sites(box: Box) -> None:
    post(browse(box, Options(emergency_prefix="NOTFALL-")), "/api/exams/emergency")
    assert exam_of(box).item.patient_id.startswith("NOTFALL-GANTRY-")


def test_the_start_is_all_or_nothing(
    browser: TestClient, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = entry(1)
    fill(box, item)

    def broken(*_: object) -> None:
        raise OSError("the card is gone")

    with monkeypatch.context() as patch:
        patch.setattr(audit, "note", broken)
        quiet = browse(box, raise_server_exceptions=False)
        body = {"keys": [item.key], "confirmed": held(item), "token": "t"}
        assert refused(quiet, "/api/exams/start", **body) == "G-9000"
    assert exams.recent(box.catalog) == []
    assert at_hand.get(box.catalog) is None
    assert box.catalog.rows("SELECT * FROM delivery") == []
    post(browser, "/api/exams/start", keys=[item.key], confirmed=held(item), token="t")
    assert len(exams.recent(box.catalog)) == 1
