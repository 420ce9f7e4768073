"""Where things lie on a sheet, in millimetres: printable area, boxes, pictures, rulers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from device.film import FilmSheet
from device.film_format import Rect

BANNER_MM: Final = 11.0
"""Height of the strip with the patient's identity at the top of a whole sheet."""

_RULERS: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0)
_RULER_SHARE: Final = 0.4
TOLERANCE: Final = 1e-6


class DoesNotFit(ValueError):
    """A picture at its true size is larger than its box."""


class NotCalibrated(ValueError):
    """True size or a ruler was asked for, and nobody knows how large a pixel is."""


@dataclass(frozen=True, slots=True)
class Margins:
    """What a printer leaves free at every edge, and between its boxes; millimetres."""

    edge: float = 5.0
    gap: float = 2.0


@dataclass(frozen=True, slots=True)
class SheetGeometry:
    """Sizes in millimetres from the upper left corner of the sheet as it is looked at.

    ``banner`` is None where each box carries the patient's identity itself.
    """

    width: float
    height: float
    banner: Rect | None
    boxes: tuple[Rect, ...]


def geometry_of(sheet: FilmSheet, margins: Margins, *, banner: bool) -> SheetGeometry:
    """Lay a sheet out."""
    width, height = sheet.size_mm
    edge = margins.edge
    area = Rect(edge, edge, width - 2 * edge, height - 2 * edge)
    strip = None
    if banner:
        strip = Rect(area.x, area.y, area.width, BANNER_MM)
        below = area.y + BANNER_MM + margins.gap
        area = Rect(area.x, below, area.width, height - edge - below)
    return SheetGeometry(width, height, strip, sheet.format.on(area, margins.gap))


@dataclass(frozen=True, slots=True)
class Placement:
    """A picture in its box.

    ``rect`` in millimetres from the box's upper left corner; ``scale`` is millimetres of film for
    a millimetre of the patient, None where that is not known.
    """

    rect: Rect
    scale: float | None


def place(
    room: Rect,
    columns: int,
    rows: int,
    *,
    spacing: tuple[float, float] | None,
    aspect: float = 1.0,
    true_size: bool,
) -> Placement:
    """Put a picture into a room of a box, in its middle: as large as it fits, or at true size.

    Parameters
    ----------
    room
        Millimetres.
    spacing
        Calibrated Pixel Spacing (row, column) in millimetres; None when it is not known.
    aspect
        Height of a pixel by its width, where no spacing is known (Pixel Aspect Ratio).

    Raises
    ------
    NotCalibrated, DoesNotFit
        The true size cannot be had; nothing is scaled instead.
    """
    tall, wide = spacing or (aspect, 1.0)
    width, height = columns * wide, rows * tall
    if true_size:
        if spacing is None:
            raise NotCalibrated(
                "true size needs a calibrated picture: this one has no Pixel Spacing that "
                "belongs to the patient"
            )
        if width > room.width + TOLERANCE or height > room.height + TOLERANCE:
            raise DoesNotFit(
                f"at true size the picture is {width:.0f} x {height:.0f} mm and its place on the "
                f"film {room.width:.0f} x {room.height:.0f} mm: choose fewer pictures a sheet or "
                f"a larger film"
            )
        factor = 1.0
    else:
        factor = min(room.width / width, room.height / height)
    size = (width * factor, height * factor)
    rect = Rect(
        room.x + (room.width - size[0]) / 2, room.y + (room.height - size[1]) / 2, size[0], size[1]
    )
    return Placement(rect, factor if spacing else None)


def ruler_length(width: float, scale: float) -> float:
    """Millimetres of the patient of the longest ruler that suits a picture ``width`` mm wide."""
    longest = max(width * _RULER_SHARE / scale, _RULERS[0])
    return max(length for length in _RULERS if length <= longest or length == _RULERS[0])


def pixels(length: float, dpi: float) -> int:
    """Whole pixels nearest to a length in millimetres."""
    return max(1, math.floor(length / 25.4 * dpi + 0.5))
