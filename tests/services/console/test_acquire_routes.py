"""The acquire screen's requests: to the point, at once, and never queued."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from services import exams as lives
from services.box import Box
from services.catalog import at_hand
from services.exams_left import exams_left
from services.live.client import LiveAway, Unsure
from tests.services.boxes import CAPTURE, CLIP, HandClock, acquire, archive, begin, make_box
from tests.services.console.browsing import PAGE, browse


class Live:
    """The acquisition service as the console's link shows it."""

    connected = True

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answer: dict[str, Any] | Exception = {"ok": True, "instances": ["1.2.3"]}
        self.recording: dict[str, Any] | None = None

    def listen(self, _: Any) -> Any:
        return lambda: None

    async def request(self, do: str, **params: Any) -> dict[str, Any]:
        if do == "state" and not isinstance(self.answer, Exception):
            return {"ok": True, "push": "state", "exam": "1", "recording": self.recording}
        self.asked.append((do, params))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def run(self) -> None:
        """Nothing to connect to."""


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = replace(make_box(tmp_path, [archive()], HandClock()), protocols=(CAPTURE, CLIP))
    with made.catalog:
        yield made


@pytest.fixture
def live() -> Live:
    return Live()


@pytest.fixture
def browser(box: Box, live: Live) -> TestClient:
    return browse(box, live=live)


def open_exam(box: Box) -> Any:
    exam = begin(box)
    with box.catalog.writing() as db:
        at_hand.set(db, exam.exam_id, "", box.clock.now())
    return exam


def post(browser: TestClient, path: str, **body: Any) -> Any:
    return browser.post(f"/api/acquire/{path}", json=body, headers=PAGE)


def code(answer: Any) -> str:
    return str(answer.json()["error"]["code"])


def test_a_touch_goes_on_at_once_with_the_exam_that_is_on_the_screen(
    browser: TestClient, live: Live
) -> None:
    answer = post(browser, "capture", exam="7")
    assert answer.status_code == 200
    assert answer.json()["instances"] == ["1.2.3"]
    assert live.asked == [("capture", {"exam": "7"})]


def test_a_refusal_is_explained(browser: TestClient, live: Live) -> None:
    live.answer = {
        "ok": False,
        "code": "G-2105",
        "text": "source grabber: no signal",
        "params": {"source": "grabber", "state": "no signal", "words": ""},
    }
    answer = post(browser, "capture", exam="7")
    assert answer.status_code == 503
    error = answer.json()["error"]
    assert "grabber" in error["text"]
    assert error["todo"]


@pytest.mark.parametrize(
    ("failure", "expected"), [(LiveAway("away"), "G-2110"), (Unsure("perhaps"), "G-2119")]
)
def test_a_service_that_is_away_is_said_to_be_and_nothing_is_kept(
    browser: TestClient, live: Live, failure: Exception, expected: str
) -> None:
    live.answer = failure
    for path in ("capture", "record_start", "record_stop", "scan"):
        assert code(post(browser, path)) == expected
    assert browser.get("/api/acquire").json()["live"] is None


def test_without_any_service_it_is_the_same(box: Box) -> None:
    browser = browse(box)
    assert code(post(browser, "capture")) == "G-2110"
    assert browser.get("/api/acquire").status_code == 200


def test_another_patients_code_is_an_answer_and_not_an_error(
    browser: TestClient, live: Live
) -> None:
    live.answer = {"ok": False, "exam": "1", "code": "G-2103", "verdict": "mismatch", "params": {}}
    answer = post(browser, "scan", text="PID-2")
    assert answer.json() == {"ok": False, "exam": "1", "code": "G-2103", "verdict": "mismatch"}
    live.answer = {"ok": False, "code": "G-2111", "verdict": "", "params": {"words": "odd"}}
    assert code(post(browser, "scan", text="?")) == "G-2111"


def test_the_protocol_is_chosen_for_the_exam_at_hand_and_never_while_recording(
    box: Box, browser: TestClient, live: Live
) -> None:
    assert code(post(browser, "protocol", protocol="Loop")) == "G-2101"
    open_exam(box)
    assert code(post(browser, "protocol", protocol="Nothing")) == "G-2115"
    live.recording = {"seconds": 1, "frames": 2}
    assert code(post(browser, "protocol", protocol="Loop")) == "G-2102"
    live.recording = None
    assert code(post(browser, "protocol", protocol="Loop", exam="99")) == "G-2113"
    assert post(browser, "protocol", protocol="Loop").json() == {"protocol": "Loop"}
    held = at_hand.get(box.catalog)
    assert held is not None
    assert held.protocol == "Loop"


def test_what_the_screen_begins_with(box: Box, browser: TestClient) -> None:
    assert browser.get("/api/acquire").json()["exam"] is None
    exam = open_exam(box)
    acquire(box, exam, 2)
    acquire(box, exam, 5, CLIP)
    with box.catalog.writing() as db:
        db.conn.execute("UPDATE instance SET discarded = 'x' WHERE rowid = 1")
    found = browser.get("/api/acquire").json()
    assert found["exam"]["patient_id"] == "PID-1"
    assert (found["stills"], found["clips"]) == (1, 1)
    assert [(i["series"], i["number"], i["clip"], i["discarded"]) for i in found["images"]] == [
        (1, 1, False, True),
        (1, 2, False, False),
        (2, 1, True, False),
    ]
    assert [(p["name"], p["clips"]) for p in found["protocols"]] == [
        ("Capture", True),
        ("Loop", True),
    ]
    assert found["ask"] == ""
    with box.catalog.writing() as db:
        at_hand.ask(db, exam.exam_id, "wristband")
    assert browser.get("/api/acquire").json()["ask"] == "wristband"


def test_what_still_fits_is_judged_by_exams_that_have_ended(box: Box) -> None:
    assert exams_left(box) is None
    exam = begin(box)
    acquire(box, exam, 2)
    assert exams_left(box) is None
    lives.complete(box, exam.exam_id)
    usage = box.spool.usage()
    size = sum(row["size"] for row in box.catalog.rows("SELECT size FROM instance WHERE size > 0"))
    found = exams_left(box)
    assert found is not None
    assert found == pytest.approx(usage.free / size, rel=0.05)


def test_a_request_of_another_page_is_refused(browser: TestClient, live: Live) -> None:
    assert browser.post("/api/acquire/capture", json={}).status_code == 403
    assert live.asked == []
