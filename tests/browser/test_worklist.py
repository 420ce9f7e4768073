"""From the worklist to the open exam in a real browser: scans, holds, warnings, and questions."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Locator, Page, expect

from device.reasons import discontinuation_reason
from services import exams as lives
from services import still_here
from services.box import Box
from services.catalog import at_hand, audit, exams, preferences
from services.console.app import make_app
from services.still_here import Patience
from tests.browser.conftest import SIZES
from tests.peers.process import free_port
from tests.services.boxes import HandClock, archive, begin, make_box, ris
from tests.services.console.patients import entry, fill, read_code

OpenPage = Callable[..., Page]
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
REFUSED = "the server responded with a status of 4"
"""Chromium logs every refusal as an error."""


@dataclass
class Shown:
    """A console in this process with a worklist."""

    url: str
    box: Box
    clock: HandClock

    def exams(self) -> list[str]:
        return [exam.item.patient_id for exam in exams.recent(self.box.catalog)]


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Shown]:
    clock = HandClock()
    box = make_box(tmp_path, [ris(), archive()], clock)
    fill(
        box,
        entry(1, PatientName="Müller^Jörg", RequestedProcedureDescription="Left knee", time="0800"),
        entry(2, PatientName="Smith^John", PatientID="1000451", time="0815"),
        entry(3, PatientName="Smith^Jon", PatientID="1000461", time="0830"),
        entry(4, PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう", status="STARTED", time="0845"),
        entry(5, date="20260305"),
        *(entry(n, time="1000") for n in range(6, 20)),
    )
    port = free_port()
    app = make_app(box, read_scan=read_code)
    config = uvicorn.Config(app, "127.0.0.1", port, log_level="error", ws="websockets-sansio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield Shown(f"http://127.0.0.1:{port}", box, clock)
    server.should_exit = True
    thread.join(20)
    box.catalog.close()


def control(page: Page, name: str) -> Locator:
    return page.locator(f'[data-test="{name}"]')


def row(page: Page, name: str) -> Locator:
    return page.locator(".wl-row", has_text=name)


def screen_is(page: Page, name: str) -> None:
    expect(page.locator(f'[data-screen="{name}"]')).to_be_attached()


def hold(page: Page, name: str) -> None:
    """Hold a button as long as it wants to be held."""
    place = control(page, name)
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(1300)
    page.mouse.up()


def scan(page: Page, text: str) -> None:
    """What a scanner types: no hand is so fast."""
    page.evaluate(
        """(text) => { for (const key of [...text, 'Enter'])
        document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true,
          cancelable: true})); }""",
        text,
    )


def test_a_row_and_a_hold_open_the_exam(shown: Shown, open_page: OpenPage) -> None:
    page = open_page(shown, route="#/worklist")
    row(page, "Müller").click()
    screen_is(page, "confirm")
    expect(control(page, "confirm-patient_name")).to_contain_text("Müller, Jörg")
    expect(control(page, "confirm-birth_date")).to_contain_text("75 years")
    expect(control(page, "confirm-procedure")).to_contain_text("Left")
    hold(page, "confirm-start")
    screen_is(page, "acquire")
    assert shown.exams() == ["PID-1"]


COUNT_TOUCHES = """addEventListener('pointerdown', () => {
  sessionStorage.touches = Number(sessionStorage.touches || 0) + 1; }, true);"""


def touches(page: Page) -> int:
    return int(page.evaluate("Number(sessionStorage.touches || 0)"))


def test_two_touches_before_the_first_picture_and_none_after_a_scan(
    shown: Shown, open_page: OpenPage
) -> None:
    page = open_page(shown, route="#/worklist")
    page.evaluate(COUNT_TOUCHES)
    row(page, "Müller").click()
    screen_is(page, "confirm")
    hold(page, "confirm-start")
    screen_is(page, "acquire")
    expect(control(page, "capture")).to_be_visible()
    assert touches(page) == 2, "the third one takes the picture"
    discontinue(shown)
    page = open_page(shown, route="#/worklist")
    page.evaluate(COUNT_TOUCHES)
    expect(row(page, "Smith, John")).to_be_visible()
    scan(page, "1000451//19520102")
    screen_is(page, "acquire")
    assert touches(page) == 0, "the pedal takes the picture"


def discontinue(shown: Shown) -> None:
    """End the open exam elsewhere."""
    (exam,) = exams.recent(shown.box.catalog)
    lives.discontinue(shown.box, exam.exam_id, discontinuation_reason("110513"))


def test_a_short_press_opens_nothing(shown: Shown, open_page: OpenPage) -> None:
    page = open_page(shown, route="#/worklist")
    row(page, "Müller").click()
    control(page, "confirm-start").click()
    page.wait_for_timeout(300)
    screen_is(page, "confirm")
    assert shown.exams() == []


def test_a_scan_with_two_identifiers_is_all_it_takes(shown: Shown, open_page: OpenPage) -> None:
    page = open_page(shown, route="#/worklist")
    expect(row(page, "Müller")).to_be_visible()
    scan(page, "PID-1//19510102")
    screen_is(page, "acquire")
    assert shown.exams() == ["PID-1"]


def test_a_code_with_a_pause_in_it_is_thrown_away_whole(shown: Shown, open_page: OpenPage) -> None:
    page = open_page(shown, route="#/worklist")
    expect(row(page, "Müller")).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate(
        """async () => { const type = (text) => { for (const key of text)
          document.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true})); };
          type('PID-'); await new Promise((go) => setTimeout(go, 120));
          type('1//19510102');
          document.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true})); }"""
    )
    scan(page, "PID-1//19510102")
    screen_is(page, "acquire")
    assert len([url for url in asked if url.endswith("/api/scan")]) == 1


def test_wristband_then_request_form(shown: Shown, open_page: OpenPage) -> None:
    page = open_page(shown, route="#/worklist", forgive=(REFUSED,))
    expect(row(page, "Müller")).to_be_visible()
    scan(page, "PID-1//")
    screen_is(page, "confirm")
    expect(control(page, "confirm-told")).to_contain_text("One identifier agrees")
    scan(page, "/ACC0001/")
    screen_is(page, "acquire")


def test_a_code_of_nobody_and_one_of_another_day_are_explained(
    shown: Shown, open_page: OpenPage
) -> None:
    page = open_page(shown, route="#/worklist", forgive=(REFUSED,))
    expect(row(page, "Müller")).to_be_visible()
    scan(page, "NOBODY//")
    expect(control(page, "problem")).to_have_attribute("data-code", "G-1102")
    control(page, "problem-close").click()
    scan(page, "PID-5//19550102")
    expect(control(page, "problem")).to_have_attribute("data-code", "G-1105")
    control(page, "scan-sheet").locator(".wl-row").click()
    screen_is(page, "confirm")
    expect(page.locator('[data-warning="other_day"]')).to_be_visible()
    assert shown.exams() == []


def test_a_wrong_code_at_the_confirm_screen_opens_nothing(
    shown: Shown, open_page: OpenPage
) -> None:
    page = open_page(shown, route="#/worklist", forgive=(REFUSED,))
    row(page, "Müller").click()
    screen_is(page, "confirm")
    expect(control(page, "confirm-start")).to_be_visible()
    scan(page, "1000451//19520102")
    expect(control(page, "problem")).to_have_attribute("data-code", "G-1203")
    assert shown.exams() == []


def test_look_alikes_and_started_elsewhere_warn_before_anything_is_opened(
    shown: Shown, open_page: OpenPage
) -> None:
    page = open_page(shown, route="#/worklist")
    expect(row(page, "Smith, John").locator('[data-warning="similar_name"]')).to_be_visible()
    expect(row(page, "Yamada")).to_contain_text("Started elsewhere")
    expect(row(page, "Yamada")).to_contain_text("山田 太郎")
    row(page, "Smith, Jon").click()
    expect(control(page, "confirm-alike")).to_contain_text("1000451")


def test_search_folds_accents_and_scripts(shown: Shown, open_page: OpenPage) -> None:
    page = open_page(shown, route="#/worklist")
    expect(row(page, "Müller")).to_be_visible()
    for words, name in (("muller", "Müller"), ("山田", "Yamada"), ("1000461", "Smith, Jon")):
        control(page, "search").click()
        control(page, "search-sheet-input").fill(words)
        control(page, "search-sheet-input").press("Enter")
        expect(page.locator(".wl-row")).to_have_count(1)
        expect(row(page, name)).to_be_visible()
    control(page, "filter-clear").click()
    expect(row(page, "Müller")).to_be_visible()


def test_a_scan_beside_the_keyboard_opens_the_patient_and_leaves_no_keys(
    shown: Shown, open_page: OpenPage
) -> None:
    page = open_page(shown, route="#/worklist")
    expect(row(page, "Müller")).to_be_visible()
    control(page, "search").click()
    scan(page, "PID-1//19510102")
    screen_is(page, "acquire")
    expect(control(page, "search-sheet")).to_have_count(0)


def test_not_this_patient_begins_with_nothing(shown: Shown, open_page: OpenPage) -> None:
    page = open_page(shown, route="#/worklist")
    row(page, "Müller").click()
    control(page, "not-this-patient").click()
    screen_is(page, "unscheduled")
    assert "Müller" not in page.locator("#screen").inner_text()
    expect(control(page, "unscheduled-start")).to_be_disabled()
    control(page, "un-family").click()
    control(page, "un-family-sheet-input").fill("Nobody")
    control(page, "un-family-sheet-input").press("Enter")
    control(page, "un-sex-F").click()
    hold(page, "unscheduled-start")
    screen_is(page, "acquire")
    (exam,) = exams.recent(shown.box.catalog)
    assert (exam.item.patient_name, exam.item.patient_sex) == ("Nobody", "F")
    assert not exam.scheduled
    assert "not-this-patient" in {e.action for e in audit.newest(shown.box.catalog)}


def test_an_emergency_is_one_tap_and_one_hold(shown: Shown, open_page: OpenPage) -> None:
    page = open_page(shown, route="#/worklist")
    control(page, "emergency").click()
    hold(page, "emergency-start")
    screen_is(page, "acquire")
    assert shown.exams()[0].startswith("EMERGENCY-")


def test_several_steps_are_chosen_together(shown: Shown, open_page: OpenPage) -> None:
    same = {"PatientID": "P", "PatientBirthDate": "19600101", "PatientName": "Group^Case"}
    fill(shown.box, entry(1, **same), entry(2, **same))
    page = open_page(shown, route="#/worklist")
    expect(page.locator(".wl-row")).to_have_count(2)
    control(page, "show").click()
    control(page, "select").click()
    for each in page.locator(".wl-row").all():
        each.click()
    control(page, "select-open").click()
    expect(control(page, "confirm-accession")).to_contain_text("ACC0001, ACC0002")
    hold(page, "confirm-start")
    screen_is(page, "acquire")
    (exam,) = exams.recent(shown.box.catalog)
    assert len(exam.items) == 2


def test_a_long_rest_asks_on_whatever_screen_somebody_is(shown: Shown, open_page: OpenPage) -> None:
    page = open_page(shown, route="#/worklist")
    row(page, "Müller").click()
    hold(page, "confirm-start")
    screen_is(page, "acquire")
    shown.clock.advance(3600)
    still_here.look(shown.box, Patience(4, 30))
    screen_is(page, "resume")
    expect(control(page, "resume-why")).to_have_attribute("data-why", "idle")
    hold(page, "resume-same")
    screen_is(page, "acquire")
    held = at_hand.get(shown.box.catalog)
    assert held is not None
    assert held.confirmed_at == shown.clock.now()


def test_exams_that_were_left_open_are_chosen_from(shown: Shown, open_page: OpenPage) -> None:
    one, other = begin(shown.box, 21), begin(shown.box, 22)
    page = open_page(shown, route="#/worklist")
    screen_is(page, "resume")
    control(page, f"open-{other.exam_id}").click()
    hold(page, "resume-same")
    screen_is(page, "acquire")
    held = at_hand.get(shown.box.catalog)
    assert held is not None
    assert held.exam_id == other.exam_id != one.exam_id


def test_a_page_that_comes_up_anew_is_where_it_was(shown: Shown, open_page: OpenPage) -> None:
    page = open_page(shown, route="#/worklist")
    scan_ready = row(page, "Müller")
    expect(scan_ready).to_be_visible()
    scan(page, "PID-1//19510102")
    screen_is(page, "acquire")
    again = open_page(shown)
    screen_is(again, "acquire")


SCREENS = ("worklist", "confirm", "unscheduled", "resume")


@pytest.mark.parametrize("language", ["en", "ar", "de"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SCREENS)
def test_every_control_is_large_enough_and_nothing_is_cut_off(
    shown: Shown, open_page: OpenPage, name: str, size: str, language: str
) -> None:
    preferences.put(shown.box.catalog, "", {"language": language})
    if name == "resume":
        begin(shown.box, 21)
    route = name
    if name == "confirm":
        from device.worklist import QueryKeys
        from services.catalog import worklist as cache

        found = cache.items(shown.box.catalog, QueryKeys(patient_id="1000451"))
        route = f"confirm/{found[0].item.key}"
    page = open_page(shown, size=size, route=f"#/{route}")
    screen_is(page, name)
    page.wait_for_timeout(250)
    small = page.evaluate(
        """() => { const target = parseFloat(getComputedStyle(document.documentElement)
            .getPropertyValue('--target'));
          return [...document.querySelectorAll('#screen button, #screen a')].map((e) =>
            [e.dataset.test, e.getBoundingClientRect()]).filter(([, r]) =>
            r.width < target - 0.5 || r.height < target - 0.5).map(([n, r]) =>
            `${n} ${r.width} ${r.height}`); }"""
    )
    assert small == []
    wide = page.evaluate(
        """() => [document.documentElement.scrollWidth, innerWidth,
          document.querySelector('#screen').scrollWidth,
          document.querySelector('#screen').clientWidth]"""
    )
    assert wide[0] <= wide[1]
    assert wide[2] <= wide[3]
    out = page.evaluate(
        """() => [...document.querySelectorAll('.wl-tools button, .confirm-actions button')]
          .filter((e) => { const r = e.getBoundingClientRect();
            return r.bottom > innerHeight + 1 || r.right > innerWidth + 1 || r.left < -1; })
          .map((e) => e.dataset.test)"""
    )
    assert out == [], "what must be reached is on the screen"


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing(shown: Shown, open_page: OpenPage, theme: str) -> None:
    preferences.put(shown.box.catalog, "", {"theme": theme})
    page = open_page(shown, route="#/worklist")
    expect(row(page, "Müller")).to_be_visible()
    page.evaluate(AXE.read_text("utf-8"))
    assert violations(page) == []
    control(page, "show").click()
    assert violations(page) == []
    control(page, "show-sheet-close").click()
    control(page, "emergency").click()
    assert violations(page) == []
    control(page, "emergency-cancel").click()
    row(page, "Smith, Jon").click()
    expect(control(page, "confirm-start")).to_be_visible()
    assert violations(page) == []
    control(page, "not-this-patient").click()
    expect(control(page, "unscheduled-start")).to_be_visible()
    assert violations(page) == []
    begin(shown.box, 21)
    page.evaluate("location.hash = '#/resume'")
    expect(control(page, "resume-same")).to_be_visible()
    assert violations(page) == []


def violations(page: Page) -> list[str]:
    """What axe-core finds, with the first place of each."""
    found = page.evaluate("async () => (await axe.run()).violations")
    return [f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in found]


def test_going_to_and_fro_leaves_nothing_behind(shown: Shown, open_page: OpenPage) -> None:
    page = open_page(shown, route="#/worklist")
    session = page.context.new_cdp_session(page)

    def counted() -> tuple[int, int]:
        session.send("HeapProfiler.collectGarbage")
        found = session.send("Memory.getDOMCounters")
        return found["nodes"], found["jsEventListeners"]

    def to_and_fro() -> None:
        row(page, "Müller").click()
        expect(control(page, "confirm-start")).to_be_visible()
        control(page, "not-this-patient").click()
        expect(control(page, "unscheduled-start")).to_be_visible()
        control(page, "unscheduled-back").click()
        expect(row(page, "Müller")).to_be_visible()
        control(page, "emergency").click()
        control(page, "emergency-cancel").click()

    for _ in range(3):
        to_and_fro()
    before = counted()
    for _ in range(20):
        to_and_fro()
    after = counted()
    assert after[0] < before[0] * 1.2 + 100
    assert after[1] < before[1] * 1.2 + 20
