"""Who gets which delivery, when, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from device.exam import Exam
from services import exams as lives
from services.box import Box
from services.outbox import operator, peer_state, queue
from services.outbox.model import Delivery, Kind, State
from services.outbox.owner import is_alive, this_process
from tests.services import processes
from tests.services.boxes import YEAR, HandClock, add_images, archive, begin, make_box, ris, states
from tests.services.outbox import workers

STORE = [Kind.STORE]
MPPS = [Kind.MPPS_CREATE, Kind.MPPS_SET]
COMMIT = [Kind.COMMIT]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def box(tmp_path: Path, clock: HandClock) -> Iterator[Box]:
    made = make_box(tmp_path, [ris(), archive()], clock)
    with made.catalog:
        yield made


@pytest.fixture
def exam(box: Box) -> Exam:
    return begin(box)


def claim(box: Box, kinds: list[Kind], peer: str = "pacs", limit: int = 1) -> list[Delivery]:
    return queue.claim(box.catalog, peer, kinds, this_process("test"), at=box.wall(), limit=limit)


def finish(box: Box, delivery: Delivery) -> bool:
    with box.catalog.writing() as db:
        return queue.finish(db, delivery, at=box.wall(), status=0)


def retry(box: Box, delivery: Delivery) -> bool:
    with box.catalog.writing() as db:
        return queue.retry(db, delivery, at=box.wall(), status=0xA700, text="full")


def test_processes_that_claim_at_once_never_get_the_same(box: Box, exam: Exam) -> None:
    add_images(box, exam, 120)
    start, taken = processes.CONTEXT.Barrier(3), processes.CONTEXT.Queue()
    others = [
        processes.begin(workers.claim_everything, box.catalog.path, start, taken, box.wall())
        for _ in range(3)
    ]
    ids: list[int] = []
    ended = 0
    while ended < 3:
        batch = taken.get(timeout=processes.PATIENCE)
        ended += batch is None
        ids += batch or []
    for other in others:
        other.join(processes.PATIENCE)
    assert sorted(ids) == sorted(states(box, "store"))


def test_the_oldest_goes_first_and_a_batch_keeps_the_order(box: Box, exam: Exam) -> None:
    add_images(box, exam, 5)
    ids = list(states(box, "store"))
    assert [delivery.id for delivery in claim(box, STORE, limit=3)] == ids[:3]
    assert [delivery.id for delivery in claim(box, STORE, limit=3)] == ids[3:]
    assert claim(box, STORE) == []


def test_a_claim_is_for_one_peer_and_its_kinds(box: Box, exam: Exam) -> None:
    add_images(box, exam)
    assert claim(box, STORE, "ris") == []
    assert claim(box, MPPS, "pacs") == []
    assert queue.due_kinds(box.catalog, "pacs", at=box.wall()) == {Kind.STORE}
    assert queue.due_kinds(box.catalog, "ris", at=box.wall()) == {Kind.MPPS_CREATE}


def test_a_retry_waits_and_waits_longer_each_time(box: Box, exam: Exam, clock: HandClock) -> None:
    add_images(box, exam)
    longest = 0.0
    for attempt in range(1, 14):
        (delivery,) = claim(box, STORE)
        assert delivery.attempts == attempt
        assert retry(box, delivery)
        assert claim(box, STORE) == []
        due = queue.next_due(box.catalog, "pacs", at=box.wall())
        assert due is not None
        wait = due - box.wall()
        assert min(600.0, 2.0**attempt) / 2 <= wait <= min(600.0, 2.0**attempt)
        longest = max(longest, wait)
        clock.advance(wait + 0.001)
    assert longest > 300


@pytest.mark.parametrize("jump", [-30 * YEAR, -YEAR, -7200.0, YEAR, 30 * YEAR])
def test_a_clock_that_is_set_leaves_no_work_lying(
    box: Box, exam: Exam, clock: HandClock, jump: float
) -> None:
    add_images(box, exam, 2)
    waiting, sending = claim(box, STORE, limit=2)
    retry(box, waiting)
    clock.jump(jump)
    due = queue.next_due(box.catalog, "pacs", at=box.wall())
    assert due is not None
    assert due <= box.wall() + queue.LEASE_SECONDS
    found = claim(box, STORE, limit=5)
    assert {delivery.id for delivery in found} == {waiting.id, sending.id}
    assert not finish(box, sending), "the lease was lost"


def test_a_lease_ends_and_its_late_holder_changes_nothing(
    box: Box, exam: Exam, clock: HandClock
) -> None:
    add_images(box, exam)
    (late,) = claim(box, STORE)
    clock.advance(queue.LEASE_SECONDS - 1)
    assert claim(box, STORE) == []
    clock.advance(2)
    (again,) = claim(box, STORE)
    assert again.id == late.id
    for settle in (finish, retry):
        assert not settle(box, late)
    assert states(box, "store") == {late.id: "sending"}
    assert finish(box, again)
    assert not retry(box, again), "done is done"


def test_what_was_put_down_counts_no_attempt(box: Box, exam: Exam) -> None:
    add_images(box, exam)
    (delivery,) = claim(box, STORE)
    with box.catalog.writing() as db:
        assert queue.give_back(db, delivery, "stopped")
    (again,) = claim(box, STORE)
    assert again.attempts == 1


def test_what_is_held_waits_for_a_person(box: Box, exam: Exam, clock: HandClock) -> None:
    add_images(box, exam)
    (delivery,) = claim(box, STORE)
    with box.catalog.writing() as db:
        queue.hold(db, delivery, status=0xC000, text="cannot understand", advice="ask")
    clock.advance(YEAR)
    assert claim(box, STORE) == []
    assert queue.next_due(box.catalog, "pacs", at=box.wall()) is None
    held = operator.get(box.catalog, delivery.id)
    assert (held.state, held.last_status, held.advice) == (State.HELD, 0xC000, "ask")


def test_the_end_of_a_step_never_goes_before_its_beginning(
    box: Box, exam: Exam, clock: HandClock
) -> None:
    add_images(box, exam)
    lives.complete(box, exam.exam_id)
    (create,) = claim(box, MPPS, "ris", limit=9)
    assert create.kind is Kind.MPPS_CREATE
    assert claim(box, MPPS, "ris") == []
    retry(box, create)
    assert claim(box, MPPS, "ris") == [], "its N-CREATE is still owed"
    clock.advance(10)
    (create,) = claim(box, MPPS, "ris", limit=9)
    finish(box, create)
    (end,) = claim(box, MPPS, "ris", limit=9)
    assert end.kind is Kind.MPPS_SET


def test_steps_and_images_do_not_wait_for_each_other(box: Box) -> None:
    first, second = begin(box, 1), begin(box, 2)
    for each in (first, second):
        add_images(box, each)
        lives.complete(box, each.exam_id)
    held, other = claim(box, MPPS, "ris", limit=9)
    with box.catalog.writing() as db:
        queue.hold(db, held, status=0x0106, text="no", advice="ask")
    finish(box, other)
    (end,) = claim(box, MPPS, "ris", limit=9)
    assert end.exam_id == second.exam_id
    assert len(claim(box, STORE, limit=9)) == 2


def test_commitment_is_asked_for_when_no_image_of_the_exam_is_on_its_way(
    box: Box, exam: Exam, clock: HandClock
) -> None:
    add_images(box, exam, 3)
    one, two, three = claim(box, STORE, limit=3)
    with box.catalog.writing() as db:
        queue.enqueue(db, Kind.COMMIT, "pacs", exam.exam_id, at=box.wall())
    finish(box, one)
    retry(box, two)
    assert claim(box, COMMIT) == []
    with box.catalog.writing() as db:
        queue.hold(db, three, status=None, text="", advice="")
    assert claim(box, COMMIT) == []
    clock.advance(3)
    (two,) = claim(box, STORE)
    assert claim(box, COMMIT) == []
    finish(box, two)
    assert len(claim(box, COMMIT)) == 1, "a held image does not keep the others back"


def test_one_thing_is_owed_once(box: Box, exam: Exam) -> None:
    (uid,) = add_images(box, exam)
    with box.catalog.writing() as db:
        queue.enqueue_stores(db, box.peers, exam.exam_id, uid, at=box.wall())
    assert len(states(box, "store")) == 1
    (delivery,) = claim(box, STORE)
    finish(box, delivery)
    with box.catalog.writing() as db:
        queue.enqueue_stores(db, box.peers, exam.exam_id, uid, at=box.wall())
    assert list(states(box, "store").values()) == ["done", "waiting"]


@pytest.mark.fault
def test_what_a_killed_process_held_is_free_at_once_and_nothing_else(box: Box, exam: Exam) -> None:
    add_images(box, exam, 4)
    claimed, never = processes.CONTEXT.Queue(), processes.CONTEXT.Event()
    other = processes.begin(workers.claim_and_stay, box.catalog.path, claimed, never, box.wall())
    theirs = claimed.get(timeout=processes.PATIENCE)
    (ours,) = claim(box, STORE)
    assert queue.free_dead_leases(box.catalog) == 0
    processes.kill(other)
    assert queue.free_dead_leases(box.catalog) == 2
    found = states(box, "store")
    assert [found[each] for each in theirs] == ["waiting", "waiting"]
    assert found[ours.id] == "sending"
    assert [delivery.id for delivery in claim(box, STORE, limit=2)] == theirs


def test_a_process_is_told_from_a_later_one_with_its_number() -> None:
    role, pid, started = this_process("a:b").rsplit(":", 2)
    assert is_alive(f"{role}:{pid}:{started}")
    assert not is_alive(f"{role}:{pid}:{int(started) + 1}")
    assert not is_alive(f"{role}:4194304:{started}")


def test_a_silent_peer_is_left_alone_and_one_that_answers_is_not(
    box: Box, clock: HandClock
) -> None:
    def paused() -> float:
        return peer_state.seconds_paused(box.catalog, "pacs", at=box.wall())

    assert paused() == 0
    first = peer_state.pause(box.catalog, "pacs", "no answer", at=box.wall())
    assert paused() == pytest.approx(first)
    for _ in range(12):
        last = peer_state.pause(box.catalog, "pacs", "no answer", at=box.wall())
    assert 300 <= last <= 600
    assert peer_state.get(box.catalog, "pacs").failures == 13
    clock.jump(-YEAR)
    assert paused() == 0, "a clock that was set back prolongs nothing"
    clock.jump(YEAR)
    peer_state.note_contact(box.catalog, "pacs", at=box.wall())
    state = peer_state.get(box.catalog, "pacs")
    assert (paused(), state.failures, state.last_error) == (0, 0, "")
    assert state.last_contact == box.wall()


def test_a_person_ends_a_pause(box: Box) -> None:
    peer_state.pause(box.catalog, "pacs", "no answer", at=box.wall())
    peer_state.clear_pause(box.catalog, "pacs")
    assert peer_state.seconds_paused(box.catalog, "pacs", at=box.wall()) == 0


def test_years_of_deliveries_are_not_read_to_find_what_is_owed(box: Box, exam: Exam) -> None:
    add_images(box, exam, 3)
    asked: list[str] = []
    with box.catalog.writing() as db:
        db.conn.set_trace_callback(asked.append)
    claim(box, STORE)
    queue.due_kinds(box.catalog, "pacs", at=box.wall())
    queue.next_due(box.catalog, "pacs", at=box.wall())
    operator.owed(box.catalog)
    operator.stuck(box.catalog, box.peers)
    operator.deliveries(box.catalog)
    operator.deliveries(box.catalog, exam_id=exam.exam_id)
    operator.deliveries(box.catalog, limit=10)
    with box.catalog.writing() as db:
        db.conn.set_trace_callback(None)
    questions = [sql for sql in asked if "FROM delivery" in sql]
    assert len(questions) >= 8
    for sql in questions:
        plan = [row["detail"] for row in box.catalog.rows(f"EXPLAIN QUERY PLAN {sql}")]
        reads = [step for step in plan if step.startswith(("SCAN d", "SEARCH d"))]
        assert reads
        assert all(" INDEX delivery_" in step or "PRIMARY KEY" in step for step in reads), plan
