"""The worklist on the screen: what is shown, what is warned of, how old it is, how quick it is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from services import exams as lives
from services.box import Box
from services.catalog import worklist as cache
from services.hospital import Hospital
from tests.services.boxes import HandClock, add_images, begin, make_box, ris
from tests.services.console.browsing import browse
from tests.services.console.patients import entry, fill, post, refused, ward_box


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def box(tmp_path: Path, clock: HandClock) -> Iterator[Box]:
    made = ward_box(tmp_path, clock=clock)
    with made.catalog:
        yield made


@pytest.fixture
def browser(box: Box) -> TestClient:
    return browse(box)


def rows(browser: TestClient, **query: str) -> dict[str, dict[str, Any]]:
    """The rows by patient ID."""
    answer = browser.get("/api/worklist", params=query)
    assert answer.status_code == 200, answer.text
    return {row["patient_id"]: row for row in answer.json()["rows"]}


def warned(row: dict[str, Any]) -> set[str]:
    return {warning["kind"] for warning in row["warnings"]}


def test_a_row_says_who_what_when_and_how_old(browser: TestClient, box: Box) -> None:
    fill(
        box,
        entry(1, PatientName="Yamada^Tarou=山田^太郎", RequestedProcedureDescription="Left knee"),
    )
    row = rows(browser)["PID-1"]
    assert row["patient_name"] == "Yamada^Tarou=山田^太郎"
    assert (row["birth_date"], row["age"], row["sex"]) == ("19510102", {"years": 75}, "F")
    assert (row["procedure"], row["side"], row["time"]) == ("Left knee", "L", "0830")
    assert row["state"] == "scheduled"
    assert row["alerts"] == ["PACEMAKER", "IODINE"]
    assert row["warnings"] == []


def test_presets_choose_days_and_stations(browser: TestClient, box: Box) -> None:
    fill(
        box,
        entry(1),
        entry(2, date="20260305"),
        entry(3, date="20260309"),
        entry(4, date="20260303"),
        entry(5, station="OTHER"),
        entry(6, date=""),
    )
    assert set(rows(browser)) == {"PID-1", "PID-5", "PID-6"}
    assert set(rows(browser, preset="tomorrow")) == {"PID-2", "PID-6"}
    assert set(rows(browser, preset="week")) == {f"PID-{n}" for n in (1, 2, 3, 5, 6)}
    assert set(rows(browser, preset="mine")) == {"PID-1", "PID-6"}
    assert len(rows(browser, preset="all")) == 6
    custom = {"preset": "custom", "from": "2026-03-03", "to": "2026-03-03"}
    assert set(rows(browser, **custom)) == {"PID-4", "PID-6"}
    assert browser.get("/api/worklist", params={"preset": "never"}).status_code == 400
    assert browser.get("/api/worklist", params={**custom, "to": "2026-03-02"}).status_code == 400


@pytest.mark.parametrize(
    "words", ["muller", "MÜLLER jo", "pid-1", "acc0001", "山田", "kol knee", "jorg  muller"]
)
def test_the_filter_finds_names_in_any_script_and_numbers(
    browser: TestClient, box: Box, words: str
) -> None:
    one = entry(1, PatientName="Müller^Jörg=山田^太郎", RequestedProcedureDescription="Kółko knee")
    fill(box, one, entry(2, PatientName="Baker^Mary"))
    assert set(rows(browser, filter=words)) == {"PID-1"}


def test_the_state_is_ours_before_the_one_of_the_ris(browser: TestClient, box: Box) -> None:
    open_item, done_item, broken_item = entry(1), entry(2, status="STARTED"), entry(3)
    fill(
        box,
        *(open_item, done_item, broken_item),
        entry(4, status="STARTED"),
        entry(5, status="ARRIVED"),
        entry(6, status="CANCELED"),
    )
    done = lives.start(box, [done_item])
    add_images(box, done)
    lives.complete(box, done.exam_id)
    lives.start(box, [open_item])
    states = {patient: row["state"] for patient, row in rows(browser).items()}
    assert states == {
        "PID-1": "in_progress",
        "PID-2": "completed",
        "PID-3": "scheduled",
        "PID-4": "started_elsewhere",
        "PID-5": "arrived",
        "PID-6": "cancelled",
    }
    found = rows(browser)
    assert warned(found["PID-4"]) == {"started_elsewhere"}
    assert warned(found["PID-2"]) == {"completed"}


def test_every_doubtful_entry_warns(browser: TestClient, box: Box, clock: HandClock) -> None:
    fill(
        box,
        entry(1, date="20260305"),
        entry(2, station="OTHER"),
        entry(3, PatientBirthDate="20300101"),
        entry(4, PatientName="Smith^John"),
        entry(5, PatientName="SMITH^JOHN^^^Jr"),
        entry(6),
    )
    found = rows(browser, preset="all")
    assert warned(found["PID-1"]) == {"other_day"}
    assert warned(found["PID-2"]) == {"other_station"}
    assert warned(found["PID-3"]) == {"incomplete"}
    assert warned(found["PID-4"]) == warned(found["PID-5"]) == {"similar_name"}
    assert found["PID-4"]["warnings"][0]["key"] == found["PID-5"]["key"]
    assert warned(found["PID-6"]) == set()
    clock.advance(90000)
    assert "old" in warned(rows(browser, preset="all")["PID-6"])


def test_the_day_is_seen_anew_after_midnight(
    browser: TestClient, box: Box, clock: HandClock
) -> None:
    fill(box, entry(1, PatientBirthDate="20260305"))
    assert warned(rows(browser, preset="all")["PID-1"]) == {"incomplete"}, "born tomorrow"
    clock.advance(86400)
    assert "incomplete" not in warned(rows(browser, preset="all")["PID-1"])


def test_another_modality_warns_where_the_station_has_one(tmp_path: Path) -> None:
    from dataclasses import replace

    from tests.services.boxes import STATION

    box = ward_box(tmp_path, station=replace(STATION, modality="CT"))
    with box.catalog:
        fill(box, entry(1), entry(2, modality="MR"))
        found = rows(browse(box))
        assert warned(found["PID-1"]) == set()
        assert warned(found["PID-2"]) == {"other_modality"}


def test_a_changed_entry_is_read_again(browser: TestClient, box: Box) -> None:
    study = "1.2.3"
    fill(box, entry(1, StudyInstanceUID=study, PatientName="Smith^John"))
    assert rows(browser)["PID-1"]["patient_name"] == "Smith^John"
    fill(box, entry(1, StudyInstanceUID=study, PatientName="Smyth^John"))
    assert rows(browser)["PID-1"]["patient_name"] == "Smyth^John"
    fill(box)
    assert rows(browser) == {}


def test_a_list_that_the_page_has_is_not_sent_again(browser: TestClient, box: Box) -> None:
    fill(box, entry(1))
    digest = browser.get("/api/worklist").json()["digest"]
    again = browser.get("/api/worklist", params={"known": digest}).json()
    assert again["same"]
    assert again["sources"][0]["peer"] == "ris"
    assert "rows" not in again
    fill(box, entry(1), entry(2))
    changed = browser.get("/api/worklist", params={"known": digest}).json()
    assert not changed["same"]
    assert len(changed["rows"]) == 2


def test_one_damaged_entry_hides_no_other(browser: TestClient, box: Box) -> None:
    fill(box, entry(1), entry(2))
    with box.catalog.writing() as db:
        db.conn.execute(
            "UPDATE worklist_item SET dataset = x'00010203' WHERE key = ?", [entry_key(box, 1)]
        )
    assert set(rows(browser)) == {"PID-2"}


def entry_key(box: Box, number: int) -> str:
    from device.worklist import QueryKeys

    found = cache.items(box.catalog, QueryKeys(patient_id=f"PID-{number}"))
    return found[0].item.key


def test_the_age_of_the_list_and_a_ris_that_is_away_are_said(
    browser: TestClient, box: Box, clock: HandClock
) -> None:
    source = browser.get("/api/worklist").json()["sources"][0]
    assert (source["age"], source["online"], source["asked"]) == (None, False, False)
    fill(box, entry(1))
    clock.advance(600)
    source = browser.get("/api/worklist").json()["sources"][0]
    assert (source["age"], source["online"], source["items"]) == (600, True, 1)
    cache.note_failure(box.catalog, "ris", "ris: no answer", at=box.wall())
    source = browser.get("/api/worklist").json()["sources"][0]
    assert (source["age"], source["online"]) == (600, False)
    assert source["error"] == "ris: no answer"


def test_a_refresh_asks_the_ris(tmp_path: Path) -> None:
    with Hospital(tmp_path / "hospital") as hospital:
        loaded = hospital.load_schedule(HandClock().now().date())
        peer = ris(port=hospital.ris.port, ae_title=hospital.ris.ae_title)
        box = make_box(tmp_path, [peer])
        with box.catalog:
            page = browse(box)
            answer = post(page, "/api/worklist/refresh", preset="all")
            assert answer["peers"] == [{"peer": "ris", "items": loaded, "error": "", "notes": []}]
            assert len(rows(page, preset="all")) > 0


def test_a_refresh_that_nobody_answers_is_explained(tmp_path: Path) -> None:
    box = make_box(tmp_path, [ris(port=1)])
    with box.catalog:
        assert refused(browse(box), "/api/worklist/refresh") == "G-1002"


def test_without_a_ris_there_is_nothing_to_ask(tmp_path: Path) -> None:
    box = make_box(tmp_path)
    with box.catalog:
        assert refused(browse(box), "/api/worklist/refresh") == "G-1001"
        assert browse(box).get("/api/worklist").json()["sources"] == []


def test_a_thousand_entries_and_ten_thousand_exams_are_quick(browser: TestClient, box: Box) -> None:
    many(box, 1000)
    history(box, 10_000)
    answer = browser.get("/api/worklist")
    assert len(answer.json()["rows"]) == 1000, "the first one reads them all"
    best = min(timed(browser) for _ in range(5))
    assert best < 0.25, "aim: 0.1 s on an idle machine"


def timed(browser: TestClient) -> float:
    began = time.perf_counter()
    browser.get("/api/worklist")
    return time.perf_counter() - began


def many(box: Box, count: int) -> None:
    """A hospital's day."""
    fill(
        box,
        *(
            entry(
                number % 60,
                PatientID=f"{200_000 + 37 * number}",
                PatientName=f"Family{number % 613}^Given{number % 197}",
                PatientBirthDate=f"{1910 + number % 90}{number % 12 + 1:02d}{number % 28 + 1:02d}",
                AccessionNumber=f"A{number}",
            )
            for number in range(count)
        ),
    )


def history(box: Box, count: int) -> None:
    """Exams of years, as rows."""
    exam = begin(box)
    columns = [
        row["name"]
        for row in box.catalog.rows("SELECT name FROM pragma_table_info('exam')")
        if row["name"] not in ("number", "exam_id", "mpps_uid", "state")
    ]
    names = ", ".join(columns)
    with box.catalog.writing() as db:
        db.conn.execute(
            f"INSERT INTO exam (number, exam_id, mpps_uid, state, {names})"
            f" WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            f" SELECT i, i, 'uid' || i, 'COMPLETED', {names} FROM n, exam WHERE exam_id = ?",
            [1000 + count, exam.exam_id],
        )
        db.conn.execute(
            "INSERT INTO exam_item (exam_id, position, key, dataset)"
            " SELECT e.exam_id, 0, 'key' || e.exam_id, i.dataset FROM exam e, exam_item i"
            " WHERE i.exam_id = ? AND e.number >= 1000",
            [exam.exam_id],
        )
