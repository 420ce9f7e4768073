"""What a video node can do, in lists: formats, sizes, inputs, standards and controls."""

from __future__ import annotations

import ctypes
import errno
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import TypeVar

from drivers.errors import SourceUnavailable
from drivers.video import abi, requests
from drivers.video.device import Control, Input, InputStatus, Standard
from drivers.video.errors import UnsupportedMode
from drivers.video.node import Node

Entry = TypeVar("Entry", bound=ctypes.Structure)

_NOT_HERE = (errno.EINVAL, errno.ENOTTY, errno.ENODATA)
"""The end of a list, a driver without the list, an input without it."""

_LONGEST = 1024


def text(raw: bytes) -> str:
    """A name in the kernel's words."""
    return raw.decode("utf-8", "replace").strip()


def number(value: int) -> ctypes.c_int:
    """A plain number as the argument of a request."""
    return ctypes.c_int(value)


def fraction(value: abi.Fraction) -> Fraction | None:
    """A fraction, None where the driver left it empty."""
    if not value.numerator or not value.denominator:
        return None
    return Fraction(value.numerator, value.denominator)


def formats(node: Node) -> Sequence[str]:
    """Pixel formats by fourcc."""
    return tuple(
        abi.fourcc(entry.pixelformat)
        for entry in _entries(
            node,
            requests.ENUM_FMT,
            lambda index: abi.FormatDescription(index=index, type=abi.BUF_TYPE_VIDEO_CAPTURE),
        )
    )


def sizes(node: Node, fourcc: str) -> Sequence[tuple[int, int]]:
    """Single sizes of a format; empty where the driver scales to any."""
    pixel_format = abi.fourcc_number(fourcc)
    return tuple(
        (entry.width, entry.height)
        for entry in _entries(
            node,
            requests.ENUM_FRAMESIZES,
            lambda index: abi.FrameSize(index=index, pixel_format=pixel_format),
        )
        if entry.type == abi.FRMSIZE_TYPE_DISCRETE
    )


def inputs(node: Node) -> Sequence[Input]:
    """Sockets with the status of this moment; most drivers tell it of the chosen one only."""
    return tuple(
        _input(entry)
        for entry in _entries(
            node, requests.ENUMINPUT, lambda index: abi.InputDescription(index=index)
        )
    )


def current_input(node: Node) -> Input | None:
    """The chosen socket, None for drivers without any."""
    chosen = number(0)
    entry = abi.InputDescription()
    try:
        node.request(requests.G_INPUT, chosen)
        entry.index = chosen.value
        node.request(requests.ENUMINPUT, entry)
    except SourceUnavailable:
        raise
    except OSError as error:
        if error.errno in _NOT_HERE:
            return None
        raise
    return _input(entry)


def choose_input(node: Node, wanted: int | str) -> None:
    """Choose a socket by number or name.

    Raises
    ------
    UnsupportedMode
        Naming those that there are.
    """
    there = inputs(node)
    for one in there:
        if wanted in (one.index, one.name):
            node.request(requests.S_INPUT, number(one.index))
            return
    names = ", ".join(f"{one.index} ({one.name})" for one in there) or "none"
    raise UnsupportedMode(node.name, f"it has no input {wanted}", f"It has: {names}.")


def standards(node: Node) -> Sequence[Standard]:
    """Analogue standards of the chosen input."""
    return tuple(
        Standard(
            text(entry.name),
            int(entry.id),
            fraction(entry.frameperiod) or Fraction(0),
            entry.framelines,
        )
        for entry in _entries(
            node, requests.ENUMSTD, lambda index: abi.StandardDescription(index=index)
        )
    )


def current_standard(node: Node) -> str:
    """Name of the standard in use, empty for digital inputs."""
    mask = ctypes.c_uint64()
    try:
        node.request(requests.G_STD, mask)
    except SourceUnavailable:
        raise
    except OSError:
        return ""
    known = standards(node)
    for one in known:
        if one.number == mask.value:
            return one.name
    return next((one.name for one in known if one.number & mask.value), "")


def choose_standard(node: Node, wanted: str) -> None:
    """Choose a standard by the driver's name, and see that it was taken.

    Raises
    ------
    UnsupportedMode
        The driver does not know it, or goes on with another.
    """
    for one in standards(node):
        if one.name != wanted:
            continue
        node.request(requests.S_STD, ctypes.c_uint64(one.number))
        taken = ctypes.c_uint64()
        node.request(requests.G_STD, taken)
        if taken.value & one.number:
            return
    names = ", ".join(one.name for one in standards(node)) or "none"
    raise UnsupportedMode(node.name, f"it does not take standard {wanted}", f"It has: {names}.")


def pixel_aspect(node: Node) -> tuple[int, int] | None:
    """Height and width of a pixel in proportion, None where the driver does not say."""
    area = abi.CropCap(type=abi.BUF_TYPE_VIDEO_CAPTURE)
    try:
        node.request(requests.CROPCAP, area)
    except SourceUnavailable:
        raise
    except OSError:
        return None
    aspect = fraction(area.pixelaspect)
    return (aspect.numerator, aspect.denominator) if aspect else None


def controls(node: Node) -> Sequence[Control]:
    """Settings that are in use; those whose value is no single number are left out."""
    found = []
    query = abi.QueryControl(id=abi.CTRL_FLAG_NEXT_CTRL)
    for _ in range(_LONGEST):
        try:
            node.request(requests.QUERYCTRL, query)
        except SourceUnavailable:
            raise
        except OSError:
            break
        kind = abi.CTRL_TYPES.get(query.type)
        if kind is not None and not query.flags & abi.CTRL_FLAG_DISABLED:
            found.append(_control(node, query, kind))
        query = abi.QueryControl(id=query.id | abi.CTRL_FLAG_NEXT_CTRL)
    return tuple(found)


def _control(node: Node, query: abi.QueryControl, kind: str) -> Control:
    menu = {}
    if kind in ("menu", "integer menu"):
        for index in range(query.minimum, min(query.maximum, _LONGEST) + 1):
            entry = abi.QueryMenu(id=query.id, index=index)
            try:
                node.request(requests.QUERYMENU, entry)
            except SourceUnavailable:
                raise
            except OSError:
                continue  # menus have holes
            menu[index] = text(entry.name) if kind == "menu" else str(_wide(entry))
    return Control(
        query.id,
        text(query.name),
        kind,
        query.minimum,
        query.maximum,
        query.step,
        query.default_value,
        menu,
    )


def _wide(entry: abi.QueryMenu) -> int:
    """The number in a menu of numbers: it shares its memory with the name."""
    begin = abi.QueryMenu.name.offset
    return int.from_bytes(bytes(entry)[begin : begin + 8], "little", signed=True)


def _input(entry: abi.InputDescription) -> Input:
    return Input(
        entry.index,
        text(entry.name),
        _status(entry.status),
        bool(entry.capabilities & abi.IN_CAP_STD),
        bool(entry.capabilities & abi.IN_CAP_DV_TIMINGS),
    )


def _status(bits: int) -> InputStatus:
    if bits & abi.IN_ST_NO_POWER:
        return InputStatus.OFF
    if bits & abi.IN_ST_NO_SIGNAL:
        return InputStatus.NO_SIGNAL
    if bits & abi.IN_ST_UNLOCKED:
        return InputStatus.UNLOCKED
    if bits & abi.IN_ST_PROTECTED:
        return InputStatus.PROTECTED
    return InputStatus.GOOD


def _entries(node: Node, request: int, entry: Callable[[int], Entry]) -> Iterator[Entry]:
    """Ask for one entry after the other until the driver has no more."""
    for index in range(_LONGEST):
        one = entry(index)
        try:
            node.request(request, one)
        except SourceUnavailable:
            raise
        except OSError as error:
            if error.errno in _NOT_HERE:
                return
            raise
        yield one
