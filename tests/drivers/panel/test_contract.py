"""What the panel promises on any pins; see ``benches`` for how to run it on a real chip."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from drivers.errors import SourceUnavailable
from drivers.panel.contacts import Contact, ContactKind, Contacts
from drivers.panel.front import FrontPanel
from drivers.panel.gestures import Thresholds
from drivers.panel.lamps import LampPins
from drivers.triggers import Gesture, TriggerEvent, TriggerState
from tests.drivers.panel import benches
from tests.drivers.panel.benches import BUZZER, EXPOSURE, LAMP, PEDAL, SECOND_PEDAL, Bench

MS = 1_000_000
SLOW = 50 * MS
"""Settling time that a busy machine does not exceed between two edges of one burst."""

LONG = 1000 * MS
CONTACTS = (
    Contact("left", PEDAL, settle_ns=SLOW, thresholds=Thresholds(LONG)),
    Contact(
        "right",
        SECOND_PEDAL,
        settle_ns=SLOW,
        thresholds=Thresholds(LONG, hold_ns=1200 * MS, double_ns=800 * MS),
    ),
    Contact("x-ray", EXPOSURE, ContactKind.EXPOSURE, settle_ns=2 * MS),
)


@pytest.fixture(params=benches.names())
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with benches.bench(request.param) as made:
        yield made


@pytest.fixture
def contacts(bench: Bench) -> Iterator[Contacts]:
    made = Contacts("panel", bench.gpio, CONTACTS)
    made.open()
    yield made
    made.close()


def gather(contacts: Contacts, *until: Gesture, seconds: float = 60.0) -> list[TriggerEvent]:
    """Events until all these gestures came."""
    events: list[TriggerEvent] = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        events += contacts.events(0.1)
        if {event.gesture for event in events} >= set(until):
            return events
    raise AssertionError(f"only {events}")


def gestures(events: list[TriggerEvent]) -> list[Gesture]:
    return [event.gesture for event in events]


def test_a_tap_is_one_short_press(bench: Bench, contacts: Contacts) -> None:
    before = time.monotonic_ns()
    bench.drive(PEDAL, False)
    assert gestures(gather(contacts, Gesture.PRESS)) == [Gesture.PRESS]
    bench.drive(PEDAL, True)
    events = gather(contacts, Gesture.SHORT)
    assert gestures(events) == [Gesture.RELEASE, Gesture.SHORT]
    assert {event.source for event in events} == {"left"}
    assert before < events[0].monotonic_ns < time.monotonic_ns()


def test_bounce_makes_no_second_press(bench: Bench, contacts: Contacts) -> None:
    for level in (False, True, False, True, False):
        bench.drive(PEDAL, level)
    gather(contacts, Gesture.PRESS)
    for level in (True, False, True, False, True):
        bench.drive(PEDAL, level)
    events = gather(contacts, Gesture.SHORT)
    assert gestures(events) == [Gesture.RELEASE, Gesture.SHORT]


def test_a_long_press_is_told_as_soon_as_it_is_one(bench: Bench, contacts: Contacts) -> None:
    bench.drive(PEDAL, False)
    events = gather(contacts, Gesture.LONG)
    assert gestures(events) == [Gesture.PRESS, Gesture.LONG]
    assert events[1].monotonic_ns - events[0].monotonic_ns == LONG
    bench.drive(PEDAL, True)
    assert gestures(gather(contacts, Gesture.RELEASE)) == [Gesture.RELEASE]


def test_a_hold_and_a_double_on_the_second_pedal(bench: Bench, contacts: Contacts) -> None:
    bench.drive(SECOND_PEDAL, False)
    assert gestures(gather(contacts, Gesture.HOLD)) == [Gesture.PRESS, Gesture.HOLD]
    bench.drive(SECOND_PEDAL, True)
    gather(contacts, Gesture.RELEASE)
    for level, waited in ((False, Gesture.PRESS), (True, Gesture.RELEASE)):
        bench.drive(SECOND_PEDAL, level)
        gather(contacts, waited)
    bench.drive(SECOND_PEDAL, False)
    gather(contacts, Gesture.PRESS)
    bench.drive(SECOND_PEDAL, True)
    events = gather(contacts, Gesture.DOUBLE)
    assert {event.source for event in events} == {"right"}


def test_the_exposure_line_gives_its_moments(bench: Bench, contacts: Contacts) -> None:
    before = time.monotonic_ns()
    bench.drive(EXPOSURE, False)
    began = gather(contacts, Gesture.EXPOSE)[0]
    assert began.source == "x-ray"
    assert 0 <= began.monotonic_ns - before < 200 * MS
    bench.drive(EXPOSURE, True)
    assert gestures(gather(contacts, Gesture.RELEASE)) == [Gesture.RELEASE]


def test_two_pedals_at_once_are_told_apart(bench: Bench, contacts: Contacts) -> None:
    bench.drive(PEDAL, False)
    bench.drive(SECOND_PEDAL, False)
    events = gather(contacts, Gesture.LONG, Gesture.HOLD)
    pressed = [event.source for event in events if event.gesture is Gesture.PRESS]
    assert sorted(pressed) == ["left", "right"]


def test_a_pedal_that_is_down_at_the_start_does_nothing_until_it_was_up(bench: Bench) -> None:
    bench.drive(PEDAL, False)
    contacts = Contacts("panel", bench.gpio, CONTACTS)
    contacts.open()
    try:
        assert contacts.events(0.4) == []
        bench.drive(PEDAL, True)
        assert contacts.events(0.1) == []
        bench.drive(PEDAL, False)
        assert gestures(gather(contacts, Gesture.PRESS)) == [Gesture.PRESS]
    finally:
        contacts.close()


def test_a_chattering_contact_is_called_unsteady(bench: Bench) -> None:
    contacts = Contacts("panel", bench.gpio, [Contact("loose", PEDAL, settle_ns=300 * MS)])
    contacts.open()
    deadline = time.monotonic() + 60
    level = True
    while contacts.state != TriggerState.UNSTEADY and time.monotonic() < deadline:
        level = not level
        bench.drive(PEDAL, level)
        assert contacts.events(0.002) == []
    assert contacts.state == TriggerState.UNSTEADY
    bench.drive(PEDAL, True)
    contacts.events(0.5)
    assert contacts.state == TriggerState.LIVE
    contacts.close()


def test_waiting_ends_in_time(contacts: Contacts) -> None:
    before = time.monotonic()
    assert contacts.events(0.1) == []
    assert 0.09 < time.monotonic() - before < 2


def test_a_closed_panel_says_so_and_opens_again(bench: Bench, contacts: Contacts) -> None:
    contacts.close()
    contacts.close()
    assert contacts.state == TriggerState.NO_DEVICE
    with pytest.raises(SourceUnavailable, match="not open"):
        contacts.events(0.1)
    contacts.open()
    bench.drive(PEDAL, False)
    gather(contacts, Gesture.PRESS)


def test_lamp_and_buzzer_follow(bench: Bench) -> None:
    panel = FrontPanel("panel", bench.gpio, (), LampPins(recording=LAMP), BUZZER)
    panel.open()
    try:
        assert not bench.is_high(LAMP)
        panel.recording(True)
        panel.ready(True)  # there is no such lamp: nothing happens
        assert bench.is_high(LAMP)
        panel.recording(False)
        assert not bench.is_high(LAMP)
        panel.done()
        deadline = time.monotonic() + 60
        while not bench.is_high(BUZZER) and time.monotonic() < deadline:
            pass
        assert bench.is_high(BUZZER)
    finally:
        panel.close()
    assert not bench.is_high(BUZZER)
