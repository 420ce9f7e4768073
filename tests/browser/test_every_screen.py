"""Every screen with something on it: large enough for a glove, readable, open to everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page

from tests.browser.tour import (
    PAGE,
    REFUSED,
    Scene,
    Stop,
    patterns,
    sign_in,
    stops_before,
    stops_during,
    stops_of_technician,
    tools,
    visit,
)
from tests.browser.ward import running_ward

OpenPage = Callable[..., Page]

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = """async (options) => (await axe.run(document, options)).violations
    .filter((each) => ['serious', 'critical'].includes(each.impact))
    .map((each) => each.id + ': ' + each.nodes.map(
        (node) => node.html.slice(0, 160)).join(' | '))"""
SMALL = """() => {
  const target = parseFloat(
    getComputedStyle(document.documentElement).getPropertyValue('--target'));
  const top = document.querySelector('dialog[open]') || document;
  return [...top.querySelectorAll('button, a[href], input, summary, select, [role=button]')]
    .filter((each) => each.checkVisibility() && !each.matches('.unseen, .keys-input'))
    .map((each) => [each.dataset.test || each.className, each.getBoundingClientRect()])
    .filter(([, box]) => box.width < target - 1 || box.height < target - 1)
    .map(([name, box]) => `${name} ${box.width}x${box.height} of ${target}`);
}"""
TINY = """() => [...document.querySelectorAll('body *')]
    .filter((each) => each.checkVisibility() && !each.closest('.unseen, .sheet-text')
      && [...each.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()))
    .filter((each) => parseFloat(getComputedStyle(each).fontSize) < 16)
    .map((each) => each.textContent.trim())"""
WIDE = """() => ['bar', 'screen', 'nav'].map((id) => document.getElementById(id))
    .filter((each) => each.scrollWidth > each.clientWidth + 1)
    .map((each) => `${each.id}: ${each.scrollWidth} in ${each.clientWidth}`)"""
WORDLESS = """() => {
  const keys = /\\b(core|worklist|acquire|images|exams|technician|signin|people)(\\.[a-z_]+)+/g;
  return document.body.innerText.match(keys) || [];
}"""
ASTRAY = """() => {
  const page = document.documentElement.dir === 'rtl' ? 'right' : 'left';
  const other = { left: 'right', right: 'left' }[page];
  return [...document.querySelectorAll('[dir=auto]:not(input, textarea)')].filter((each) => {
    const { textAlign, direction } = getComputedStyle(each);
    const start = direction === 'rtl' ? 'right' : 'left';
    return { start, end: '', center: '' }[textAlign] === other || textAlign === other;
  }).map((each) => each.outerHTML.slice(0, 120));
}"""
"""Words that do not stand at the edge where reading begins."""

ASKED: dict[str, dict[str, list[str]]] = {
    "dark": {"resultTypes": ["violations"]},
    "light": {"resultTypes": ["violations"], "runOnly": ["color-contrast"]},
}
"""What axe is asked in which theme: only the colours differ."""

SCRIPTS = {"small": SMALL, "tiny": TINY, "wide": WIDE, "word": WORDLESS, "astray": ASTRAY}
SIZES = ("7-inch", "portrait")


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A box with a morning behind it."""
    with running_ward(tmp_path_factory.mktemp("tour")) as ward:
        made = Scene(ward)
        made.play()
        made.mark_for_correction()
        yield made


def faults(page: Page, scene: Scene, stops: Sequence[Stop], *, axe: bool = True) -> list[str]:
    """What is wrong with these screens in one size: sizes, words, and what axe says."""
    found: list[str] = []
    for stop in stops:
        visit(page, scene.ward, stop)
        page.wait_for_timeout(150)
        for name, script in SCRIPTS.items():
            found += [f"{stop.name}: {name}: {each}" for each in page.evaluate(script)]
        for theme, asked in ASKED.items() if axe else ():
            page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
            if not page.evaluate("() => Boolean(window.axe)"):
                page.evaluate(AXE.read_text("utf-8"))
            found += [f"{stop.name}: {theme}: {each}" for each in page.evaluate(GRAVE, asked)]
        if stop.act:
            # a sheet that was opened is closed
            page.reload()
            page.wait_for_selector('body[data-ready="yes"]')
    return found


def test_the_tour_forgets_no_screen(scene: Scene) -> None:
    stops = [*stops_before(scene), *stops_during("1.2"), *stops_of_technician()]
    assert {*patterns()} - {"resume"} == {stop.pattern for stop in stops} - {"resume"}
    shown = {stop.route.removeprefix("service/").split("/")[0] for stop in stops}
    assert {*tools()} <= shown


@pytest.mark.parametrize("size", SIZES)
def test_screens_while_no_exam_is_open(scene: Scene, open_page: OpenPage, size: str) -> None:
    page = open_page(scene.ward, size=size, route="#/about", forgive=(REFUSED,))
    assert "\n".join(faults(page, scene, stops_before(scene), axe=size == SIZES[0])) == ""


@pytest.mark.parametrize("size", SIZES)
def test_screens_of_a_technician(scene: Scene, open_page: OpenPage, size: str) -> None:
    page = open_page(scene.ward, size=size, route="#/about", forgive=(REFUSED,))
    sign_in(page)
    assert "\n".join(faults(page, scene, stops_of_technician(), axe=size == SIZES[0])) == ""


def test_screens_in_arabic(scene: Scene, open_page: OpenPage) -> None:
    page = open_page(scene.ward, route="#/about", forgive=(REFUSED,))
    speak(scene, "ar")
    try:
        page.reload()
        page.wait_for_selector('html[dir="rtl"]')
        assert "\n".join(faults(page, scene, stops_before(scene))) == ""
    finally:
        speak(scene, "en")


def test_screens_while_an_exam_is_open(scene: Scene, open_page: OpenPage) -> None:
    scene.begin()
    uid = [scene.capture() for _ in range(2)][-1]
    for size in SIZES:
        page = open_page(scene.ward, size=size, route="#/about", forgive=(REFUSED,))
        assert "\n".join(faults(page, scene, stops_during(uid), axe=size == SIZES[0])) == ""
    resume = Stop("resume", "resume", "resume", "[data-test=resume-same]")
    scene.doubt("idle")
    assert "\n".join(faults(page, scene, [resume])) == ""
    scene.doubt("")
    scene.complete()


def speak(scene: Scene, language: str) -> None:
    answer = httpx.post(
        f"{scene.ward.url}/api/preferences", json={"language": language}, headers=PAGE, timeout=20
    )
    assert answer.status_code == 200
