"""Printing and received films as the screens ask for them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from drivers.cups.simulated import SimulatedQueue
from firmware.paper import QueuePrinter
from services import exams as lives
from services.box import Box
from services.catalog import received_sheets
from services.catalog.received_sheets import Images, Paper
from services.console.context import FilmDesk
from services.console.problems import table
from services.dicom.peers import Peer, Service
from services.outbox import peer_state
from services.printing import health, jobs
from services.printing.printers import Printer, PrinterFacts, PrinterKind, note_facts
from services.printing.profile import load_profile
from tests.services.boxes import HandClock, acquire, begin, item, make_box
from tests.services.console.browsing import PAGE, browse
from tests.services.film_reception.scanner import film_place, ramp
from tests.services.film_reception.test_work import send
from tests.services.printing.imager import imager_printer


@dataclass
class Desk:
    """A box with a film printer that is away, and a paper printer; an exam with four images."""

    box: Box
    queue: SimulatedQueue
    page: TestClient
    exam: str = "1"

    def get(self, path: str, status: int = 200) -> Any:
        answer = self.page.get(path)
        assert answer.status_code == status, answer.text
        return answer.json()

    def post(self, path: str, status: int = 200, **body: Any) -> Any:
        answer = self.page.post(path, json=body, headers=PAGE)
        assert answer.status_code == status, answer.text
        return answer.json()

    def refused(self, path: str, **body: Any) -> str:
        answer = self.page.post(path, json=body, headers=PAGE)
        assert answer.status_code >= 400, answer.text
        return str(answer.json()["error"]["code"])

    def film(self, printer: str = "") -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/api/print/{self.exam}?printer={printer}")["film"]
        return found

    def order(self, printer: str = "imager", **more: Any) -> dict[str, Any]:
        made: dict[str, Any] = self.post(
            f"/api/print/{self.exam}", printer=printer, film=self.film(printer), **more
        )
        return made


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    peer = Peer("paper", "", "", 0, frozenset({Service.PRINT}))
    profile = load_profile("generic-grey-8", film_sizes=("8INX10IN", "A4"))
    paper = Printer("paper", PrinterKind.CUPS, peer, profile, queue="paper")
    queue = SimulatedQueue()
    made = make_box(tmp_path, clock=HandClock())
    box = replace(
        made,
        printers=(imager_printer(9, film_sizes=("8INX10IN", "14INX17IN")), paper),
        find_paper=lambda _: QueuePrinter(queue),
    )
    with box.catalog:
        exam = begin(box)
        acquire(box, exam, frames=4)
        yield Desk(box, queue, browse(box))


def test_what_there_is_to_print_on_what(desk: Desk) -> None:
    found = desk.get("/api/print/1")
    assert [each["number"] for each in found["images"]] == [1, 2, 3, 4]
    assert not any(each["calibrated"] for each in found["images"])
    assert [each["name"] for each in found["printers"]] == ["imager", "paper"]
    assert found["printer"] == "imager"
    assert found["exam"]["patient_id"]
    assert len(found["film"]["sheets"][0]["images"]) == 4
    paper = desk.get("/api/print/1?printer=paper")
    assert [size["id"] for size in paper["options"]["film_sizes"]] == ["8INX10IN", "A4"]
    assert desk.get("/api/print/99", 404)["error"]["code"] == "G-9002"


def test_without_a_printer_somebody_is_told_so(tmp_path: Path) -> None:
    box = make_box(tmp_path, clock=HandClock())
    with box.catalog:
        begin(box)
        answer = browse(box).get("/api/print/1")
    assert answer.json()["error"]["code"] == "G-6001"


def test_an_exam_without_images_has_no_layout(desk: Desk) -> None:
    begin(desk.box, 2)
    found = desk.get("/api/print/2")
    assert (found["images"], found["film"]) == ([], None)


def test_the_preview_is_the_sheet_and_says_where_its_boxes_are(desk: Desk) -> None:
    film = desk.film("paper")
    body = {"exam": "1", "printer": "paper", "film": film, "width": 300}
    answer = desk.page.post("/api/print/preview", json=body, headers=PAGE)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    picture = Image.open(BytesIO(answer.content))
    assert picture.size == (300, 375)
    places = json.loads(answer.headers["x-sheet"])
    assert (places["width_mm"], places["height_mm"]) == (203.2, 254.0)
    left, top, width, height = places["boxes"][0]
    inside = picture.crop(
        (
            int(left * 300), int(top * 375),
            int((left + width) * 300), int((top + height) * 375),
        )
    )  # fmt: skip
    assert len(np.unique(np.asarray(inside.convert("L")))) > 20, "the box shows a picture"
    assert len(places["boxes"]) == 4


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"film": "x"}, "G-9003"),
        ({"film": {"sheets": []}}, "G-6410"),
        ({"sheet": 7}, "G-6404"),
        ({"sheet": "1"}, "G-9003"),
        ({"width": -1}, "G-9003"),
        ({"printer": "none"}, "G-9002"),
        ({"exam": "99"}, "G-9002"),
    ],
)
def test_a_preview_of_nonsense_is_refused(desk: Desk, change: dict[str, Any], code: str) -> None:
    body = {"exam": "1", "printer": "paper", "film": desk.film("paper"), **change}
    assert desk.refused("/api/print/preview", **body) == code


def test_true_size_without_calibration_says_why(desk: Desk) -> None:
    film = desk.film("paper")
    film["sheets"][0]["true_size"] = True
    code = desk.refused("/api/print/preview", exam="1", printer="paper", film=film)
    assert code == "G-6406"
    assert desk.refused("/api/print/1", printer="paper", film=film) == "G-6406"
    assert not jobs.of_exam(desk.box.catalog, "1")


def test_a_preview_is_no_larger_than_it_is_of_use(desk: Desk) -> None:
    body = {"exam": "1", "printer": "paper", "film": desk.film("paper"), "width": 90_000}
    answer = desk.page.post("/api/print/preview", json=body, headers=PAGE)
    assert Image.open(BytesIO(answer.content)).size[0] == 1600


def test_an_order_is_made_once_however_often_it_is_tapped(desk: Desk) -> None:
    first = desk.order(token="t1")
    assert desk.order(token="t1") == first
    assert desk.order(token="t2")["job"] != first["job"]
    (latest, earlier) = desk.get("/api/print/jobs?exam=1")["jobs"]
    assert earlier["job"] == first["job"]
    assert latest["state"] == "waiting"
    assert latest["may"] == ["resend", "mark", "cancel", "redirect"]
    assert latest["others"] == ["paper"]
    (row, _) = desk.box.catalog.rows(
        "SELECT detail FROM audit_event WHERE action = 'print-ordered' ORDER BY id"
    )
    assert "imager" in row["detail"]


def test_what_a_printer_cannot_do_is_refused_and_owes_nothing(desk: Desk) -> None:
    film = desk.film("paper")
    film["sheets"][0]["film_size"] = "A3"
    assert desk.refused("/api/print/1", printer="paper", film=film) == "G-6401"
    assert not jobs.of_exam(desk.box.catalog, "1")


def test_a_job_is_cancelled_redirected_marked_and_resent(desk: Desk) -> None:
    number = desk.order(printer="paper")["job"]
    assert desk.refused(f"/api/print/jobs/{number}/redirect", printer="none") == "G-9002"
    # the film printer does it too, so it can be redirected there
    moved = desk.post(f"/api/print/jobs/{number}/redirect", printer="imager")
    assert (moved["follows"], moved["printer"]) == (number, "imager")
    assert desk.refused(f"/api/print/jobs/{number}/cancel") == "G-6004"
    assert desk.post(f"/api/print/jobs/{moved['job']}/resend")["state"] == "waiting"
    assert desk.post(f"/api/print/jobs/{moved['job']}/mark")["outcome"] == "marked"
    last = desk.order()
    assert desk.post(f"/api/print/jobs/{last['job']}/cancel")["outcome"] == "cancelled"
    assert desk.refused("/api/print/jobs/99/cancel") == "G-9002"


def test_a_doubtful_sheet_is_printed_again_only_on_a_persons_word(desk: Desk) -> None:
    number = desk.order()["job"]
    with desk.box.catalog.writing() as db:
        db.conn.execute(
            "UPDATE print_job SET no_return = 'now', doubtful_to = 1 WHERE id = ?", [number]
        )
        db.conn.execute("UPDATE delivery SET state = 'held'")
    (job,) = desk.get("/api/print/jobs?exam=1")["jobs"]
    assert job["in_doubt"]
    assert desk.refused(f"/api/print/jobs/{number}/resend") == "G-6403"
    assert desk.refused(f"/api/print/jobs/{number}/resend", print_again="yes") == "G-6403"
    assert desk.post(f"/api/print/jobs/{number}/resend", print_again=True)["state"] == "waiting"


def test_printers_say_how_they_are(desk: Desk) -> None:
    def states() -> dict[str, Any]:
        return {each["name"]: each["health"] for each in desk.get("/api/print/1")["printers"]}

    assert states()["imager"]["condition"] == "unknown"
    assert states()["paper"] == {
        "condition": "ready", "reasons": [], "told": [], "words": "", "asked": None,
    }  # fmt: skip
    assert desk.refused("/api/print/ask", printer="imager") == "G-6003"
    told = desk.post("/api/print/ask", printer="imager", quietly=True)
    assert told["health"]["condition"] == states()["imager"]["condition"] == "away"
    facts = PrinterFacts(asked=5.0, status="WARNING", status_info="SUPPLY LOW")
    note_facts(desk.box.catalog, "imager", facts)
    assert states()["imager"]["reasons"] == ["media_low"]
    peer_state.pause(desk.box.catalog, "imager", "nothing listens", at=1.0)
    assert states()["imager"]["condition"] == "away"


def test_a_technician_sees_how_printers_are_and_prints_a_test_film_on_paper(desk: Desk) -> None:
    desk.post("/api/session/first", name="Tess", pin="48151623")
    found = desk.get("/api/technician/printers")["printers"]
    states = {each["name"]: each["health"]["condition"] for each in found}
    assert states == {"imager": "unknown", "paper": "ready"}
    number = desk.post("/api/technician/printers/test", name="paper", film=True)["job"]
    deadline = time.monotonic() + 20
    while not (told := desk.get(f"/api/technician/jobs/{number}"))["done"]:
        assert time.monotonic() < deadline
    assert [line["ok"] for line in told["lines"]] == [True, True]
    assert len(desk.queue.printed) == 1


def test_every_reason_is_put_into_one_sentence() -> None:
    assert health.reason_of("media-empty-error") == "media_empty"
    assert health.reason_of("cups-missing-filter-warning") == "setup"
    assert health.reason_of("EMPTY 14X17 BL") == "media_empty"
    assert health.reason_of("vendor.strange-thing-report") == "fault"
    assert health.reasons_of(("none", "door-open", "cover-open-error")) == ("cover_open",)
    keys = {*health._IPP.values(), *health._DICOM.values(), "fault"}
    assert keys == set(health.SENTENCES)


def test_every_code_that_a_job_can_have_is_explained() -> None:
    folder = Path(health.__file__).parents[1]
    used = set()
    for path in folder.rglob("*.py"):
        if "console" not in path.parts:
            words = path.read_text().split('"')
            used |= {each for each in words if each.startswith("G-6") and len(each) == 6}
    assert len(used) > 30
    assert used <= set(table())


# Received films


@dataclass
class Shelf:
    """A console of a box at which scanners print."""

    desk: Desk
    place: Any


@pytest.fixture
def shelf(desk: Desk) -> Iterator[Shelf]:
    with film_place(desk.box, images=Images.UNASSIGNED) as place:
        page = browse(desk.box, films=lambda: FilmDesk(place.cabinet, place.intake))
        yield Shelf(replace(desk, page=page), place)


def test_a_film_is_shown_and_taken_into_the_open_exam_once(shelf: Shelf) -> None:
    desk = shelf.desk
    send(shelf.place, ramp(), 255 - ramp())
    assert desk.get("/api/films/waiting") == {"pictures": 2}
    assert desk.get("/api/acquire")["film_pictures"] == 2
    found = desk.get("/api/films")
    assert [each["exam"] for each in found["open"]] == ["1"]
    (film,) = found["films"]
    assert (film["pictures"], film["images"]) == (2, "unassigned")
    assert film["may"] == ["assign", "discard"]
    answer = desk.page.get("/api/films/1/preview.png?width=240")
    assert Image.open(BytesIO(answer.content)).size == (240, 300)
    before = len(desk.get("/api/print/1")["images"])
    body = {"exam": "1", "token": "t"}
    assert desk.post("/api/films/1/assign", **body) == desk.post("/api/films/1/assign", **body)
    assert len(desk.get("/api/print/1")["images"]) == before + 2
    assert desk.get("/api/films/waiting") == {"pictures": 0}
    assert desk.refused("/api/films/1/assign", exam="1", token="u") == "G-6606"
    assert desk.refused("/api/films/1/discard") == "G-6607"


def test_an_exam_that_has_ended_takes_no_film(shelf: Shelf) -> None:
    desk = shelf.desk
    send(shelf.place, ramp())
    other = lives.start(desk.box, [item(2)])
    lives.complete(desk.box, desk.exam)
    assert desk.refused("/api/films/1/assign", exam="1") == "G-6604"
    assert desk.post("/api/films/1/assign", exam=other.exam_id)["pictures"] == 1


def test_a_film_that_is_nobodys_is_discarded(shelf: Shelf) -> None:
    send(shelf.place, ramp())
    assert shelf.desk.post("/api/films/1/discard")["images"] == "discarded"
    assert shelf.desk.refused("/api/films/1/print") == "G-6607"
    assert shelf.desk.refused("/api/films/9/discard") == "G-9002"


def test_a_held_sheet_is_printed_again_or_marked(shelf: Shelf) -> None:
    desk = shelf.desk
    send(shelf.place, ramp())

    def hold() -> None:
        with desk.box.catalog.writing() as db:
            received_sheets.set_paper(db, 1, Paper.HELD, at="now", words="jam")

    hold()
    (film,) = desk.get("/api/films")["films"]
    assert film["may"] == ["assign", "discard", "print", "printed"]
    assert desk.post("/api/films/1/print")["paper"] == "waiting"
    hold()
    assert desk.post("/api/films/1/printed")["paper"] == "done"


def test_what_cannot_be_shown_says_why(shelf: Shelf, desk: Desk) -> None:
    send(shelf.place, ramp())

    def code(page: TestClient, path: str) -> str:
        return str(page.get(path).json()["error"]["code"])

    assert code(desk.page, "/api/films/1/preview.png") == "G-6601"
    page = shelf.desk.page
    assert code(page, "/api/films/1/preview.png?width=x") == "G-9003"
    for path in (desk.box.state_dir / "films").rglob("*.raw"):
        path.unlink()
    assert code(page, "/api/films/1/preview.png") == "G-6603"
    with desk.box.catalog.writing() as db:
        received_sheets.set_removed(db, 1, at="now")
    assert code(page, "/api/films/1/preview.png") == "G-6602"
