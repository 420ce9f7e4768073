"""A real Chromium on a real box: what every test in a browser shares."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.ward import Ward, running_ward
from tests.browser.watch import Watch
from tests.peers.process import program

# for a machine that has other work; what must be quick is measured by tests/bench
PATIENCE_MS = 60_000

SIZES = {"7-inch": (800, 480), "10-inch": (1280, 800), "portrait": (480, 800)}

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--force-device-scale-factor=1",
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a screen.

    For one file only: its event loop is in the way of the tests of other files.
    """
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program("chromium", "chromium"), args=FLAGS, headless=True
        )
        yield browser
        browser.close()


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    """A box of its own for one test."""
    with running_ward(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def quiet_ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """A box that the tests of one file share and leave as they found it: no exam open."""
    with running_ward(tmp_path_factory.mktemp("ward")) as made:
        yield made


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    """Open the console of a ward; at the end of the test the page must have behaved.

    ``open_page(ward, size="7-inch", route="#/worklist", language="", forgive=())``
    """
    with ExitStack() as undo:

        def opened(
            ward: Ward,
            *,
            size: str = "7-inch",
            route: str = "",
            touch: bool = True,
            forgive: tuple[str, ...] = (),
        ) -> Page:
            width, height = SIZES[size]
            context = chromium.new_context(
                viewport={"width": width, "height": height}, has_touch=touch, locale="en-GB"
            )
            context.set_default_timeout(PATIENCE_MS)
            undo.callback(context.close)
            watch = Watch(ward.url, list(forgive))
            watch.over(context)
            undo.callback(watch.check)
            page = context.new_page()
            watch.page_crashes(page)
            page.goto(f"{ward.url}/{route}")
            return page

        yield opened
