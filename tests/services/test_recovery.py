"""After a crash: every file has its row, every row its file, or a person is told."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from device.exam import Exam
from services import exams as lives
from services import recovery, retention
from services.box import Box
from services.catalog import exams
from services.outbox import operator
from services.outbox.model import Kind, State
from services.recovery import Report, recover
from tests.services import exam_workers, processes, spool_workers
from tests.services.boxes import (
    HandClock,
    acquire,
    add_images,
    archive,
    begin,
    make_box,
    ris,
    states,
)
from tests.services.outbox import workers


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def box(tmp_path: Path, clock: HandClock) -> Iterator[Box]:
    made = make_box(tmp_path, [ris(), archive(), archive("copy")], clock)
    with made.catalog:
        yield made


@pytest.fixture
def exam(box: Box) -> Exam:
    return begin(box)


def names(box: Box) -> set[str]:
    return {path.relative_to(box.spool.root).as_posix() for path in box.spool.files()}


def rows(box: Box) -> set[str]:
    return {row["path"] for row in box.catalog.rows("SELECT path FROM instance")}


def test_a_box_in_order_is_left_as_it_is(box: Box, exam: Exam) -> None:
    acquire(box, exam, 2)
    before = states(box)
    assert recover(box) == Report(ran=True)
    assert states(box) == before


@pytest.mark.fault
def test_an_image_cut_off_between_file_and_row_is_taken_in_once(box: Box, exam: Exam) -> None:
    processes.kill_itself(exam_workers.acquire_and_die_before_the_row, box.state_dir, exam.exam_id)
    assert len(names(box)) == 2
    assert len(rows(box)) == 1
    owed_before = states(box, "store")
    assert recover(box) == Report(ran=True, adopted=1)
    assert recover(box) == Report(ran=True)
    assert names(box) == rows(box)
    assert len(states(box, "store")) == len(owed_before) + 2, "owed to every archive"
    first, second = exams.instances_of(box.catalog, exam.exam_id)
    assert (first["instance_number"], second["instance_number"]) == (1, 2)
    for known in ("sop_class_uid", "transfer_syntax_uid", "object", "frames"):
        assert second[known] == first[known]
    assert second["size"] == box.spool.absolute(second["path"]).stat().st_size
    acquire(box, exam)
    ended = lives.complete(box, exam.exam_id)
    assert sum(len(s.instances) for s in exams.series_of(box.catalog, ended.exam_id)) == 3


@pytest.mark.fault
def test_an_image_that_was_being_written_was_not_acquired(box: Box, exam: Exam) -> None:
    acquire(box, exam)
    processes.kill_itself(
        spool_workers.write_and_die_between, box.spool.root, f"{exam.exam_id}/1.2.3.dcm"
    )
    assert recover(box) == Report(ran=True, unfinished=1)
    assert names(box) == rows(box)


@pytest.mark.parametrize("content", [b"", b"no DICOM", bytes(128) + b"DICM"])
def test_a_file_that_cannot_be_read_is_set_aside_whole(
    box: Box, exam: Exam, content: bytes
) -> None:
    box.spool.write(f"{exam.exam_id}/1.2.3.dcm", content)
    assert recover(box) == Report(ran=True, quarantined=1)
    assert names(box) == set()
    assert [path.read_bytes() for path in box.spool.quarantine.iterdir()] == [content]


def orphan(box: Box, exam: Exam) -> Path:
    """The file of an image whose row was never made."""
    (instance,) = acquire(box, exam).instances
    with box.catalog.writing() as db:
        for table in ("delivery", "archived", "instance"):
            db.conn.execute(
                f"DELETE FROM {table} WHERE sop_instance_uid = ?",
                [instance.sop_instance_uid],
            )
    return box.spool.absolute(instance.path)


def test_an_image_of_an_exam_that_has_ended_needs_a_person(box: Box, exam: Exam) -> None:
    path = orphan(box, exam)
    acquire(box, exam)
    lives.complete(box, exam.exam_id)
    assert recover(box) == Report(ran=True, quarantined=1)
    assert (box.spool.quarantine / path.name).is_file()


def test_an_image_in_the_place_of_another_needs_a_person(box: Box, exam: Exam) -> None:
    path = orphan(box, exam)
    path.rename(path.with_name("1.2.3.dcm"))
    assert recover(box) == Report(ran=True, quarantined=1)


def test_an_image_of_an_unknown_series_needs_a_person(box: Box, exam: Exam) -> None:
    orphan(box, exam)
    with box.catalog.writing() as db:
        db.conn.execute("DELETE FROM series")
    assert recover(box) == Report(ran=True, quarantined=1)
    assert rows(box) == set()


def test_a_row_without_its_file_is_an_alarm_and_never_dropped(
    box: Box, exam: Exam, caplog: pytest.LogCaptureFixture
) -> None:
    gone, kept = acquire(box, exam, 2).instances
    box.spool.absolute(gone.path).unlink()
    with caplog.at_level(logging.CRITICAL):
        assert recover(box) == Report(ran=True, missing=1)
    assert gone.sop_instance_uid in caplog.text
    found = {
        d.sop_instance_uid: d.state
        for d in operator.deliveries(box.catalog)
        if d.kind is Kind.STORE
    }
    assert found == {gone.sop_instance_uid: State.HELD, kept.sop_instance_uid: State.WAITING}
    marks = box.catalog.rows("SELECT missing FROM instance ORDER BY instance_number")
    assert recover(box) == Report(ran=True), "an alarm is raised once"
    assert marks[0]["missing"]
    assert marks[1]["missing"] is None
    held = next(d for d in operator.deliveries(box.catalog) if d.state is State.HELD)
    assert "call service" in held.advice


def test_a_deletion_that_a_crash_cut_in_half_is_finished(
    box: Box, exam: Exam, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    acquire(box, exam)
    lives.complete(box, exam.exam_id)
    with box.catalog.writing() as db:
        db.conn.execute("UPDATE archived SET stored = 'x', committed = 'x'")
        db.conn.execute("UPDATE delivery SET state = 'done'")
    clock.advance(31 * 86400)

    def pull_the_plug(_: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as crash:
        crash.setattr(box.spool, "remove", pull_the_plug)
        with pytest.raises(KeyboardInterrupt):
            retention.apply(box)
    assert names(box) == rows(box)
    assert recover(box) == Report(ran=True)
    assert names(box) == set()
    assert recover(box) == Report(ran=True), "a row that retention emptied is no alarm"


def test_nothing_is_judged_while_somebody_acquires(box: Box, exam: Exam) -> None:
    path = orphan(box, exam)
    with box.spool.acquiring("77"):
        assert recover(box) == Report(ran=False)
    assert path.is_file()
    assert recover(box).adopted == 1


@pytest.mark.fault
def test_leases_of_the_dead_are_freed_even_while_somebody_acquires(box: Box, exam: Exam) -> None:
    acquire(box, exam, 2)
    claimed, never = processes.CONTEXT.Queue(), processes.CONTEXT.Event()
    other = processes.begin(workers.claim_and_stay, box.catalog.path, claimed, never, box.wall())
    assert len(claimed.get(timeout=processes.PATIENCE)) == 2
    processes.kill(other)
    with box.spool.acquiring("77"):
        assert recover(box) == Report(ran=False, leases=2)


def test_adopted_images_of_every_kind_are_named_as_if_nothing_had_happened() -> None:
    named = {
        recovery._object_name(uid)
        for uid in (
            "1.2.840.10008.5.1.4.1.1.2",
            "1.2.840.10008.5.1.4.1.1.4",
            "1.2.840.10008.5.1.4.1.1.7",
            "1.2.840.10008.5.1.4.1.1.7.4",
        )
    }
    assert named == {"CT", "MR", "SC", "SC multi-frame"}


def test_a_box_of_years_is_reconciled_before_the_operator_notices(box: Box) -> None:
    """What is here counts, not what ever was: retention has let most of it go."""
    exam = begin(box)
    uids = add_images(box, exam, 30)
    with box.catalog.writing() as db:
        db.conn.execute("UPDATE instance SET removed = 'then' WHERE instance_number > 10")
    for uid in uids[:10]:
        box.spool.write(box.spool.path_of(exam.exam_id, uid), b"whole")
    asked: list[str] = []
    with box.catalog.writing() as db:
        db.conn.set_trace_callback(asked.append)
    assert recover(box) == Report(ran=True)
    with box.catalog.writing() as db:
        db.conn.set_trace_callback(None)
    listing = [sql for sql in asked if "FROM instance" in sql]
    plans = [
        row["detail"] for sql in listing for row in box.catalog.rows(f"EXPLAIN QUERY PLAN {sql}")
    ]
    assert plans == ["SCAN instance USING INDEX instance_present"]
