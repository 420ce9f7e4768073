"""Capture profiles: everything about one input that a picture alone does not tell."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from drivers.frame import LARGEST_SIDE
from drivers.video.device import Request
from drivers.video.formats import FORMATS
from drivers.video.levels import Matrix, Span
from drivers.video.signal import Signature

Fields = Literal["progressive", "weave", "double", "bwdif"]

_FIELDS = ("progressive", "weave", "double", "bwdif")


@dataclass(frozen=True, slots=True)
class Crop:
    """The part of the picture that is kept, in pixels of the device."""

    left: int
    top: int
    columns: int
    rows: int


@dataclass(frozen=True, slots=True)
class CaptureProfile:
    """How pictures are taken from one input of one device.

    Attributes
    ----------
    name : str
        As configured.
    device : str
        Bus path or serial number as ``gantry devices`` prints it; never ``/dev/videoN``, which is
        another device after the next start.
    pixel_format : str
        A key of :data:`drivers.video.formats.FORMATS`, such as ``YUYV`` or ``MJPG``.
    columns, rows : int
        Size that the input must have; 0 takes what the device has.
    rate : float or None
        Pictures per second to ask for; what the device makes of it is read back.
    standard : str or None
        Analogue standard by the driver's name, such as ``PAL``.
    input : int, str or None
        Number or name of the socket where the device has more than one.
    crop : Crop or None
        The part that is kept.
    range : "full", "limited" or (int, int)
        Luma values of black and white: 0 and 255, 16 and 235 (ITU-R BT.601), or as measured. The
        numbers are of 8 bits; deeper formats scale them.
    matrix : "601" or "709"
        From YCbCr to RGB (ITU-R BT.601, BT.709).
    fields : str
        ``progressive`` as it comes; ``weave`` both fields where nothing moved between them, else as
        ``double``; ``double`` one field with the other's lines made from it; ``bwdif`` for clips.
    pixel_aspect : (int, int) or None
        Vertical and horizontal size of a pixel in proportion, DICOM's Pixel Aspect Ratio; None as
        the device says.
    grey : bool
        Luma only: grey modalities lose nothing, and get no coloured fringes.
    lossy : bool
        Compressed pictures are wanted. Without it a profile may not name ``MJPG``.
    no_signal : tuple of Signature
        What the grabber shows when nothing is plugged in, learnt from its pictures.
    flat_is_no_signal : bool
        A picture of one colour, or of coloured bars from top to bottom, is no signal.
    freeze_seconds : float
        A source with noise or a clock whose picture stays the same to the bit for so long is
        frozen; 0 for sources whose picture may stand still.
    edid : bytes
        EDID that a bridge is to show the source; empty leaves it alone, or shows the one of
        :mod:`drivers.video.edid` where it has none.

    Raises
    ------
    ValueError
        Naming every value that makes no sense.
    """

    name: str
    device: str
    pixel_format: str = "YUYV"
    columns: int = 0
    rows: int = 0
    rate: float | None = None
    standard: str | None = None
    input: int | str | None = None
    crop: Crop | None = None
    range: Span = "full"
    matrix: Matrix = "601"
    fields: Fields = "progressive"
    pixel_aspect: tuple[int, int] | None = None
    grey: bool = False
    lossy: bool = False
    no_signal: tuple[Signature, ...] = ()
    flat_is_no_signal: bool = True
    freeze_seconds: float = 0.0
    edid: bytes = b""

    def __post_init__(self) -> None:
        if faults := self._faults():
            raise ValueError(f"profile {self.name}: " + "; ".join(faults))

    @property
    def request(self) -> Request:
        """What the device is told."""
        return Request(
            fourcc=self.pixel_format,
            columns=self.columns,
            rows=self.rows,
            rate=self.rate,
            standard=self.standard,
            input=self.input,
            interlaced=self.fields != "progressive",
        )

    def on(self, device: str) -> CaptureProfile:
        """The same profile for another device."""
        return replace(self, device=device)

    def _faults(self) -> list[str]:
        faults = []
        if self.device.startswith("/dev/"):
            faults.append(f"device {self.device} changes with every start, give path or serial")
        if self.pixel_format not in FORMATS:
            faults.append(f"pixel format {self.pixel_format} is none of {', '.join(FORMATS)}")
        elif FORMATS[self.pixel_format].compressed and not self.lossy:
            faults.append(f"{self.pixel_format} is lossy, which the profile does not allow")
        if not all(0 <= side <= LARGEST_SIDE for side in (self.columns, self.rows)):
            faults.append(f"a size of {self.columns} by {self.rows} is out of range")
        if self.rate is not None and not (math.isfinite(self.rate) and self.rate > 0):
            faults.append(f"a rate of {self.rate} pictures per second makes no sense")
        if not _is_range(self.range):
            faults.append(f'range {self.range} is neither "full", "limited" nor black below white')
        if self.matrix not in ("601", "709"):
            faults.append(f'matrix {self.matrix} is neither "601" nor "709"')
        if self.fields not in _FIELDS:
            faults.append(f"fields {self.fields} is none of {', '.join(_FIELDS)}")
        if self.pixel_aspect and min(self.pixel_aspect) < 1:
            faults.append(f"a pixel aspect of {self.pixel_aspect} makes no sense")
        if not (math.isfinite(self.freeze_seconds) and self.freeze_seconds >= 0):
            faults.append(f"{self.freeze_seconds} seconds until frozen make no sense")
        if len(self.edid) % 128:
            faults.append(f"an EDID of {len(self.edid)} bytes is not of whole blocks of 128")
        return faults + self._crop_faults()

    def _crop_faults(self) -> list[str]:
        crop = self.crop
        if crop is None:
            return []
        if min(crop.left, crop.top) < 0 or min(crop.columns, crop.rows) < 1:
            return [f"{crop} keeps nothing"]
        wide = self.columns and crop.left + crop.columns > self.columns
        high = self.rows and crop.top + crop.rows > self.rows
        return [f"{crop} reaches out of {self.columns} by {self.rows}"] if wide or high else []


def _is_range(value: Span) -> bool:
    if isinstance(value, str):
        return value in ("full", "limited")
    return len(value) == 2 and 0 <= value[0] < value[1] <= 255
