"""Pedals, lamps and code rules in the configuration: what is taken, and what is explained."""

from __future__ import annotations

from pathlib import Path

import pytest

from firmware.config import Configuration
from tests.firmware.config.documents import VALID, faults_of, load_text

PANEL = """
[[sources]]
name = "generator"
kind = "serial"
device = "usb-0000:01:00.0-1.2"
driver = "laser-camera"

[panel]
ready_pin = 5
recording_pin = 6
fault_pin = 13
buzzer_pin = 19

[[triggers]]
name = "left"
kind = "pedal"
pin = 17
long_seconds = 0.5
hold_seconds = 1.5
on_short = "capture"
on_hold = "record_start"
on_release = "record_stop"

[[triggers]]
name = "x-ray"
kind = "exposure"
pin = 22

[[triggers]]
name = "usb"
kind = "hid-pedal"
device = "3553:b001@usb-0000:01:00.0-1.3"
on_press = "capture"

[[triggers]]
name = "codes"
kind = "scanner"
device = "0c2e:0b61:S1@usb-0000:01:00.0-1.4"

[[triggers]]
name = "generator"
kind = "line"
on_expose = "capture"

[[code_rules]]
gives = "accession_number"
mask = "A^~..."
symbology = "C"
"""


def loaded(folder: Path, panel: str = PANEL) -> Configuration:
    return load_text(folder, VALID + panel)


def test_everything_arrives_typed(tmp_path: Path) -> None:
    configuration = loaded(tmp_path)
    assert configuration.panel.pins == (5, 6, 13, 19)
    assert [trigger.kind for trigger in configuration.triggers] == [
        "pedal",
        "exposure",
        "hid-pedal",
        "scanner",
        "line",
    ]
    assert configuration.code_rules[0].gives == "accession_number"
    assert not any("triggers" in warning for warning in configuration.warnings)


def test_a_box_without_a_panel_says_nothing_of_one(tmp_path: Path) -> None:
    configuration = loaded(tmp_path, "")
    assert (configuration.panel.pins, configuration.triggers) == ((), ())


@pytest.mark.parametrize(
    ("old", "new", "key", "problem"),
    [
        ("pin = 22", "", "triggers[1].pin", "exposure needs a pin"),
        ("pin = 22", "pin = 17", "triggers[1].pin", "already used by triggers[0].pin"),
        ("pin = 22", "pin = 5", "triggers[1].pin", "already used by panel.ready_pin"),
        ("fault_pin = 13", "fault_pin = 6", "panel.fault_pin", "used by panel.recording_pin"),
        ("pin = 22", "pin = 1", "triggers[1].pin", "add-on boards"),
        ("pin = 22", "pin = 40", "triggers[1].pin", "too large"),
        ("pin = 22", 'pin = 22\non_short = "capture"', "triggers[1].on_short", "no meaning"),
        ("hold_seconds = 1.5", "hold_seconds = 0.5", "triggers[0].hold_seconds", "longer than"),
        ('on_press = "capture"', 'on_press = "explode"', "triggers[2].on_press", "not one of"),
        ('device = "3553', 'device = "/dev/input/event3 3553', "triggers[2].device", "no device"),
        (
            'device = "3553:b001@usb-0000:01:00.0-1.3"',
            "pin = 9",
            "triggers[2].device",
            "no keyboard is taken without",
        ),
        ('mask = "A^~..."', 'mask = "A~"', "code_rules[0].mask", "keeps nothing"),
        ('symbology = "C"', 'element = "x"', "code_rules[0].element", "Application Identifier"),
        (
            'name = "generator"\nkind = "line"',
            'name = "generatr"\nkind = "line"',
            "triggers[4].name",
            'did you mean "generator"',
        ),
        ('kind = "line"', 'kind = "line"\npin = 4', "triggers[4].pin", "no meaning"),
        ('name = "codes"', 'name = "LEFT"', "triggers[3].name", "already the name"),
    ],
)
def test_one_fault_is_named(tmp_path: Path, old: str, new: str, key: str, problem: str) -> None:
    assert old in PANEL
    found = faults_of(tmp_path, VALID + PANEL.replace(old, new))
    assert any(fault.key == key and problem in str(fault) for fault in found), found


def test_what_would_do_nothing_is_a_warning(tmp_path: Path) -> None:
    silent = PANEL.replace('on_press = "capture"', "").partition("[[code_rules]]")[0]
    warnings = loaded(tmp_path, silent).warnings
    assert any("no gesture of this pedal" in warning for warning in warnings)
    assert any("no [[code_rules]]" in warning for warning in warnings)
