"""The panel follows whichever exam is open, and refuses a press that could mean two patients."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread

import pytest
from pydicom import dcmread

from drivers.panel.sim import SimulatedGpio
from firmware.acquisition_service import AcquisitionService, is_wanted
from firmware.assembly import open_box
from firmware.triggers import make_hands
from services import exams as lives
from services import matching
from services.box import Box
from services.catalog import exams
from tests.end_to_end.cli import until as until_in
from tests.firmware.test_triggers import configured
from tests.services.boxes import begin, item

PEDAL_PIN, READY_PIN = 17, 5
PINS = """
[panel]
ready_pin = 5
buzzer_pin = 19

[[triggers]]
name = "foot"
kind = "pedal"
pin = 17
on_press = "capture"
"""


def until(met: Callable[[], bool]) -> None:
    until_in(met, 30)


@dataclass
class Room:
    """A box whose panel is served, and the board that its pedal hangs on."""

    box: Box
    board: SimulatedGpio
    log: pytest.LogCaptureFixture

    def press(self) -> None:
        self.board.press(PEDAL_PIN, "opto-coupler")
        Event().wait(0.1)  # as long as a foot stays down
        self.board.release(PEDAL_PIN, "opto-coupler")
        Event().wait(0.1)

    def refusals(self) -> int:
        return self.log.text.count("refused")

    def images(self, exam_id: str) -> int:
        return len(exams.instances_of(self.box.catalog, exam_id))


@pytest.fixture
def room(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Room]:
    caplog.set_level(logging.INFO, "firmware.acquisition_service")
    configuration = configured(tmp_path, PINS)
    assert is_wanted(configuration)
    board = SimulatedGpio()
    box = open_box(configuration)
    hands = make_hands(configuration, lambda _: board)
    stop = Event()
    service = AcquisitionService(configuration, box, hands, [])
    thread = Thread(target=service.run, args=(stop,))
    thread.start()
    until(lambda: hands.stream.states.get("panel") == "live")
    yield Room(box, board, caplog)
    stop.set()
    thread.join(20)
    assert not thread.is_alive()
    box.catalog.close()


def test_it_follows_the_exam_that_is_open(room: Room) -> None:
    room.press()
    until(lambda: room.refusals() == 1)
    assert not room.board.is_high(READY_PIN)

    first = begin(room.box).exam_id
    until(lambda: room.board.is_high(READY_PIN))
    room.press()
    until(lambda: room.images(first) == 1)
    lives.complete(room.box, first)
    until(lambda: not room.board.is_high(READY_PIN))

    second = begin(room.box, 2).exam_id
    until(lambda: room.board.is_high(READY_PIN))
    room.press()
    until(lambda: room.images(second) == 1)
    assert room.images(first) == 1


def test_an_exam_that_is_matched_is_armed_anew_for_its_new_patient(room: Room) -> None:
    exam = begin(room.box).exam_id
    until(lambda: room.board.is_high(READY_PIN))
    room.press()
    until(lambda: room.images(exam) == 1)
    right = item(2, name="Roe^Richard", PatientID="PID-77", StudyInstanceUID="1.2.3.77")
    matching.correct(room.box, exam, [right], by="Ann")
    until(lambda: room.log.text.count("is armed") == 2 and room.board.is_high(READY_PIN))
    room.press()
    until(lambda: room.images(exam) == 2)
    assert {dcmread(path).PatientID for path in room.box.spool.files()} == {"PID-77"}


def test_a_press_that_could_mean_two_patients_takes_nothing(room: Room) -> None:
    first, second = begin(room.box).exam_id, begin(room.box, 2).exam_id
    until(lambda: not room.board.is_high(READY_PIN))
    room.press()
    until(lambda: room.refusals() == 1)
    assert (room.images(first), room.images(second)) == (0, 0)


def test_a_box_that_takes_no_pictures_needs_no_service(tmp_path: Path) -> None:
    assert is_wanted(configured(tmp_path, ""))
    assert not is_wanted(replace(configured(tmp_path, ""), protocols=()))
