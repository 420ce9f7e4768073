"""Commissioning at the box's own screen: by touch, from the first PIN to a change in force."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from firmware.config import load
from tests.browser.ward import Ward
from tests.end_to_end.cli import until

OpenPage = Callable[..., Page]

HOLD_MS = 1300
TOOLS = (
    "", "/settings/station", "/settings/peers?entry=0", "/network", "/time", "/peers", "/sources",
    "/ruler/pattern", "/range/pattern", "/settings/protocols", "/hands", "/scanner", "/printers",
    "/storage", "/configuration", "/self-test", "/logs", "/audit", "/support", "/about",
)  # fmt: skip
SMALL = """() => {
  const style = getComputedStyle(document.documentElement);
  const target = parseFloat(style.getPropertyValue('--target'));
  return [...document.querySelectorAll('main button, main a')].map((each) => {
    const box = each.getBoundingClientRect();
    return {name: each.dataset.test, wide: box.width, high: box.height};
  }).filter((each) => each.wide && (each.wide < target - 1 || each.high < target - 1));
}"""
OVERFLOW = """() => {
  const screen = document.getElementById('screen');
  return screen.scrollWidth - screen.clientWidth;
}"""


def control(_: Page, name: str) -> str:
    return f'[data-test="{name}"]'


def tap(page: Page, name: str) -> None:
    page.locator(control(page, name)).first.tap()


def hold(page: Page, name: str) -> None:
    button = page.locator(control(page, name))
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(HOLD_MS)
    page.mouse.up()


def technician(open_page: OpenPage, ward: Ward, size: str = "7-inch", **more: object) -> Page:
    """The console with a technician signed in; the first one chooses the PIN."""
    page = open_page(
        ward,
        size=size,
        forgive=("409", "401", "403", "ERR_CONNECTION_REFUSED", "WebSocket"),
        **more,
    )
    page.wait_for_selector('body[data-ready="yes"]')
    page.evaluate("""async () => {
      const post = (path, body) => fetch(path, {method: 'POST', body: JSON.stringify(body),
        headers: {'Content-Type': 'application/json', 'X-Gantry': '1'}});
      const who = {name: 'Tess', pin: '48151623'};
      const first = await post('/api/session/first', who);
      if (!first.ok) await post('/api/session/sign-in', who);
    }""")
    page.reload()
    page.wait_for_selector('body[data-ready="yes"]')
    return page


def show(page: Page, ward: Ward, tool: str) -> None:
    page.goto(f"{ward.url}/#/service{tool}")
    expect(page.locator(".tech-body")).to_be_visible(timeout=15000)
    expect(page.locator('.tech-body > p[role="status"]')).to_have_count(0, timeout=20000)


@pytest.mark.parametrize("size", ["7-inch", "10-inch", "portrait"])
def test_every_tool_fits_every_screen_and_can_be_touched(
    open_page: OpenPage, quiet_ward: Ward, size: str
) -> None:
    page = technician(open_page, quiet_ward, size)
    for tool in TOOLS:
        show(page, quiet_ward, tool)
        expect(page.locator(control(page, "problem"))).to_have_count(0)
        assert page.evaluate(OVERFLOW) <= 0, tool
        assert page.evaluate(SMALL) == [], tool


def test_a_key_is_changed_by_touch_shown_as_a_diff_and_rolled_back(
    open_page: OpenPage, ward: Ward
) -> None:
    page = technician(open_page, ward)
    file: Path = ward.gantry.config
    show(page, ward, "/settings/retention")
    tap(page, "key-keep_days")
    tap(page, "pad-erase")
    tap(page, "pad-erase")
    tap(page, "pad-7")
    tap(page, "pad-done")
    tap(page, "settings-save")
    expect(page.locator(control(page, "tech-diff"))).to_contain_text("keep_days = 7")
    hold(page, "tech-proposal-yes")
    until(lambda: load(file).retention.keep_days == 7, 20)
    # the console starts anew by itself, and the page comes back by itself
    before = ward.service.process_ids("console")
    until(lambda: len(ward.service.process_ids("console")) > 1, 40, lambda: str(before))
    ward.wait_for_console()
    page = technician(open_page, ward)
    show(page, ward, "/configuration")
    tap(page, "see-1")
    hold(page, "version-yes")
    until(lambda: load(file).retention.keep_days == 30, 20)


def test_a_fault_is_shown_with_its_range_and_nothing_is_saved(
    open_page: OpenPage, quiet_ward: Ward
) -> None:
    page = technician(open_page, quiet_ward)
    before = quiet_ward.gantry.config.read_text()
    show(page, quiet_ward, "/settings/retention")
    tap(page, "key-keep_days")
    for digit in "9999":
        tap(page, f"pad-{digit}")
    tap(page, "pad-done")
    tap(page, "settings-save")
    expect(page.locator(control(page, "tech-faults"))).to_contain_text("3650")
    expect(page.locator(control(page, "tech-proposal-yes"))).to_have_count(0)
    assert quiet_ward.gantry.config.read_text() == before


def test_a_peer_is_tried_out_line_by_line(open_page: OpenPage, quiet_ward: Ward) -> None:
    page = technician(open_page, quiet_ward)
    show(page, quiet_ward, "/peers")
    tap(page, "test-ris")
    lines = page.locator(f"{control(page, 'result-ris')} {control(page, 'tech-line')}")
    expect(lines.filter(has_text=re.compile("worklist rows"))).to_have_count(1, timeout=30000)
    assert set(lines.evaluate_all("all => all.map(each => each.dataset.ok)")) == {"true"}


def test_a_ruler_is_laid_on_the_frozen_picture(open_page: OpenPage, quiet_ward: Ward) -> None:
    page = technician(open_page, quiet_ward, "10-inch")
    show(page, quiet_ward, "/ruler/pattern")
    frozen = page.locator(control(page, "frozen"))
    box = frozen.bounding_box()
    assert box is not None
    for across, down in ((0.1, 0.1), (0.6, 0.1), (0.1, 0.1), (0.1, 0.6)):
        page.touchscreen.tap(
            box["x"] + across * box["width"] + 1, box["y"] + down * box["height"] + 1
        )
    expect(page.locator(control(page, "mark-3"))).to_be_visible()
    tap(page, "ruler-length")
    for digit in "100":
        tap(page, f"pad-{digit}")
    tap(page, "pad-done")
    tap(page, "ruler-measure")
    result = page.locator(control(page, "ruler-result"))
    expect(result.locator('[data-state="done"]')).to_be_visible(timeout=10000)
    hold(page, "ruler-keep")
    expect(result).to_contain_text("in force", timeout=10000)


def test_the_live_picture_of_a_source_is_shown(open_page: OpenPage, quiet_ward: Ward) -> None:
    page = technician(open_page, quiet_ward)
    show(page, quiet_ward, "/sources")
    tap(page, "live-pattern")
    expect(page.locator(control(page, "preview"))).to_have_attribute(
        "data-state", "live", timeout=20000
    )
    tap(page, "live-pattern")
    expect(page.locator(control(page, "preview"))).to_have_count(0)


def test_what_a_code_says_is_tapped(open_page: OpenPage, quiet_ward: Ward) -> None:
    page = technician(open_page, quiet_ward)
    show(page, quiet_ward, "/scanner")
    page.keyboard.type("P0815", delay=2)
    page.keyboard.press("Enter")
    tap(page, "letter-1")
    tap(page, "letter-4")
    expect(page.locator(control(page, "scanner-mask"))).to_have_text("P^~...")
    expect(page.locator(control(page, "scanner-understood"))).to_contain_text("0815")
    expect(page.locator(control(page, "scanner-save"))).to_be_enabled()


def test_an_operator_is_told_to_sign_in(open_page: OpenPage, quiet_ward: Ward) -> None:
    page = open_page(quiet_ward, route="#/service/configuration", forgive=("403", "401"))
    expect(page.locator('[data-code="G-9102"], [data-code="G-9101"]').first).to_be_visible(
        timeout=15000
    )
