"""What may leave the box, and what never does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services import exams as lives
from services import retention
from services.box import Box
from services.outbox import checks, operator, queue
from services.outbox.model import Kind
from services.retention import Removed
from services.spool import Spool, Usage
from tests.services.boxes import HandClock, acquire, archive, begin, make_box

DAY = 86400.0
NOTHING = Removed(0, 0)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def box(tmp_path: Path, clock: HandClock) -> Iterator[Box]:
    made = make_box(tmp_path, [archive(), archive("copy", commitment_required=False)], clock)
    with made.catalog:
        yield made


def images(box: Box, count: int = 1, number: int = 1) -> list[str]:
    exam = begin(box, number)
    uids = [one.sop_instance_uid for one in acquire(box, exam, count).instances]
    lives.complete(box, exam.exam_id)
    return uids


def note(box: Box, fact: str, peer: str, uid: str | None = None) -> None:
    """The archive has said so of the image, or of all of them."""
    with box.catalog.writing() as db:
        db.conn.execute(
            f"UPDATE archived SET {fact} = 'then' WHERE peer = ? AND ? IN (sop_instance_uid, '')",
            [peer, uid or ""],
        )
        if fact == "stored":
            db.conn.execute(
                "UPDATE delivery SET state = 'done' WHERE kind = 'store' AND peer = ?"
                " AND ? IN (sop_instance_uid, '')",
                [peer, uid or ""],
            )


def vouch(box: Box, uid: str | None = None) -> None:
    note(box, "stored", "pacs", uid)
    note(box, "committed", "pacs", uid)
    note(box, "stored", "copy", uid)


def present(box: Box) -> set[str]:
    return {path.stem for path in box.spool.files()}


def test_what_is_vouched_for_leaves_when_it_is_old_enough(box: Box, clock: HandClock) -> None:
    old = images(box)
    clock.advance(20 * DAY)
    young = images(box, number=2)
    vouch(box)
    clock.advance(9 * DAY)
    assert retention.apply(box) == NOTHING
    clock.advance(2 * DAY)
    assert retention.apply(box) == Removed(1, 0)
    assert present(box) == set(young)
    row = box.catalog.row("SELECT removed FROM instance WHERE sop_instance_uid = ?", old)
    assert row is not None
    assert row["removed"]
    assert retention.apply(box) == NOTHING


@pytest.mark.parametrize(
    "said",
    [
        [],
        [("stored", "pacs")],
        [("stored", "pacs"), ("stored", "copy")],
        [("stored", "pacs"), ("committed", "pacs")],
        [("stored", "copy")],
    ],
)
def test_what_anybody_still_owes_never_leaves_however_old_and_full(
    box: Box, clock: HandClock, said: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    uids = images(box)
    for fact, peer in said:
        note(box, fact, peer)
    clock.advance(3650 * DAY)
    fill(monkeypatch, 100)
    assert retention.apply(box) == NOTHING
    assert present(box) == set(uids)


def fill(monkeypatch: pytest.MonkeyPatch, percent: int) -> None:
    monkeypatch.setattr(Spool, "usage", lambda _: Usage(used=percent, free=100 - percent))


def test_where_nobody_promises_stored_is_enough(tmp_path: Path, clock: HandClock) -> None:
    box = make_box(tmp_path, [archive(commitment_required=False)], clock)
    images(box)
    clock.advance(31 * DAY)
    assert retention.apply(box) == NOTHING
    note(box, "stored", "pacs")
    assert retention.apply(box) == Removed(1, 0)
    box.catalog.close()


def test_what_no_archive_is_owed_stays(tmp_path: Path, clock: HandClock) -> None:
    box = make_box(tmp_path, [], clock)
    uids = images(box)
    clock.advance(3650 * DAY)
    assert retention.apply(box) == NOTHING
    assert present(box) == set(uids)
    box.catalog.close()


def test_an_image_that_was_looked_for_in_vain_stays(tmp_path: Path, clock: HandClock) -> None:
    peer = archive(commitment_required=False, instance_check=True)
    box = make_box(tmp_path, [peer], clock)
    found, lost = images(box, 2)
    note(box, "stored", "pacs")
    with box.catalog.writing() as db:
        checks.owe(db, "pacs", "1", at=box.wall())
        checks.note_present(db, "pacs", [found])
    clock.advance(31 * DAY)
    assert retention.apply(box) == Removed(1, 0)
    assert present(box) == {lost}
    (delivery,) = queue.claim(box.catalog, "pacs", [Kind.CHECK], "test:1:1", at=box.wall())
    with box.catalog.writing() as db:
        queue.hold(db, delivery, status=-1, text="not found", advice="ask")
    assert retention.apply(box) == NOTHING
    operator.cancel(box.catalog, delivery.id)
    assert retention.apply(box) == Removed(1, 0), "a person has decided"
    box.catalog.close()


def test_a_cancelled_store_keeps_its_image(box: Box, clock: HandClock) -> None:
    uids = images(box)
    for delivery in operator.deliveries(box.catalog):
        if delivery.kind is Kind.STORE and delivery.peer == "copy":
            operator.cancel(box.catalog, delivery.id)
    note(box, "stored", "pacs")
    note(box, "committed", "pacs")
    clock.advance(3650 * DAY)
    assert retention.apply(box) == NOTHING
    assert present(box) == set(uids)


def test_an_image_that_is_to_be_sent_again_stays(box: Box, clock: HandClock) -> None:
    images(box)
    vouch(box)
    store = operator.deliveries(box.catalog, owed_only=False)[0]
    operator.resend(box.catalog, store.id)
    clock.advance(31 * DAY)
    assert retention.apply(box) == NOTHING


def test_an_image_that_is_asked_for_in_the_last_moment_stays(
    box: Box, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    uids = images(box)
    vouch(box)
    clock.advance(31 * DAY)
    store = operator.deliveries(box.catalog, owed_only=False)[0]
    real = retention._timestamp

    def meanwhile(row: dict[str, object]) -> float:
        operator.resend(box.catalog, store.id)
        return real(row)

    monkeypatch.setattr(retention, "_timestamp", meanwhile)
    assert retention.apply(box) == NOTHING
    assert present(box) == set(uids)


def test_the_images_of_an_open_exam_stay(box: Box, clock: HandClock) -> None:
    exam = begin(box)
    acquire(box, exam)
    vouch(box)
    clock.advance(31 * DAY)
    assert retention.apply(box) == NOTHING


def test_a_full_card_lets_the_oldest_go_until_there_is_room(
    tmp_path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = make_box(tmp_path, [archive()], clock, high_water_percent=90)
    uids = []
    for number in range(1, 5):
        uids += images(box, number=number)
        clock.advance(60)
    note(box, "stored", "pacs")
    note(box, "committed", "pacs")
    monkeypatch.setattr(
        Spool, "usage", lambda spool: Usage(used=87 + len(list(spool.files())), free=10)
    )
    assert box.spool.usage().percent > 90
    assert retention.apply(box) == Removed(0, 2)
    assert present(box) == set(uids[2:])
    assert retention.apply(box) == NOTHING
    box.catalog.close()


def test_a_clock_that_jumps_takes_nothing_that_is_not_vouched_for(
    box: Box, clock: HandClock
) -> None:
    safe, owed = images(box, 2)
    vouch(box, safe)
    clock.jump(20 * 366 * DAY)
    assert retention.apply(box) == Removed(1, 0)
    assert present(box) == {owed}
