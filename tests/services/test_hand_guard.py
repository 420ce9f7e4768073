"""What the screen says of the patient counts at every press, and outlives every crash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.box import Box
from services.catalog import at_hand, audit
from services.hand_guard import HandGuard
from services.refusals import Refused
from services.scanned_identity import Verdict
from tests.services.boxes import HandClock, begin, make_box


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = make_box(tmp_path, clock=HandClock())
    with made.catalog:
        yield made


def code(refused: Refused | None) -> str:
    return refused.code if refused else ""


def take(box: Box, exam_id: str, *, sure: bool = True) -> None:
    now = box.clock.now()
    with box.catalog.writing() as db:
        at_hand.set(db, exam_id, "", now if sure else None, since=now)


def test_without_a_screen_whatever_is_armed_counts(box: Box) -> None:
    guard, exam_id = HandGuard(box), begin(box).exam_id
    assert guard.refusal(exam_id) is None
    assert not guard.scanned(exam_id, Verdict.MISMATCH), "the desk must stop by itself"
    guard.chosen(exam_id, "Loop")


def test_another_exam_than_the_one_on_the_screen_is_refused(box: Box) -> None:
    first, second = begin(box).exam_id, begin(box, 2).exam_id
    take(box, second)
    assert code(HandGuard(box).refusal(first)) == "G-2113"
    assert HandGuard(box).refusal(second) is None


def test_a_doubt_is_ended_by_two_identifiers_and_not_by_one(box: Box) -> None:
    exam_id, guard = begin(box).exam_id, HandGuard(box)
    take(box, exam_id, sure=False)
    for verdict in (Verdict.NOTHING_TO_COMPARE, Verdict.ONE_MORE):
        assert guard.scanned(exam_id, verdict)
        assert code(guard.refusal(exam_id)) == "G-2104"
    assert guard.scanned(exam_id, Verdict.VERIFIED)
    assert guard.refusal(exam_id) is None


def test_what_a_pedal_chose_is_kept(box: Box) -> None:
    exam_id = begin(box).exam_id
    take(box, exam_id)
    HandGuard(box).chosen(exam_id, "Loop")
    held = at_hand.get(box.catalog)
    assert held is not None
    assert held.protocol == "Loop"


@given(st.lists(st.sampled_from(list(Verdict)), max_size=12))
def test_nothing_is_taken_between_a_wrong_wristband_and_a_right_one(
    tmp_path_factory: pytest.TempPathFactory, verdicts: list[Verdict]
) -> None:
    box = make_box(tmp_path_factory.mktemp("guard"), clock=HandClock())
    exam_id = begin(box).exam_id
    take(box, exam_id)
    stopped = False
    for verdict in verdicts:
        # each scan by a service that was started anew
        assert HandGuard(box).scanned(exam_id, verdict)
        if verdict is Verdict.MISMATCH:
            stopped = True
        elif verdict in (Verdict.ONE_MORE, Verdict.VERIFIED):
            stopped = False
        assert (code(HandGuard(box).refusal(exam_id)) == "G-2103") is stopped
    wrong = [event for event in audit.newest(box.catalog) if event.outcome == "another patient"]
    assert len(wrong) == verdicts.count(Verdict.MISMATCH)
    assert all(event.detail == "" for event in wrong)
    box.catalog.close()
