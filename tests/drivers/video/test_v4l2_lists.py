"""What a driver lists, and what we make of it; the kernel itself is asked in the hardware guest."""

from __future__ import annotations

import ctypes
import errno
from collections.abc import Callable
from fractions import Fraction
from typing import Any, cast

import pytest

from drivers.errors import SourceUnavailable
from drivers.video import abi, requests, v4l2_bridge, v4l2_lists
from drivers.video.device import DvTimings
from drivers.video.errors import UnsupportedMode
from drivers.video.node import Node

Answer = Callable[[Any], None]


class Driver:
    """Answers requests from a table; whatever is not in it a driver does not have."""

    name = "Grabber"

    def __init__(self, **answers: Answer) -> None:
        self._answers = {getattr(requests, name): answer for name, answer in answers.items()}

    @property
    def node(self) -> Node:
        return cast("Node", self)

    def request(self, number: int, argument: Any) -> None:
        if number not in self._answers:
            raise OSError(errno.ENOTTY, "no such request")
        self._answers[number](argument)


def refuse(number: int) -> Answer:
    def answer(_: Any) -> None:
        raise OSError(number, "refused")

    return answer


def listed(*entries: dict[str, Any]) -> Answer:
    def answer(argument: Any) -> None:
        if argument.index >= len(entries):
            raise OSError(errno.EINVAL, "end of list")
        for name, value in entries[argument.index].items():
            setattr(argument, name, value)

    return answer


def value(number: int) -> Answer:
    def answer(argument: Any) -> None:
        argument.value = number

    return answer


def with_status(bits: int) -> Driver:
    return Driver(G_INPUT=value(0), ENUMINPUT=listed({"name": b"S-Video", "status": bits}))


@pytest.mark.parametrize(
    ("bits", "status"),
    [
        (0, "good"),
        (0x4, "good"),  # no colour is no fault of the signal
        (0x1, "off"),
        (0x2, "no signal"),
        (0x100, "unlocked"),
        (0x10000, "unlocked"),
        (0x01000000, "protected"),
        (0x02000000, "protected"),
        (0x01000002, "no signal"),
    ],
)
def test_the_worst_that_an_input_says_counts(bits: int, status: str) -> None:
    current = v4l2_lists.current_input(with_status(bits).node)
    assert current is not None
    assert (current.name, current.status) == ("S-Video", status)


def test_a_driver_without_lists_has_none() -> None:
    node = Driver().node
    assert v4l2_lists.current_input(node) is None
    assert not v4l2_lists.inputs(node)
    assert not v4l2_lists.standards(node)
    assert not v4l2_lists.controls(node)
    assert not v4l2_lists.sizes(node, "YUYV")
    assert v4l2_lists.pixel_aspect(node) is None
    assert v4l2_lists.current_standard(node) == ""
    assert v4l2_bridge.query_timings(node) is None
    assert v4l2_bridge.edid(node) == b""


def test_a_device_that_goes_away_in_the_middle_of_a_list_is_gone() -> None:
    def gone(_: Any) -> None:
        raise SourceUnavailable("Grabber", "the device is gone", "Plug it in again.")

    node = Driver(ENUMINPUT=gone, G_INPUT=gone, G_STD=gone, CROPCAP=gone, QUERYCTRL=gone).node
    for ask in (
        *(v4l2_lists.inputs, v4l2_lists.current_input, v4l2_lists.current_standard),
        *(v4l2_lists.pixel_aspect, v4l2_lists.controls),
    ):
        with pytest.raises(SourceUnavailable, match="gone"):
            ask(node)


def pal() -> dict[str, Any]:
    return {"name": b"PAL", "id": 0xFF, "framelines": 625, "frameperiod": abi.Fraction(1, 25)}


def test_a_standard_that_the_driver_does_not_take_is_unsupported() -> None:
    standards = listed(pal())
    stubborn = Driver(ENUMSTD=standards, S_STD=lambda _: None, G_STD=value(0xB000)).node
    with pytest.raises(UnsupportedMode, match=r"does not take standard PAL\. It has: PAL"):
        v4l2_lists.choose_standard(stubborn, "PAL")
    willing = Driver(ENUMSTD=standards, S_STD=lambda _: None, G_STD=value(0x1F)).node
    v4l2_lists.choose_standard(willing, "PAL")
    assert v4l2_lists.current_standard(willing) == "PAL"
    (one,) = v4l2_lists.standards(willing)
    assert (one.lines, one.period) == (625, Fraction(1, 25))


def test_an_empty_pixel_aspect_is_none() -> None:
    def aspect(height: int, width: int) -> Driver:
        def answer(area: abi.CropCap) -> None:
            area.pixelaspect = abi.Fraction(height, width)

        return Driver(CROPCAP=answer)

    assert v4l2_lists.pixel_aspect(aspect(54, 59).node) == (54, 59)
    assert v4l2_lists.pixel_aspect(aspect(0, 0).node) is None


@pytest.mark.parametrize(
    ("number", "fault"),
    [(errno.ENOLINK, "no cable"), (errno.ENOLCK, "no lock"), (errno.ERANGE, "out of range")],
)
def test_a_bridge_says_why_there_are_no_timings(number: int, fault: str) -> None:
    assert v4l2_bridge.query_timings(Driver(QUERY_DV_TIMINGS=refuse(number)).node) == fault


def test_the_rate_of_timings_is_that_of_the_standard() -> None:
    def answer(timings: abi.Timings) -> None:
        bt = timings.bt
        bt.width, bt.height, bt.pixelclock = 1920, 1080, 74_250_000
        bt.hfrontporch, bt.hsync, bt.hbackporch = 88, 44, 148
        bt.vfrontporch, bt.vsync, bt.vbackporch = 4, 5, 36

    timings = v4l2_bridge.query_timings(Driver(QUERY_DV_TIMINGS=answer).node)
    assert isinstance(timings, DvTimings)
    assert timings.rate == 30
    assert len(timings.raw) == ctypes.sizeof(abi.Timings)


def test_menus_of_numbers_and_of_words_are_read() -> None:
    def query(control: abi.QueryControl) -> None:
        number = control.id & ~abi.CTRL_FLAG_NEXT_CTRL
        if number >= 2:
            raise OSError(errno.EINVAL, "end of list")
        control.id, control.minimum, control.maximum = number + 1, 0, 2
        control.type = 3 if number == 0 else 9
        control.name = b"Mode" if number == 0 else b"Clock"

    def menu(entry: abi.QueryMenu) -> None:
        if entry.index == 1:
            raise OSError(errno.EINVAL, "a hole")
        if entry.id == 1:
            entry.name = b"word %d" % entry.index
        else:
            entry.name = (1000 + entry.index).to_bytes(8, "little")

    words, numbers = v4l2_lists.controls(Driver(QUERYCTRL=query, QUERYMENU=menu).node)
    assert words.menu == {0: "word 0", 2: "word 2"}
    assert numbers.menu == {0: "1000", 2: "1002"}
