"""Exams, the queue, matching and reconciling in a real browser."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Locator, Page, expect

from device.exam import Exam
from device.worklist import QueryKeys, WorklistItem
from services import exams as lives
from services import reconciliation
from services.box import Box
from services.catalog import at_hand, exams, people, preferences
from services.catalog import worklist as cache
from services.console.app import make_app
from services.outbox import operator, peer_state, queue
from services.outbox.model import Kind
from tests.browser.conftest import SIZES
from tests.peers.process import free_port
from tests.services.boxes import HandClock, acquire, archive, begin, item, make_box, ris

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
RIGHT = item(2, name="Roe^Richard", PatientID="PID-77", PatientBirthDate="19551231", PatientSex="M")
SIMILAR = item(3, name="Roe^Richarda", PatientID="PID-78", PatientBirthDate="19560101")
ROUTES = ("exams", "exam/1", "exam/2", "queue", "match/1", f"match/1/{RIGHT.key}", "reconcile")


@dataclass
class Shown:
    """A console in this process on a box with exams in every state."""

    url: str
    box: Box
    typed: Exam
    sent: Exam


def hold_at(box: Box, exam: Exam, peer: str, status: int, words: str) -> None:
    """The archive refuses what is due of an exam."""
    for claimed in queue.claim(box.catalog, peer, [Kind.STORE], "me:1:1", at=box.wall(), limit=99):
        with box.catalog.writing() as db:
            text = f"The archive refuses the object (status {status:04X}): {words}"
            if claimed.exam_id == exam.exam_id:
                queue.hold(db, claimed, status=status, text=text, advice="")
            else:
                queue.give_back(db, claimed, "")


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Shown]:
    box = make_box(tmp_path, [ris(), archive(), archive("second")], HandClock())
    cache.replace(box.catalog, "ris", QueryKeys(), [RIGHT, SIMILAR], truncated=False, at=box.wall())
    entry = WorklistItem.unscheduled(
        patient_id="TMP-1", patient_name="Unknown^Man", study_instance_uid=box.uids()
    )
    typed = lives.start(box, [entry])
    acquire(box, typed, frames=2)
    lives.complete(box, typed.exam_id)
    sent = begin(box)
    acquire(box, sent, frames=3)
    lives.complete(box, sent.exam_id)
    with box.catalog.writing() as db:
        # exam 1 is kept back from the archives, so that nothing of it has left the box
        db.conn.execute("UPDATE delivery SET attempts = 0 WHERE exam_id = ?", [typed.exam_id])
    hold_at(box, sent, "second", 0xA900, "no such class here")
    peer_state.pause(box.catalog, "pacs", "pacs: no route to host", at=box.wall())
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(make_app(box), "127.0.0.1", port, log_level="error", ws="websockets-sansio")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield Shown(f"http://127.0.0.1:{port}", box, typed, sent)
    server.should_exit = True
    thread.join(20)
    box.catalog.close()


OpenPage = Callable[..., Page]


def named(page: Page, name: str) -> Locator:
    return page.locator(f'[data-test="{name}"]')


def hold(page: Page, name: str) -> None:
    """Press for longer than a slip of the hand."""
    button = named(page, name)
    button.scroll_into_view_if_needed()
    place = button.bounding_box()
    assert place
    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(1300)
    page.mouse.up()


def test_an_unscheduled_exam_is_found_and_matched(open_page: OpenPage, shown: Shown) -> None:
    page = open_page(shown, route="#/exams", forgive=("thumb",))
    expect(named(page, "exam-1")).to_contain_text("Unscheduled")
    named(page, "exam-1").click()
    expect(named(page, "banner")).to_contain_text("TMP-1")
    named(page, "exam-match").click()
    named(page, f"entry-{RIGHT.key}").click()
    contradicting = page.locator("tr.match-contradicts")
    expect(contradicting).to_have_count(2)
    expect(contradicting.first).to_contain_text("contradicts")
    named(page, "match-yes").click()
    page.wait_for_timeout(300)
    assert exams.load(shown.box.catalog, "1").item.patient_id == "TMP-1", "a tap is not enough"
    hold(page, "match-yes")
    expect(named(page, "banner")).to_contain_text("PID-77")
    assert exams.load(shown.box.catalog, "1").item.patient_name == "Roe^Richard"


def test_a_held_delivery_is_explained_and_resent(open_page: OpenPage, shown: Shown) -> None:
    page = open_page(shown, route="#/queue", forgive=("thumb",))
    first = page.locator("li.line").first
    expect(first).to_have_attribute("data-code", "G-4109")
    expect(first).to_contain_text("no such class here")
    expect(first).to_contain_text("The archive refuses the image")
    number = (first.get_attribute("data-test") or "").removeprefix("line-")
    named(page, f"redirect-{number}").click()
    expect(named(page, "redirect-to-pacs")).to_be_visible()
    page.keyboard.press("Escape")
    named(page, f"resend-{number}").click()
    expect(page.locator('li.line[data-state="held"]')).to_have_count(0)
    owed = operator.deliveries(shown.box.catalog, exam_id="2")
    assert {each.state for each in owed} == {"waiting"}


def test_sending_is_cancelled_only_by_holding(open_page: OpenPage, shown: Shown) -> None:
    page = open_page(shown, route="#/queue?held=1", forgive=("thumb",))
    line = page.locator("li.line").first
    number = (line.get_attribute("data-test") or "").removeprefix("line-")
    named(page, f"cancel-{number}").click()
    named(page, "cancel-sheet-yes").click()
    page.wait_for_timeout(300)
    held = operator.get(shown.box.catalog, int(number))
    assert held.state == "held"
    hold(page, "cancel-sheet-yes")
    expect(named(page, "queue-empty")).to_be_visible()
    assert operator.get(shown.box.catalog, int(number)).state == "cancelled"


def test_a_system_that_is_away_is_tried_now(open_page: OpenPage, shown: Shown) -> None:
    page = open_page(shown, route="#/queue", forgive=("thumb",))
    expect(named(page, "peer-pacs")).to_contain_text("no route to host")
    named(page, "try-pacs").click()
    expect(named(page, "toast")).to_be_visible()
    assert peer_state.get(shown.box.catalog, "pacs").paused_until == 0


def test_images_are_added_to_an_ended_exam(open_page: OpenPage, shown: Shown) -> None:
    page = open_page(shown, route="#/exam/2", forgive=("thumb",))
    named(page, "exam-append").click()
    expect(named(page, "append-sheet")).to_contain_text("PID-1")
    hold(page, "append-sheet-yes")
    expect(page.locator('[data-screen="acquire"]')).to_be_visible()
    held = at_hand.get(shown.box.catalog)
    assert held is not None
    begun = exams.load(shown.box.catalog, held.exam_id)
    assert begun.study_instance_uid == shown.sent.study_instance_uid


def test_a_sent_exam_is_marked_and_closed_by_a_supervisor(
    open_page: OpenPage, shown: Shown
) -> None:
    people.add(shown.box.catalog, "Sue", "supervisor", "4711", made=shown.box.clock.now())
    page = open_page(shown, route=f"#/match/2/{RIGHT.key}", forgive=("thumb",))
    expect(named(page, "match-way")).to_contain_text("supervisor")
    hold(page, "match-yes")
    expect(named(page, "reconcile-2")).to_contain_text("Asked")
    expect(named(page, "confirm-2")).to_have_count(0)
    named(page, "sheet-2").click()
    expect(named(page, "sheet-text")).to_contain_text("AS IT SHOULD BE")
    page.keyboard.press("Escape")
    answer = page.evaluate(
        """async () => (await fetch('/api/session/sign-in', {method: 'POST',
        headers: {'Content-Type': 'application/json', 'X-Gantry': '1'},
        body: JSON.stringify({name: 'Sue', pin: '4711'})})).status"""
    )
    assert answer == 200
    page.reload()
    named(page, "confirm-2").click()
    hold(page, "step-sheet-yes")
    expect(named(page, "reconcile-2")).to_contain_text("Confirmed")
    named(page, "done-2").click()
    hold(page, "step-sheet-yes")
    expect(named(page, "reconcile-none")).to_be_visible()
    (told,) = reconciliation.history(shown.box, "2")
    assert (told.confirmed_by, told.ended_by, told.stage) == ("Sue", "Sue", "done")


def test_exams_are_found_while_typing(open_page: OpenPage, shown: Shown) -> None:
    page = open_page(shown, route="#/exams", forgive=("thumb",))
    expect(page.locator("a.exam-row")).to_have_count(2)
    page.goto(f"{shown.url}/#/exams?filter=tmp")
    expect(page.locator("a.exam-row")).to_have_count(1)
    page.goto(f"{shown.url}/#/exams?filter=nobody")
    expect(named(page, "exams-none")).to_be_visible()
    page.goto(f"{shown.url}/#/exams?state=held")
    expect(named(page, "exam-2")).to_be_visible()
    expect(named(page, "exam-1")).to_have_count(0)


def test_the_screens_follow_what_happens(open_page: OpenPage, shown: Shown) -> None:
    page = open_page(shown, route="#/exam/2", forgive=("thumb",))
    expect(named(page, "stored-pacs")).to_have_attribute("aria-valuenow", "0")
    with shown.box.catalog.writing() as db:
        db.conn.execute("UPDATE archived SET stored = 'now' WHERE peer = 'pacs'")
    expect(named(page, "stored-pacs")).to_have_attribute("aria-valuenow", "3", timeout=8000)


@pytest.mark.parametrize("size", SIZES)
def test_targets_are_large_and_nothing_overflows(
    open_page: OpenPage, shown: Shown, size: str
) -> None:
    reconciliation.ask(shown.box, "2", RIGHT, by="Ann")
    page = open_page(shown, size=size, route="#/exams", forgive=("thumb",))
    expect(named(page, "exam-1")).to_be_visible()
    for route in ROUTES:
        page.goto(f"{shown.url}/#/{route}")
        page.wait_for_selector("#screen > *")
        page.wait_for_timeout(300)
        small = page.evaluate(
            """() => {
              const target = parseFloat(getComputedStyle(document.documentElement)
                .getPropertyValue('--target'));
              return [...document.querySelectorAll('#screen a, #screen button, #screen input')]
                .filter((e) => e.offsetParent !== null)
                .map((e) => [e.dataset.test || e.className, e.getBoundingClientRect()])
                .filter(([, r]) => r.width < target - 0.5 || r.height < target - 0.5)
                .map(([name, r]) => `${name} ${r.width}x${r.height} of ${target}`);
            }"""
        )
        assert not small, (route, small)
        wide = page.evaluate(
            "() => { const s = document.getElementById('screen');"
            " return s.scrollWidth - s.clientWidth; }"
        )
        assert wide <= 0, f"{route} is {wide} px too wide at {size}"


@pytest.mark.parametrize("language", ["en", "ar"])
def test_axe_finds_nothing_serious(open_page: OpenPage, shown: Shown, language: str) -> None:
    preferences.put(shown.box.catalog, "", {"language": language})
    reconciliation.ask(shown.box, "2", RIGHT, by="Ann")
    page = open_page(shown, route="#/exams", forgive=("thumb",))
    page.wait_for_selector("a.exam-row")
    script = AXE.read_text()
    for route in ROUTES:
        page.goto(f"{shown.url}/#/{route}")
        page.wait_for_timeout(400)
        page.evaluate(script)
        found = page.evaluate(
            "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
            ".filter((v) => ['serious', 'critical'].includes(v.impact))"
            ".map((v) => v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 160)).join(' | '))"
        )
        assert not found, (route, found)
        missing = page.evaluate(
            "() => (document.getElementById('screen').innerText.match(/exams\\.[a-z_.]+/g) || [])"
        )
        assert not missing, (route, missing)
