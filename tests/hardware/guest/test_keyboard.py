"""`drivers.hid` on a USB keyboard that the kernel drives: the pedal and the scanner of a box."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from threading import Timer

import evdev
import pytest

from drivers.errors import SourceTimeout
from drivers.hid.identity import Identity
from drivers.hid.kernel import EvdevBus
from drivers.hid.pairing import pair
from drivers.hid.pedal import HidPedal
from drivers.hid.wedge import WedgeScanner
from drivers.triggers import Gesture, TriggerEvent, TriggerState
from tests.hardware.guest.hands import Hands

KEYBOARD = (0x0627, 0x0001)
"""Vendor and product of QEMU's USB keyboard."""

NOTICED = 2.0
"""Seconds in which a change of state has to be known."""


def plugged(bus: EvdevBus) -> Identity | None:
    found = [node.identity for node in bus.nodes() if node.keys]
    return next((each for each in found if (each.vendor, each.product) == KEYBOARD), None)


def until(condition: Callable[[], bool], seconds: float = 20.0) -> float:
    """Wait for a condition; the seconds that it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it did not happen in time"
        time.sleep(0.02)
    return time.monotonic() - began


@pytest.fixture
def bus() -> EvdevBus:
    return EvdevBus()


@pytest.fixture
def keyboard(hands: Hands, bus: EvdevBus) -> Iterator[Identity]:
    hands.plug("keyboard")
    until(lambda: plugged(bus) is not None)
    identity = plugged(bus)
    assert identity is not None
    yield identity
    if plugged(bus) is not None:
        hands.unplug("keyboard")
        until(lambda: plugged(bus) is None)


def gather(source: HidPedal | WedgeScanner, until_gesture: Gesture) -> list[TriggerEvent]:
    events: list[TriggerEvent] = []
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        events += source.events(0.2)
        if until_gesture in [event.gesture for event in events]:
            return events
    raise AssertionError(f"only {events}")


def read_until(source: HidPedal, state: TriggerState) -> None:
    deadline = time.monotonic() + 20
    while source.state != state:
        assert time.monotonic() < deadline, f"still {source.state}"
        source.events(0.1)


def test_a_pedal_is_paired_by_pressing_it(hands: Hands, bus: EvdevBus, keyboard: Identity) -> None:
    press = Timer(1.0, lambda: hands.tap("b"))
    press.start()
    assert pair(bus, 20) == keyboard
    press.join()


def test_one_that_is_paired_already_is_not_paired_again(
    hands: Hands, bus: EvdevBus, keyboard: Identity
) -> None:
    press = Timer(0.5, lambda: hands.tap("b"))
    press.start()
    others = [node for node in bus.nodes() if node.keys and node.identity != keyboard]
    assert others, "the grabber's remote control is an input device too"
    with pytest.raises(SourceTimeout):
        pair(bus, 2, but_not=[keyboard])
    press.join()


def test_a_tap_is_a_short_press_that_nobody_else_sees(
    hands: Hands, bus: EvdevBus, keyboard: Identity
) -> None:
    path = next(node.path for node in bus.nodes() if node.identity == keyboard and node.keys)
    desktop = evdev.InputDevice(path)
    pedal = HidPedal("pedal", bus, keyboard)
    pedal.open()
    try:
        assert pedal.state == TriggerState.LIVE
        hands.tap("b")
        events = gather(pedal, Gesture.SHORT)
        assert [event.gesture for event in events][:2] == [Gesture.PRESS, Gesture.RELEASE]
        assert abs(time.monotonic_ns() - events[0].monotonic_ns) < 15_000_000_000
        assert desktop.read_one() is None
    finally:
        pedal.close()
    hands.tap("b")
    until(lambda: desktop.read_one() is not None)
    desktop.close()


def test_a_scan_is_one_text(hands: Hands, bus: EvdevBus, keyboard: Identity) -> None:
    scanner = WedgeScanner("scanner", bus, keyboard)
    scanner.open()
    try:
        # an emulated machine with a busy host types as slowly as a hand now and then
        for _ in range(20):
            hands.tap("p", "4", "7", "1", "1", "ret")
            texts = [event.text for event in scanner.events(2.0)]
            if texts and not scanner.dropped:
                break
            scanner.close()
            scanner.open()
        assert texts == ["p4711"]
    finally:
        scanner.close()


def test_a_pulled_pedal_lets_go_and_is_found_again(
    hands: Hands,
    bus: EvdevBus,
    keyboard: Identity,
    record_property: Callable[[str, object], None],
) -> None:
    pedal = HidPedal("pedal", bus, keyboard)
    pedal.open()
    try:
        hands.key("b", down=True)
        gather(pedal, Gesture.PRESS)
        pulled = time.monotonic()
        hands.unplug("keyboard")
        gather(pedal, Gesture.RELEASE)
        read_until(pedal, TriggerState.NO_DEVICE)
        took = time.monotonic() - pulled
        record_property("seconds to notice a pulled pedal", round(took, 3))
        assert took < NOTICED
        hands.plug("keyboard")
        read_until(pedal, TriggerState.LIVE)
        hands.tap("b")
        assert gather(pedal, Gesture.PRESS)
    finally:
        pedal.close()
