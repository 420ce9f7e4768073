"""Profiles say what is wrong with them, all of it, before a device is touched."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from drivers.video.formats import FORMATS
from drivers.video.numbering import Numbering
from drivers.video.presets import PRESETS
from drivers.video.profile import CaptureProfile, Crop


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"device": "/dev/video0"}, "changes with every start"),
        ({"pixel_format": "H264"}, "none of YUYV"),
        ({"pixel_format": "MJPG"}, "lossy, which the profile does not allow"),
        ({"columns": -1}, "out of range"),
        ({"rows": 65536}, "out of range"),
        ({"rate": 0.0}, "makes no sense"),
        ({"rate": float("nan")}, "makes no sense"),
        ({"range": "narrow"}, "neither"),
        ({"range": (218, 30)}, "black below white"),
        ({"range": (0, 256)}, "black below white"),
        ({"matrix": "2020"}, '"601" nor "709"'),
        ({"fields": "bob"}, "none of progressive"),
        ({"pixel_aspect": (0, 1)}, "pixel aspect"),
        ({"freeze_seconds": -1.0}, "until frozen"),
        ({"edid": b"x"}, "whole blocks"),
        ({"crop": Crop(0, 0, 0, 5)}, "keeps nothing"),
        ({"crop": Crop(-1, 0, 5, 5)}, "keeps nothing"),
        ({"columns": 64, "rows": 48, "crop": Crop(60, 0, 5, 5)}, "reaches out of 64 by 48"),
    ],
)
def test_each_fault_is_named(changed: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match="profile room 2: .*" + text):
        CaptureProfile(**{"name": "room 2", "device": "usb-1"} | changed)


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(ValueError, match=r"format.*matrix.*fields"):
        CaptureProfile("p", "x", "XXXX", matrix="1", fields="y")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_complete_but_for_the_device(name: str) -> None:
    preset = PRESETS[name]
    assert preset.name == name
    assert preset.device == ""
    assert preset.on("usb-1").device == "usb-1"
    assert preset.lossy == FORMATS[preset.pixel_format].compressed


def test_stills_are_lossless_by_default() -> None:
    assert not CaptureProfile("p", "x").lossy
    assert not PRESETS["hdmi-usb-still"].lossy


PERIOD = 40_000_000


def numbered(pairs: list[tuple[int, int]], period: bool = True) -> list[tuple[int, int]]:
    numbering = Numbering()
    numbering.restart(Fraction(1, 25) if period else None)
    return [numbering.number(sequence, at * PERIOD) for sequence, at in pairs]


def test_a_gap_in_number_and_time_is_a_loss() -> None:
    assert numbered([(0, 0), (1, 1), (4, 4), (5, 5)]) == [(0, 0), (1, 0), (4, 2), (5, 0)]


def test_a_gap_in_number_alone_is_the_driver_s_mistake() -> None:
    assert numbered([(0, 0), (2, 1), (9, 3)]) == [(0, 0), (1, 0), (3, 1)]


def test_without_a_known_period_the_number_is_believed() -> None:
    assert numbered([(0, 0), (3, 1)], period=False) == [(0, 0), (3, 2)]


def test_repeated_and_wrapped_numbers_lose_nothing() -> None:
    assert numbered([(7, 0), (7, 1), (8, 2)]) == [(0, 0), (1, 0), (2, 0)]
    assert numbered([(2**32 - 1, 0), (0, 1), (2, 3)]) == [(0, 0), (1, 0), (3, 1)]


def test_a_device_that_counts_backwards_after_a_hiccup_loses_nothing() -> None:
    assert numbered([(100, 0), (3, 5)]) == [(0, 0), (1, 0)]
