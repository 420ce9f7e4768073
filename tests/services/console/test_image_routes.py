"""Images and the end of an exam over the console's addresses."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from services import discards
from services import exams as lives
from services.box import Box
from services.catalog import audit, exams
from services.outbox import queue
from services.outbox.model import Kind
from tests.services.boxes import CAPTURE, CLIP, HandClock, acquire, archive, begin, make_box, ris
from tests.services.console.browsing import PAGE, browse

BLUR = "111210"


@dataclass
class Live:
    """An acquisition service that says what the test wants."""

    state: dict[str, Any] = field(default_factory=dict)
    connected: bool = True

    def listen(self, _: object) -> Any:
        return lambda: None

    async def run(self) -> None:
        """Nothing to connect to."""


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = make_box(tmp_path, [ris(), archive(rejection_notes=True), archive("copy")], HandClock())
    with made.catalog:
        yield made


@pytest.fixture
def uids(box: Box) -> list[str]:
    """Two stills of 12 bits and a clip of five frames, in an open exam."""
    exam = begin(box)
    stills = acquire(box, exam, 2, CAPTURE, bits=12).instances
    clip = acquire(box, exam, 5, CLIP, bits=8).instances
    return [each.sop_instance_uid for each in (*stills, *clip)]


@pytest.fixture
def browser(box: Box) -> Iterator[TestClient]:
    with browse(box) as made:
        yield made


def get(browser: TestClient, path: str) -> Any:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def post(browser: TestClient, path: str, **body: Any) -> Any:
    answer = browser.post(path, json=body, headers=PAGE)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(browser: TestClient, path: str, **body: Any) -> str:
    answer = browser.post(path, json=body, headers=PAGE)
    assert answer.status_code >= 400, answer.text
    error = answer.json()["error"]
    assert all(error[part] for part in ("text", "safe", "todo"))
    return str(error["code"])


def test_an_image_is_described_with_its_patient_and_neighbours(
    browser: TestClient, uids: list[str]
) -> None:
    facts = get(browser, f"/api/images/{uids[1]}")
    assert facts["exam"]["patient_name"] == "Doe^Jane"
    assert [each["uid"] for each in facts["images"]] == uids
    assert (facts["number"], facts["object"], facts["frames"]) == (2, "SC", 1)
    assert facts["pixels"]["window"]["width"] > 1
    assert {each["reach"] for each in facts["archives"]} == {"kept"}
    clip = get(browser, f"/api/images/{uids[2]}")
    assert clip["pixels"]["frames"] == clip["frames"] == 5


def test_pictures_come_at_a_size_and_a_window_and_are_not_kept_by_the_browser(
    browser: TestClient, uids: list[str]
) -> None:
    thumb = browser.get(f"/api/images/{uids[0]}/thumb")
    assert thumb.headers["cache-control"] == "no-store"
    assert Image.open(io.BytesIO(thumb.content)).format == "JPEG"
    small = browser.get(f"/api/images/{uids[0]}/frame/1?size=16&form=png")
    assert Image.open(io.BytesIO(small.content)).size == (16, 16)
    dark = browser.get(f"/api/images/{uids[0]}/frame/1?wc=60000&ww=1&form=png")
    assert np.asarray(Image.open(io.BytesIO(dark.content))).max() == 0
    assert browser.get(f"/api/images/{uids[2]}/frame/5").status_code == 200


def test_samples_are_what_is_stored(browser: TestClient, box: Box, uids: list[str]) -> None:
    answer = browser.get(f"/api/images/{uids[0]}/samples/1")
    shape = (int(answer.headers["x-rows"]), int(answer.headers["x-columns"]))
    values = np.frombuffer(answer.content, "<u2").reshape(shape)
    assert shape == (32, 32)
    assert values.max() > 255


@pytest.mark.parametrize(
    "path",
    [
        "/api/images/1.2.3",
        "/api/images/1.2.3/thumb",
        "/api/images/..%2F..%2Fcatalog.sqlite/thumb",
        "/api/images/{uid}/frame/0",
        "/api/images/{uid}/frame/99",
    ],
)
def test_what_is_not_there_is_said_to_be_missing(
    browser: TestClient, uids: list[str], path: str
) -> None:
    answer = browser.get(path.format(uid=uids[0]))
    assert answer.status_code == 404


@pytest.mark.parametrize("query", ["wc=a&ww=1", "wc=nan&ww=1", "wc=1&ww=inf", "size=x"])
def test_nonsense_is_refused(browser: TestClient, uids: list[str], query: str) -> None:
    answer = browser.get(f"/api/images/{uids[0]}/frame/1?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "G-9003"


def test_an_image_that_has_left_or_is_damaged_says_so(
    browser: TestClient, box: Box, uids: list[str]
) -> None:
    with box.catalog.writing() as db:
        db.conn.execute("UPDATE instance SET removed = 'x' WHERE sop_instance_uid = ?", [uids[0]])
    gone = browser.get(f"/api/images/{uids[0]}/frame/1")
    assert (gone.status_code, gone.json()["error"]["code"]) == (410, "G-3001")
    assert get(browser, f"/api/images/{uids[0]}")["pixels"] is None
    instance = box.catalog.row("SELECT path FROM instance WHERE sop_instance_uid = ?", [uids[1]])
    assert instance is not None
    box.spool.absolute(instance["path"]).write_bytes(b"nothing")
    damaged = browser.get(f"/api/images/{uids[1]}/frame/1")
    assert damaged.json()["error"]["code"] == "G-3002"


def test_discarding_and_bringing_back_are_audited_without_names(
    browser: TestClient, box: Box, uids: list[str]
) -> None:
    answer = post(browser, f"/api/images/{uids[0]}/discard", reason=BLUR)
    assert answer["recalled"]
    facts = get(browser, f"/api/images/{uids[0]}")
    assert (facts["discarded"], facts["discard_reason"]) == (True, BLUR)
    post(browser, f"/api/images/{uids[0]}/restore")
    assert not get(browser, f"/api/images/{uids[0]}")["discarded"]
    events = audit.newest(box.catalog)
    assert [event.action for event in events[:2]] == ["restore", "discard"]
    assert all("Doe" not in event.detail for event in events)


def test_refusals_have_codes(browser: TestClient, box: Box, uids: list[str]) -> None:
    assert refused(browser, f"/api/images/{uids[0]}/discard", reason="x") == "G-3003"
    assert refused(browser, f"/api/images/{uids[0]}/discard", reason=7) == "G-9003"
    assert refused(browser, "/api/exams/1/discontinue") == "G-3008"
    assert refused(browser, "/api/exams/1/discontinue", reason="x") == "G-3003"
    assert refused(browser, "/api/exams/7/complete") == "G-9002"
    with box.spool.acquiring("1"):
        assert refused(browser, "/api/exams/1/complete") == "G-3006"
    for uid in uids:
        post(browser, f"/api/images/{uid}/discard", reason=BLUR)
    assert refused(browser, "/api/exams/1/complete") == "G-3005"
    post(browser, "/api/exams/1/discontinue", reason="110513")
    assert refused(browser, "/api/exams/1/discontinue", reason="110513") == "G-3007"
    assert refused(browser, f"/api/images/{uids[0]}/restore") == "G-3004"
    assert refused(browser, f"/api/images/{uids[0]}/discard", reason=BLUR) == "G-3004"


def test_a_request_from_elsewhere_changes_nothing(browser: TestClient, uids: list[str]) -> None:
    answer = browser.post(f"/api/images/{uids[0]}/discard", json={"reason": BLUR})
    assert answer.status_code == 403
    assert not get(browser, f"/api/images/{uids[0]}")["discarded"]


def test_before_the_end_everything_is_seen(browser: TestClient, box: Box, uids: list[str]) -> None:
    (delivery,) = queue.claim(box.catalog, "pacs", [Kind.STORE], "test:1:1", at=box.wall())
    with box.catalog.writing() as db:
        queue.finish(db, delivery, at=box.wall(), status=0)
    discards.discard(box, uids[0], BLUR)
    discards.discard(box, uids[1], BLUR)
    seen = get(browser, "/api/exams/1/finish")
    assert (seen["open"], seen["images"], seen["can_complete"]) == (True, 1, True)
    assert [each["uid"] for group in seen["series"] for each in group["images"]] == [uids[2]]
    assert [(each["peer"], each["images"], each["commitment"]) for each in seen["archives"]] == [
        ("copy", 1, True),
        ("pacs", 1, True),
    ]
    assert [each["archives"] for each in seen["discarded"]] == [
        [{"peer": "pacs", "reach": "stored"}],
        [],
    ]
    assert [each["peer"] for each in seen["reports"]] == ["ris"]
    assert "110513" in seen["reasons"]


def test_completing_ends_the_exam_once(browser: TestClient, box: Box, uids: list[str]) -> None:
    assert post(browser, "/api/exams/1/complete") == {"ended": True}
    assert exams.load(box.catalog, "1").state.value == "COMPLETED"
    assert refused(browser, "/api/exams/1/complete") == "G-3007"
    assert audit.newest(box.catalog)[0].action == "complete"


def test_nothing_ends_while_a_clip_is_recorded(box: Box, uids: list[str]) -> None:
    live = Live({"recording": {"seconds": 3, "frames": 75}, "exam": "1"})
    with browse(box, live=live) as browser:
        assert get(browser, "/api/exams/1/finish")["recording"]
        assert refused(browser, "/api/exams/1/complete") == "G-3006"
        assert refused(browser, "/api/exams/1/discontinue", reason="110513") == "G-3006"
        live.state["recording"] = None
        post(browser, "/api/exams/1/complete")


def test_a_rejection_note_is_no_image(browser: TestClient, box: Box, uids: list[str]) -> None:
    queue.claim(box.catalog, "pacs", [Kind.STORE], "test:1:1", at=box.wall())
    discards.discard(box, uids[0], BLUR)
    lives.complete(box, "1")
    assert len(get(browser, f"/api/images/{uids[1]}")["images"]) == 3
    assert get(browser, "/api/exams/1/finish")["images"] == 2
    row = box.catalog.row("SELECT sop_instance_uid FROM instance WHERE object = 'rejection note'")
    assert row is not None
    assert browser.get(f"/api/images/{row['sop_instance_uid']}").status_code == 404


def test_an_archive_that_does_not_answer_is_said_to_be_away(
    browser: TestClient, box: Box, uids: list[str]
) -> None:
    with box.catalog.writing() as db:
        db.conn.execute(
            "INSERT INTO peer_state (peer, failures, last_contact, last_error)"
            " VALUES ('pacs', 2, ?, 'no route')",
            [box.wall() - 600],
        )
    seen = get(browser, "/api/exams/1/finish")
    archives = {each["peer"]: each for each in seen["archives"]}
    assert archives["pacs"]["away"]
    assert archives["pacs"]["last_contact"] == pytest.approx(600, abs=1)
    assert not archives["copy"]["away"]


def test_who_is_not_signed_in_sees_nothing(box: Box, uids: list[str]) -> None:
    from services.console.options import Options

    options = replace(Options(), operator_sign_in=True)
    with browse(box, options) as browser:
        assert browser.get(f"/api/images/{uids[0]}/thumb").status_code == 401
        assert browser.get("/api/exams/1/finish").status_code == 401
