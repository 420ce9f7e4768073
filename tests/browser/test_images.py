"""Reviewing, discarding and finishing in a real browser, on a box with images of every kind."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import uvicorn
from playwright.sync_api import Locator, Page, expect

from device.protocol import ObjectKind, Protocol
from services import discards
from services.acquisition import Acquisition
from services.box import Box
from services.catalog import discarded, exams, preferences
from services.console.app import make_app
from services.outbox import peer_state
from tests.browser.conftest import SIZES
from tests.device.iod.factories import CT_TECHNIQUE, GEOMETRY, Picture, grey
from tests.device.iod.jpegs import motion_jpeg, photo
from tests.peers.process import free_port
from tests.services.boxes import CAPTURE, CLIP, HandClock, archive, begin, make_box, ris
from tests.services.clip_workers import SCOPE
from tests.services.sources import Script

CT = Protocol(
    name="Head",
    source="grabber",
    object=ObjectKind.CT,
    modality="CT",
    burned_in_annotation=False,
    geometry=GEOMETRY,
    technique=CT_TECHNIQUE,
)


@dataclass
class Shown:
    """A console in this process, and the images of its exam: still, CT, clip, JPEG clip, video."""

    url: str
    box: Box
    uids: dict[str, str]

    @property
    def gone(self) -> set[str]:
        return set(discarded.of_exam(self.box.catalog, "1"))

    @property
    def state(self) -> str:
        return exams.load(self.box.catalog, "1").state.value


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Shown]:
    box = make_box(tmp_path, [ris(), archive(), archive("copy", rejection_notes=True)], HandClock())
    exam = begin(box)

    def take(frames: list[Picture], protocol: Protocol) -> str:
        source = Script(frames, frame_time_ms=40.0)  # type: ignore[arg-type]
        done = Acquisition(box, exam.exam_id, protocol).run(source)
        return done.instances[0].sop_instance_uid

    deep = [
        replace(grey(480, 640, 12), sequence=n, monotonic_ns=n * 40_000_000) for n in range(1, 30)
    ]
    moving = [replace(p, pixels=np.roll(p.pixels, 16 * n, 1)) for n, p in enumerate(deep)]
    uids = {
        "still": take([deep[0]], CAPTURE),
        "ct": take([grey(96, 128, 12, signed=True)], CT),
        "clip": take(moving, CLIP),
        "jpeg": take([motion_jpeg(n) for n in range(1, 20)], CLIP),
        "video": take(
            [
                Picture(photo(n, 240, 320), 8, "RGB", sequence=n, monotonic_ns=n * 40_000_000)
                for n in range(1, 50)
            ],
            SCOPE,
        ),
    }
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
    yield Shown(f"http://127.0.0.1:{port}", box, uids)
    server.should_exit = True
    thread.join(20)
    box.catalog.close()


AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
OpenPage = Callable[..., Page]


def control(page: Page, name: str) -> Locator:
    return page.locator(f'[data-test="{name}"]')


def picture_is(page: Page, uid: str, frame: int = 1) -> None:
    expect(control(page, "pixels")).to_have_attribute("data-shown", f"{uid}/{frame}")


def brightness(page: Page) -> float:
    """Mean of what is on the canvas."""
    return float(
        page.evaluate(
            """() => { const c = document.querySelector('.pixels');
            const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
            let sum = 0;
            for (let i = 0; i < d.length; i += 4) sum += d[i];
            return sum / (d.length / 4); }"""
        )
    )


def until(page: Page, true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        page.wait_for_timeout(30)


def test_brightness_and_contrast_by_drag_slider_and_reset(
    shown: Shown, open_page: OpenPage
) -> None:
    page = open_page(shown, route=f"#/review/{shown.uids['ct']}")
    picture_is(page, shown.uids["ct"])
    before = control(page, "pixels").get_attribute("data-window")
    bright = brightness(page)
    place = control(page, "pixels").bounding_box()
    assert place
    page.mouse.move(place["x"] + 100, place["y"] + 100)
    page.mouse.down()
    page.mouse.move(place["x"] + 100, place["y"] + 180, steps=8)
    page.mouse.up()
    until(page, lambda: control(page, "pixels").get_attribute("data-window") != before)
    assert brightness(page) < bright, "a drag down raises the centre, so the picture is darker"
    control(page, "review-window").click()
    control(page, "window-lung").click()
    expect(control(page, "pixels")).to_have_attribute("data-window", "-600/1500")
    control(page, "window-reset").click()
    expect(control(page, "pixels")).to_have_attribute("data-window", before or "")
    control(page, "window-width").fill("900")
    until(page, lambda: control(page, "pixels").get_attribute("data-window") != before)


@pytest.mark.parametrize("kind", ["clip", "jpeg", "video"])
def test_a_clip_is_stepped_and_played(shown: Shown, open_page: OpenPage, kind: str) -> None:
    uid = shown.uids[kind]
    page = open_page(shown, route=f"#/review/{uid}")
    picture_is(page, uid)
    control(page, "clip-on").click()
    picture_is(page, uid, 2)
    control(page, "clip-back").click()
    picture_is(page, uid, 1)
    control(page, "clip-play").click()
    seen = set()
    for _ in range(40):
        seen.add(control(page, "pixels").get_attribute("data-shown"))
        page.wait_for_timeout(30)
    assert len(seen) > 5, "it plays"
    control(page, "clip-play").click()
    page.wait_for_timeout(200)
    stopped = control(page, "pixels").get_attribute("data-shown")
    page.wait_for_timeout(300)
    assert control(page, "pixels").get_attribute("data-shown") == stopped


def test_from_image_to_image_discard_in_two_taps_and_undo(
    shown: Shown, open_page: OpenPage
) -> None:
    still, ct = shown.uids["still"], shown.uids["ct"]
    page = open_page(shown, route=f"#/review/{still}")
    expect(control(page, "banner")).to_contain_text("Doe")
    expect(control(page, "review-previous")).to_be_disabled()
    control(page, "review-next").click()
    picture_is(page, ct)
    control(page, "review-discard").click()
    control(page, "reason-111210").click()
    expect(control(page, "review-note")).to_contain_text("Motion blur")
    assert shown.gone == {ct}
    control(page, "review-restore").click()
    expect(control(page, "review-discard")).to_be_visible()
    assert shown.gone == set()
    control(page, "review-facts").click()
    expect(control(page, "image-facts")).to_contain_text("Head")
    control(page, "panel-close").click()
    expect(control(page, "review-panel")).to_be_hidden()


def test_an_exam_is_completed_by_a_held_button(shown: Shown, open_page: OpenPage) -> None:
    page = open_page(shown, route="#/finish/1")
    expect(control(page, "archive-pacs")).to_contain_text("5 images")
    for uid in shown.uids.values():
        image = page.locator(f'[data-test="thumb-{uid}"] img')
        image.scroll_into_view_if_needed()
        until(page, lambda image=image: bool(image.evaluate("e => e.naturalWidth > 0")))
    control(page, "finish-complete").click()
    page.wait_for_timeout(200)
    assert shown.state == "IN PROGRESS", "a tap is not enough"
    control(page, "finish-complete").hover()
    page.mouse.down()
    page.wait_for_url("**/#/worklist")
    page.mouse.up()
    assert shown.state == "COMPLETED"


def test_a_discontinued_exam_needs_a_reason(shown: Shown, open_page: OpenPage) -> None:
    page = open_page(shown, route="#/finish/1")
    control(page, "finish-discontinue").click()
    expect(control(page, "discontinue-hold")).to_be_disabled()
    control(page, "reason-110505").click()
    control(page, "discontinue-hold").hover()
    page.mouse.down()
    page.wait_for_url("**/#/worklist")
    page.mouse.up()
    found = exams.load(shown.box.catalog, "1")
    assert found.discontinuation_reason is not None
    assert found.discontinuation_reason.value == "110505"


_TOO_SMALL = """() => {
  const style = getComputedStyle(document.documentElement);
  const target = parseFloat(style.getPropertyValue('--target'));
  const small = [];
  for (const e of document.querySelectorAll('#screen button, #screen a, #screen input')) {
    const r = e.getBoundingClientRect();
    const least = e.matches('input[type=range]') ? Math.max(r.width, r.height)
      : Math.min(r.width, r.height);
    if (r.width && least < target - 1) {
      small.push(`${e.dataset.test} ${Math.round(r.width)}x${Math.round(r.height)}`);
    }
  }
  return small;
}"""
_FITS = """() => {
  const screen = document.querySelector('#screen');
  return document.documentElement.scrollWidth <= innerWidth
    && screen.scrollWidth <= screen.clientWidth && screen.scrollHeight <= screen.clientHeight;
}"""


def every_view(page: Page, shown: Shown) -> Iterator[str]:
    """Go through everything that the two screens can show, and say where the page is."""
    for route, presses in (
        (
            f"review/{shown.uids['clip']}",
            ["", "review-window", "review-discard", "panel-close review-facts"],
        ),
        ("finish/1", ["", "finish-discontinue"]),
    ):
        page.evaluate("route => { location.hash = `#/${route}`; }", route)
        for press in presses:
            expect(control(page, "banner")).to_be_visible()
            for each in press.split():
                control(page, each).click()
            page.wait_for_timeout(50)
            yield f"{route} {press}"


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("size", sorted(SIZES))
def test_every_control_is_large_enough_and_within_the_screen(
    shown: Shown, open_page: OpenPage, size: str, language: str
) -> None:
    preferences.put(shown.box.catalog, "", {"language": language})
    page = open_page(shown, size=size, route=f"#/review/{shown.uids['clip']}")
    for where in every_view(page, shown):
        direction = "rtl" if language == "ar" else "ltr"
        expect(page.locator("html")).to_have_attribute("dir", direction)
        assert page.evaluate(_TOO_SMALL) == [], where
        assert page.evaluate(_FITS), where


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing(shown: Shown, open_page: OpenPage, theme: str) -> None:
    preferences.put(shown.box.catalog, "", {"theme": theme})
    discards.discard(shown.box, shown.uids["still"], "113037")
    page = open_page(shown, route=f"#/review/{shown.uids['clip']}")
    page.evaluate(AXE.read_text())
    for where in every_view(page, shown):
        found = page.evaluate("async () => (await axe.run()).violations")
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == [], where


def test_a_hundred_images_leave_nothing_behind(shown: Shown, open_page: OpenPage) -> None:
    page = open_page(shown, route="#/finish/1")
    expect(control(page, "banner")).to_be_visible()
    page.evaluate("() => { window.__c = 0; }")
    session = page.context.new_cdp_session(page)

    def nodes() -> tuple[int, int]:
        session.send("HeapProfiler.collectGarbage")
        counted = session.send("Memory.getDOMCounters")
        return counted["nodes"], counted["jsEventListeners"]

    def round_trip() -> None:
        for uid in shown.uids.values():
            page.evaluate(f"location.hash = '#/review/{uid}'")
            picture_is(page, uid)
        page.evaluate("location.hash = '#/finish/1'")
        expect(control(page, "finish-complete")).to_be_visible()

    for _ in range(3):
        round_trip()
    before = nodes()
    for _ in range(17):
        round_trip()
    after = nodes()
    assert after[0] < before[0] * 1.5 + 200
    assert after[1] < before[1] * 1.5 + 50


def test_what_changes_meanwhile_does_not_take_the_button_away(
    shown: Shown, open_page: OpenPage
) -> None:
    page = open_page(shown, route="#/finish/1")
    control(page, "finish-complete").hover()
    page.wait_for_timeout(1000)
    page.mouse.down()
    for at in range(4):
        peer_state.note_contact(shown.box.catalog, "pacs", at=float(at))
        page.wait_for_timeout(150)
    page.wait_for_url("**/#/worklist")
    page.mouse.up()
    assert shown.state == "COMPLETED"
