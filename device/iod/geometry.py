"""Where a slice lies, when the protocol describes a stack and the source says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydicom.valuerep import format_number_as_ds

from device.iod.values import numbers

_STACK = ("ImagePositionPatient", "ImageOrientationPatient", "SpacingBetweenSlices")


def stacked(
    said: Mapping[str, Any], preset: Mapping[str, Any], number: int
) -> tuple[dict[str, Any], dict[str, Any], frozenset[str]]:
    """Place slice ``number`` in a configured stack (PS3.3 C.7.6.2.1.1).

    A configured Image Position (Patient) is that of the first slice. Slice n lies (n - 1) times
    the configured Spacing Between Slices along the normal of the orientation; a negative spacing
    means that the stack grows against the normal, and the object then carries its absolute value.
    Slices are never put on top of each other: without a spacing only slice 1 has a place. A
    position that was given for this very picture is always used as it is.

    Parameters
    ----------
    said, preset : mapping
        Accepted values for this picture, and those of the protocol.
    number : int
        1 for the first slice.

    Returns
    -------
    tuple
        The preset values for this slice, generated values, and the keywords that are required
        beyond the IOD because the slice cannot be placed without them.
    """
    here = dict(preset)
    spacing = preset.get("SpacingBetweenSlices")
    if spacing is not None:
        here["SpacingBetweenSlices"] = _decimal(abs(float(spacing)))
    if "ImagePositionPatient" in said or "ImagePositionPatient" not in preset:
        return here, {}, frozenset()
    orientation = said.get("ImageOrientationPatient") or preset.get("ImageOrientationPatient")
    if spacing is None or orientation is None:
        if number == 1:
            return here, {}, frozenset()
        del here["ImagePositionPatient"]
        return here, {}, frozenset(_STACK)
    normal = _normal(numbers(orientation))
    first = numbers(preset["ImagePositionPatient"])
    way = (number - 1) * float(spacing)
    position = [start + way * part for start, part in zip(first, normal, strict=True)]
    if number > 1:
        here["ImagePositionPatient"] = [_decimal(part) for part in position]
    location = sum(part * along for part, along in zip(position, normal, strict=True))
    return here, {"SliceLocation": _decimal(location)}, frozenset()


def _normal(cosines: tuple[float, ...]) -> tuple[float, float, float]:
    rx, ry, rz, cx, cy, cz = cosines
    x, y, z = ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx
    length = (x * x + y * y + z * z) ** 0.5
    return x / length, y / length, z / length


def _decimal(value: float) -> str:
    """Decimal string of at most 16 characters; the noise of the arithmetic is rounded off."""
    return str(format_number_as_ds(round(value, 6) + 0.0))
