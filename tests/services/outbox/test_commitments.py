"""Promises: asked for once stored, kept for good, asked for again when they do not come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from device.commitment import CommitmentResult, FailedReference
from device.exam import Exam
from device.uids import random_uid
from services import exams as lives
from services.box import Box
from services.outbox import checks, commitments, operator, queue
from services.outbox.commitments import Applied
from services.outbox.model import Delivery, Kind
from services.outbox.owner import this_process
from tests.services.boxes import (
    SECONDARY_CAPTURE,
    HandClock,
    add_images,
    archive,
    archived,
    begin,
    make_box,
    states,
)

NO_SUCH_INSTANCE, CONFLICT, DUPLICATE = 0x0112, 0x0119, 0x0131


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def box(tmp_path: Path, clock: HandClock) -> Iterator[Box]:
    made = make_box(tmp_path, [archive()], clock)
    with made.catalog:
        yield made


@pytest.fixture
def exam(box: Box) -> Exam:
    return begin(box)


@pytest.fixture
def images(box: Box, exam: Exam) -> list[str]:
    """Three images that the archive has stored, of a completed exam."""
    uids = add_images(box, exam, 3)
    lives.complete(box, exam.exam_id)
    store_all(box)
    return uids


def claim(box: Box, kind: Kind) -> list[Delivery]:
    return queue.claim(box.catalog, "pacs", [kind], this_process("test"), at=box.wall(), limit=50)


def store_all(box: Box) -> int:
    """As the store worker writes its answers down; how many were sent."""
    claimed = claim(box, Kind.STORE)
    for delivery in claimed:
        with box.catalog.writing() as db:
            queue.finish(db, delivery, at=box.wall(), status=0)
            db.conn.execute(
                "UPDATE archived SET stored = ? WHERE sop_instance_uid = ? AND peer = 'pacs'",
                [box.clock.now().isoformat(), delivery.sop_instance_uid],
            )
            commitments.owe(db, "pacs", delivery.exam_id, at=box.wall())
    return len(claimed)


def ask(box: Box) -> tuple[Delivery, str, list[str]]:
    """The request goes out: its delivery, its transaction, and what it names."""
    (delivery,) = claim(box, Kind.COMMIT)
    transaction = random_uid()
    references = commitments.begin(box.catalog, delivery, transaction, at=box.wall())
    return delivery, transaction, [reference.sop_instance_uid for reference in references]


def accepted(box: Box, delivery: Delivery, transaction: str, seconds: float = 3600.0) -> None:
    """The archive has answered the request with success."""
    with box.catalog.writing() as db:
        commitments.await_report(db, delivery, transaction, at=box.wall(), timeout=seconds)


def report(
    box: Box,
    transaction: str,
    committed: Sequence[str] = (),
    failed: Sequence[str] = (),
    reason: int = NO_SUCH_INSTANCE,
) -> Applied:
    failures = tuple(FailedReference(SECONDARY_CAPTURE, uid, reason) for uid in failed)
    result = CommitmentResult(transaction, tuple(committed), failures)
    return commitments.apply_report(
        box.catalog, result, at=box.wall(), when=box.clock.now().isoformat()
    )


def promised(box: Box, uids: Sequence[str]) -> list[bool]:
    rows = [archived(box, uid) for uid in uids]
    return [bool(row and row["committed"]) for row in rows]


def open_states(box: Box, kind: str) -> list[str]:
    return [state for state in states(box, kind).values() if state not in ("done", "cancelled")]


def test_a_report_after_the_answer_closes_the_request(box: Box, images: list[str]) -> None:
    delivery, transaction, asked = ask(box)
    assert sorted(asked) == sorted(images)
    accepted(box, delivery, transaction)
    assert states(box, "commit") == {delivery.id: "awaiting"}
    assert claim(box, Kind.COMMIT) == []
    assert report(box, transaction, images) == Applied(known=True, committed=3)
    assert promised(box, images) == [True] * 3
    assert states(box, "commit") == {delivery.id: "done"}
    assert commitments.is_answered(box.catalog, transaction)


def test_a_report_may_overtake_the_answer(box: Box, images: list[str]) -> None:
    delivery, transaction, _ = ask(box)
    report(box, transaction, images)
    accepted(box, delivery, transaction)
    assert states(box, "commit") == {delivery.id: "done"}


def test_a_partial_report_that_overtakes_the_answer_is_not_waited_for_again(
    box: Box, images: list[str], clock: HandClock
) -> None:
    delivery, transaction, _ = ask(box)
    report(box, transaction, images[:1], images[1:2])
    accepted(box, delivery, transaction)
    assert open_states(box, "commit") == ["waiting"], "the third was not mentioned"
    assert claim(box, Kind.COMMIT) == [], "its store comes first"
    assert store_all(box) == 1
    clock.advance(5)
    _, again, asked = ask(box)
    assert sorted(asked) == sorted(images[1:])
    assert again != transaction


def test_a_report_that_comes_twice_changes_nothing_the_second_time(
    box: Box, images: list[str], clock: HandClock
) -> None:
    _, transaction, _ = ask(box)
    report(box, transaction, images[:2], images[2:])
    first = [archived(box, uid) for uid in images]
    before = states(box)
    clock.advance(60)
    assert report(box, transaction, images[:2], images[2:]) == Applied(known=True)
    assert [archived(box, uid) for uid in images] == first
    assert states(box) == before


def test_a_promise_is_never_taken_back(box: Box, images: list[str]) -> None:
    _, transaction, _ = ask(box)
    report(box, transaction, images)
    before = states(box)
    assert report(box, transaction, (), images) == Applied(known=True)
    assert promised(box, images) == [True] * 3
    assert states(box) == before


def test_a_late_failure_takes_no_promise_of_a_later_request_back(
    box: Box, images: list[str], clock: HandClock
) -> None:
    delivery, old, _ = ask(box)
    accepted(box, delivery, old, seconds=60)
    clock.advance(61)
    _, new, _ = ask(box)
    report(box, new, images)
    assert report(box, old, (), images) == Applied(known=True)
    assert promised(box, images) == [True] * 3
    assert open_states(box, "store") == []


def test_without_a_report_the_box_asks_again_under_a_new_transaction(
    box: Box, images: list[str], clock: HandClock
) -> None:
    delivery, old, _ = ask(box)
    accepted(box, delivery, old, seconds=60)
    clock.advance(59)
    assert claim(box, Kind.COMMIT) == []
    clock.advance(2)
    again, new, asked = ask(box)
    assert (again.id, again.attempts) == (delivery.id, 2)
    assert len(asked) == 3
    accepted(box, again, new)
    assert report(box, old, images).committed == 3, "the late report of the first request counts"
    assert states(box, "commit") == {delivery.id: "done"}
    assert report(box, new, images) == Applied(known=True)
    assert states(box, "commit") == {delivery.id: "done"}


def test_a_late_partial_report_leaves_the_later_request_as_it_is(
    box: Box, images: list[str], clock: HandClock
) -> None:
    delivery, old, _ = ask(box)
    accepted(box, delivery, old, seconds=60)
    clock.advance(61)
    again, new, _ = ask(box)
    accepted(box, again, new)
    report(box, old, images[:1])
    assert states(box, "commit") == {delivery.id: "awaiting"}
    report(box, new, images)
    assert states(box, "commit") == {delivery.id: "done"}


def test_only_what_failed_is_sent_again(box: Box, images: list[str]) -> None:
    _, transaction, _ = ask(box)
    assert report(box, transaction, images[:2], images[2:]) == Applied(True, 2, 1, 0)
    rows = box.catalog.rows(
        "SELECT sop_instance_uid FROM delivery WHERE kind = 'store' AND state = 'waiting'"
    )
    assert [row["sop_instance_uid"] for row in rows] == images[2:]
    store_all(box)
    _, again, asked = ask(box)
    assert asked == images[2:]
    report(box, again, asked)
    assert promised(box, images) == [True] * 3
    assert open_states(box, "") == []


def test_the_third_refusal_of_an_image_is_for_a_person(
    box: Box, images: list[str], clock: HandClock
) -> None:
    counts = []
    for _ in range(3):
        clock.advance(700)
        _, transaction, _ = ask(box)
        applied = report(box, transaction, images[1:], images[:1])
        counts.append((applied.resent, applied.held))
        store_all(box)
    assert counts == [(1, 0), (1, 0), (0, 1)]
    (held,) = [d for d in operator.deliveries(box.catalog) if d.kind is Kind.STORE]
    assert (held.state, held.last_status) == ("held", NO_SUCH_INSTANCE)
    assert "commitment refused" in held.last_text
    assert "Ask the PACS administrator" in held.advice
    operator.resend(box.catalog, held.id)
    store_all(box)
    _, transaction, _ = ask(box)
    assert report(box, transaction, (), images[:1]).resent == 1, "the count began anew"


@pytest.mark.parametrize("reason", [CONFLICT, 0x0122, 0x9999])
def test_a_refusal_that_sending_again_cannot_cure_is_for_a_person_at_once(
    box: Box, images: list[str], reason: int
) -> None:
    _, transaction, _ = ask(box)
    assert report(box, transaction, images[1:], images[:1], reason).held == 1
    assert open_states(box, "store") == ["held"]
    assert claim(box, Kind.COMMIT) == []


def test_a_transaction_seen_before_is_asked_for_anew_and_not_in_one_breath(
    box: Box, images: list[str], clock: HandClock
) -> None:
    delivery, old, _ = ask(box)
    accepted(box, delivery, old)
    assert report(box, old, (), images, DUPLICATE) == Applied(known=True)
    assert open_states(box, "store") == [], "nothing is sent again"
    assert claim(box, Kind.COMMIT) == [], "an archive that always says so is not flooded"
    clock.advance(5)
    _, new, asked = ask(box)
    assert new != old
    assert sorted(asked) == sorted(images)


def test_a_report_that_forgets_an_image_is_asked_about_it_later(
    box: Box, images: list[str], clock: HandClock
) -> None:
    delivery, transaction, _ = ask(box)
    accepted(box, delivery, transaction)
    report(box, transaction, images[:2])
    assert claim(box, Kind.COMMIT) == []
    clock.advance(5)
    _, _, asked = ask(box)
    assert asked == images[2:]


def test_images_that_the_request_did_not_name_are_asked_for_at_once(box: Box, exam: Exam) -> None:
    first = add_images(box, exam)
    store_all(box)
    lives.complete(box, exam.exam_id)
    delivery, transaction, _ = ask(box)
    accepted(box, delivery, transaction)
    second = add_images(box, exam)
    store_all(box)
    report(box, transaction, first)
    _, _, asked = ask(box)
    assert asked == second


def test_a_report_cannot_promise_what_it_was_not_asked(box: Box, images: list[str]) -> None:
    other = begin(box, 2)
    foreign = add_images(box, other, 2)
    store_all(box)
    _, transaction, _ = ask_of(box, images)
    applied = report(box, transaction, [*foreign, "1.2.3"], ["1.2.4"])
    assert applied == Applied(known=True)
    assert promised(box, foreign) == [False, False]


def ask_of(box: Box, images: list[str]) -> tuple[Delivery, str, list[str]]:
    """Ask for every exam that is due, and return the request that names these images."""
    for delivery in claim(box, Kind.COMMIT):
        transaction = random_uid()
        found = commitments.begin(box.catalog, delivery, transaction, at=box.wall())
        uids = [reference.sop_instance_uid for reference in found]
        if set(uids) == set(images):
            return delivery, transaction, uids
    raise AssertionError("nobody asks for these images")


def test_an_unknown_transaction_changes_nothing(box: Box, images: list[str]) -> None:
    before = states(box)
    assert report(box, random_uid(), images) == Applied(known=False)
    assert promised(box, images) == [False] * 3
    assert states(box) == before


def test_a_request_with_nothing_to_ask_for_is_done_in_the_same_step(
    box: Box, images: list[str]
) -> None:
    (delivery,) = claim(box, Kind.COMMIT)
    with box.catalog.writing() as db:
        db.conn.execute("UPDATE archived SET committed = 'earlier'")
    assert commitments.begin(box.catalog, delivery, random_uid(), at=box.wall()) == []
    assert states(box, "commit") == {delivery.id: "done"}
    assert box.catalog.rows("SELECT * FROM commitment") == []


def test_while_an_exam_goes_on_it_is_asked_in_batches_and_at_once_when_it_ends(
    box: Box, exam: Exam, clock: HandClock
) -> None:
    add_images(box, exam, 2)
    store_all(box)
    clock.advance(queue.COMMIT_BATCH_SECONDS - 1)
    assert claim(box, Kind.COMMIT) == []
    lives.complete(box, exam.exam_id)
    assert len(ask(box)[2]) == 2


def test_a_clock_set_back_does_not_keep_a_request_waiting(
    box: Box, images: list[str], clock: HandClock
) -> None:
    delivery, transaction, _ = ask(box)
    accepted(box, delivery, transaction)
    clock.jump(-30 * 366 * 86400)
    assert [again.id for again in claim(box, Kind.COMMIT)] == [delivery.id]


def test_the_weaker_proof_is_labelled_and_never_replaces_a_promise(
    box: Box, images: list[str]
) -> None:
    _, transaction, _ = ask(box)
    report(box, transaction, images[:1])
    with box.catalog.writing() as db:
        assert sorted(checks.unproven(db, "pacs", "1")) == sorted(images[1:])
        checks.note_present(db, "pacs", images)
    rows = [archived(box, uid) for uid in images]
    assert [row and row["proof"] for row in rows] == ["commitment", "query", "query"]
    assert promised(box, images) == [True, False, False]


def test_an_archive_that_never_reports_is_asked_less_and_less_and_a_person_is_told(
    box: Box, clock: HandClock, images: list[str]
) -> None:
    waits = []
    for _ in range(12):
        delivery, transaction, asked = ask(box)
        assert sorted(asked) == sorted(images)
        accepted(box, delivery, transaction)
        row = box.catalog.row("SELECT lease_until, advice FROM delivery WHERE kind = 'commit'")
        assert row is not None
        assert ("listener" in row["advice"]) is bool(waits), "not before one was in vain"
        waits.append(row["lease_until"] - box.wall())
        clock.advance(waits[-1])
    assert waits[:3] == [3600.0, 7200.0, 14400.0]
    assert waits[-1] == 86_400.0
    assert report(box, transaction, images).committed == len(images)


def test_an_image_that_is_put_off_for_ever_delays_no_promise_of_the_others(
    box: Box, clock: HandClock, exam: Exam
) -> None:
    uids = add_images(box, exam, 3)
    lives.complete(box, exam.exam_id)
    refused = claim(box, Kind.STORE)[-1]
    with box.catalog.writing() as db:
        db.conn.execute(
            "UPDATE delivery SET state = 'waiting' WHERE kind = 'store' AND id != ?", [refused.id]
        )
    assert store_all(box) == 2
    for attempt in range(2):
        assert claim(box, Kind.COMMIT) == [], f"it may still come, after {attempt} attempts"
        with box.catalog.writing() as db:
            queue.retry(db, refused, at=box.wall(), status=0x0110, text="failed")
        clock.advance(900)
        (refused,) = claim(box, Kind.STORE)
    _, _, asked = ask(box)
    assert sorted(asked) == sorted(uid for uid in uids if uid != refused.sop_instance_uid)
