"""The frame of the console in a real Chromium: sizes, keys, hands, people, a box that is away."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from services.console.options import LANGUAGES
from tests.browser.conftest import SIZES, OpenPage
from tests.browser.ward import Ward

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
SCREENS = ("menu", "settings", "help", "about", "signin")
PANEL_MM = 154
TARGET_MM = 20

MEASURED = """() => [...document.querySelectorAll('button, a[href], input, summary, select')]
    .filter((each) => each.checkVisibility() && getComputedStyle(each).pointerEvents !== 'none')
    .map((each) => { const box = each.getBoundingClientRect();
        return [each.dataset.test || each.textContent, box.width, box.height]; })"""
SMALL_TEXT = """() => [...document.querySelectorAll('body *')]
    .filter((each) => each.checkVisibility() && [...each.childNodes].some(
        (node) => node.nodeType === 3 && node.textContent.trim()))
    .filter((each) => parseFloat(getComputedStyle(each).fontSize) < 18)
    .map((each) => each.textContent.trim())"""
OVERFLOW = """() => [document.documentElement, document.getElementById('screen')]
    .reduce((sum, each) => sum + each.scrollWidth - each.clientWidth, 0)"""


def at(page: Page, test: str) -> Locator:
    return page.locator(f'[data-test="{test}"]')


def shown(page: Page, screen: str) -> None:
    expect(page.locator("#screen")).to_have_attribute("data-screen", screen)
    page.wait_for_selector("#screen > *")


def target(size: str) -> float:
    return max(SIZES[size]) / PANEL_MM * TARGET_MM


def too_small(page: Page, least: float) -> list[object]:
    return [each for each in page.evaluate(MEASURED) if min(each[1], each[2]) < least - 0.6]


@pytest.mark.parametrize("size", ["7-inch", "portrait"])
def test_a_gloved_finger_finds_every_control(
    quiet_ward: Ward, open_page: OpenPage, size: str
) -> None:
    page = open_page(quiet_ward, size=size, route="#/menu")
    for screen in SCREENS:
        page.goto(f"{quiet_ward.url}/#/{screen}")
        shown(page, screen)
        assert too_small(page, target(size)) == [], screen
        assert page.evaluate(SMALL_TEXT) == [], screen
        assert page.evaluate(OVERFLOW) <= 0, f"something of {screen} hides at the side"


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_no_screen_breaks_a_rule_of_accessibility(
    quiet_ward: Ward, open_page: OpenPage, theme: str
) -> None:
    page = open_page(quiet_ward, size="10-inch", route="#/menu")
    shown(page, "menu")
    page.evaluate(AXE.read_text("utf-8"))
    for screen in SCREENS:
        page.goto(f"{quiet_ward.url}/#/{screen}")
        shown(page, screen)
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        found = page.evaluate("async () => (await axe.run()).violations")
        said = [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in found]
        assert said == [], screen


OPEN_KEYBOARD = """async (language) => {
    const { openKeyboard } = await import('/static/js/parts/keyboard.js');
    const { layers } = await import('/static/js/parts/layouts/index.js');
    openKeyboard({ label: 'Name', language, test: 'kb' });
    return (await layers(language)).map((layer) => [...layer.rows.join('')]);
}"""


@pytest.mark.parametrize("size", ["7-inch", "portrait", "10-inch"])
def test_every_letter_of_a_language_has_a_key_as_large_as_a_finger(
    quiet_ward: Ward, open_page: OpenPage, size: str
) -> None:
    page = open_page(quiet_ward, size=size, route="#/menu")
    shown(page, "menu")
    for language in LANGUAGES:
        wanted = page.evaluate(OPEN_KEYBOARD, language)
        expect(at(page, "key-done")).to_be_visible()
        for letters in wanted:
            assert set(letters) <= letters_on_all_pages(page, target(size)), language
            at(page, "key-layer").click()
        sheet = at(page, "kb")
        assert sheet.evaluate("(each) => each.scrollHeight - each.clientHeight") <= 1
        assert sheet.evaluate("(each) => each.scrollWidth - each.clientWidth") <= 1
        at(page, "key-cancel").click()
        expect(sheet).to_have_count(0)


def letters_on_all_pages(page: Page, least: float) -> set[str]:
    """What can be typed on this layer; every key of it was measured."""
    number, count = (int(part) for part in at(page, "key-page").inner_text().split("/"))
    assert number == 1
    found: set[str] = set()
    for _ in range(count):
        assert too_small(page, least) == []
        keys = page.locator(".key:not(.key-function)")
        names = keys.evaluate_all("(all) => all.map((each) => each.dataset.test)")
        found |= {name.removeprefix("key-") for name in names}
        if count > 1:
            at(page, "key-page").click()
    return found


def test_a_name_is_typed_with_capitals_where_names_have_them(
    quiet_ward: Ward, open_page: OpenPage
) -> None:
    page = open_page(quiet_ward, size="10-inch", route="#/menu")
    shown(page, "menu")
    page.evaluate(
        """async () => {
            const { openKeyboard } = await import('/static/js/parts/keyboard.js');
            const change = (text) => `${text.length} letters`;
            openKeyboard({ label: 'Name', language: 'de', test: 'kb', change }).then(
                (text) => { window.said = text; });
        }"""
    )
    for key in ("m", "ä", "n", "erase", "l", "space", "b", "o"):
        at(page, f"key-{key}").click()
    expect(page.locator(".keys-hint")).to_have_text("6 letters")
    expect(at(page, "kb-input")).to_be_focused()
    page.keyboard.type("k")
    at(page, "key-done").click()
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert page.evaluate("() => window.said") == "Mäl Bok"


def test_a_date_is_turned_by_wheels(quiet_ward: Ward, open_page: OpenPage) -> None:
    page = open_page(quiet_ward, route="#/menu")
    shown(page, "menu")
    page.evaluate(
        """async () => {
            const { openDateWheel } = await import('/static/js/parts/date-wheel.js');
            openDateWheel({ label: 'Born', value: '20000331', test: 'dw' }).then(
                (date) => { window.said = date; });
        }"""
    )
    expect(at(page, "dw-done")).to_be_visible()
    assert too_small(page, target("7-inch")) == []
    at(page, "wheel-month-down").click()
    expect(at(page, "wheel-day")).to_have_text("29"), "the last day of that February"
    at(page, "wheel-decade-down").click()
    at(page, "wheel-year-down").click()
    at(page, "dw-done").click()
    page.wait_for_function("() => window.said !== undefined")
    assert page.evaluate("() => window.said") == "19890228"


def test_only_a_held_button_counts(quiet_ward: Ward, open_page: OpenPage) -> None:
    page = open_page(quiet_ward, route="#/menu")
    shown(page, "menu")
    page.evaluate(
        """async () => {
            const { confirmHold } = await import('/static/js/parts/confirm-hold.js');
            confirmHold({ title: 'Sure?', text: 'Really', label: 'Yes', test: 'sure' }).then(
                (yes) => { window.said = yes; });
        }"""
    )
    yes = at(page, "sure-yes")
    yes.click()
    yes.click(delay=500)
    assert page.evaluate("() => window.said") is None
    yes.click(delay=1300)
    page.wait_for_function("() => window.said === true")


def test_a_burst_of_keys_is_a_scan_and_a_hand_is_not(quiet_ward: Ward, open_page: OpenPage) -> None:
    page = open_page(quiet_ward, route="#/menu")
    shown(page, "menu")
    page.evaluate(
        """async () => {
            const { watchScanner } = await import('/static/js/core/scanner.js');
            window.codes = [];
            window.end = watchScanner((code) => window.codes.push(code));
        }"""
    )
    page.evaluate(
        """() => { for (const key of [...'PID-00815', 'Enter'])
            document.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true })); }"""
    )
    page.keyboard.type("slow", delay=60)
    page.wait_for_timeout(200)
    assert page.evaluate("() => window.codes") == ["PID-00815"]


def test_the_page_turns_round_for_arabic_and_for_the_left_hand(
    quiet_ward: Ward, open_page: OpenPage
) -> None:
    page = open_page(quiet_ward, route="#/settings")
    shown(page, "settings")

    def nav_is_right() -> bool:
        return bool(page.locator("#nav").bounding_box()["x"] > 400)  # type: ignore[index]

    assert nav_is_right()
    at(page, "settings-language-ar").click()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("#title")).to_have_text("الشاشة")
    assert not nav_is_right()
    assert too_small(page, target("7-inch")) == []
    at(page, "settings-hand-left").click()
    expect(page.locator("html")).to_have_attribute("data-hand", "left")
    assert nav_is_right()
    page.reload()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    at(page, "settings-hand-right").click()
    at(page, "settings-language-en").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_the_first_technician_chooses_a_pin_and_is_then_asked_for_it(
    ward: Ward, open_page: OpenPage
) -> None:
    # a refusal is an answer with a status of 4xx, which the browser writes down
    page = open_page(ward, route="#/people", forgive=("Failed to load resource",))
    expect(page.locator("#screen")).to_have_attribute("data-screen", "signin")
    at(page, "first-name").click()
    for key in ("a", "d", "a", "done"):
        at(page, f"key-{key}").click()
    at(page, "first-pin").click()
    assert too_small(page, target("7-inch")) == []
    for sheet in ("first-pin-1", "first-pin-2"):
        expect(at(page, sheet)).to_be_visible()
        for digit in "48291":
            at(page, f"pad-{digit}").click()
        expect(at(page, f"{sheet}-dots")).to_have_text("•••••")
        at(page, "pad-done").click()
    shown(page, "people")
    expect(at(page, "person-Ada")).to_be_visible()
    page.goto(f"{ward.url}/#/menu")
    at(page, "menu-signout").click()
    expect(at(page, "menu-signin")).to_be_visible()
    page.goto(f"{ward.url}/#/people")
    at(page, "signin-Ada").click()
    for digit in "1111":
        at(page, f"pad-{digit}").click()
    at(page, "pad-done").click()
    expect(page.locator('[data-code="G-9103"]')).to_be_visible()


def test_who_may_not_do_something_is_led_to_the_sign_in_and_back(
    quiet_ward: Ward, open_page: OpenPage
) -> None:
    page = open_page(quiet_ward, route="#/menu", forgive=("Failed to load resource",))
    shown(page, "menu")
    page.evaluate(
        """async () => {
            const { showProblem } = await import('/static/js/parts/problem.js');
            showProblem({ code: 'G-9102', params: { role: 'supervisor' } });
        }"""
    )
    expect(page.locator(".problem-what")).to_contain_text("Supervisor")
    expect(at(page, "problem-signin")).to_have_count(0)
    at(page, "problem-close").click()
    page.goto(f"{quiet_ward.url}/#/people")
    expect(page).to_have_url(f"{quiet_ward.url}/#/signin?to=people&role=technician")
    page.goto(f"{quiet_ward.url}/#/service")
    at(page, "problem-signin").click()
    expect(page).to_have_url(f"{quiet_ward.url}/#/signin?to=service&role=technician")
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_a_box_that_does_not_answer_is_said_to_be_away_in_two_seconds(
    ward: Ward, open_page: OpenPage
) -> None:
    page = open_page(ward, route="#/menu", forgive=("WebSocket", "ERR_CONNECTION", "502"))
    shown(page, "menu")
    page.wait_for_function("async () => (await import('/static/js/core/live.js')).live.online")
    cover = at(page, "cover")
    expect(cover).to_be_hidden()
    began = time.monotonic()
    ward.kill("console")
    expect(cover).to_be_visible(timeout=2000)
    assert time.monotonic() - began < 60
    expect(cover).to_be_hidden(timeout=15000)
    shown(page, "menu")


def test_a_screen_that_is_left_leaves_no_listener(quiet_ward: Ward, open_page: OpenPage) -> None:
    page = open_page(quiet_ward, route="#/menu")
    shown(page, "menu")
    count = "async () => (await import('/static/js/core/live.js')).live.count()"
    before = page.evaluate(count)
    for screen in SCREENS * 2:
        page.goto(f"{quiet_ward.url}/#/{screen}")
        shown(page, screen)
    page.goto(f"{quiet_ward.url}/#/menu")
    shown(page, "menu")
    assert page.evaluate(count) == before


def test_every_code_is_looked_up(quiet_ward: Ward, open_page: OpenPage) -> None:
    page = open_page(quiet_ward, route="#/help/G-9104")
    shown(page, "help")
    expect(page.locator('[data-code="G-9104"]')).to_be_visible()
    at(page, "help-back").click()
    at(page, "help-code").click()
    for key in ("9", "0", "0", "6", "done"):
        at(page, f"pad-{key}").click()
    expect(page.locator('[data-code="G-9006"]')).to_be_visible()
    known = json.loads(page.request.get(f"{quiet_ward.url}/api/problems").text())
    assert len(known) > 10


def test_nobody_walks_away_from_an_open_exam_unnoticed(ward: Ward, open_page: OpenPage) -> None:
    page = open_page(ward, route="#/menu")
    shown(page, "menu")
    strip = at(page, "open-exam")
    expect(page.locator("#open")).to_be_hidden()
    answer = page.request.post(
        f"{ward.url}/api/exams/unscheduled",
        data={"family": "Okafor", "given": "Ada", "patient_id": "PID-7", "token": "t1"},
        headers={"X-Gantry": "1", "Origin": ward.url},
    )
    assert answer.ok, answer.text()
    for screen in ("menu", "help", "settings"):
        page.goto(f"{ward.url}/#/{screen}")
        shown(page, screen)
        expect(strip).to_be_visible()
        expect(page.locator("#open")).to_contain_text("PID-7")
        assert page.evaluate(OVERFLOW) <= 0
    page.goto(f"{ward.url}/#/acquire")
    shown(page, "acquire")
    expect(page.locator("#open")).to_be_hidden()
    expect(at(page, "banner")).to_be_visible()


def test_a_screen_that_comes_late_is_not_drawn_into_the_next_one(
    quiet_ward: Ward, open_page: OpenPage
) -> None:
    page = open_page(quiet_ward, route="#/menu")
    shown(page, "menu")

    held: list[Route] = []
    page.route("**/api/exams?*", lambda route: held.append(route))
    page.evaluate("() => { location.hash = '#/exams'; }")
    for _ in range(200):
        if held:
            break
        page.wait_for_timeout(100)
    page.evaluate("() => { location.hash = '#/help'; }")
    shown(page, "help")
    held[0].continue_()
    page.wait_for_timeout(1000)
    expect(page.locator("#screen")).to_have_count(1)
    expect(page.locator("#screen .exams-page")).to_have_count(0)
    expect(page.locator("#screen > *")).to_have_count(1)
