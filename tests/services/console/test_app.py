"""The console: what it shows, and what it never lets through."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from device.worklist import QueryKeys
from services import exams as lives
from services import worklist as worklists
from services.box import Box
from services.catalog import worklist as cache
from services.console import app as module
from services.outbox import peer_state, queue
from services.outbox.model import Kind
from services.outbox.owner import this_process
from tests.services.boxes import (
    STATION,
    HandClock,
    acquire,
    archive,
    begin,
    item,
    make_box,
    ris,
)
from tests.services.console.browsing import PAGE, browse

STATIC = Path(module.__file__).parent / "static"

NASTY = "<script>alert(1)</script>"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = make_box(tmp_path, [ris(), archive()], HandClock())
    with made.catalog:
        yield made


@pytest.fixture
def browser(box: Box) -> TestClient:
    """Without the lifespan: nobody refreshes the worklist."""
    return browse(box, raise_server_exceptions=False)


def fill(box: Box, *entries: object) -> None:
    cache.replace(box.catalog, "ris", QueryKeys(), list(entries), truncated=False, at=box.wall())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "path", ["/", "/health", "/api/overview", "/api/exams/99", "/static/js/app.js", "/nowhere"]
)
def test_every_answer_has_the_headers_that_keep_strangers_out(
    browser: TestClient, path: str
) -> None:
    headers = browser.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store", "patients stay on the screen only"


def test_the_page_holds_to_its_own_policy(browser: TestClient) -> None:
    page = browser.get("/")
    assert page.status_code == 200
    assert "CT1" in page.text
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|style=|javascript:", page.text)
    for source in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert browser.get(source).status_code == 200


@pytest.mark.parametrize(
    "script", sorted(STATIC.rglob("*.js")), ids=lambda file: str(file.relative_to(STATIC))
)
def test_scripts_write_text_and_never_markup(script: Path) -> None:
    markup = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function"
    assert not re.search(markup, script.read_text("utf-8"))


def test_the_station_name_is_text_in_the_page(tmp_path: Path) -> None:
    box = make_box(tmp_path, station=replace(STATION, station_name="<b>&CT"))
    page = browse(box).get("/").text
    assert "&lt;b&gt;&amp;CT" in page
    assert "<b>" not in page
    box.catalog.close()


def test_patients_with_markup_for_a_name_are_data_and_never_page(
    box: Box, browser: TestClient
) -> None:
    fill(box, item(1, name=NASTY, description=NASTY))
    lives.start(box, [item(2, name=NASTY)])
    overview = browser.get("/api/overview")
    assert overview.headers["content-type"] == "application/json"
    (entry,) = overview.json()["worklist"]
    assert entry["patient_name"] == NASTY
    assert overview.json()["exams"][0]["patient_name"] == NASTY
    assert "alert" not in browser.get("/").text


def test_the_overview_tells_what_is_to_do_and_what_is_done(box: Box, browser: TestClient) -> None:
    fill(box, item(1))
    exam = begin(box, 2)
    acquire(box, exam, 3)
    peer_state.pause(box.catalog, "pacs", "no answer", at=box.wall())
    (delivery,) = queue.claim(box.catalog, "pacs", [Kind.STORE], this_process("t"), at=box.wall())
    with box.catalog.writing() as db:
        queue.hold(db, delivery, status=0xC000, text="cannot understand", advice="Ask them")
        db.conn.execute("UPDATE archived SET stored = 'x', committed = 'x' WHERE rowid = 1")
    overview = browser.get("/api/overview").json()
    (entry,) = overview["worklist"]
    assert (entry["patient_id"], entry["state"]) == ("PID-1", "SCHEDULED")
    (shown,) = overview["exams"]
    assert (shown["acquired"], shown["stored"], shown["committed"]) == (3, 1, 1)
    assert (shown["state"], shown["patient_id"]) == ("IN PROGRESS", "PID-1")
    held = [row for row in overview["owed"] if row["state"] == "held"]
    assert [(row["last_text"], row["advice"]) for row in held] == [
        ("cannot understand", "Ask them")
    ]
    assert {peer["name"]: (peer["owed"], peer["fault"]) for peer in overview["peers"]} == {
        "ris": (1, ""),
        "pacs": (3, "no answer"),
    }
    assert overview["freshness"] == ["ris: list received just now"]


def test_an_exam_tells_of_every_image_where_it_stands(box: Box, browser: TestClient) -> None:
    exam = begin(box)
    acquire(box, exam, 3)
    with box.catalog.writing() as db:
        db.conn.execute("UPDATE archived SET stored = 'x' WHERE rowid < 3")
        db.conn.execute("UPDATE archived SET committed = 'x' WHERE rowid = 1")
    detail = browser.get(f"/api/exams/{exam.exam_id}").json()
    states = [image["archives"][0]["state"] for image in detail["images"]]
    assert states == ["committed", "stored", "owed"]
    assert len(detail["owed"]) == 4


@pytest.mark.parametrize("path", ["/api/exams/99", "/api/exams/1'--"])
def test_an_exam_that_is_not_there_is_said_to_be(browser: TestClient, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 404
    error = answer.json()["error"]
    assert error["code"] == "G-9002"
    assert "there is no exam" in error["text"]


@pytest.mark.parametrize(
    "path", ["/nowhere", "/static/../app.py", "/static/%2e%2e/app.py", "/static/nothing.js"]
)
def test_nothing_else_is_served(browser: TestClient, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 404
    assert "import" not in answer.text


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_what_only_tells_cannot_be_changed(browser: TestClient, method: str) -> None:
    answer = getattr(browser, method)("/api/overview", headers=PAGE)
    assert answer.status_code == 405


def test_a_fault_shows_no_traceback(
    box: Box, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(box)
    with box.catalog.writing() as db:
        db.conn.execute("UPDATE exam_item SET dataset = x'00'")
    answer = browser.get("/api/overview")
    assert answer.status_code == 500
    assert "Traceback" not in answer.text
    assert "exam_item" not in answer.text


def test_health_says_whether_another_exam_fits(tmp_path: Path, browser: TestClient) -> None:
    health = browser.get("/health").json()
    assert health["accepts_exams"] is True
    assert health["station"] == "GANTRY"
    assert 0 < health["disk_percent"] <= 100
    full = make_box(tmp_path / "full", high_water_percent=0)
    assert browse(full).get("/health").json()["accepts_exams"] is False
    full.catalog.close()


def test_the_list_is_kept_fresh_whatever_a_refresh_comes_to(
    box: Box, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    twice = threading.Event()
    calls = []

    def refresh(_: Box, keys: QueryKeys) -> None:
        calls.append(keys)
        if len(calls) > 1:
            twice.set()
        raise RuntimeError("something odd")

    monkeypatch.setattr(worklists, "refresh", refresh)
    monkeypatch.setattr(module, "REFRESH_SECONDS", 0.01)
    with caplog.at_level(logging.ERROR), browse(box) as browser:
        assert twice.wait(60)
        assert browser.get("/health").status_code == 200
    assert calls[0].date == box.clock.now().date()
    assert "could not be refreshed" in caplog.text
