"""Pairing by a press, and rules for codes from an example."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.barcode.mask import Mask
from drivers.hid.identity import Identity
from drivers.hid.sim import SimulatedBus
from firmware.config import defaults, load
from firmware.workshop.hands import Hands
from services.console.workshop import WorkshopRefusal

PEDAL = Identity.parse("3553:b001@usb-0000:01:00.0-1.3")
SCANNER = Identity.parse("05e0:1200@usb-0000:01:00.0-1.4")


@pytest.fixture
def bus() -> SimulatedBus:
    made = SimulatedBus()
    made.plug(PEDAL, name="Foot")
    made.plug(SCANNER, name="Scanner")
    return made


def test_the_one_that_is_pressed_is_the_one(bus: SimulatedBus) -> None:
    hands = Hands(defaults(), bus)
    done = threading.Event()

    def press() -> None:
        # pairing forgets what was pressed before it began: press until it has noticed
        while not done.wait(0.05):
            bus.key(PEDAL, 30, True)
            bus.key(PEDAL, 30, False)

    foot = threading.Thread(target=press)
    lines = hands.pair(20)
    assert not next(lines).done
    foot.start()
    try:
        paired = next(lines)
    finally:
        done.set()
        foot.join()
    assert (paired.ok, paired.said) == (True, str(PEDAL))


def test_nobody_presses(bus: SimulatedBus) -> None:
    *_, last = Hands(defaults(), bus).pair(0.05)
    assert not last.ok
    assert last.advice


def test_what_is_configured_is_shown_and_not_paired_again(
    bus: SimulatedBus, tmp_path: Path
) -> None:
    file = tmp_path / "gantry.toml"
    file.write_text(
        f'[[triggers]]\nname = "left"\nkind = "hid-pedal"\ndevice = "{PEDAL}"\n'
        'on_short = "capture"\n[[sources]]\nname = "s"\nkind = "pattern"\n'
        '[[protocols]]\nname = "p"\nsource = "s"\nobject = "SC"\n'
    )
    hands = Hands(load(file), bus)
    told = {row["identity"]: row["trigger"] for row in hands.devices()}
    assert told == {str(PEDAL): "left", str(SCANNER): ""}


def test_a_scan_is_understood_by_the_rules_that_are_tried() -> None:
    hands = Hands(defaults(), SimulatedBus())
    told = hands.understand("P0815", [{"gives": "patient_id", "mask": "P^~..."}])
    assert told["found"] == {"patient_id": "0815"}
    assert not told["gs1"]
    told = hands.understand("X1", [{"gives": "patient_id", "mask": "P^~..."}])
    assert told["found"] == {}
    assert told["problem"]
    wrong = [{"gives": "shoe_size"}], [{"gives": "patient_id", "mask": "~~"}]
    for rules in wrong:
        with pytest.raises(WorkshopRefusal) as caught:
            hands.understand("P0815", rules)
        assert caught.value.code == "G-5502"
    with pytest.raises(WorkshopRefusal):
        hands.understand("", [])


def test_a_mask_is_made_of_an_example() -> None:
    hands = Hands(defaults(), SimulatedBus())
    assert hands.mask("P0815", 1, 5, open_ended=False) == "P^~^~^~^~"
    assert hands.mask("P0815", 1, 5, open_ended=True) == "P^~..."
    assert hands.mask("P0815", 0, 5, open_ended=True) == "^+^~..."
    assert hands.mask("47$11", 3, 5, open_ended=False) == "~~\\24^~^~"
    with pytest.raises(WorkshopRefusal):
        hands.mask("P0815", 3, 3, open_ended=False)


@given(
    st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=30),
    st.integers(0, 29),
    st.integers(1, 30),
    st.booleans(),
)
def test_every_mask_keeps_what_was_marked(text: str, start: int, end: int, more: bool) -> None:
    hands = Hands(defaults(), SimulatedBus())
    try:
        written = hands.mask(text, start, end, open_ended=more)
    except WorkshopRefusal:
        return
    from drivers.barcode.symbology import read_symbol

    code = read_symbol(text).text
    assert Mask(written).apply(code) == code[start:end]
