"""The guest has what it promises, seen without any driver of ours."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from tests.hardware.guest import devices
from tests.hardware.guest.hands import Hands

_QUERYCAP = 0x80685600
_CAPABILITY_BYTES = 104


def test_the_grabber_is_vivid() -> None:
    node = os.open(os.environ["GANTRY_VIDEO_DEVICE"], os.O_RDWR | os.O_NONBLOCK)
    try:
        capability = fcntl.ioctl(node, _QUERYCAP, bytes(_CAPABILITY_BYTES))
    finally:
        os.close(node)
    assert capability.startswith(b"vivid\0")


def test_the_grabber_leaves_and_returns() -> None:
    devices.unplug_grabber()
    assert not any(Path("/dev").glob("video*"))
    devices.replug_grabber()
    assert str(devices.appears(devices.video_node())) == os.environ["GANTRY_VIDEO_DEVICE"]


def test_a_stick_appears_and_leaves(hands: Hands) -> None:
    hands.plug("storage")
    stick = devices.appears(Path("/dev/disk/by-label/STICK"))
    assert "/usb" in str(Path("/sys/class/block", stick.resolve().name).resolve())
    hands.unplug("storage")
    devices.leaves(stick)
