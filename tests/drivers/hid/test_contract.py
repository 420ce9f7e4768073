"""What pedals and scanners promise on any bus; on uinput too where the kernel offers it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import Timer

import pytest

from drivers.errors import SourceTimeout
from drivers.hid.pairing import pair
from drivers.hid.pedal import HidPedal
from drivers.hid.wedge import WedgeScanner
from drivers.panel.gestures import Thresholds
from drivers.triggers import EventSource, Gesture, TriggerEvent, TriggerState
from tests.drivers.hid import benches
from tests.drivers.hid.benches import KEY_A, KEY_B, KEY_ENTER, KEYBOARD, PEDAL, SCANNER, Bench

MS = 1_000_000


@pytest.fixture(params=benches.names())
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with benches.bench(request.param) as made:
        yield made


@pytest.fixture
def pedal(bench: Bench) -> Iterator[HidPedal]:
    made = HidPedal("pedal", bench.bus, PEDAL, Thresholds(long_ns=300 * MS))
    yield made
    made.close()


def gather(source: EventSource, *until: Gesture, seconds: float = 60.0) -> list[TriggerEvent]:
    events: list[TriggerEvent] = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        events += source.events(0.2)
        if {event.gesture for event in events} >= set(until):
            return events
    raise AssertionError(f"only {events}")


def until_state(source: EventSource, state: TriggerState, seconds: float = 2.5) -> None:
    deadline = time.monotonic() + seconds
    while source.state != state:
        assert time.monotonic() < deadline, source.state
        source.events(0.05)


def test_a_step_on_the_pedal_is_a_short_press(bench: Bench, pedal: HidPedal) -> None:
    bench.plug(PEDAL)
    pedal.open()
    before = time.monotonic_ns()
    bench.key(PEDAL, KEY_B, True)
    bench.key(PEDAL, KEY_B, False)
    events = gather(pedal, Gesture.SHORT)
    assert [event.gesture for event in events] == [Gesture.PRESS, Gesture.RELEASE, Gesture.SHORT]
    assert all(before <= event.monotonic_ns <= time.monotonic_ns() for event in events)


def test_a_long_step_is_told_while_it_lasts(bench: Bench, pedal: HidPedal) -> None:
    bench.plug(PEDAL)
    pedal.open()
    bench.key(PEDAL, KEY_B, True)
    events = gather(pedal, Gesture.LONG)
    assert events[-1].monotonic_ns - events[0].monotonic_ns == 300 * MS


def test_an_unknown_keyboard_triggers_nothing(bench: Bench, pedal: HidPedal) -> None:
    bench.plug(PEDAL)
    bench.plug(KEYBOARD)
    pedal.open()
    bench.key(KEYBOARD, KEY_B, True)
    bench.key(KEYBOARD, KEY_B, False)
    assert pedal.events(0.3) == []
    assert pedal.state == TriggerState.LIVE


def test_nobody_else_can_have_a_grabbed_pedal(bench: Bench, pedal: HidPedal) -> None:
    bench.plug(PEDAL)
    pedal.open()
    other = HidPedal("other", bench.bus, PEDAL)
    other.open()
    assert other.state == TriggerState.BUSY
    bench.key(PEDAL, KEY_B, True)
    assert other.events(0.2) == []
    gather(pedal, Gesture.PRESS)
    pedal.close()
    until_state(other, TriggerState.LIVE)
    other.close()


def test_unplugging_is_noticed_within_two_seconds_and_replugging_too(
    bench: Bench, pedal: HidPedal
) -> None:
    pedal.open()
    assert pedal.state == TriggerState.NO_DEVICE
    bench.plug(PEDAL)
    until_state(pedal, TriggerState.LIVE)
    bench.unplug(PEDAL)
    until_state(pedal, TriggerState.NO_DEVICE)
    bench.plug(PEDAL)
    until_state(pedal, TriggerState.LIVE)
    bench.key(PEDAL, KEY_B, True)
    gather(pedal, Gesture.PRESS)


def test_unplugging_a_held_pedal_lets_it_go(bench: Bench, pedal: HidPedal) -> None:
    bench.plug(PEDAL)
    pedal.open()
    bench.key(PEDAL, KEY_B, True)
    gather(pedal, Gesture.PRESS)
    bench.unplug(PEDAL)
    gather(pedal, Gesture.RELEASE)


def test_an_unplugged_pedal_costs_no_processor_time(bench: Bench, pedal: HidPedal) -> None:
    bench.plug(PEDAL)
    pedal.open()
    bench.unplug(PEDAL)
    until_state(pedal, TriggerState.NO_DEVICE)
    before = time.process_time()
    pedal.events(1.5)
    assert time.process_time() - before < 0.4


def test_a_scan_is_one_text(bench: Bench) -> None:
    bench.plug(SCANNER)
    scanner = WedgeScanner("scanner", bench.bus, SCANNER)
    scanner.open()
    for code in (KEY_A, KEY_B, KEY_ENTER):
        bench.key(SCANNER, code, True)
        bench.key(SCANNER, code, False)
    events = gather(scanner, Gesture.SCAN)
    scanner.close()
    assert [(event.source, event.text) for event in events] == [("scanner", "ab")]


def test_what_is_pressed_now_is_paired(bench: Bench) -> None:
    bench.plug(KEYBOARD)
    bench.plug(PEDAL)
    press = Timer(0.2, bench.key, (PEDAL, KEY_B, True))
    press.start()
    assert pair(bench.bus, 5.0, but_not=[KEYBOARD]) == PEDAL
    press.join()


def test_pairing_ends_in_time_and_gives_everything_back(bench: Bench, pedal: HidPedal) -> None:
    bench.plug(PEDAL)
    with pytest.raises(SourceTimeout, match="nothing was pressed"):
        pair(bench.bus, 0.2)
    pedal.open()
    assert pedal.state == TriggerState.LIVE
