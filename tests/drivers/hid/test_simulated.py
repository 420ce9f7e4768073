"""Grabbing, twins, several plates and pairing, where the simulated bus shows what others see."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import Timer

import pytest

from drivers.errors import SourceUnavailable
from drivers.hid.identity import Identity
from drivers.hid.key_text import GROUP_SEPARATOR
from drivers.hid.pairing import pair
from drivers.hid.pedal import HidPedal
from drivers.hid.sim import SimulatedBus
from drivers.hid.wedge import WedgeScanner
from drivers.triggers import Gesture, TriggerState
from tests.drivers.hid.benches import KEY_A, KEY_B, KEYBOARD, PEDAL, SCANNER

KEY_C = 46


@pytest.fixture
def bus() -> SimulatedBus:
    return SimulatedBus()


@pytest.fixture
def scanner(bus: SimulatedBus) -> Iterator[WedgeScanner]:
    bus.plug(SCANNER)
    made = WedgeScanner("scanner", bus, SCANNER)
    made.open()
    yield made
    made.close()


def test_the_keys_of_a_grabbed_pedal_reach_nobody_else(bus: SimulatedBus) -> None:
    bus.plug(PEDAL)
    bus.tap(PEDAL, KEY_B)
    assert bus.desktop == [KEY_B]
    pedal = HidPedal("pedal", bus, PEDAL)
    pedal.open()
    bus.tap(PEDAL, KEY_B)
    assert bus.desktop == [KEY_B]
    pedal.close()
    bus.tap(PEDAL, KEY_B)
    assert bus.desktop == [KEY_B, KEY_B]


def test_all_interfaces_of_a_device_are_grabbed(bus: SimulatedBus) -> None:
    bus.plug(PEDAL, interfaces=3)
    pedal = HidPedal("pedal", bus, PEDAL)
    pedal.open()
    for interface in range(3):
        bus.tap(PEDAL, KEY_B, interface=interface)
    pedal.close()
    assert bus.desktop == []


def test_the_plates_of_one_pedal_are_sources_of_their_own(bus: SimulatedBus) -> None:
    bus.plug(PEDAL)
    pedal = HidPedal("pedal", bus, PEDAL, keys={KEY_A: "left", KEY_B: "right"})
    pedal.open()
    for code in (KEY_B, KEY_C, KEY_A):
        bus.tap(PEDAL, code)
    events = pedal.events(1.0)
    pedal.close()
    assert [e.source for e in events if e.gesture is Gesture.PRESS] == ["right", "left"]


def test_a_plate_that_types_a_shortcut_is_pressed_once(bus: SimulatedBus) -> None:
    bus.plug(PEDAL)
    pedal = HidPedal("pedal", bus, PEDAL)
    pedal.open()
    for code, down in ((29, True), (KEY_B, True), (KEY_B, False), (29, False)):
        bus.key(PEDAL, code, down)
    events = pedal.events(1.0)
    pedal.close()
    assert [event.gesture for event in events].count(Gesture.PRESS) == 1


def test_a_device_that_may_not_be_read_says_so(bus: SimulatedBus) -> None:
    bus.plug(PEDAL)
    bus.forbidden.add(PEDAL)
    pedal = HidPedal("pedal", bus, PEDAL)
    pedal.open()
    assert pedal.state == TriggerState.DENIED
    pedal.close()


def test_of_two_twins_only_the_one_at_the_paired_port_is_taken(bus: SimulatedBus) -> None:
    paired = Identity(0x3553, 0xB001, "0000", "usb-1")
    twin = Identity(0x3553, 0xB001, "0000", "usb-2")
    bus.plug(paired)
    bus.plug(twin)
    pedal = HidPedal("pedal", bus, paired)
    pedal.open()
    bus.tap(twin, KEY_B)
    assert pedal.events(0.1) == []
    assert bus.desktop == [KEY_B]
    pedal.close()


def test_one_with_a_serial_number_is_known_on_any_port(bus: SimulatedBus) -> None:
    moved = Identity(0x0C2E, 0x0B61, "S1", "usb-9")
    bus.plug(moved)
    scanner = WedgeScanner("scanner", bus, Identity(0x0C2E, 0x0B61, "S1", "usb-1"))
    scanner.open()
    bus.scan(moved, "A1")
    assert [event.text for event in scanner.events(1.0)] == ["A1"]
    scanner.close()


def test_a_scan_keeps_case_signs_and_group_separators(
    bus: SimulatedBus, scanner: WedgeScanner
) -> None:
    text = f"]d28018{GROUP_SEPARATOR}aZ-09 (x)_{{}}~|\"'"
    bus.scan(SCANNER, text[:12])
    bus.scan(SCANNER, text[12:])
    assert "".join(event.text for event in scanner.events(1.0)) == text
    assert bus.desktop == []


def test_what_is_typed_by_hand_is_no_scan(bus: SimulatedBus, scanner: WedgeScanner) -> None:
    bus.scan(SCANNER, "4711", gap_ms=80)
    assert scanner.events(0.2) == []
    bus.scan(SCANNER, "4712", gap_ms=40)
    assert [event.text for event in scanner.events(1.0)] == ["4712"]
    assert scanner.dropped == 1


def test_a_scan_that_lost_keys_is_thrown_away_whole() -> None:
    bus = SimulatedBus(buffer=64)
    bus.plug(SCANNER)
    scanner = WedgeScanner("scanner", bus, SCANNER)
    scanner.open()
    bus.scan(SCANNER, "1" * 40)
    assert scanner.events(0.2) == []
    assert scanner.dropped == 1
    bus.scan(SCANNER, "22")
    assert [event.text for event in scanner.events(1.0)] == ["22"]
    scanner.close()


def test_half_a_scan_before_an_unplug_is_not_joined_to_the_next(
    bus: SimulatedBus, scanner: WedgeScanner
) -> None:
    bus.tap(SCANNER, KEY_A)
    bus.unplug(SCANNER)
    bus.plug(SCANNER)
    deadline = time.monotonic() + 60
    while (bus.desktop, scanner.dropped, scanner.state) != ([], 1, TriggerState.LIVE):
        assert scanner.events(0.1) == []
        assert time.monotonic() < deadline
    bus.scan(SCANNER, "4712")
    assert [event.text for event in scanner.events(1.0)] == ["4712"]


def test_pairing_hides_the_whole_scan_from_others(bus: SimulatedBus) -> None:
    bus.plug(KEYBOARD)
    bus.plug(SCANNER)
    scan = Timer(0.1, bus.scan, (SCANNER, "A4711"))
    scan.start()
    assert pair(bus, 5.0) == SCANNER
    scan.join()
    assert bus.desktop == []
    bus.tap(KEYBOARD, KEY_A)
    assert bus.desktop == [KEY_A]


def test_pairing_leaves_touchscreens_alone_and_says_when_nothing_is_there(
    bus: SimulatedBus,
) -> None:
    bus.plug(KEYBOARD, absolute=True)
    with pytest.raises(SourceUnavailable, match="no input device that could be pressed"):
        pair(bus, 1.0)
    bus.plug(PEDAL)
    bus.forbidden.add(PEDAL)
    with pytest.raises(SourceUnavailable, match=r"can be read .*group input"):
        pair(bus, 1.0)


def test_pairing_survives_a_device_that_goes(bus: SimulatedBus) -> None:
    bus.plug(KEYBOARD)
    bus.plug(PEDAL)
    gone = Timer(0.1, bus.unplug, (KEYBOARD,))
    press = Timer(0.3, bus.key, (PEDAL, KEY_B, True))
    gone.start()
    press.start()
    assert pair(bus, 5.0) == PEDAL
    press.join()
