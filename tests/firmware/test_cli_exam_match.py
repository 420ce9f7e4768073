"""``gantry exam match``, ``reconcile`` and ``reconciled`` as a person types them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.cli import Gantry
from tests.end_to_end.settings import Settings


@pytest.fixture
def gantry(tmp_path: Path) -> Gantry:
    settings = Settings()
    settings.peer("pacs", "PACS", 1, "store")
    settings.pattern("small", rate=30, rows=32, columns=32)
    settings.protocol("small", "SC", modality="OT")
    return settings.write(tmp_path)


def test_an_exam_that_is_not_there_is_said(gantry: Gantry) -> None:
    for arguments in (
        ("match", "7", "--item", "0" * 16),
        ("reconcile", "7"),
        ("reconciled", "7"),
    ):
        ended = gantry("exam", *arguments)
        assert ended.code == 1
        assert "exam 7" in ended.err


def test_nothing_is_matched_with_an_entry_that_is_not_there(gantry: Gantry) -> None:
    exam = gantry("exam", "start", "--unscheduled", "--patient-id", "TMP-1").good().out.strip()
    gantry("exam", "acquire", exam, "--protocol", "small", "--frames", "1").good()
    ended = gantry("exam", "match", exam, "--item", "0" * 16, "--yes")
    assert ended.code == 1
    assert "worklist" in ended.err


def test_an_exam_that_was_not_sent_is_not_reconciled(gantry: Gantry) -> None:
    exam = gantry("exam", "start", "--unscheduled", "--patient-id", "TMP-1").good().out.strip()
    ended = gantry("exam", "reconcile", exam)
    assert ended.code == 1
    assert "not marked" in ended.err
