"""Printing in a real browser: laid out by finger, by taps and by keys, printed, held and resent."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Locator, Page, expect

from drivers.cups.queue import CupsQueue
from firmware.paper import QueuePrinter
from services.acquisition import Acquisition
from services.box import Box
from services.catalog import preferences, received_sheets
from services.catalog.received_sheets import Images, Paper
from services.clock import SystemClock
from services.console.app import make_app
from services.console.context import FilmDesk
from services.dicom.peers import Peer, Service
from services.dispatcher import drain
from services.dispatcher import paper as paper_errand
from services.outbox.model import State
from services.printing import drafts, jobs
from services.printing.jobs import PrintJob
from services.printing.printers import Printer, PrinterKind
from services.printing.profile import load_profile
from tests.browser.conftest import SIZES
from tests.peers.cups import QUEUE, PrintServer
from tests.peers.printers import FilmPeer, StartPrinter
from tests.peers.process import free_port, program
from tests.services.boxes import CAPTURE, ZONE, begin, make_box
from tests.services.dispatcher.stage import CT
from tests.services.film_reception.scanner import film_place, ramp
from tests.services.film_reception.test_work import send, take_to_hand
from tests.services.sources import Script, pictures

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
OpenPage = Callable[..., Page]
HOLD = 1300

pytestmark = pytest.mark.peer


@dataclass
class Room:
    """A console in this process, with printers of its own and an exam of CT and SC images."""

    url: str
    box: Box
    uids: list[str]
    place: Any

    def jobs(self) -> list[PrintJob]:
        return jobs.of_exam(self.box.catalog, "1")

    def print(self) -> None:
        """Deliver until nothing is owed but what waits for a person."""
        drain(self.box, timeout=20)


MakeRoom = Callable[..., Room]


@pytest.fixture
def make_room(tmp_path: Path) -> Iterator[MakeRoom]:
    undo: list[Callable[[], object]] = []

    def made(*printers: Printer, queue: Any = None, ended: bool = False) -> Room:
        base = make_box(tmp_path / "box", clock=SystemClock(ZONE))
        box = replace(base, printers=printers, find_paper=lambda _: queue)
        exam = begin(box)
        Acquisition(box, exam.exam_id, CT).run(Script(pictures(5)))
        Acquisition(box, exam.exam_id, CAPTURE).run(Script(pictures(1)))
        rows = box.catalog.rows("SELECT sop_instance_uid FROM instance ORDER BY rowid")
        place = film_place(box, images=Images.UNASSIGNED)
        films = place.__enter__()
        port = free_port()
        app = make_app(box, films=lambda: FilmDesk(films.cabinet, films.intake))
        config = uvicorn.Config(app, "127.0.0.1", port, log_level="error", ws="websockets-sansio")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        deadline = time.monotonic() + 20
        while not server.started:
            assert time.monotonic() < deadline
            time.sleep(0.02)

        def close() -> None:
            server.should_exit = True
            thread.join(20)
            place.__exit__(None, None, None)
            box.catalog.close()

        undo.append(close)
        uids = [row["sop_instance_uid"] for row in rows]
        return Room(f"http://127.0.0.1:{port}", box, uids, films)

    yield made
    for each in undo:
        each()


def paper_printer(server: PrintServer) -> tuple[Printer, QueuePrinter]:
    peer = Peer("paper", "", "", 0, frozenset({Service.PRINT}))
    profile = load_profile("generic-grey-8", film_sizes=("8INX10IN", "A4"))
    printer = Printer("paper", PrinterKind.CUPS, peer, profile, queue=QUEUE)
    return printer, QueuePrinter(CupsQueue(QUEUE, server.address))


def film_printer(peer: FilmPeer) -> Printer:
    return peer.printer(dpi=40.0, film_sizes=("8INX10IN", "14INX17IN"))


def control(page: Page, name: str) -> Locator:
    return page.locator(f'[data-test="{name}"]')


def in_box(page: Page, box: int, uid: str) -> None:
    expect(control(page, f"box-{box}")).to_have_attribute("data-uid", uid)


def drawn(page: Page) -> None:
    """The preview has caught up."""
    expect(control(page, "print-stage")).to_have_attribute("aria-busy", "false")


def lay_out(page: Page, layout: str) -> None:
    control(page, "print-film").click()
    control(page, f"layout-STANDARD\\\\{layout}").click()
    control(page, "film-sheet-close").click()
    drawn(page)


def middle(page: Page, name: str) -> tuple[float, float]:
    box = control(page, name).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Page, what: str, to: str) -> None:
    """As a finger does it."""
    (x, y), (to_x, to_y) = middle(page, what), middle(page, to)
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        at = [{"x": px, "y": py} for px, py in points]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    touch("touchStart", (x, y))
    for step in range(1, 9):
        share = step / 8
        touch("touchMove", (x + (to_x - x) * share, y + (to_y - y) * min(1.0, share**2)))
    touch("touchEnd")
    session.detach()


def hold(page: Page, name: str) -> None:
    place = control(page, name)
    expect(place).to_be_enabled()
    place.scroll_into_view_if_needed()
    place.click(delay=HOLD)


def order(page: Page, room: Room, count: int) -> PrintJob:
    hold(page, "print-now")
    expect(control(page, "print-jobs")).to_be_visible()
    made = room.jobs()
    assert len(made) == count
    return made[-1]


def test_pictures_are_dragged_and_tapped_into_boxes_and_printed(
    make_room: MakeRoom, start_dcmprscp: StartPrinter, open_page: OpenPage
) -> None:
    peer = start_dcmprscp()
    room = make_room(film_printer(peer))
    page = open_page(room, route="#/print/1")
    drawn(page)
    control(page, "print-empty").click()
    lay_out(page, "2,2")
    # with a finger
    drag(page, "tray-3", "box-1")
    in_box(page, 1, room.uids[2])
    # by two taps, as with a glove
    control(page, "tray-1").tap()
    expect(control(page, "tray-1")).to_have_attribute("aria-pressed", "true")
    page.touchscreen.tap(*middle(page, "box-4"))
    in_box(page, 4, room.uids[0])
    expect(control(page, "tray-1")).to_have_attribute("aria-pressed", "false")
    # by keys alone
    control(page, "tray-2").focus()
    page.keyboard.press("Enter")
    control(page, "print-boxes").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    in_box(page, 2, room.uids[1])
    # from box to box
    drag(page, "box-1", "box-3")
    in_box(page, 3, room.uids[2])
    in_box(page, 1, "")
    control(page, "print-copies").click()
    control(page, "copies-more").click()
    expect(control(page, "copies-count")).to_have_text("2")
    control(page, "copies-done").click()
    drawn(page)
    job = order(page, room, 1)
    assert job.film.copies == 2
    (sheet,) = job.film.sheets
    placed = [image and image.sop_instance_uid for image in sheet.images]
    assert placed == [None, room.uids[1], room.uids[2], room.uids[0]]
    room.print()
    card = control(page, f"job-{job.id}")
    expect(card).to_have_attribute("data-state", "done", timeout=15_000)
    (film,) = peer.films()
    assert sorted(film.boxes) == [2, 3, 4]


def test_a_layout_reads_the_same_from_right_to_left(
    make_room: MakeRoom, start_dcmprscp: StartPrinter, open_page: OpenPage
) -> None:
    room = make_room(film_printer(start_dcmprscp()))
    preferences.put(room.box.catalog, "", {"language": "ar"})
    page = open_page(room, route="#/print/1")
    drawn(page)
    control(page, "print-film").click()
    label = control(page, "layout-STANDARD\\\\2,3").locator(".button-word")
    assert "\u20662 × 3\u2069" in (label.text_content() or "")
    # the boxes of the sheet are where they are on film: the first one is at the left
    first, second = (control(page, f"box-{n}").bounding_box() for n in (1, 2))
    assert first is not None
    assert second is not None
    assert first["x"] < second["x"]


def test_a_finger_that_scrolls_the_tray_carries_nothing(
    make_room: MakeRoom, start_dcmprscp: StartPrinter, open_page: OpenPage
) -> None:
    room = make_room(film_printer(start_dcmprscp()))
    page = open_page(room, route="#/print/1")
    drawn(page)
    control(page, "print-empty").click()
    drag(page, "tray-3", "tray-1")
    expect(page.locator(".carried")).to_have_count(0)
    expect(control(page, "print-now")).to_be_disabled()


def test_several_sheets_true_size_and_levels(
    make_room: MakeRoom, print_server: PrintServer, open_page: OpenPage
) -> None:
    printer, queue = paper_printer(print_server)
    room = make_room(printer, queue=queue)
    page = open_page(room, route="#/print/1", size="10-inch")
    drawn(page)
    lay_out(page, "1,2")
    expect(control(page, "sheet-of")).to_contain_text("1 of 3")
    control(page, "print-film").click()
    # the secondary capture is not calibrated, so the sheets cannot be of true size
    expect(control(page, "true-size-why")).to_contain_text("1")
    expect(control(page, "true-size")).to_be_disabled()
    control(page, "film-sheet-close").click()
    control(page, "sheet-next").click()
    control(page, "sheet-next").click()
    expect(control(page, "sheet-of")).to_contain_text("3 of 3")
    drawn(page)
    in_box(page, 2, room.uids[5])
    page.touchscreen.tap(*middle(page, "box-2"))
    control(page, "print-take-out").click()
    in_box(page, 2, "")
    control(page, "print-film").click()
    control(page, "true-size").click()
    expect(control(page, "true-size")).to_have_attribute("aria-pressed", "true")
    control(page, "film-sheet-close").click()
    drawn(page)
    page.touchscreen.tap(*middle(page, "box-1"))
    control(page, "print-levels").click()
    expect(control(page, "pixels")).to_have_attribute("data-shown", f"{room.uids[4]}/1")
    control(page, "window-width").first.fill("300")
    control(page, "levels-use").click()
    drawn(page)
    job = order(page, room, 1)
    assert len(job.film.sheets) == 3
    assert all(sheet.true_size for sheet in job.film.sheets)
    windows = [image.window for image in job.film.images]
    assert windows[:4] == [None] * 4
    assert windows[4] is not None


def test_a_printer_without_film_says_so_and_a_held_job_is_resent(
    make_room: MakeRoom,
    print_server: PrintServer,
    open_page: OpenPage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paper_errand, "WATCH_SECONDS", 3.0)
    monkeypatch.setattr(paper_errand, "_LATER", 0.2)
    printer, queue = paper_printer(print_server)
    room = make_room(printer, queue=queue)
    page = open_page(room, route="#/print/1")
    drawn(page)
    print_server.flag("no-media")
    job = order(page, room, 1)
    card = control(page, f"job-{job.id}")
    printing = threading.Thread(target=room.print)
    printing.start()
    control(page, "jobs-close").click()
    expect(control(page, "printer-why")).to_contain_text("no film or paper", timeout=20_000)
    control(page, "print-printer").click()
    expect(control(page, "printer-paper")).to_have_attribute("data-state", "failure")
    control(page, "printers-sheet-close").click()
    # somebody at the print server ends the job, and the box cannot know how far it came
    cancel = [program("cancel", "cups-client"), "-h", print_server.address, "-a"]
    subprocess.run(cancel, check=True)
    printing.join(30)
    control(page, "print-jobs-open").click()
    expect(card).to_have_attribute("data-state", "held", timeout=15_000)
    expect(card).to_contain_text("G-6502")
    print_server.flag("no-media", False)
    # somebody looks at the printer, and the sheet did not come out
    control(page, f"again-{job.id}").click()
    hold(page, "again-sheet-yes")
    expect(card).to_have_attribute("data-state", "waiting", timeout=15_000)
    room.print()
    expect(card).to_have_attribute("data-state", "done", timeout=15_000)
    assert len(print_server.printed()) == 1
    assert room.jobs()[0].state is State.DONE


def test_a_film_that_came_is_taken_into_the_open_exam(
    make_room: MakeRoom, start_dcmprscp: StartPrinter, open_page: OpenPage
) -> None:
    room = make_room(film_printer(start_dcmprscp()))
    take_to_hand(room.box, "1")
    send(room.place, ramp(), 255 - ramp())
    page = open_page(room, route="#/acquire")
    expect(control(page, "films-waiting")).to_contain_text("2 pictures arrived")
    control(page, "films-waiting").click()
    control(page, "look-1").click()
    expect(page.locator(".film-large")).to_be_visible()
    control(page, "film-look-close").click()
    control(page, "assign-1").click()
    expect(control(page, "assign-sheet")).to_contain_text("PID-1")
    hold(page, "assign-sheet-yes")
    expect(control(page, "film-1")).to_have_attribute("data-images", "taken")
    assert len(room.box.catalog.rows("SELECT 1 FROM instance")) == len(room.uids) + 2
    with room.box.catalog.writing() as db:
        received_sheets.set_paper(db, 1, Paper.HELD, at="now", words="jam")
    control(page, "printed-1").click()
    hold(page, "printed-sheet-yes")
    expect(control(page, "film-1")).to_have_attribute("data-paper", "done")


TOO_SMALL = """() => [...document.querySelectorAll('button:not([disabled]), a[href], input')]
.filter((each) => each.offsetParent !== null)
.map((each) => [each.dataset.test || each.outerHTML.slice(0, 90), each.getBoundingClientRect()])
.filter(([, box]) => box.width && (box.width < 103 || box.height < 103))
.map(([name, box]) => `${name} ${box.width}x${box.height}`)"""


def views(page: Page) -> Iterator[str]:
    # a job that waits for a person is what the screen begins with
    expect(control(page, "again-1")).to_be_visible()
    yield "the jobs"
    control(page, "redirect-1").click()
    expect(control(page, "redirect-to-other")).to_be_visible()
    yield "another printer"
    control(page, "redirect-sheet-close").click()
    control(page, "jobs-close").click()
    drawn(page)
    yield "the sheet"
    for name, close in (
        ("printer", "printers-sheet-close"),
        ("film", "film-sheet-close"),
        ("copies", "copies-sheet-close"),
    ):
        control(page, f"print-{name}").click()
        expect(control(page, close)).to_be_visible()
        yield name
        control(page, close).click()
    page.touchscreen.tap(*middle(page, "box-1"))
    control(page, "print-levels").click()
    expect(control(page, "pixels")).to_have_attribute("data-shown", re.compile("/1$"))
    yield "levels"
    control(page, "levels-no").click()
    page.evaluate("location.hash = '#/films'")
    expect(control(page, "film-1")).to_be_visible()
    yield "films"
    control(page, "assign-1").click()
    expect(control(page, "assign-sheet")).to_be_visible()
    yield "taking a film"
    control(page, "assign-sheet-close").click()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_and_every_control_is_large_enough(
    make_room: MakeRoom, start_dcmprscp: StartPrinter, open_page: OpenPage, theme: str
) -> None:
    room = make_room(
        film_printer(start_dcmprscp()), replace(film_printer(start_dcmprscp()), name="other")
    )
    send(room.place, ramp())
    film = drafts.propose(room.box, "1")
    job = jobs.submit(room.box, "1", "", film, by="test")
    with room.box.catalog.writing() as db:
        db.conn.execute("UPDATE print_job SET no_return = 'now', code = 'G-6403' WHERE id = 1")
        db.conn.execute("UPDATE delivery SET state = 'held' WHERE id = ?", [job.delivery_id])
    preferences.put(room.box.catalog, "", {"theme": theme})
    wrong = []
    for size in SIZES if theme == "dark" else ("7-inch",):
        page = open_page(room, route="#/print/1", size=size)
        page.evaluate(AXE.read_text())
        for where in views(page):
            found = page.evaluate("async () => (await axe.run()).violations")
            wrong += [(where, size, each["id"], each["nodes"][0]["html"]) for each in found]
            wrong += [(where, size, "too small", each) for each in page.evaluate(TOO_SMALL)]
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                wrong.append((where, size, "too wide", ""))
    assert wrong == []
