"""A calibration is kept, speaks for the pictures that it was made for, and for no others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread

from device.errors import InvalidCalibration
from device.exam import Exam
from services import exam_view
from services.acquisition import Acquisition
from services.box import Box
from services.calibration import (
    Calibrated,
    Circumstances,
    calibrate_range,
    calibrate_ruler,
    freeze,
)
from services.catalog import calibrations
from services.errors import NotFound
from tests.device.iod.factories import Picture, grey
from tests.services.boxes import CAPTURE, HandClock, begin, make_box
from tests.services.sources import Script, pictures

HERE = Circumstances("scanner", "v4l2 abc", "FOV 250")
BY = "Rad^Tech"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = make_box(tmp_path, clock=HandClock())
    with made.catalog:
        yield made


@pytest.fixture
def exam(box: Box) -> Exam:
    return begin(box)


def captured(**more: Any) -> Picture:
    return grey(96, 128, bits=8, native=False, **more)


def ruler(box: Box, length: float = 50, circumstances: Circumstances = HERE) -> int:
    number, _ = calibrate_ruler(box, captured(), circumstances, (10, 10), (110, 10), length, BY)
    return number


def spacing(box: Box, circumstances: Circumstances = HERE, **more: Any) -> Any:
    said = Calibrated(box.catalog, circumstances)(captured(**more))
    return next((one.value for one in said if one.keyword == "PixelSpacing"), None)


def test_pictures_taken_the_same_way_get_the_spacing(box: Box, exam: Exam) -> None:
    ruler(box)
    source = Script([captured(), captured(sequence=2)])

    beside = Calibrated(box.catalog, HERE)
    summary = Acquisition(box, exam.exam_id, CAPTURE, beside=beside).run(source)

    for instance in summary.instances:
        ds = dcmread(box.spool.absolute(instance.path))
        assert [float(part) for part in ds.PixelSpacing] == [0.5, 0.5]
        assert ds.PixelSpacingCalibrationType == "FIDUCIAL"
        assert ds.PixelSpacingCalibrationDescription.startswith("Ruler 50 mm over 100.0 pixels")
    said = {row["keyword"]: row for row in exam_view.exam_in_detail(box, exam)["images"][0]
            ["contributed"]}  # fmt: skip
    assert (said["PixelSpacing"]["source"], said["PixelSpacing"]["confirmed_by"]) == (
        "calibrated",
        BY,
    )


@pytest.mark.parametrize(
    "other",
    [
        replace(HERE, zoom="FOV 350"),
        replace(HERE, zoom=""),
        replace(HERE, profile="v4l2 abd"),
        replace(HERE, source="other"),
    ],
)
def test_pictures_taken_otherwise_get_none(box: Box, other: Circumstances) -> None:
    ruler(box)

    assert spacing(box) == [0.5, 0.5]
    assert spacing(box, other) is None


def test_another_size_gets_none(box: Box) -> None:
    ruler(box)

    assert Calibrated(box.catalog, HERE)(grey(96, 120, bits=8, native=False)) == ()


def test_native_pictures_are_left_alone(box: Box) -> None:
    ruler(box)

    assert Calibrated(box.catalog, HERE)(grey(96, 128, bits=8)) == ()


def test_measuring_again_replaces_and_withdrawing_ends(box: Box) -> None:
    first, second = ruler(box, 50), ruler(box, 60)

    assert spacing(box) == [0.6, 0.6]
    listed = calibrations.rulers(box.catalog)
    assert [(row["id"], row["withdrawn"] is None) for row in listed] == [
        (second, True),
        (first, False),
    ]
    with box.catalog.writing() as db:
        calibrations.withdraw_ruler(db, second, box.clock.now())
    assert spacing(box) is None
    with pytest.raises(NotFound, match="no calibration"), box.catalog.writing() as db:
        calibrations.withdraw_ruler(db, second, box.clock.now())


def test_oblong_pixels_are_taken_from_the_picture(box: Box) -> None:
    frame = captured(attributes={"PixelAspectRatio": [54, 59]})

    _, measured = calibrate_ruler(box, frame, HERE, (10, 10), (110, 10), 50, BY)

    assert measured.spacing == pytest.approx((0.5 * 54 / 59, 0.5))


def test_a_range_is_kept_with_its_findings(box: Box) -> None:
    way = np.tile(np.linspace(30, 218, 128), (96, 1)).round().astype(np.uint8)
    frame = replace(captured(), pixels=way)

    measured = calibrate_range(box, frame, "scanner", BY)

    assert measured.of_8_bits == pytest.approx((30, 218), abs=2)
    (row,) = calibrations.ranges(box.catalog)
    assert row["confirmed_by"] == BY
    assert any("applied twice" in finding for finding in row["findings"])


@pytest.mark.parametrize("region", [(100, 0, 64, 20), (-1, 0, 64, 20), (0, 0, 0, 20)])
def test_a_region_lies_inside(box: Box, region: tuple[int, int, int, int]) -> None:
    with pytest.raises(InvalidCalibration, match="outside the picture of 128 x 96"):
        calibrate_range(box, captured(), "scanner", BY, region)


def test_the_picture_to_measure_on_comes_from_the_source() -> None:
    source = Script(pictures(2, native=False))

    assert freeze(source).sequence == 1
    assert (source.opened, source.closed) == (1, 1)
    with pytest.raises(InvalidCalibration, match="gave no picture"):
        freeze(Script([]))
    with pytest.raises(InvalidCalibration, match="own files"):
        freeze(Script(pictures(1)))
    broken = Script([OSError("gone")])
    with pytest.raises(OSError, match="gone"):
        freeze(broken)
    assert broken.closed == 1
