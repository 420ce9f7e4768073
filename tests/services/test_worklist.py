"""The worklist as the operator sees it, with the RIS up, down and wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from device.worklist import QueryKeys
from services import exams as lives
from services import worklist as worklists
from services.box import Box
from services.catalog import worklist as cache
from services.hospital import Faults, HospitalStore, Ris, daily_schedule
from tests.services.boxes import HandClock, add_images, archive, make_box, ris

TODAY = date(2026, 3, 4)
KEYS = QueryKeys(date=TODAY)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[HospitalStore]:
    with HospitalStore(tmp_path / "hospital.db") as opened:
        opened.add_worklist_items(daily_schedule(TODAY, "GANTRY"))
        yield opened


@pytest.fixture
def hospital(store: HospitalStore) -> Iterator[Ris]:
    with Ris(store) as running:
        yield running


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def box(tmp_path: Path, hospital: Ris, clock: HandClock) -> Iterator[Box]:
    made = make_box(tmp_path / "box", [ris(port=hospital.port), archive()], clock)
    with made.catalog:
        yield made


def names(box: Box) -> set[str]:
    return {entry.item.patient_name for entry in cache.items(box.catalog, KEYS)}


def test_the_list_is_received_in_every_script(box: Box) -> None:
    (refreshed,) = worklists.refresh(box, KEYS)
    assert (refreshed.items, refreshed.error, refreshed.notes) == (12, "", ())
    assert {"Müller^Jörg", "Ковалёва^Ирина^Петровна", "Nguyễn^Thị Minh"} < names(box)


def test_a_ris_that_is_down_leaves_the_list_and_says_how_old_it_is(
    box: Box, hospital: Ris, clock: HandClock
) -> None:
    worklists.refresh(box, KEYS)
    hospital.stop()
    clock.advance(300)
    (refreshed,) = worklists.refresh(box, KEYS)
    assert refreshed.error
    assert len(names(box)) == 12
    (fresh,) = cache.freshness(box.catalog)
    assert worklists.age_of(box, fresh).startswith("ris: list received 5 min ago (offline: ")
    hospital.start()
    worklists.refresh(box, KEYS)
    (fresh,) = cache.freshness(box.catalog)
    assert worklists.age_of(box, fresh) == "ris: list received just now"


def test_a_ris_that_never_answered_is_said_to_have_not(tmp_path: Path, clock: HandClock) -> None:
    box = make_box(tmp_path / "alone", [ris(port=1)], clock)
    worklists.refresh(box, KEYS)
    (fresh,) = cache.freshness(box.catalog)
    assert worklists.age_of(box, fresh).startswith("ris: never answered. ")
    box.catalog.close()


def test_one_ris_that_is_down_keeps_no_other_from_being_asked(
    tmp_path: Path, hospital: Ris, clock: HandClock
) -> None:
    peers = [ris("dead", port=1), ris(port=hospital.port)]
    box = make_box(tmp_path / "two", peers, clock)
    dead, alive = worklists.refresh(box, KEYS)
    assert dead.error
    assert alive.items == 12
    box.catalog.close()


def test_a_list_that_is_too_long_is_cut_and_says_so(box: Box) -> None:
    (refreshed,) = worklists.refresh(box, KEYS, limit=5)
    assert refreshed.items == 5
    assert any("cut off at 5" in note for note in refreshed.notes)
    assert cache.freshness(box.catalog)[0].truncated


def test_patients_that_were_not_asked_for_are_left_out_and_the_ris_is_blamed(
    box: Box, store: HospitalStore
) -> None:
    store.set_faults(Faults(wrong_patients_in_worklist=True))
    keys = QueryKeys(date=TODAY, patient_id="G1004")
    (refreshed,) = worklists.refresh(box, keys)
    assert refreshed.items == 1
    assert any("ignores a matching key" in note for note in refreshed.notes)
    assert names(box) == {"Smith^Catherine"}


def test_our_own_exam_tells_more_than_the_ris(box: Box) -> None:
    worklists.refresh(box, KEYS)
    entry = cache.items(box.catalog, KEYS)[0]
    assert worklists.state_of(box, entry.item) == "SCHEDULED"
    exam = lives.start(box, [entry.item])
    assert worklists.state_of(box, entry.item) == f"IN PROGRESS (exam {exam.exam_id})"
    add_images(box, exam)
    lives.complete(box, exam.exam_id)
    assert worklists.state_of(box, entry.item) == f"COMPLETED (exam {exam.exam_id})"
    again = lives.start(box, [entry.item])
    assert worklists.state_of(box, entry.item) == f"IN PROGRESS (exam {again.exam_id})"


def test_an_entry_in_plain_has_what_identifies_the_patient(box: Box) -> None:
    worklists.refresh(box, KEYS)
    plain = [worklists.as_plain(box, entry, TODAY) for entry in cache.items(box.catalog, KEYS)]
    (one,) = [each for each in plain if each["patient_id"] == "G1004"]
    assert one["patient_name"] == "Smith^Catherine"
    assert (one["birth_date"], one["sex"], one["start_time"]) == ("19490921", "F", "084500")
    assert one["accession_number"] == "A26030404"
    assert one["problems"] == []
