"""vivid as a grabber whose far end is in the tests' hands: its controls are the modality."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from drivers.video.device import Control, Identity, Request, VideoDevice
from drivers.video.v4l2 import V4L2Device
from tests.hardware.guest import devices

WEBCAM, TELEVISION, S_VIDEO, HDMI = range(4)
PATH = "platform-vivid.0"


def grabber() -> V4L2Device:
    """The device wherever its node is now, not yet open."""
    try:
        node = str(devices.video_node())
    except FileNotFoundError:
        node = "/dev/video0"
    return V4L2Device(Identity(path=PATH, node=node))


@contextmanager
def opened() -> Iterator[V4L2Device]:
    """The device, open for as long as the block lasts."""
    device = grabber()
    device.open()
    try:
        yield device
    finally:
        device.close()


class Modality:
    """What is plugged into the grabber.

    It has an open file of its own, through which it moves vivid's controls while a source streams.
    """

    def __init__(self, device: VideoDevice) -> None:
        self._device = device

    def show(self, pattern: str) -> None:
        """Choose the picture, without the text that vivid writes into it."""
        self.turn("Test Pattern", pattern)
        self.turn("OSD Text Mode", "None")

    def move(self, moving: bool) -> None:
        """Let the picture move sideways or stand still."""
        self.turn("Horizontal Movement", "Move Right Fast" if moving else "No Movement")

    def choose(self, socket: int) -> None:
        """Let the controls of signals act on this input: they act on the chosen one."""
        self._device.configure(Request("UYVY", input=socket))

    def analogue(self, signal: str) -> None:
        self.turn("Standard Signal Mode", signal)

    def digital(self, signal: str) -> None:
        self.turn("DV Timings Signal Mode", signal)

    def lose(self, percent: int) -> None:
        self.turn("Percentage of Dropped Buffers", percent)

    def damage_one(self) -> None:
        """Let the next buffer carry the error flag."""
        self.turn("Inject V4L2_BUF_FLAG_ERROR", 1)

    def refuse_to_start(self) -> None:
        """Let the next STREAMON fail."""
        self.turn("Inject VIDIOC_STREAMON Error", 1)

    def turn(self, name: str, value: int | str) -> None:
        control = self._find(name)
        if isinstance(value, str):
            value = next(number for number, word in control.menu.items() if word == value)
        self._device.set_control(control.number, value)

    def words(self, name: str) -> list[str]:
        return list(self._find(name).menu.values())

    def _find(self, name: str) -> Control:
        controls = {control.name.casefold(): control for control in self._device.controls()}
        return controls[name.casefold()]
