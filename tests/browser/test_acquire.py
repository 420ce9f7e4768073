"""The acquire screen in a real browser: live picture, big buttons, and nothing said too late."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SIZES
from tests.browser.ward import Ward, running_ward

PAGE = {"X-Gantry": "1"}
LIVE = '[data-test=preview][data-state="live"]'


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """A box with one patient open, which the tests of this file share."""
    with running_ward(tmp_path_factory.mktemp("acquire")) as made:
        begun = httpx.post(
            f"{made.url}/api/exams/unscheduled",
            json={
                "names": [{"family": "Doe", "given": "Jane"}],
                "patient_id": "P-1",
                "birth_date": "19700102",
                "token": "acquire",
            },
            headers=PAGE,
            timeout=20,
        )
        assert begun.status_code == 200, begun.text
        yield made


def live(page: Page) -> None:
    page.wait_for_selector(LIVE, timeout=30_000)


def thumbs(page: Page) -> int:
    return page.locator("[data-test=thumb]").count()


def in_catalog(ward: Ward, statement: str) -> None:
    with closing(sqlite3.connect(ward.gantry.state / "catalog.sqlite", timeout=20)) as database:
        database.execute(statement)
        database.commit()


@pytest.mark.parametrize("size", SIZES)
def test_everything_is_there_large_enough_and_in_reach(
    ward: Ward, open_page: Any, size: str
) -> None:
    page = open_page(ward, size=size, route="#/acquire")
    live(page)
    expect(page.locator("[data-test=banner]")).to_contain_text("P-1")
    width, height = SIZES[size]
    target = page.evaluate(
        "parseFloat(getComputedStyle(document.documentElement).getPropertyValue('--target'))"
    )
    for name in ("capture", "record", "protocol-open", "finish", "leave"):
        box = page.locator(f"[data-test={name}]").bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= target, name
        assert box["x"] >= 0, name
        assert box["y"] >= 0, name
        assert box["x"] + box["width"] <= width, name
        assert box["y"] + box["height"] <= height, name
    assert page.locator("[data-test=preview-mark]").is_visible()
    picture = page.locator("[data-test=preview]").bounding_box()
    assert picture is not None
    assert picture["width"] * picture["height"] > 0.15 * width * height


def test_a_touch_and_a_key_take_pictures_that_appear_when_durable(
    ward: Ward, open_page: Any
) -> None:
    page = open_page(ward, route="#/acquire", forgive=("422",))
    live(page)
    before = thumbs(page)
    page.click("[data-test=capture]")
    expect(page.locator("[data-test=thumb]")).to_have_count(before + 1)
    page.keyboard.press("Space")
    expect(page.locator("[data-test=thumb]")).to_have_count(before + 2)
    expect(page.locator("[data-test=thumb] img").first).to_be_visible()
    # as fast as a scanner types, however busy this machine is
    page.evaluate(
        """() => {
            for (const key of [...'AB CD 12 ', 'Enter']) {
                const options = { key, bubbles: true, cancelable: true };
                document.body.dispatchEvent(new KeyboardEvent('keydown', options));
            }
        }"""
    )
    page.wait_for_timeout(400)
    assert thumbs(page) == before + 2, "a scanner that types is no hand"
    # whatever the site's rules make of that code, the next test begins with a sure patient
    in_catalog(ward, "UPDATE at_hand SET confirmed_at = since, doubt = ''")
    page.wait_for_timeout(1500)
    expect(page.locator("[data-test=stop]")).to_have_count(0)


def test_while_a_clip_is_recorded_nothing_else_is_done_and_no_sheet_opens(
    ward: Ward, open_page: Any
) -> None:
    page = open_page(ward, route="#/acquire", forgive=("409",))
    live(page)
    before = thumbs(page)
    page.click("[data-test=record]")
    expect(page.locator("[data-test=rec]")).to_be_visible()
    for name in ("finish", "leave", "protocol-open", "capture"):
        page.click(f"[data-test={name}]")
        expect(page.locator("[data-test=notice]")).to_have_attribute("data-code", "G-2102")
        assert page.locator("dialog[open]").count() == 0
        assert page.url.endswith("#/acquire")
        page.click("[data-test=notice-close]")
    page.click("[data-test=record]")
    expect(page.locator("[data-test=rec]")).to_be_hidden()
    expect(page.locator("[data-test=thumb]")).to_have_count(before + 1)


def test_another_protocol_shows_another_source(ward: Ward, open_page: Any) -> None:
    page = open_page(ward, route="#/acquire")
    live(page)
    for name, source in (("Test picture", "pattern"), ("Endoscopy", "grabber")):
        page.click("[data-test=protocol-open]")
        page.click(f'[data-test=protocol][data-name="{name}"]')
        expect(page.locator("[data-test=protocol-name]")).to_have_text(name)
        expect(page.locator("[data-test=source-state]")).to_contain_text(source)
        live(page)


def test_another_patients_wristband_fills_the_screen_until_somebody_has_compared(
    ward: Ward, open_page: Any
) -> None:
    page = open_page(ward, route="#/acquire")
    live(page)
    in_catalog(ward, "UPDATE at_hand SET confirmed_at = '', doubt = 'wristband'")
    stop = page.locator("[data-test=stop]")
    expect(stop).to_be_visible()
    box = stop.bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == SIZES["7-inch"]
    page.keyboard.press("Escape")
    expect(stop).to_be_visible()
    expect(stop).to_contain_text("P-1")
    same = page.locator("[data-test=stop-same]")
    same.scroll_into_view_if_needed()
    same.click()
    expect(stop).to_be_visible()
    same.click(delay=1300)
    expect(stop).to_be_hidden()
    before = thumbs(page)
    page.click("[data-test=capture]")
    expect(page.locator("[data-test=thumb]")).to_have_count(before + 1)


def test_a_picture_that_stands_still_is_covered_at_once_and_comes_back(
    ward: Ward, open_page: Any
) -> None:
    page = open_page(ward, route="#/acquire", forgive=("503",))
    live(page)
    before = thumbs(page)
    ward.kill("acquisition")
    page.wait_for_selector('[data-test=preview]:not([data-state="live"])', timeout=4_000)
    expect(page.locator("[data-test=preview-cover]")).to_be_visible()
    live(page)
    expect(page.locator("[data-test=notice]")).to_be_hidden()
    page.click("[data-test=capture]")
    expect(page.locator("[data-test=thumb]")).to_have_count(before + 1)


def test_a_hidden_page_asks_for_no_pictures(ward: Ward, open_page: Any) -> None:
    page = open_page(ward, route="#/acquire")
    live(page)
    with page.expect_event("websocket", timeout=20_000) as again:
        page.evaluate(
            """() => {
                Object.defineProperty(document, 'hidden', { value: true, configurable: true });
                document.dispatchEvent(new Event('visibilitychange'));
                delete document.hidden;
                document.dispatchEvent(new Event('visibilitychange'));
            }"""
        )
    assert "/api/preview" in again.value.url
    live(page)


def test_leaving_leaves_nothing_behind(ward: Ward, open_page: Any) -> None:
    page = open_page(ward, route="#/acquire")
    live(page)
    count = "async () => (await import('/static/js/core/live.js')).live.count()"
    listeners = page.evaluate(count)
    for _ in range(5):
        page.click("[data-test=leave]")
        page.wait_for_selector('[data-screen="menu"]')
        page.evaluate("location.hash = '#/acquire'")
        live(page)
    assert page.evaluate(count) == listeners


def test_logs_hold_no_patient(ward: Ward) -> None:
    for log in Path(ward.gantry.folder).glob("*.log"):
        text = log.read_text("utf-8", "replace")
        assert "Doe" not in text
        assert "P-1" not in text
