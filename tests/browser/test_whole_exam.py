"""A day at the screen of a whole box, beside a hospital: every exam from its patient to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from services.hospital import Faults
from tests.browser.hands import Operator
from tests.browser.ward import Ward, running_ward
from tests.end_to_end.cli import until

OpenPage = Callable[..., Page]

WRISTBAND = {
    "Müller": "G1001|19580412",
    "Ferreira": "G1011|19771201",
    "Smith, Catherine": "G1004|19490921",
    "Smith, Katherine": "G1005|19490912",
}
REFUSED = "the server responded with a status of 4"
"""Chromium logs every refusal as an error."""


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """One box for the day; each test ends the exam that it begins."""
    with running_ward(tmp_path_factory.mktemp("day")) as made:
        made.hospital.store.set_faults(Faults(commitment_delay=0.5))
        yield made


@pytest.fixture
def operator(day: Ward, open_page: OpenPage) -> Operator:
    someone = Operator(open_page(day, route="#/worklist", forgive=(REFUSED,)))
    someone.sees("worklist")
    return someone


@pytest.fixture(autouse=True)
def _left_as_it_was(request: pytest.FixtureRequest) -> Iterator[None]:
    """An exam that a failed test left open is given up, so that the next one can begin."""
    yield
    if "day" not in request.fixturenames:
        return
    day: Ward = request.getfixturevalue("day")
    for exam in day.api("/api/overview")["exams"]:
        if exam["state"] == "IN PROGRESS":
            day.gantry("exam", "discontinue", exam["exam"], "--reason", "110513")


def newest(ward: Ward) -> dict[str, Any]:
    found: dict[str, Any] = ward.api("/api/overview")["exams"][0]
    return found


def in_the_archive(ward: Ward, exam: dict[str, Any]) -> list[Any]:
    return [
        each
        for each in ward.hospital.store.instances()
        if each.study_instance_uid == exam["study_instance_uid"]
    ]


@pytest.mark.parametrize(
    ("size", "patient"), [("7-inch", "Müller"), ("10-inch", "Łukasiewicz"), ("portrait", "Wang")]
)
def test_from_the_list_to_committed(
    day: Ward, open_page: OpenPage, size: str, patient: str
) -> None:
    someone = Operator(open_page(day, size=size, route="#/worklist"))
    someone.sees("worklist")
    someone.tap_row(patient)
    someone.sees("confirm")
    someone.hold("confirm-start")
    someone.sees("acquire")
    someone.sees_live_picture()
    someone.capture()
    assert someone.taps == 3, "row, hold, capture"
    expect(someone.control("banner")).to_contain_text(patient)
    someone.capture()
    someone.tap("record")
    expect(someone.control("rec")).to_be_visible()
    someone.page.wait_for_timeout(1000)
    someone.tap("record")
    expect(someone.control("thumb")).to_have_count(3, timeout=20_000)
    someone.complete()
    exam = newest(day)
    assert exam["state"] == "COMPLETED"
    assert patient in exam["readable_name"]
    day.committed(exam["exam"])
    someone.page.goto(f"{day.url}/#/exam/{exam['exam']}")
    expect(someone.control("committed-pacs")).to_have_attribute("aria-valuenow", "3")
    assert len(in_the_archive(day, exam)) == 3


def test_a_scan_and_a_press_are_all(operator: Operator, day: Ward) -> None:
    expect(operator.row("Ferreira").first).to_be_attached(timeout=30_000)
    operator.scan(WRISTBAND["Ferreira"])
    operator.sees("acquire")
    operator.sees_live_picture()
    operator.capture()
    assert operator.taps == 2, "scan, press"
    operator.complete()
    exam = newest(day)
    assert exam["patient_id"] == "G1011"
    day.committed(exam["exam"])


def test_two_patients_who_could_be_taken_for_one_another(operator: Operator, day: Ward) -> None:
    row = operator.find_row("Smith, Katherine")
    expect(row.locator('[data-warning="similar_name"]')).to_be_visible()
    operator.tap_row("Smith, Katherine")
    operator.sees("confirm")
    expect(operator.control("confirm-alike")).to_contain_text("G1004")
    operator.scan(WRISTBAND["Smith, Catherine"])
    expect(operator.control("problem")).to_be_visible()
    operator.tap("problem-close")
    operator.sees("confirm")
    operator.scan(WRISTBAND["Smith, Katherine"])
    expect(operator.control("confirm-told")).to_contain_text("warnings")
    operator.hold("confirm-start")
    operator.sees("acquire")
    operator.sees_live_picture()
    operator.capture()
    operator.complete()
    assert newest(day)["patient_id"] == "G1005"


def test_the_wrong_wristband_stops_everything(operator: Operator, day: Ward) -> None:
    operator.open_by_hand("O'Brien")
    operator.sees_live_picture()
    operator.capture()
    operator.scan(WRISTBAND["Müller"])
    expect(operator.control("stop")).to_be_visible(timeout=20_000)
    expect(operator.control("stop")).to_contain_text("G1008")
    operator.hold("stop-same")
    expect(operator.control("stop")).to_be_hidden()
    operator.capture()
    operator.complete()
    assert newest(day)["acquired"] == 2


def test_an_exam_with_the_network_down(operator: Operator, day: Ward) -> None:
    operator.find_row("Smith, Catherine")
    with day.network_down():
        operator.open_by_hand("Smith, Catherine")
        operator.sees_live_picture()
        operator.capture()
        operator.complete()
        exam = newest(day)
        assert exam["state"] == "COMPLETED"
        assert not in_the_archive(day, exam)
    operator.page.goto(f"{day.url}/#/queue")
    operator.sees("queue")
    day.committed(exam["exam"], 90)
    assert len(in_the_archive(day, exam)) == 1


def test_an_exam_without_an_order_is_matched_before_it_is_sent(
    operator: Operator, day: Ward
) -> None:
    with day.network_down():
        operator.tap("unscheduled")
        operator.sees("unscheduled")
        operator.tap("un-family")
        operator.control("un-family-sheet-input").fill("Unknown")
        operator.control("un-family-sheet-input").press("Enter")
        operator.hold("unscheduled-start")
        operator.sees("acquire")
        operator.sees_live_picture()
        operator.capture()
        operator.complete()
        exam = newest(day)
        assert not exam["scheduled"]
        operator.page.goto(f"{day.url}/#/match/{exam['exam']}")
        operator.sees("match")
        entry = operator.page.locator('[data-test^="entry-"]', has_text="Nguyễn")
        entry.first.click()
        operator.hold("match-yes")
        until(lambda: newest(day)["patient_id"] == "G1012", 20)
    day.committed(exam["exam"], 90)
    (stored,) = in_the_archive(day, newest(day))
    assert stored.patient_id == "G1012"


def test_an_exam_that_is_given_up_says_why(operator: Operator, day: Ward) -> None:
    operator.open_by_hand("Haddad")
    operator.sees_live_picture()
    operator.tap("finish")
    operator.sees("finish")
    expect(operator.control("finish-complete")).to_be_disabled()
    operator.tap("finish-discontinue")
    operator.page.locator("[data-test^='reason-']").first.click()
    operator.hold("discontinue-hold")
    operator.sees("worklist")
    exam = newest(day)
    assert exam["state"] == "DISCONTINUED"
    assert exam["reason"]


def test_a_delivery_that_is_held_is_resent(operator: Operator, day: Ward) -> None:
    day.hospital.store.set_faults(Faults(store_status=0xA900))
    try:
        operator.open_by_hand("Yamada")
        operator.sees_live_picture()
        operator.capture()
        operator.complete()
        exam = newest(day)
        operator.page.goto(f"{day.url}/#/queue")
        held = operator.page.locator('[data-test^="line-"][data-state="held"]')
        expect(held.first).to_be_visible(timeout=40_000)
    finally:
        day.hospital.store.set_faults(Faults(commitment_delay=0.5))
    operator.page.locator('[data-test^="resend-"]').first.click()
    day.committed(exam["exam"], 60)


def test_the_console_is_killed_in_mid_exam_and_is_where_it_was(
    day: Ward, open_page: OpenPage
) -> None:
    page = open_page(day, route="#/worklist", forgive=(REFUSED, "ERR_CONNECTION_REFUSED"))
    operator = Operator(page)
    operator.open_by_hand("Ковалёва")
    operator.sees_live_picture()
    operator.capture()
    operator.tap("record")
    expect(operator.control("rec")).to_be_visible()
    day.kill("console")
    day.wait_for_console()
    expect(operator.control("rec")).to_be_visible(timeout=30_000)
    operator.sees_live_picture()
    operator.tap("record")
    expect(operator.control("thumb")).to_have_count(2, timeout=20_000)
    expect(operator.control("banner")).to_contain_text("G1003")
    operator.complete()
    assert newest(day)["acquired"] == 2


def test_a_source_that_is_pulled_in_mid_exam(tmp_path: Path, open_page: OpenPage) -> None:
    with running_ward(tmp_path, faults=["unplug@150+6"]) as ward:
        operator = Operator(open_page(ward, route="#/worklist", forgive=(REFUSED, "503")))
        operator.sees("worklist")
        operator.open_by_hand("Müller")
        operator.sees_live_picture()
        operator.capture()
        operator.page.wait_for_selector(
            '[data-test=preview]:not([data-state="live"])', timeout=30_000
        )
        expect(operator.control("preview-cover")).to_be_visible()
        operator.tap("capture")
        expect(operator.control("notice")).to_be_visible()
        expect(operator.control("thumb")).to_have_count(1)
        operator.sees_live_picture()
        operator.capture()
        operator.complete()
        ward.committed(newest(ward)["exam"])


def test_right_to_left(day: Ward, open_page: OpenPage) -> None:
    page = open_page(day, route="#/settings", forgive=(REFUSED,))
    operator = Operator(page)
    operator.sees("settings")
    operator.tap("settings-language-ar")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    try:
        page.goto(f"{day.url}/#/worklist")
        operator.sees("worklist")
        operator.open_by_hand("Andersen")
        operator.sees_live_picture()
        operator.capture()
        operator.complete()
        day.committed(newest(day)["exam"])
    finally:
        page.goto(f"{day.url}/#/settings")
        operator.tap("settings-language-en")
        expect(page.locator("html")).to_have_attribute("dir", "ltr")
