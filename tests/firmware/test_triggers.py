"""What the configuration says of hands and feet becomes a stream, lamps and a desk."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.errors import SourceUnavailable
from drivers.hid.identity import Identity
from drivers.hid.sim import SimulatedBus
from drivers.panel.gpio import Gpio
from drivers.panel.sim import SimulatedGpio
from drivers.triggers import Action, Gesture, Trigger
from drivers.tty.load import find_model
from drivers.tty.sim import SimulatedLine
from firmware.assembly import make_side_channel, open_box
from firmware.config import Configuration, load
from firmware.triggers import Hands, make_desk, make_hands, make_reader
from services.catalog import exams
from services.trigger_words import NoPanel, Outcome
from tests.services.boxes import begin

PEDAL = Identity(0x3553, 0xB001, "", "usb-1")
SCANNER = Identity(0x0C2E, 0x0B61, "", "usb-2")
GSRN = "735005385000000011"

TEXT = """
[station]
state_dir = "state"

[[sources]]
name = "picture"
kind = "pattern"
rows = 64
columns = 64
rate = 50.0

[[protocols]]
name = "Screen"
source = "picture"
object = "SC"
"""
PINS = """
[panel]
ready_pin = 5
recording_pin = 6
buzzer_pin = 19

[[triggers]]
name = "foot"
kind = "pedal"
pin = 17
long_seconds = 0.3
on_short = "capture"
on_long = "record"
"""
USB = f"""
[[triggers]]
name = "usb foot"
kind = "hid-pedal"
device = "{PEDAL}"
on_press = "capture"

[[triggers]]
name = "codes"
kind = "scanner"
device = "{SCANNER}"
"""


def configured(folder: Path, more: str) -> Configuration:
    file = folder / "gantry.toml"
    file.write_text(TEXT + more)
    return load(file)


@pytest.fixture
def board() -> SimulatedGpio:
    return SimulatedGpio()


@pytest.fixture
def bus() -> SimulatedBus:
    made = SimulatedBus()
    made.plug(PEDAL)
    made.plug(SCANNER)
    return made


@pytest.fixture
def hands(tmp_path: Path, board: SimulatedGpio, bus: SimulatedBus) -> Iterator[Hands]:
    made = make_hands(configured(tmp_path, PINS + USB), lambda _: board, bus)
    made.open()
    until(lambda: set(made.stream.states.values()) == {"live"})
    yield made
    made.close()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def next_of(hands: Hands, *gestures: Gesture) -> list[Trigger]:
    found: list[Trigger] = []
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found += [t for t in hands.stream.events(0.5) if t.event.gesture in gestures]
        if found:
            return found
    raise AssertionError("nothing came")


def test_every_trigger_does_what_was_configured(
    hands: Hands, board: SimulatedGpio, bus: SimulatedBus
) -> None:
    assert set(hands.stream.states) == {"panel", "usb foot", "codes"}
    board.press(17, "opto-coupler")
    next_of(hands, Gesture.PRESS)
    board.release(17, "opto-coupler")
    assert next_of(hands, Gesture.SHORT)[0].action is Action.CAPTURE
    board.press(17, "opto-coupler")
    assert next_of(hands, Gesture.LONG)[0].action is Action.RECORD
    bus.tap(PEDAL, 48)
    assert next_of(hands, Gesture.PRESS)[0].action is Action.CAPTURE
    bus.scan(SCANNER, "P1")
    scan = next_of(hands, Gesture.SCAN)[0]
    assert (scan.action, scan.text) == (Action.SCAN, "P1")


def test_pedal_to_durable_image_with_lamps_and_tones(
    tmp_path: Path, hands: Hands, board: SimulatedGpio
) -> None:
    configuration = configured(tmp_path, PINS + USB)
    box = open_box(configuration)
    exam = begin(box)
    outcomes: list[Outcome] = []
    desk = make_desk(configuration, box, hands, outcomes.append)
    try:
        desk.arm(exam.exam_id)
        assert board.is_high(5)
        board.press(17, "opto-coupler")
        next_of(hands, Gesture.PRESS)
        board.release(17, "opto-coupler")
        for trigger in next_of(hands, Gesture.SHORT):
            desk.handle(trigger)
    finally:
        desk.close()
    assert [outcome.refused for outcome in outcomes] == [""]
    assert len(exams.instances_of(box.catalog, exam.exam_id)) == 1
    assert any(output.channel == 19 and output.high for output in board.outputs)
    assert not board.is_high(5)


LINE = """
[[sources]]
name = "codes on a line"
kind = "serial"
device = "{}"
driver = "barcode-scanner"

[[triggers]]
name = "codes on a line"
kind = "line"
"""


def test_a_serial_scanner_is_a_trigger_like_any_other(tmp_path: Path) -> None:
    model = find_model("barcode-scanner")
    with SimulatedLine(model) as device:
        configuration = configured(tmp_path, LINE.format(device.path))
        lines = [make_side_channel(configuration, "codes on a line")]
        hands = make_hands(configuration, lines=lines)
        hands.open()
        try:
            until(lambda: hands.stream.states["codes on a line"] != "no device")
            device.say("A0012345")
            scan = next_of(hands, Gesture.SCAN)[0]
        finally:
            hands.close()
    assert scan.action is Action.SCAN
    assert scan.source == "codes on a line"
    assert scan.text == "A0012345"


def test_a_box_without_pins_asks_for_no_gpio_module(tmp_path: Path, bus: SimulatedBus) -> None:
    def none(_: str) -> Gpio:
        raise AssertionError("nothing hangs on the pins")

    hands = make_hands(configured(tmp_path, USB), none, bus)
    assert hands.front is None
    assert isinstance(hands.panel, NoPanel)
    assert set(hands.stream.states) == {"usb foot", "codes"}


def test_pins_without_a_gpio_module_are_told_with_advice(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="rpi-lgpio"):
        make_hands(configured(tmp_path, PINS))


RULE = """
[[code_rules]]
gives = "accession_number"
mask = "A^~..."
"""


def test_a_site_without_rules_reads_wristbands_by_the_standard(tmp_path: Path) -> None:
    reader = make_reader(configured(tmp_path, ""))
    assert reader.read(f"]d28018{GSRN}").patient_id == GSRN


def test_a_site_with_rules_for_orders_reads_wristbands_as_well(tmp_path: Path) -> None:
    reader = make_reader(configured(tmp_path, "[panel]\ngs1_codes = true\n" + RULE))
    assert reader.read(f"8018{GSRN}").patient_id == GSRN
    assert reader.read("]C0A4711").accession_number == "4711"
