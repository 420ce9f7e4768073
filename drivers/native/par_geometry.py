"""Where a picture of a PAR/REC pair lies in the patient (PS3.3 C.7.6.2.1.1).

PAR files measure along ap (to posterior), fh (to head) and rl (to left): DICOM's patient axes in
another order. A picture is first laid down by its orientation code, then turned about rl, ap and
fh; its off-centre is the middle of the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivers.native.par_header import Entry

_AP, _FH, _RL = np.eye(3)
_PLANES = {
    1: (_RL, _AP),
    2: (_AP, -_FH),
    3: (_RL, -_FH),
}
"""Directions of rows and columns in (ap, fh, rl) before turning: transverse, sagittal, coronal."""

_MOST_SLIDE_MM = 0.5
"""What the rounding of the headers can make of nothing."""

_DICOM_ORDER = [2, 0, 1]
_DECIMALS = 6


def image_planes(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """:func:`image_plane` of every picture, without places where the header contradicts itself.

    Neighbouring slices of one orientation lie beside each other. Where they slide along their own
    plane instead, orientation or off-centre is wrong, and nobody can tell which.
    """
    planes = [image_plane(entry) for entry in entries]
    if any(_slides(one, other) for one, other in pairwise(planes)):
        for plane in planes:
            plane.pop("ImageOrientationPatient", None)
            plane.pop("ImagePositionPatient", None)
    return planes


def _slides(one: dict[str, Any], other: dict[str, Any]) -> bool:
    orientation = one.get("ImageOrientationPatient")
    if orientation is None or orientation != other.get("ImageOrientationPatient"):
        return False
    normal = np.cross(orientation[:3], orientation[3:])
    way = np.subtract(other["ImagePositionPatient"], one["ImagePositionPatient"])
    beside = float(abs(way @ normal))
    return float(np.linalg.norm(np.cross(way, normal))) > _MOST_SLIDE_MM + beside / 2


def image_plane(entry: Entry) -> dict[str, Any]:
    """Position, orientation, spacing and thickness of one picture.

    Whatever is not in the header, or cannot be, is left out; position and orientation come together
    or not at all.
    """
    found: dict[str, Any] = {}
    thickness, gap = entry.number("slice thickness"), entry.number("slice gap")
    if thickness is not None and thickness > 0:
        found["SliceThickness"] = _rounded(thickness)
        if gap is not None and thickness + gap > 0:
            found["SpacingBetweenSlices"] = _rounded(thickness + gap)
    spacing = entry.numbers("pixel spacing")
    if len(spacing) != 2 or min(spacing) <= 0:
        return found
    across, down = spacing
    found["PixelSpacing"] = [_rounded(down), _rounded(across)]
    size = entry.numbers("recon resolution")
    angles, centre = entry.numbers("image angulation"), entry.numbers("image offcentre")
    plane = _PLANES.get(int(entry.number("slice orientation") or 0))
    if plane is None or (len(size), len(angles), len(centre)) != (2, 3, 3):
        return found
    turn = _turn(angles)
    row, column = turn @ plane[0], turn @ plane[1]
    corner = np.array(centre)
    corner = corner - row * across * (size[0] - 1) / 2 - column * down * (size[1] - 1) / 2
    found["ImageOrientationPatient"] = [*_patient(row), *_patient(column)]
    found["ImagePositionPatient"] = _patient(corner)
    return found


def _turn(degrees: tuple[float, ...]) -> NDArray[np.float64]:
    """The rotation by angles about ap, fh and rl, in the order that Philips scanners use."""
    ap, fh, rl = np.radians(degrees)
    about_rl = _about(2, rl)
    about_ap = _about(0, ap)
    turned: NDArray[np.float64] = about_rl @ about_ap @ _about(1, fh)
    return turned


def _about(axis: int, angle: float) -> NDArray[np.float64]:
    """Right-handed rotation about one of the axes (ap, fh, rl)."""
    sine, cosine = np.sin(angle), np.cos(angle)
    one, other = (axis + 1) % 3, (axis + 2) % 3
    turn = np.eye(3)
    turn[[one, other], [one, other]] = cosine
    turn[one, other], turn[other, one] = -sine, sine
    return turn


def _patient(vector: NDArray[np.float64]) -> list[float]:
    return [_rounded(float(part)) for part in vector[_DICOM_ORDER]]


def _rounded(value: float) -> float:
    return round(value, _DECIMALS) + 0.0
