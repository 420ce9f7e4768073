"""Nothing moves under a finger, however much happens on the box meanwhile."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.tour import PAGE, REFUSED, Scene
from tests.browser.ward import Ward, running_ward

OpenPage = Callable[..., Page]

_EACH = 0.2
_HOLD_MILLISECONDS = 1500

WATCH = """() => {
  window.moved = [];
  const watched = ['screen', 'open', 'nav'].map((id) => document.getElementById(id));
  const watch = new MutationObserver((all) => {
    for (const each of all) {
      // the picture's age and the ring of a held button are no news
      if (each.target.closest?.('.preview, .rec')) continue;
      window.moved.push(`${each.type} in ${each.target.className || each.target.nodeName}`);
    }
  });
  for (const each of watched) watch.observe(each, {childList: true, subtree: true});
}"""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A box with one exam open, some images on their way, and two pages' worth of worklist."""
    with running_ward(tmp_path_factory.mktemp("hands")) as ward:
        made = Scene(ward)
        made.wait_for_worklist()
        made.begin()
        made.capture()
        yield made


class Finger:
    """A finger on the screen, as the panel's driver tells of it."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)

    def down(self, x: float, y: float) -> None:
        self._touch("touchStart", [{"x": x, "y": y}])

    def up(self) -> None:
        self._touch("touchEnd", [])

    def _touch(self, kind: str, points: list[dict[str, float]]) -> None:
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


@contextmanager
def busy(ward: Ward, exam: str) -> Iterator[None]:
    """The catalog changes five times a second: the list, what is owed, what was taken."""
    stop = threading.Event()
    thread = threading.Thread(target=_bustle, args=(ward, exam, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)


def _bustle(ward: Ward, exam: str, stop: threading.Event) -> None:
    turn = 0
    with closing(sqlite3.connect(ward.gantry.state / "catalog.sqlite", timeout=20)) as database:
        entry = database.execute("SELECT * FROM worklist_item ORDER BY start_time").fetchone()
        owner = "UPDATE exam SET started = ? WHERE exam_id = ?"
        began = database.execute("SELECT started FROM exam WHERE exam_id = ?", [exam]).fetchone()
        stored = "UPDATE archived SET stored = ? WHERE peer = 'pacs'"
        fault = "UPDATE peer_state SET last_error = ?, failures = ?"
        while not stop.wait(_EACH):
            turn += 1
            odd = turn % 2 == 1
            if odd:
                database.execute("DELETE FROM worklist_item WHERE key = ?", [entry[0]])
            else:
                _put_back(database, entry)
            database.execute(owner, ["2026-01-01T00:00:00+00:00" if odd else began[0], exam])
            database.execute(stored, ["2026-01-01T00:00:00+00:00" if odd else None])
            database.execute(fault, [f"fault {turn}", turn])
            database.commit()
        _put_back(database, entry)
        database.execute(owner, [began[0], exam])
        database.execute(stored, [None])
        database.execute(fault, ["", 0])
        database.commit()


def _put_back(database: sqlite3.Connection, entry: tuple[Any, ...]) -> None:
    places = ", ".join("?" * len(entry))
    database.execute(f"INSERT OR REPLACE INTO worklist_item VALUES ({places})", entry)


def _middle(page: Page, selector: str) -> tuple[float, float]:
    place = page.locator(selector).first
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.mark.parametrize(
    ("route", "selector"),
    [
        ("worklist", '[data-test^="row-"]'),
        ("exams", "a.exam-row .exam-name"),
        ("exam/{exam}", "h2"),
        ("queue", "h2"),
        ("finish", ".finish-where h2"),
    ],
)
def test_what_is_under_a_finger_stays_there_until_it_is_lifted(
    scene: Scene, open_page: OpenPage, route: str, selector: str
) -> None:
    page = open_page(scene.ward, route=f"#/{route.format(exam=scene.open)}", forgive=(REFUSED,))
    page.wait_for_selector(selector)
    page.wait_for_function("async () => (await import('/static/js/core/live.js')).live.online")
    page.evaluate(WATCH)
    finger = Finger(page)
    with busy(scene.ward, scene.open):
        page.wait_for_function("() => window.moved.length > 0", timeout=15_000)
        x, y = _middle(page, selector)
        finger.down(x, y)
        page.evaluate("() => { window.moved = []; }")
        page.wait_for_timeout(_HOLD_MILLISECONDS * 2)
        assert page.evaluate("() => window.moved") == []
        finger.up()
        page.wait_for_function("() => window.moved.length > 0", timeout=15_000)


def test_images_that_others_take_wait_for_the_finger(scene: Scene, open_page: OpenPage) -> None:
    page = open_page(scene.ward, route="#/acquire", forgive=(REFUSED,))
    thumbs = page.locator("[data-test=thumb]")
    expect(thumbs.first).to_be_visible(timeout=30_000)
    before = thumbs.count()
    page.evaluate(WATCH)
    finger = Finger(page)
    finger.down(*_middle(page, "[data-test=protocol-name]"))
    page.evaluate("() => { window.moved = []; }")
    scene.capture()
    page.wait_for_timeout(1500)
    assert page.evaluate("() => window.moved") == []
    assert thumbs.count() == before
    finger.up()
    expect(thumbs).to_have_count(before + 1)


def test_a_hold_is_never_lost_because_images_are_being_sent(
    scene: Scene, open_page: OpenPage
) -> None:
    page = open_page(scene.ward, route="#/finish", forgive=(REFUSED,))
    complete = '[data-test="finish-complete"]'
    expect(page.locator(complete)).to_be_enabled(timeout=30_000)
    finger = Finger(page)
    with busy(scene.ward, scene.open):
        page.wait_for_timeout(1000)
        finger.down(*_middle(page, complete))
        page.wait_for_timeout(_HOLD_MILLISECONDS)
        finger.up()
        page.wait_for_selector('#screen[data-screen="worklist"]', timeout=15_000)
    state = scene.ward.api(f"/api/exams/{scene.open}")["state"]
    assert state == "COMPLETED"
    begun = httpx.post(
        f"{scene.ward.url}/api/exams/emergency",
        json={"token": "after"},
        headers=PAGE,
        timeout=20,
    )
    assert begun.status_code == 200, "the way is free for the next patient"
