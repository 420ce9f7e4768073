"""Which grabber is meant where the configuration names none."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.errors import SourceUnavailable
from drivers.timing import SYSTEM
from drivers.video.discovery import Roots
from drivers.video.presets import PRESETS
from firmware.capture.build import build, only_grabber
from firmware.capture.spec import VideoSpec


def machine(folder: Path, *names: str) -> Roots:
    """A machine with grabbers on a platform bus."""
    bus = folder / "bus/platform"
    bus.mkdir(parents=True)
    for number, name in enumerate(names):
        device = folder / "devices/platform" / name
        node = folder / f"class/video4linux/video{number}"
        device.mkdir(parents=True)
        node.mkdir(parents=True)
        (device / "subsystem").symlink_to(bus)
        (node / "device").symlink_to(device)
        (node / "name").write_text(name)
    return Roots(sysfs=folder, nodes=folder)


def test_the_only_grabber_needs_no_name(tmp_path: Path) -> None:
    assert only_grabber("ct", machine(tmp_path, "vivid.0")) == "platform-vivid.0"


def test_one_of_several_has_to_be_named(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match=r"platform-vivid\.0, platform-vivid\.1"):
        only_grabber("ct", machine(tmp_path, "vivid.0", "vivid.1"))


def test_without_a_grabber_the_source_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="no grabber is plugged in"):
        only_grabber("ct", machine(tmp_path))


def test_a_named_grabber_that_is_missing_is_told_as_such() -> None:
    source = build(VideoSpec("ct", PRESETS["hdmi-csi"].on("usb-nowhere")), SYSTEM)
    assert source.name == "ct"
    with pytest.raises(SourceUnavailable, match="ct: the device is not plugged in"):
        source.open()
