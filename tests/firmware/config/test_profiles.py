"""Capture profiles: what the file says, on top of the preset that it begins from."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.video.presets import PRESETS
from drivers.video.profile import Crop
from firmware.config.profiles import capture_profile, find_profile
from tests.firmware.config.documents import VALID, load_text

PROFILE = """
[[profiles]]
name = "old ct"
preset = "composite-pal"
device = "usb-0000:01:00.0-1.3"
input = "1"
crop = [8, 0, 704, 576]
range = "measured"
measured = [30, 218]
grey = false
freeze_seconds = 0
edid = "console.edid"
"""


def test_a_profile_says_what_its_preset_does_not(tmp_path: Path) -> None:
    settings = load_text(tmp_path, VALID + PROFILE).profiles[0]
    assert settings.edid == str(tmp_path / "console.edid")
    profile = capture_profile(settings, bytes(128))
    preset = PRESETS["composite-pal"]
    assert profile.name == "old ct"
    assert profile.device == "usb-0000:01:00.0-1.3"
    assert (profile.standard, profile.pixel_aspect) == (preset.standard, preset.pixel_aspect)
    assert profile.input == 1
    assert profile.crop == Crop(8, 0, 704, 576)
    assert profile.range == (30, 218)
    assert not profile.grey
    assert profile.freeze_seconds == 0
    assert profile.edid == bytes(128)


def test_without_a_preset_a_profile_is_as_the_driver_begins(tmp_path: Path) -> None:
    text = VALID + '\n[[profiles]]\nname = "plain"\nmatrix = "709"\n'
    profile = capture_profile(load_text(tmp_path, text).profiles[0])
    assert (profile.pixel_format, profile.matrix, profile.range) == ("YUYV", "709", "full")


@pytest.mark.parametrize("name", PRESETS)
def test_every_shipped_preset_can_be_named_by_a_source(tmp_path: Path, name: str) -> None:
    source = f'[[sources]]\nname = "grabber"\nkind = "v4l2"\ndevice = "usb-1"\nprofile = "{name}"\n'
    configuration = load_text(tmp_path, VALID + source)
    found = find_profile(configuration.profiles, name)
    assert found is not None
    assert capture_profile(found) == PRESETS[name]


def test_a_configured_profile_goes_before_a_preset_of_its_name(tmp_path: Path) -> None:
    text = VALID + '\n[[profiles]]\nname = "hdmi-csi"\npixel_format = "GREY"\n'
    configuration = load_text(tmp_path, text)
    found = find_profile(configuration.profiles, "hdmi-csi")
    assert found is not None
    assert capture_profile(found).pixel_format == "GREY"
    assert find_profile(configuration.profiles, "nothing") is None
