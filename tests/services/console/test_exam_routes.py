"""Exams, deliveries, matching and reconciling as the screens ask for them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from device.worklist import QueryKeys, WorklistItem
from services import exam_list
from services import exams as lives
from services.box import Box
from services.catalog import at_hand, people
from services.catalog import worklist as cache
from services.exam_list import Which
from services.outbox import operator, peer_state, queue, verdict
from services.outbox.model import Delivery, Kind, State
from tests.device.iod.factories import answer as worklist_answer
from tests.services.boxes import (
    HandClock,
    acquire,
    add_images,
    archive,
    begin,
    item,
    make_box,
    ris,
)
from tests.services.console.browsing import PAGE, browse

RIGHT = item(2, name="Roe^Richard", PatientID="PID-77", PatientBirthDate="19551231", PatientSex="M")


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = make_box(tmp_path, [ris(), archive(), archive("second")], HandClock())
    with made.catalog:
        cache.replace(made.catalog, "ris", QueryKeys(), [RIGHT], truncated=False, at=made.wall())
        yield made


@pytest.fixture
def page(box: Box) -> TestClient:
    return browse(box)


def post(page: TestClient, path: str, **body: Any) -> Any:
    return page.post(path, json=body, headers=PAGE)


def code(response: Any) -> str:
    return str(response.json()["error"]["code"])


def settle(box: Box, kind: Kind, peer: str, status: int, count: int = 1) -> None:
    """Let a peer answer: success, or a refusal that waits for a person."""
    for claimed in queue.claim(box.catalog, peer, [kind], "me:1:1", at=box.wall(), limit=count):
        with box.catalog.writing() as db:
            if status == 0:
                queue.finish(db, claimed, at=box.wall(), status=0)
                db.conn.execute(
                    "UPDATE archived SET stored = 'now' WHERE sop_instance_uid = ? AND peer = ?",
                    [claimed.sop_instance_uid, peer],
                )
            else:
                text = f"The archive refuses the object (status {status:04X}): no such patient"
                queue.hold(db, claimed, status=status, text=text, advice="Show this")


def supervisor(box: Box) -> TestClient:
    signed_in = browse(box)
    people.add(box.catalog, "Sue", "supervisor", "4711", made=box.clock.now())
    assert post(signed_in, "/api/session/sign-in", name="Sue", pin="4711").status_code == 200
    return signed_in


def test_exams_are_listed_newest_first_with_what_each_destination_has(
    box: Box, page: TestClient
) -> None:
    first, second = begin(box, 1), begin(box, 2)
    add_images(box, second, 3)
    settle(box, Kind.STORE, "pacs", 0, 2)
    settle(box, Kind.STORE, "second", 0xA900, 1)
    body = page.get("/api/exams").json()
    assert [row["exam"] for row in body["exams"]] == [second.exam_id, first.exam_id]
    pacs, other = (
        each for each in body["exams"][0]["destinations"] if each["peer"] in ("pacs", "second")
    )
    numbers = [pacs[name] for name in ("images", "stored", "queued", "state")]
    assert numbers == [3, 2, 1, "waiting"]
    assert (other["failed"], other["stored"], other["state"]) == (1, 0, "held")
    assert body["exams"][0]["standing"] == "held"
    assert body["exams"][0]["patient_name"] == "Doe^Jane"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("doe", 1), ("DOE, jane", 1), ("jané", 1), ("muller", 1), ("MÜLLER", 1), ("ACC0001", 1),
        ("PID-1", 2), ("%", 0), ("_", 0), ("!", 0), ("nobody", 0), ("", 2),
    ],
)  # fmt: skip
def test_exams_are_found_by_name_and_number(
    box: Box, page: TestClient, words: str, found: int
) -> None:
    begin(box, 1)
    begin(box, 7, name="Müller^Jörg")
    body = page.get("/api/exams", params={"filter": words}).json()
    assert body["total"] == len(body["exams"]) == found


def test_exams_are_found_by_what_is_to_be_done(box: Box, page: TestClient) -> None:
    done, held, opened = begin(box, 1), begin(box, 2), begin(box, 3)
    for exam in (done, held):
        add_images(box, exam)
        lives.complete(box, exam.exam_id)
    with box.catalog.writing() as db:
        db.conn.execute("UPDATE delivery SET state = 'done' WHERE exam_id != ?", [held.exam_id])
        db.conn.execute(
            "UPDATE delivery SET state = 'held' WHERE exam_id = ? AND kind = 'store'",
            [held.exam_id],
        )

    def which(state: str) -> list[str]:
        return [each["exam"] for each in page.get(f"/api/exams?state={state}").json()["exams"]]

    assert which("all") == [opened.exam_id, held.exam_id, done.exam_id]
    assert which("open") == [opened.exam_id]
    assert which("owed") == which("held") == [held.exam_id]
    assert which("reconcile") == []
    assert code(page.get("/api/exams?state=nonsense")) == "G-9003"
    assert code(page.get("/api/exams?page=-1")) == "G-9003"


def test_pages_neither_repeat_nor_lose_an_exam(box: Box, page: TestClient) -> None:
    for number in range(1, 8):
        begin(box, number)
    seen = [
        each["exam"]
        for number in range(3)
        for each in page.get(f"/api/exams?size=3&page={number}").json()["exams"]
    ]
    assert seen == [str(number) for number in range(7, 0, -1)]


def test_an_exam_tells_all_that_became_of_it(box: Box, page: TestClient) -> None:
    exam = begin(box)
    acquire(box, exam, frames=2)
    settle(box, Kind.STORE, "pacs", 0xA900, 2)
    body = page.get(f"/api/exams/{exam.exam_id}").json()
    assert len(body["images"]) == 2
    assert body["facts"]["patient_id"] == "PID-1"
    assert body["left_the_box"] is True
    assert body["may_append"] is False
    (held,) = (line for line in body["lines"] if line["state"] == "held")
    assert (held["n"], held["code"], held["words"]) == (2, "G-4109", "A900 no such patient")
    assert held["may"] == ["resend", "cancel", "redirect"]
    assert held["others"] == ["second"]
    assert code(page.get("/api/exams/99")) == "G-9002"


def test_what_waits_for_a_person_comes_first_and_alike_ones_are_one_line(
    box: Box, page: TestClient
) -> None:
    exam = begin(box)
    add_images(box, exam, 4)
    settle(box, Kind.STORE, "second", 0xC000, 3)
    body = page.get("/api/outbox").json()
    first = body["lines"][0]
    assert (first["state"], first["n"], first["peer"], first["code"]) == (
        "held", 3, "second", "G-4110",
    )  # fmt: skip
    assert (body["held"], body["owed"]) == (3, 9)
    assert {line["state"] for line in body["lines"][1:]} == {"waiting"}
    assert first["face"]["patient_name"] == "Doe^Jane"
    only = page.get("/api/outbox?held=1").json()
    assert [line["id"] for line in only["lines"]] == [first["id"]]


def test_a_line_is_resent_redirected_and_cancelled_as_a_whole(box: Box, page: TestClient) -> None:
    exam = begin(box)
    add_images(box, exam, 3)
    settle(box, Kind.STORE, "second", 0xC000, 3)

    def line() -> Any:
        return page.get("/api/outbox?held=1").json()["lines"][0]

    assert post(page, f"/api/outbox/{line()['id']}/resend").json() == {"done": 3}
    settle(box, Kind.STORE, "second", 0xC000, 3)
    assert post(page, f"/api/outbox/{line()['id']}/redirect", peer="pacs").json() == {"done": 3}
    left = operator.deliveries(box.catalog, exam_id=exam.exam_id)
    assert {each.peer for each in left if each.kind is Kind.STORE} == {"pacs"}
    number = next(each.id for each in left if each.kind is Kind.STORE)
    assert post(page, f"/api/outbox/{number}/cancel").json() == {"done": 3}
    assert code(post(page, f"/api/outbox/{number}/cancel")) == "G-4201"
    assert code(post(page, "/api/outbox/999/resend")) == "G-9002"
    actions = [row["action"] for row in box.catalog.rows("SELECT action FROM audit_event")]
    assert actions == ["delivery-resent", "delivery-redirected", "delivery-cancelled"]


def test_all_that_is_held_of_a_peer_is_resent_at_once(box: Box, page: TestClient) -> None:
    exam = begin(box)
    add_images(box, exam, 2)
    settle(box, Kind.STORE, "second", 0xC000, 2)
    settle(box, Kind.STORE, "pacs", 0xA900, 1)
    assert post(page, "/api/outbox/resend", peer="second").json() == {"done": 2, "refused": 0}
    assert operator.owed(box.catalog)[State.HELD] == 1


def test_nothing_is_done_to_what_is_being_sent(box: Box, page: TestClient) -> None:
    exam = begin(box)
    add_images(box, exam, 1)
    (claimed,) = queue.claim(box.catalog, "pacs", [Kind.STORE], "me:1:1", at=box.wall())
    (line,) = (
        each for each in page.get("/api/outbox").json()["lines"] if each["state"] == "sending"
    )
    assert line["may"] == []
    assert code(post(page, f"/api/outbox/{claimed.id}/resend")) == "G-4201"


def test_a_peer_that_is_away_is_named_with_its_words_and_can_be_tried_now(
    box: Box, page: TestClient
) -> None:
    exam = begin(box)
    add_images(box, exam, 2)
    peer_state.pause(box.catalog, "pacs", "pacs: no route to host", at=box.wall())
    lines = page.get("/api/outbox?peer=pacs").json()["lines"]
    assert {(line["code"], line["words"]) for line in lines} == {
        ("G-4101", "pacs: no route to host")
    }
    found = {each["peer"]: each for each in page.get("/api/peers").json()["peers"]}
    assert found["pacs"]["paused_seconds"] > 0
    assert (found["pacs"]["owed_images"], found["pacs"]["owed_bytes"]) == (2, 2)
    assert found["second"]["paused_seconds"] == 0
    assert post(page, "/api/peers/pacs/try").json() == {"done": True}
    found = {each["peer"]: each for each in page.get("/api/peers").json()["peers"]}
    assert found["pacs"]["paused_seconds"] == 0
    assert code(post(page, "/api/peers/nobody/try")) == "G-9002"


def test_the_pace_of_sending_tells_when_it_will_be_done(box: Box, page: TestClient) -> None:
    exam = begin(box)
    add_images(box, exam, 6)
    with box.catalog.writing() as db:
        db.conn.execute("UPDATE instance SET size = 1000")
    settle(box, Kind.STORE, "pacs", 0, 2)
    assert isinstance(box.clock, HandClock)
    box.clock.advance(10)
    (found,) = (each for each in page.get("/api/peers").json()["peers"] if each["peer"] == "pacs")
    assert (found["sent_images"], found["bytes_per_second"]) == (2, 200.0)
    assert (found["owed_images"], found["seconds_left"]) == (4, 20.0)
    box.clock.advance(120)
    (found,) = (each for each in page.get("/api/peers").json()["peers"] if each["peer"] == "pacs")
    assert (found["bytes_per_second"], found["seconds_left"]) == (0, None)


def test_a_further_exam_of_the_same_patient_is_begun_once(box: Box, page: TestClient) -> None:
    exam = begin(box)
    add_images(box, exam)
    path = f"/api/exams/{exam.exam_id}/append"
    shown = page.get(f"/api/exams/{exam.exam_id}").json()["facts"]["identifiers"]
    assert code(post(page, path, identifiers=shown)) == "G-4211"
    lives.complete(box, exam.exam_id)
    assert code(post(page, path, identifiers=shown[:1])) == "G-4213"
    wrong = [{**each, "value": "another"} for each in shown]
    assert code(post(page, path, identifiers=wrong)) == "G-4213"
    first = post(page, path, identifiers=shown, token="t1").json()["exam"]
    assert post(page, path, identifiers=shown, token="t1").json()["exam"] == first
    held = at_hand.get(box.catalog)
    assert held is not None
    assert held.exam_id == first["exam"]
    assert page.get(f"/api/exams/{exam.exam_id}").json()["sisters"] == [first["exam"]]
    assert code(post(page, path, identifiers=shown, token="t2")) == "G-4212"


def test_an_unscheduled_exam_is_matched_by_what_was_compared(box: Box, page: TestClient) -> None:
    entry = WorklistItem.unscheduled(patient_id="TMP-1", study_instance_uid=box.uids())
    exam = lives.start(box, [entry])
    acquire(box, exam)
    path = f"/api/exams/{exam.exam_id}/match"
    looked = page.get(f"{path}/{RIGHT.key}").json()
    assert looked["way"] == "correct"
    assert looked["there"]["patient_name"] == "Roe^Richard"
    unlike = {fact["name"] for fact in looked["facts"] if fact["contradicts"]}
    assert unlike == {"patient_id"}
    assert code(post(page, path, key=RIGHT.key, seal="0" * 32)) == "G-4204"
    matched = post(page, path, key=RIGHT.key, seal=looked["seal"]).json()
    assert (matched["way"], matched["files"]) == ("correct", 1)
    assert matched["exam"]["patient_id"] == "PID-77"
    assert code(page.get(f"{path}/nothing")) == "G-4209"
    (row,) = page.get("/api/exams").json()["exams"]
    assert row["patient_name"] == "Roe^Richard"
    assert page.get("/api/exams?filter=TMP").json()["total"] == 0


def test_an_exam_that_is_being_acquired_is_not_matched(box: Box, page: TestClient) -> None:
    exam = begin(box)
    path = f"/api/exams/{exam.exam_id}/match"
    seal = page.get(f"{path}/{RIGHT.key}").json()["seal"]
    with box.spool.acquiring(exam.exam_id):
        assert code(post(page, path, key=RIGHT.key, seal=seal)) == "G-4203"


def test_a_sent_exam_waits_for_a_supervisor(box: Box, page: TestClient) -> None:
    exam = begin(box)
    acquire(box, exam)
    settle(box, Kind.MPPS_CREATE, "ris", 0)
    path = f"/api/exams/{exam.exam_id}"
    looked = page.get(f"{path}/match/{RIGHT.key}").json()
    assert looked["way"] == "reconcile"
    asked = post(page, f"{path}/match", key=RIGHT.key, seal=looked["seal"]).json()
    assert (asked["way"], asked["stage"]) == ("reconcile", "asked")
    listed = page.get("/api/reconcile").json()
    assert listed["may_act"] is False
    assert [each["exam"] for each in listed["reconciliations"]] == [exam.exam_id]
    for step in ("confirm", "done", "withdraw"):
        assert code(post(page, f"{path}/reconciliation/{step}")) == "G-9102"
    text = page.get(f"{path}/reconciliation/sheet")
    assert text.headers["content-disposition"].startswith("attachment")
    assert "PID-77" in text.text
    sue = supervisor(box)
    assert sue.get("/api/reconcile").json()["may_act"] is True
    assert post(sue, f"{path}/reconciliation/confirm").json()["confirmed_by"] == "Sue"
    assert page.get(path).json()["state"] == "DISCONTINUED"
    assert [each["exam"] for each in page.get("/api/exams?state=reconcile").json()["exams"]] == [
        exam.exam_id
    ]
    assert post(sue, f"{path}/reconciliation/done").json() == {"done": True}
    assert page.get("/api/reconcile").json()["reconciliations"] == []
    assert code(post(sue, f"{path}/reconciliation/done")) == "G-9002"
    told = page.get(path).json()["history"]
    assert [each["action"] for each in told] == [
        "reconciliation-asked", "reconciliation-confirmed", "reconciliation-done",
    ]  # fmt: skip
    assert not [each for each in told if "Roe" in each["detail"] or "Doe" in each["detail"]]


def test_ten_thousand_exams_are_paged_quickly(box: Box, page: TestClient) -> None:
    exam = begin(box)
    add_images(box, exam, 20)
    _multiply(box, 10_000)
    assert page.get("/api/exams").json()["total"] == 10_000
    for path in ("", "?filter=nobody", "?filter=doe&page=400", "?state=open&page=499"):
        times = []
        for _ in range(7):
            began = time.perf_counter()
            call = _asked(path)
            exam_list.page(box, *call)
            times.append(time.perf_counter() - began)
        assert sorted(times)[3] < 0.1, (path, times)


def _asked(path: str) -> tuple[str, Which, int]:
    given = dict(part.split("=") for part in path.strip("?").split("&") if part)
    return given.get("filter", ""), Which(given.get("state", "all")), int(given.get("page", 0))


def _multiply(box: Box, count: int) -> None:
    blob = WorklistItem.from_dataset(worklist_answer()).encode()
    with box.catalog.writing() as db:
        for number in range(2, count + 1):
            db.conn.execute(
                "INSERT INTO exam SELECT ?, ?, mpps_uid || ?, study_instance_uid, study_id,"
                " performed_procedure_step_id, state, modality, started, ended, character_set,"
                " operators_name, performing_physicians_name, discontinuation_reason"
                " FROM exam WHERE number = 1",
                [number, str(number), f".{number}"],
            )
            db.conn.execute(
                "INSERT INTO exam_item VALUES (?, 0, ?, ?)", [str(number), f"k{number}", blob]
            )


@pytest.mark.parametrize("status", [*range(0x0105, 0x0214), 0xA700, 0xA900, 0xC000, 0x9999])
def test_every_refusal_has_a_code_that_the_console_explains(status: int) -> None:
    from services.console.problems import table

    held = Delivery(
        1, Kind.STORE, "pacs", "1", "1.2", State.HELD, None, 1, 0, None, status,
        f"It says no (status {status:04X}): why", "", 0, None,
    )  # fmt: skip
    assert verdict.code_of(held) in table()
    assert verdict.own_words(held) == f"{status:04X} why"
