"""Commitment reports at the desk: read, applied, answered."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from device.uids import random_uid
from services.box import Box
from services.outbox import commitments, queue
from services.outbox.model import Kind
from services.outbox.owner import this_process
from services.reports import INVALID_ARGUMENT, PROCESSING_FAILURE, SUCCESS, ReportDesk
from tests.services.boxes import (
    SECONDARY_CAPTURE,
    HandClock,
    add_images,
    archive,
    archived,
    begin,
    make_box,
)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = make_box(tmp_path, [archive()], HandClock())
    with made.catalog:
        yield made


@pytest.fixture
def asked(box: Box) -> tuple[str, str]:
    """A transaction under way and the one image it names."""
    exam = begin(box)
    (uid,) = add_images(box, exam)
    with box.catalog.writing() as db:
        db.conn.execute("UPDATE archived SET stored = 'then'")
        db.conn.execute("UPDATE delivery SET state = 'done'")
        queue.enqueue(db, Kind.COMMIT, "pacs", exam.exam_id, at=box.wall())
    (delivery,) = queue.claim(box.catalog, "pacs", [Kind.COMMIT], this_process("t"), at=box.wall())
    transaction = random_uid()
    commitments.begin(box.catalog, delivery, transaction, at=box.wall())
    return transaction, uid


def report(transaction: str, uid: str, reason: int | None = None) -> Dataset:
    ds, reference = Dataset(), Dataset()
    ds.TransactionUID = transaction
    reference.ReferencedSOPClassUID = SECONDARY_CAPTURE
    reference.ReferencedSOPInstanceUID = uid
    if reason is None:
        ds.ReferencedSOPSequence = [reference]
    else:
        reference.FailureReason = reason
        ds.FailedSOPSequence = [reference]
    return ds


def committed(box: Box, uid: str) -> bool:
    row = archived(box, uid)
    return bool(row and row["committed"])


def test_a_promise_is_taken_and_confirmed_as_often_as_it_comes(
    box: Box, asked: tuple[str, str]
) -> None:
    desk = ReportDesk(box)
    for _ in range(2):
        assert desk.take(report(*asked), 1, "PACS") == SUCCESS
        assert committed(box, asked[1])


def test_a_refusal_is_taken_and_confirmed(box: Box, asked: tuple[str, str]) -> None:
    assert ReportDesk(box).take(report(*asked, reason=0x0112), 2, "PACS") == SUCCESS
    assert not committed(box, asked[1])
    assert queue.due_kinds(box.catalog, "pacs", at=box.wall()) == {Kind.STORE}


def test_a_report_on_nothing_of_ours_is_refused_and_changes_nothing(
    box: Box, asked: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    answer = ReportDesk(box).take(report(random_uid(), asked[1]), 1, "PACS")
    assert answer == PROCESSING_FAILURE
    assert not committed(box, asked[1])
    assert "never asked for" in caplog.text


@pytest.mark.parametrize("event_type", [0, 3])
def test_a_report_of_an_unknown_kind_is_refused(
    box: Box, asked: tuple[str, str], event_type: int
) -> None:
    assert ReportDesk(box).take(report(*asked), event_type, "PACS") == INVALID_ARGUMENT
    assert not committed(box, asked[1])


def test_a_report_without_a_transaction_is_refused(box: Box, asked: tuple[str, str]) -> None:
    assert ReportDesk(box).take(Dataset(), 1, "PACS") == INVALID_ARGUMENT


def test_the_log_names_no_image_above_debug(
    box: Box, asked: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        ReportDesk(box).take(report(*asked), 1, "PACS")
    assert "1 committed" in caplog.text
    assert "Doe" not in caplog.text
    assert "PID-1" not in caplog.text
