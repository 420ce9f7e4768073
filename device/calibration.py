"""Calibration of captured pictures: millimetres by a ruler on the screen, grey levels by a ramp.

Pure arithmetic. A ruler holds for the way in which its picture was taken and for nothing else: the
profile with its crop, the size of the picture, and the zoom that the console showed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

from device.errors import InvalidCalibration
from device.provenance import Contribution, Source

Point = tuple[float, float]
"""Column and row in pixels, from the centre of the upper left pixel."""

SHORTEST_RULER: Final = 50.0
"""Pixels between the two points; nearer ones are too uncertain."""

POINTING: Final = 0.5
"""Pixels by which a person misses each of the points."""

CalibrationType = Literal["FIDUCIAL", "GEOMETRY"]
_LONGEST_LO: Final = 64


@dataclass(frozen=True, slots=True)
class Binding:
    """The circumstances under which a calibration holds.

    Attributes
    ----------
    source : str
        Name of the frame source.
    profile : str
        Stands for everything that is configured of how its pictures are taken, crop included;
        another profile is another text.
    rows, columns : int
        Size of the picture.
    zoom : str
        What the console says of zoom or field of view, empty where it never changes.
    """

    source: str
    profile: str
    rows: int
    columns: int
    zoom: str = ""


@dataclass(frozen=True, slots=True)
class Ruler:
    """A spacing that somebody measured on a frozen picture (PS3.3 section 10.7).

    Attributes
    ----------
    binding : Binding
        When it holds.
    spacing : (float, float)
        Between rows and between columns, in millimetres.
    description : str
        At most 64 characters, for Pixel Spacing Calibration Description.
    confirmed_by : str
        Who measured.
    calibration_type : str
        ``FIDUCIAL`` for an object of known size in the picture, ``GEOMETRY`` for a known
        magnification.
    """

    binding: Binding
    spacing: tuple[float, float]
    description: str
    confirmed_by: str
    calibration_type: CalibrationType = "FIDUCIAL"

    def contributions(self, now: Binding) -> tuple[Contribution, ...]:
        """What the ruler gives for a picture taken under these circumstances: all or nothing."""
        if now != self.binding:
            return ()
        values = {
            "PixelSpacing": [round(part, 6) for part in self.spacing],
            "PixelSpacingCalibrationType": self.calibration_type,
            "PixelSpacingCalibrationDescription": self.description,
        }
        return tuple(
            Contribution(
                keyword, value, Source.CALIBRATED, self.description, confirmed_by=self.confirmed_by
            )
            for keyword, value in values.items()
        )


def measure_ruler(
    binding: Binding,
    start: Point,
    end: Point,
    length_mm: float,
    confirmed_by: str,
    *,
    pixel_aspect: tuple[float, float] = (1, 1),
    calibration_type: CalibrationType = "FIDUCIAL",
) -> Ruler:
    """Turn two points at a known distance into a pixel spacing.

    Parameters
    ----------
    binding : Binding
        How the frozen picture was taken.
    start, end : (float, float)
        Column and row of the points.
    length_mm : float
        Their distance on the console's scale, in millimetres.
    confirmed_by : str
        Who set the points.
    pixel_aspect : (float, float)
        Vertical and horizontal size of a pixel in proportion, as Pixel Aspect Ratio has them.
    calibration_type : str
        See :class:`Ruler`.

    Raises
    ------
    InvalidCalibration
        A point outside the picture, points that are too near to each other, a length or a
        proportion that is none, or nobody who stands for it.
    """
    if not confirmed_by.strip():
        raise InvalidCalibration("a calibration needs the name of whoever made it; say who it is")
    if not (math.isfinite(length_mm) and length_mm > 0):
        raise InvalidCalibration(f"{length_mm} mm is no length; read it off the console's scale")
    if not all(math.isfinite(part) and part > 0 for part in pixel_aspect):
        raise InvalidCalibration("a pixel aspect ratio is two numbers above 0")
    for column, row in (start, end):
        if not (0 <= column <= binding.columns - 1 and 0 <= row <= binding.rows - 1):
            raise InvalidCalibration(
                f"the point {column:g},{row:g} lies outside the picture of "
                f"{binding.columns} x {binding.rows}; set it again"
            )
    across, down = end[0] - start[0], end[1] - start[1]
    distance = math.hypot(across, down)
    if distance < SHORTEST_RULER:
        raise InvalidCalibration(
            f"the points are {distance:.0f} pixels apart; take a longer part of the scale, "
            f"{SHORTEST_RULER:.0f} pixels at least"
        )
    tall = pixel_aspect[0] / pixel_aspect[1]
    wide_mm = length_mm / math.hypot(across, down * tall)
    percent = 100 * math.hypot(POINTING, POINTING) / distance
    said = f"Ruler {length_mm:g} mm over {distance:.1f} pixels, +/-{percent:.2f} %"
    return Ruler(
        binding=binding,
        spacing=(wide_mm * tall, wide_mm),
        description=said[:_LONGEST_LO],
        confirmed_by=confirmed_by.strip(),
        calibration_type=calibration_type,
    )
