"""The simulated board: refuses as the module does, and presses as feet do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise
from threading import Event

import pytest

from drivers.errors import SourceUnavailable
from drivers.panel.buzzer import DONE, REFUSED, Buzzer
from drivers.panel.contacts import Contact, Contacts
from drivers.panel.front import FrontPanel
from drivers.panel.gpio import find_gpio
from drivers.panel.lamps import LampPins
from drivers.panel.sim import SimulatedGpio
from drivers.panel.traces import CLOSING, DISTURBANCE
from drivers.triggers import Gesture


@pytest.fixture
def board() -> SimulatedGpio:
    made = SimulatedGpio()
    made.setmode(made.BCM)
    return made


@pytest.fixture
def contacts(board: SimulatedGpio) -> Iterator[Contacts]:
    # slower than in the box, so that a busy machine does not part one burst into two
    slow = 50_000_000
    pedal = Contact("pedal", 17, settle_ns=slow)
    made = Contacts("panel", board, [pedal, Contact("line", 18, closed_high=True, settle_ns=slow)])
    made.open()
    yield made
    made.close()


@pytest.mark.parametrize("kind", CLOSING)
def test_every_kind_of_switch_presses_once_in_real_time(
    board: SimulatedGpio, contacts: Contacts, kind: str
) -> None:
    began = time.monotonic_ns()
    board.press(17, kind)
    events = contacts.events(2.0)
    assert [event.gesture for event in events] == [Gesture.PRESS]
    assert events[0].monotonic_ns - began < 500_000_000
    board.release(17, kind)
    events = contacts.events(2.0)
    assert [event.gesture for event in events] == [Gesture.RELEASE, Gesture.SHORT]


def test_disturbance_presses_nothing(board: SimulatedGpio, contacts: Contacts) -> None:
    for trace in DISTURBANCE.values():
        board.move(17, trace)
    assert contacts.events(0.1) == []


def test_a_line_driven_high_is_pulled_down_and_pressed_high(
    board: SimulatedGpio, contacts: Contacts
) -> None:
    assert not board.is_high(18)
    board.press(18, closed_high=True)
    assert [event.source for event in contacts.events(2.0)] == ["line"]


def test_a_burst_that_loses_its_last_edge_is_seen_all_the_same(
    board: SimulatedGpio, contacts: Contacts
) -> None:
    board.remove_event_detect(17)
    board.drive(17, False)  # no callback comes of it
    events = [event for _ in range(2) for event in contacts.events(0.2)]
    assert [event.gesture for event in events] == [Gesture.PRESS]


def test_it_refuses_what_the_module_refuses(board: SimulatedGpio) -> None:
    with pytest.raises(ValueError, match="different mode"):
        board.setmode(board.BOARD)
    with pytest.raises(RuntimeError, match="setup"):
        board.input(17)
    with pytest.raises(RuntimeError, match="OUTPUT"):
        board.output(17, 1)
    with pytest.raises(ValueError, match="invalid on a Raspberry Pi"):
        board.setup(99, board.IN)
    with pytest.raises(RuntimeError, match="numbering mode"):
        SimulatedGpio().setup(17, board.IN)
    board.setup(17, board.IN)
    board.add_event_detect(17, board.BOTH)
    with pytest.raises(RuntimeError, match="Conflicting edge"):
        board.add_event_detect(17, board.BOTH)


def test_a_pin_that_does_not_exist_is_told_with_advice(board: SimulatedGpio) -> None:
    with pytest.raises(SourceUnavailable, match=r"panel: a pin cannot be used .*BCM"):
        Contacts("panel", board, [Contact("pedal", 17), Contact("other", 99)]).open()
    with pytest.raises(SourceUnavailable, match=r"panel: a lamp or the buzzer cannot be used"):
        FrontPanel("panel", board, (), LampPins(ready=99)).open()
    # nothing is left behind: the good pin can be used by another
    board.setup(17, board.IN)
    board.add_event_detect(17, board.BOTH)


def test_a_pin_with_two_tasks_is_refused(board: SimulatedGpio) -> None:
    with pytest.raises(ValueError, match="two tasks: 17"):
        FrontPanel("panel", board, [Contact("pedal", 17)], LampPins(fault=17))
    with pytest.raises(ValueError, match="same name"):
        Contacts("panel", board, [Contact("pedal", 17), Contact("pedal", 18)])


def test_a_missing_module_is_told_with_advice() -> None:
    with pytest.raises(SourceUnavailable, match="rpi-lgpio"):
        find_gpio("panel", "no_such_module_of_pins")


class Pace:
    """Waiting that takes no time, heeds no stop and remembers how long it should have been."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    def __call__(self, _: Event, seconds: float) -> bool:
        self.waited.append(seconds)
        return False


def _levels(board: SimulatedGpio, channel: int) -> list[bool]:
    return [output.high for output in board.outputs if output.channel == channel]


def test_done_and_refused_sound_different(board: SimulatedGpio) -> None:
    heard = []
    for pattern in (DONE, REFUSED):
        pace = Pace()
        buzzer = Buzzer(board, 24, pace)
        buzzer.open()
        board.outputs.clear()
        buzzer.play(pattern)
        buzzer.close()
        heard.append((pace.waited, _levels(board, 24)))
    assert heard[0] == ([0.12], [True, False])
    assert heard[1] == ([0.08, 0.08, 0.08, 0.08, 0.4], [True, False, True, False, True, False])


def test_a_new_sound_cuts_the_old_one_short(board: SimulatedGpio) -> None:
    buzzer = Buzzer(board, 24)
    buzzer.open()
    began = time.monotonic()
    buzzer.play((60.0,))
    buzzer.play(DONE)
    buzzer.close()
    assert time.monotonic() - began < 30
    assert _levels(board, 24)[-1] is False


def test_a_panel_without_a_buzzer_is_silent(board: SimulatedGpio) -> None:
    panel = FrontPanel("panel", board)
    panel.open()
    panel.refused()
    panel.close()
    assert board.outputs == []


def test_outputs_are_recorded_in_order_of_time(board: SimulatedGpio) -> None:
    panel = FrontPanel("panel", board, (), LampPins(ready=5, recording=6, fault=7))
    panel.open()
    panel.ready(True)
    panel.fault(True)
    panel.fault(False)
    assert [(o.channel, o.high) for o in board.outputs[3:]] == [(5, True), (7, True), (7, False)]
    assert all(a.monotonic_ns <= b.monotonic_ns for a, b in pairwise(board.outputs))
