"""Millimetres from two points, and when they no longer hold."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from device.calibration import SHORTEST_RULER, Binding, measure_ruler
from device.errors import InvalidCalibration
from device.provenance import Source

BINDING = Binding("scanner", "PAL, crop 0 0 720 576", 576, 720, "FOV 250")


def test_a_horizontal_scale_of_square_pixels() -> None:
    ruler = measure_ruler(BINDING, (100, 50), (500, 50), 100, "Rad^Tech")

    assert ruler.spacing == (0.25, 0.25)
    assert ruler.description == "Ruler 100 mm over 400.0 pixels, +/-0.18 %"
    assert ruler.calibration_type == "FIDUCIAL"


def test_oblong_pixels_have_two_spacings() -> None:
    """PAL: pixels are 54 high and 59 wide, so a circle is higher than wide in samples."""
    level = measure_ruler(BINDING, (100, 50), (500, 50), 100, "T", pixel_aspect=(54, 59))
    upright = measure_ruler(BINDING, (100, 50), (100, 450), 100, "T", pixel_aspect=(54, 59))

    assert level.spacing == pytest.approx((0.25 * 54 / 59, 0.25))
    assert upright.spacing == pytest.approx((0.25, 0.25 * 59 / 54))


points = st.tuples(st.floats(0, 719), st.floats(0, 575))
aspects = st.tuples(st.floats(0.5, 2), st.floats(0.5, 2))


@given(start=points, end=points, length=st.floats(1, 500), aspect=aspects)
def test_the_spacing_measures_the_ruler_itself(
    start: tuple[float, float],
    end: tuple[float, float],
    length: float,
    aspect: tuple[float, float],
) -> None:
    across, down = end[0] - start[0], end[1] - start[1]
    assume(math.hypot(across, down) >= SHORTEST_RULER)

    ruler = measure_ruler(BINDING, start, end, length, "T", pixel_aspect=aspect)

    high, wide = ruler.spacing
    assert math.hypot(across * wide, down * high) == pytest.approx(length)
    assert high / wide == pytest.approx(aspect[0] / aspect[1])
    assert len(ruler.description) <= 64


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"end": (120, 50)}, "20 pixels apart"),
        ({"end": (720, 50)}, "outside the picture of 720 x 576"),
        ({"start": (-1, 50)}, "outside"),
        ({"start": (math.nan, 50)}, "outside"),
        ({"length_mm": 0}, "no length"),
        ({"length_mm": math.inf}, "no length"),
        ({"confirmed_by": "  "}, "name of whoever"),
        ({"pixel_aspect": (0, 1)}, "aspect"),
    ],
)
def test_what_measures_nothing_is_refused(change: dict[str, Any], words: str) -> None:
    given_: dict[str, Any] = {
        "start": (100, 50),
        "end": (500, 50),
        "length_mm": 100,
        "confirmed_by": "Rad^Tech",
    }
    with pytest.raises(InvalidCalibration, match=words):
        measure_ruler(BINDING, **(given_ | change))


def test_it_speaks_for_the_picture_with_the_name_of_who_measured() -> None:
    ruler = measure_ruler(BINDING, (100, 50), (500, 50), 100, "Rad^Tech")

    said = {one.keyword: one for one in ruler.contributions(BINDING)}

    assert said["PixelSpacing"].value == [0.25, 0.25]
    assert said["PixelSpacingCalibrationType"].value == "FIDUCIAL"
    assert said["PixelSpacingCalibrationDescription"].value == ruler.description
    assert {one.source for one in said.values()} == {Source.CALIBRATED}
    assert {one.confirmed_by for one in said.values()} == {"Rad^Tech"}


@pytest.mark.parametrize(
    "change",
    [
        {"source": "other"},
        {"profile": "PAL, crop 8 0 704 576"},
        {"rows": 288},
        {"columns": 704},
        {"zoom": "FOV 350"},
        {"zoom": ""},
    ],
)
def test_any_change_voids_it(change: dict[str, Any]) -> None:
    ruler = measure_ruler(BINDING, (100, 50), (500, 50), 100, "Rad^Tech")

    assert ruler.contributions(replace(BINDING, **change)) == ()
