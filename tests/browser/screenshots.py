"""Pictures of every screen in every size: ``python -m tests.browser.screenshots --out FOLDER``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import FLAGS, SIZES
from tests.browser.tour import (
    PAGE,
    Scene,
    Stop,
    sign_in,
    stops_before,
    stops_during,
    stops_of_technician,
    visit,
)
from tests.browser.ward import Ward, running_ward
from tests.peers.process import program

IN_ARABIC = frozenset(
    (
        *("worklist", "confirm", "acquire", "review", "finish", "exams", "exam-held", "queue"),
        *("match-compare", "unscheduled", "settings", "menu", "birth-date", "discontinue"),
        *("service", "help-code", "resume", "stop", "worklist-search"),
    )
)
_RESUME = [Stop("resume", "resume", "resume", "[data-test=resume-same]")]
_STOP = [Stop("acquire", "acquire", "stop", "[data-test=stop]")]


class Photographer:
    """Shows screens in every size and keeps what is seen."""

    def __init__(self, browser: Browser, ward: Ward, out: Path, only: Sequence[str] = ()) -> None:
        self._only = only
        self.taken: list[Path] = []
        self._ward = ward
        self._out = out
        self._pages = {name: self._open(browser, size) for name, size in SIZES.items()}

    def _open(self, browser: Browser, size: tuple[int, int]) -> Page:
        width, height = size
        context = browser.new_context(
            viewport={"width": width, "height": height}, has_touch=True, locale="en-GB"
        )
        page = context.new_page()
        page.goto(self._ward.url)
        page.wait_for_selector('body[data-ready="yes"]')
        return page

    def sign_in(self) -> None:
        for page in self._pages.values():
            sign_in(page)

    def take(self, stops: Sequence[Stop], language: str = "en") -> None:
        httpx.post(
            f"{self._ward.url}/api/preferences", json={"language": language}, headers=PAGE
        ).raise_for_status()
        for page in self._pages.values():
            page.reload()
            page.wait_for_selector(f'html[lang="{language}"]')
        for stop in stops:
            if self._only and stop.name not in self._only:
                continue
            if language != "en" and stop.name not in IN_ARABIC:
                continue
            for size, page in self._pages.items():
                self._one(page, stop, size, language)

    def _one(self, page: Page, stop: Stop, size: str, language: str) -> None:
        mark = "" if language == "en" else f"-{language}"
        path = self._out / size / f"{stop.name}{mark}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        visit(page, self._ward, stop)
        page.wait_for_timeout(250)
        page.screenshot(path=path)
        # the next one starts from a page without sheets
        page.goto(f"{self._ward.url}/#/about")
        page.reload()
        page.wait_for_selector('body[data-ready="yes"]')
        self.taken.append(path)


def take_all(out: Path, languages: Sequence[str], only: Sequence[str] = ()) -> list[Path]:
    """Play a morning at a box of its own and take every picture of it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_ward(Path(folder)) as ward,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=program("chromium", "chromium"), args=FLAGS
        )
        scene = Scene(ward)
        scene.play()
        scene.mark_for_correction()
        photographer = Photographer(browser, ward, out, only)
        for language in languages:
            photographer.take(stops_before(scene), language)
        scene.begin()
        uid = [scene.capture() for _ in range(4)][-1]
        for language in languages:
            photographer.take(stops_during(uid), language)
        for stops, doubt in ((_RESUME, "idle"), (_STOP, "wristband")):
            scene.doubt(doubt)
            for language in languages:
                photographer.take(stops, language)
        scene.doubt("")
        scene.complete()
        photographer.sign_in()
        for language in languages:
            photographer.take(stops_of_technician(), language)
        browser.close()
        return photographer.taken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/screenshots"))
    parser.add_argument("--languages", nargs="+", default=["en", "ar"])
    parser.add_argument("--only", nargs="+", default=[], help="names of pictures")
    given = parser.parse_args()
    taken = take_all(given.out, given.languages, given.only)
    print(f"{len(taken)} pictures in {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
