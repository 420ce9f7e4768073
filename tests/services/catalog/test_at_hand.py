"""Which exam is open on the screen, as every service reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from device.reasons import discontinuation_reason
from services import exams as lives
from services.box import Box
from services.catalog import Catalog, at_hand
from services.errors import NotFound
from tests.services.boxes import HandClock, item, make_box


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def box(tmp_path: Path, clock: HandClock) -> Box:
    return make_box(tmp_path, clock=clock)


def opened(box: Box) -> str:
    return lives.start(box, [item()]).exam_id


def test_nothing_is_at_hand_until_it_is_taken_to_hand(box: Box) -> None:
    opened(box)
    assert at_hand.get(box.catalog) is None


def test_what_is_at_hand_is_read_back_by_another_process(box: Box, clock: HandClock) -> None:
    exam_id = opened(box)
    with box.catalog.writing() as db:
        at_hand.set(db, exam_id, "Capture", clock.now())
    with Catalog(box.catalog.path) as other:
        found = at_hand.get(other)
    assert found == at_hand.AtHand(exam_id, "Capture", clock.now(), clock.now(), "")


def test_only_one_exam_is_at_hand(box: Box, clock: HandClock) -> None:
    first, second = opened(box), opened(box)
    with box.catalog.writing() as db:
        at_hand.set(db, first, "", clock.now())
        at_hand.set(db, second, "", clock.now())
    found = at_hand.get(box.catalog)
    assert found is not None
    assert found.exam_id == second
    with box.catalog.writing() as db, pytest.raises(NotFound, match=first):
        at_hand.confirm(db, first, clock.now())


def test_a_doubt_stays_until_a_person_has_answered_it(box: Box, clock: HandClock) -> None:
    exam_id = opened(box)
    with box.catalog.writing() as db:
        at_hand.set(db, exam_id, "Capture", clock.now())
        at_hand.ask(db, exam_id, "wristband")
    asked = at_hand.get(box.catalog)
    assert asked is not None
    assert (asked.confirmed_at, asked.doubt, asked.protocol) == (None, "wristband", "Capture")
    clock.advance(60)
    with box.catalog.writing() as db:
        at_hand.confirm(db, exam_id, clock.now())
        at_hand.choose_protocol(db, exam_id, "Loop")
    sure = at_hand.get(box.catalog)
    assert sure is not None
    assert (sure.confirmed_at, sure.doubt, sure.protocol) == (clock.now(), "", "Loop")


def test_an_exam_that_has_ended_is_at_hand_no_longer(box: Box, clock: HandClock) -> None:
    exam_id = opened(box)
    with box.catalog.writing() as db:
        at_hand.set(db, exam_id, "", clock.now())
    lives.discontinue(box, exam_id, discontinuation_reason("110513"))
    assert at_hand.get(box.catalog) is None


def test_clearing_leaves_the_exam_as_it_is(box: Box, clock: HandClock) -> None:
    exam_id = opened(box)
    with box.catalog.writing() as db:
        at_hand.set(db, exam_id, "", clock.now())
        at_hand.clear(db)
    assert at_hand.get(box.catalog) is None
    assert box.catalog.row("SELECT state FROM exam") == {"state": "IN PROGRESS"}


def test_a_word_that_it_is_this_patient_lasts_as_long_as_the_machine_runs(
    box: Box, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam_id = opened(box)
    with box.catalog.writing() as db:
        at_hand.set(db, exam_id, "Capture", clock.now())
    with Catalog(box.catalog.path) as crashed_and_back:
        sure = at_hand.get(crashed_and_back)
    assert sure is not None
    assert sure.confirmed_at == clock.now()
    monkeypatch.setattr(at_hand, "boot", lambda: "the next run")
    asked = at_hand.get(box.catalog)
    assert asked is not None
    assert (asked.exam_id, asked.protocol) == (exam_id, "Capture")
    assert (asked.confirmed_at, asked.doubt) == (None, at_hand.RESUMED)
    with box.catalog.writing() as db:
        at_hand.choose_protocol(db, exam_id, "Loop")
    asked = at_hand.get(box.catalog)
    assert asked is not None
    assert asked.confirmed_at is None, "a pedal that chose a protocol has compared nobody"
    with box.catalog.writing() as db:
        at_hand.confirm(db, exam_id, clock.now())
    sure = at_hand.get(box.catalog)
    assert sure is not None
    assert (sure.confirmed_at, sure.doubt) == (clock.now(), "")


def test_a_wrong_wristband_outlives_the_machine(
    box: Box, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam_id = opened(box)
    with box.catalog.writing() as db:
        at_hand.set(db, exam_id, "Capture", clock.now())
        at_hand.ask(db, exam_id, "wristband")
    monkeypatch.setattr(at_hand, "boot", lambda: "the next run")
    asked = at_hand.get(box.catalog)
    assert asked is not None
    assert (asked.confirmed_at, asked.doubt) == (None, "wristband")
