"""What a video grabber can be asked, whoever answers: the kernel or a simulation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Identity:
    """What stays the same when a grabber is plugged in again.

    Attributes
    ----------
    path : str
        Bus and port, such as ``usb-0:1.3:1.0`` or ``platform-vivid.0``.
    serial : str
        The device's own serial number, empty where it has none.
    vendor, product : str
        USB vendor and product as four hexadecimal digits, empty on other buses.
    index : int
        Which of the device's capture nodes it is; nearly always 0.
    card, driver : str
        What the driver calls the device and itself.
    node : str
        Where it is just now; another one after the next plug.
    """

    path: str
    serial: str = ""
    vendor: str = ""
    product: str = ""
    index: int = 0
    card: str = ""
    driver: str = ""
    node: str = ""


class FieldOrder(Enum):
    """How the lines of a picture came, the numbers of ``enum v4l2_field``."""

    ANY = 0
    PROGRESSIVE = 1
    TOP = 2
    BOTTOM = 3
    INTERLACED = 4
    SEQUENTIAL_TOP = 5
    SEQUENTIAL_BOTTOM = 6
    ALTERNATE = 7
    INTERLACED_TOP = 8
    INTERLACED_BOTTOM = 9


@dataclass(frozen=True, slots=True)
class Request:
    """What a profile wants of a device; None and 0 leave the device as it is."""

    fourcc: str
    columns: int = 0
    rows: int = 0
    rate: float | None = None
    standard: str | None = None
    input: int | str | None = None
    interlaced: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """What the device says it does, read back after it was told what to do.

    Attributes
    ----------
    fourcc : str
        Pixel format, such as ``YUYV``.
    columns, rows : int
        Size of a picture.
    bytes_per_line : int
        Bytes from one line to the next, padding included; 0 for compressed pictures.
    size : int
        Bytes of a whole picture, or the most that a compressed one takes.
    fields : FieldOrder
        How the lines come.
    period : Fraction or None
        Seconds per picture where the device knows.
    standard : str
        Analogue standard, empty where the input has none.
    pixel_aspect : tuple of int or None
        Height and width of a pixel in proportion, as the kernel's ``pixelaspect`` (y/x) says it.
    """

    fourcc: str
    columns: int
    rows: int
    bytes_per_line: int
    size: int
    fields: FieldOrder = FieldOrder.PROGRESSIVE
    period: Fraction | None = None
    standard: str = ""
    pixel_aspect: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class RawBuffer:
    """One filled buffer. ``view`` is the device's own memory and dies with :meth:`requeue`.

    ``timestamp_ns`` is on the kernel's monotonic clock; ``error`` says that the device itself knows
    the picture to be damaged (``V4L2_BUF_FLAG_ERROR``).
    """

    index: int
    view: memoryview
    sequence: int
    timestamp_ns: int
    error: bool
    bytes_used: int

    def bytes(self) -> NDArray[np.uint8]:
        """The used part of the buffer, not copied."""
        return np.frombuffer(self.view, np.uint8, min(self.bytes_used, len(self.view)))


@dataclass(frozen=True, slots=True)
class Standard:
    """An analogue television standard of an input (``ENUMSTD``)."""

    name: str
    number: int
    period: Fraction
    lines: int


class InputStatus(StrEnum):
    """What an input says of its signal, the worst first."""

    OFF = "off"
    NO_SIGNAL = "no signal"
    UNLOCKED = "unlocked"
    PROTECTED = "protected"
    GOOD = "good"


@dataclass(frozen=True, slots=True)
class Input:
    """A socket of the device (``ENUMINPUT``)."""

    index: int
    name: str
    status: InputStatus
    has_standards: bool
    has_timings: bool


@dataclass(frozen=True, slots=True)
class Control:
    """A setting of the device (``QUERYCTRL``); ``menu`` maps values to words where it has one."""

    number: int
    name: str
    kind: str
    minimum: int
    maximum: int
    step: int
    default: int
    menu: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DvTimings:
    """Digital video timings of a bridge (``struct v4l2_bt_timings``), lengths in pixels or lines.

    ``raw`` is the kernel's own structure, so that what was queried can be set unchanged.
    """

    columns: int
    rows: int
    interlaced: bool
    pixel_clock: int
    total_columns: int
    total_rows: int
    raw: bytes = field(default=b"", repr=False, compare=False)

    @property
    def rate(self) -> float:
        """Pictures per second; 0 where the clock is not known."""
        total = self.total_columns * self.total_rows
        return self.pixel_clock / total if total else 0.0


class TimingsFault(StrEnum):
    """Why a bridge knows no timings (``QUERY_DV_TIMINGS``)."""

    NO_CABLE = "no cable"
    NO_LOCK = "no lock"
    OUT_OF_RANGE = "out of range"


class Event(StrEnum):
    """What a device tells by itself."""

    SOURCE_CHANGE = "source change"
    CONTROL = "control"
    END = "end of stream"


class VideoDevice(Protocol):
    """A grabber. Every method raises ``SourceUnavailable`` once the device is gone."""

    @property
    def identity(self) -> Identity: ...

    def open(self) -> None: ...

    def close(self) -> None:
        """Let go of buffers and node; may be called twice."""
        ...

    def formats(self) -> Sequence[str]:
        """Pixel formats by their four characters, trailing blanks cut."""
        ...

    def sizes(self, fourcc: str) -> Sequence[tuple[int, int]]:
        """Columns and rows that the format comes in, empty where the driver does not list them."""
        ...

    def inputs(self) -> Sequence[Input]: ...

    def current_input(self) -> Input | None:
        """The chosen input with its status of this moment, None where there is no choice."""
        ...

    def standards(self) -> Sequence[Standard]:
        """Standards of the chosen input, empty for digital ones."""
        ...

    def controls(self) -> Sequence[Control]: ...

    def control(self, number: int) -> int: ...

    def set_control(self, number: int, value: int) -> None: ...

    def configure(self, request: Request) -> Layout:
        """Choose input, standard, format and rate in this order, and read back what came of it.

        Raises
        ------
        UnsupportedMode
            Where the device does not know the input, standard or format at all.
        """
        ...

    def layout(self) -> Layout:
        """Read back what the device does now."""
        ...

    def start(self) -> None:
        """Give the device its buffers and let pictures come."""
        ...

    def stop(self) -> None:
        """Let no more pictures come; every buffer goes back, their views die."""
        ...

    def dequeue(self, timeout: float) -> RawBuffer | None:
        """The next filled buffer, or None where :meth:`events` has something to say first.

        Raises
        ------
        SourceTimeout
            Nothing happened in ``timeout`` seconds.
        """
        ...

    def requeue(self, buffer: RawBuffer) -> None: ...

    def events(self) -> Sequence[Event]:
        """What the device told since the last call; empty for drivers without events."""
        ...

    def query_timings(self) -> DvTimings | TimingsFault | None:
        """Timings of the signal, why there are none, or None for inputs without timings."""
        ...

    def set_timings(self, timings: DvTimings) -> None: ...

    def edid(self) -> bytes:
        """EDID that the source is shown, empty where there is none."""
        ...

    def set_edid(self, blocks: bytes) -> None:
        """Show the source another EDID; whole blocks of 128 bytes, none removes it."""
        ...
