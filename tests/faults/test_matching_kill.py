"""A match killed at every step on the medium: the exam is one patient's or the other's."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pydicom.config
import pytest
from pydicom import dcmread

from device.worklist import WorklistItem
from services import exams as lives
from services import matching, recovery
from services.box import Box
from services.catalog import Catalog, exams
from services.outbox import operator, queue
from services.outbox.model import Kind
from tests.services.boxes import CLIP, acquire, archive, begin, item, make_box, ris

pytestmark = pytest.mark.fault

FORK = multiprocessing.get_context("fork")
LIMIT = 200


def entry() -> WorklistItem:
    return item(2, name="Roe^Richard", PatientID="PID-77", StudyInstanceUID="1.2.3.77")


class Fate:
    """Kills this process before, or right after, its n-th step on the medium."""

    def __init__(self, last: int, *, after: bool) -> None:
        self._left = last
        self._after = after

    def around(self, owner: Any, name: str) -> None:
        real = getattr(owner, name)

        def step(*given: Any, **named: Any) -> Any:
            self._left -= 1
            if self._left == 0 and not self._after:
                os.kill(os.getpid(), signal.SIGKILL)
            result = real(*given, **named)
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        setattr(owner, name, step)


class Connection(sqlite3.Connection):
    """Its commits are steps too."""

    def execute(self, sql: str, *given: Any) -> Any:
        return self._commit(sql) if sql == "COMMIT" else super().execute(sql, *given)

    def _commit(self, sql: str) -> Any:
        return super().execute(sql)


def match_and_die(folder: Path, exam_id: str, last: int, after: bool) -> None:
    pydicom.config.settings.writing_validation_mode = pydicom.config.RAISE
    connect = sqlite3.connect
    sqlite3.connect = lambda *a, **k: connect(*a, **{**k, "factory": Connection})  # type: ignore
    box = make_box(folder, [ris(), archive()])
    fate = Fate(last, after=after)
    fate.around(os, "fsync")
    fate.around(Path, "rename")
    fate.around(Path, "unlink")
    fate.around(Path, "rmdir")
    fate.around(Connection, "_commit")
    matching.correct(box, exam_id, [entry()], by="Ann")
    os._exit(0)


def prepared(folder: Path) -> str:
    box = make_box(folder, [ris(), archive()])
    exam = begin(box)
    acquire(box, exam, frames=2)
    acquire(box, exam, frames=2, protocol=CLIP)
    lives.complete(box, exam.exam_id)
    box.catalog.close()
    return exam.exam_id


def identity(box: Box, exam_id: str) -> str:
    """Whose the exam is, all of it; fails when its parts disagree."""
    exam = exams.load(box.catalog, exam_id)
    rows = box.catalog.rows("SELECT path, size, sha256 FROM instance")
    there = {path.relative_to(box.spool.root).as_posix() for path in box.spool.files()}
    assert there == {row["path"] for row in rows}
    assert len(rows) == 3
    said = {(exam.item.patient_id, exam.study_instance_uid)}
    for row in rows:
        data = box.spool.absolute(row["path"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (row["size"], row["sha256"])
        ds = dcmread(box.spool.absolute(row["path"]))
        said.add((ds.PatientID, ds.StudyInstanceUID))
    owed = operator.deliveries(box.catalog, exam_id=exam_id)
    create = next(
        lives.decode(each.payload or b"") for each in owed if each.kind is Kind.MPPS_CREATE
    )
    said.add((create.PatientID, create.ScheduledStepAttributesSequence[0].StudyInstanceUID))
    assert len(said) == 1, said
    assert {each.state for each in owed} == {"waiting"}, "nothing stays held"
    assert len(owed) == 5
    return said.pop()[0]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_every_step(tmp_path: Path, after: bool) -> None:
    outcomes: list[str] = []
    for last in range(1, LIMIT):
        folder = tmp_path / str(last)
        exam_id = prepared(folder)
        process = FORK.Process(target=match_and_die, args=(folder, exam_id, last, after))
        process.start()
        process.join(60)
        box = make_box(folder, [ris(), archive()])
        assert recovery.recover(box).ran
        outcomes.append(identity(box, exam_id))
        left = box.catalog.row(
            "SELECT (SELECT count(*) FROM matching_file) + (SELECT count(*) FROM matching_hold)"
            " + (SELECT count(*) FROM matching WHERE state = 'begun') AS n"
        )
        assert left == {"n": 0}
        assert not box.spool.quarantine.exists()
        box.catalog.close()
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL, process.exitcode
    else:
        pytest.fail("the match never came to its end")
    decided = outcomes.index("PID-77")
    assert set(outcomes[:decided]) == {"PID-1"}
    assert set(outcomes[decided:]) == {"PID-77"}
    assert decided > 10
    assert len(outcomes) - decided > 5


def test_a_catalog_opened_meanwhile_sees_one_patient_at_a_time(tmp_path: Path) -> None:
    exam_id = prepared(tmp_path)
    box = make_box(tmp_path, [ris(), archive()])
    reader = Catalog(tmp_path / "catalog.sqlite")
    seen = set()
    real = matching.rewrite

    def rewrite_and_look(*given: Any) -> Any:
        result = real(*given)
        seen.add(exams.load(reader, exam_id).item.patient_id)
        return result

    matching.rewrite = rewrite_and_look  # type: ignore[attr-defined]
    try:
        matching.correct(box, exam_id, [entry()], by="Ann")
    finally:
        matching.rewrite = real  # type: ignore[attr-defined]
    assert seen == {"PID-1"}
    assert exams.load(reader, exam_id).item.patient_id == "PID-77"
    reader.close()
    box.catalog.close()


def test_a_match_and_the_dispatcher_never_both_win(tmp_path: Path) -> None:
    """A claim and a match race, again and again: what is sent has one identity, and it is whole."""
    outcomes = set()
    for number in range(24):
        folder = tmp_path / str(number)
        exam_id = prepared(folder)
        box, dispatcher = (make_box(folder, [ris(), archive()]) for _ in range(2))
        begin_together = threading.Barrier(2)
        claimed: list[tuple[str, str]] = []

        def send_what_is_due(
            dispatcher: Box = dispatcher,
            begin_together: threading.Barrier = begin_together,
            claimed: list[tuple[str, str]] = claimed,
            number: int = number,
            folder: Path = folder,
        ) -> None:
            begin_together.wait()
            time.sleep(number * 0.0008)
            for each in queue.claim(
                dispatcher.catalog, "pacs", [Kind.STORE], "me:1:1", at=dispatcher.wall(), limit=2
            ):
                row = dispatcher.catalog.row(
                    "SELECT path FROM instance WHERE sop_instance_uid = ?", [each.sop_instance_uid]
                )
                assert row is not None
                claimed.append((row["path"], dcmread(folder / "spool" / row["path"]).PatientID))

        thread = threading.Thread(target=send_what_is_due)
        thread.start()
        begin_together.wait()
        try:
            matching.correct(box, exam_id, [entry()], by="Ann")
            patient = "PID-77"
        except matching.SeenElsewhere:
            patient = "PID-1"
        thread.join()
        assert {who for _, who in claimed} <= {patient}
        files = [path for path in box.spool.files() if path.suffix == ".dcm"]
        assert {dcmread(path).PatientID for path in files} == {patient}
        outcomes.add(patient)
        for each in (box, dispatcher):
            each.catalog.close()
    assert outcomes <= {"PID-1", "PID-77"}
