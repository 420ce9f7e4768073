"""Calibrating a source, and what its calibration says of each of its pictures."""

from __future__ import annotations

from dataclasses import dataclass

from device.calibration import Binding, CalibrationType, Point, Ruler, measure_ruler
from device.errors import InvalidCalibration
from device.grey_ramp import GreyRange, measure_ramp
from device.ports import Frame, FrameSource
from device.provenance import Contribution
from services.box import Box
from services.catalog import Catalog, calibrations

FREEZE_TIMEOUT = 10.0
"""Seconds to wait for a picture to calibrate on."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How pictures are taken: the part of a binding that no picture tells itself.

    Attributes
    ----------
    source : str
        Name of the frame source.
    profile : str
        Stands for everything configured of it, crop included.
    zoom : str
        What the console says of zoom or field of view, as the operator gives it.
    """

    source: str
    profile: str
    zoom: str = ""

    def of(self, frame: Frame) -> Binding:
        """The binding of one picture."""
        rows, columns = frame.pixels.shape[:2]
        return Binding(self.source, self.profile, int(rows), int(columns), self.zoom.strip())


class Calibrated:
    """Asked for each picture what its calibration gives: see :data:`services.acquisition.Beside`.

    Nothing is said of native pictures, nor of one that was taken otherwise than the ruler's.
    """

    def __init__(self, catalog: Catalog, circumstances: Circumstances) -> None:
        self._catalog = catalog
        self._circumstances = circumstances

    def __call__(self, frame: Frame) -> tuple[Contribution, ...]:
        if frame.native:
            return ()
        now = self._circumstances.of(frame)
        ruler = calibrations.ruler_in_force(self._catalog, now)
        return ruler.contributions(now) if ruler is not None else ()


def freeze(source: FrameSource) -> Frame:
    """One picture to calibrate on.

    Raises
    ------
    OSError
        The source cannot be opened, gives nothing in time, or is gone.
    InvalidCalibration
        The source ended, or its pictures are the scanner's own and need no calibration.
    """
    source.open()
    try:
        frame = source.read(FREEZE_TIMEOUT)
    finally:
        source.close()
    if frame is None:
        raise InvalidCalibration(f"{source.name} gave no picture; nothing was calibrated")
    if frame.native:
        raise InvalidCalibration(
            f"{source.name} gives the scanner's own files, which tell their spacing and values "
            f"themselves; nothing was calibrated"
        )
    return frame


def calibrate_ruler(
    box: Box,
    frame: Frame,
    circumstances: Circumstances,
    start: Point,
    end: Point,
    length_mm: float,
    confirmed_by: str,
    calibration_type: CalibrationType = "FIDUCIAL",
) -> tuple[int, Ruler]:
    """Measure on a frozen picture and keep the ruler; its number and what was measured.

    Raises
    ------
    InvalidCalibration
        See :func:`device.calibration.measure_ruler`.
    """
    ratio = frame.attributes.get("PixelAspectRatio", (1, 1))
    ruler = measure_ruler(
        circumstances.of(frame),
        start,
        end,
        length_mm,
        confirmed_by,
        pixel_aspect=(float(ratio[0]), float(ratio[1])),
        calibration_type=calibration_type,
    )
    with box.catalog.writing() as db:
        return calibrations.add_ruler(db, ruler, box.clock.now()), ruler


def calibrate_range(
    box: Box,
    frame: Frame,
    source: str,
    confirmed_by: str,
    region: tuple[int, int, int, int] | None = None,
) -> GreyRange:
    """Measure the ramp that a picture, or a region of it, shows, and keep what it showed.

    Parameters
    ----------
    region : (int, int, int, int), optional
        Left, top, columns and rows that the ramp fills.

    Raises
    ------
    InvalidCalibration
        There is no ramp, the region lies outside, or nobody stands for it.
    """
    if not confirmed_by.strip():
        raise InvalidCalibration("a calibration needs the name of whoever made it; say who it is")
    pixels = frame.pixels
    if region is not None:
        left, top, columns, rows = region
        high, wide = pixels.shape[:2]
        inside = left >= 0 and top >= 0 and left + columns <= wide and top + rows <= high
        if not inside or columns < 1 or rows < 1:
            raise InvalidCalibration(f"the region lies outside the picture of {wide} x {high}")
        pixels = pixels[top : top + rows, left : left + columns]
    measured = measure_ramp(pixels, frame.bits_stored)
    with box.catalog.writing() as db:
        calibrations.add_range(db, source, measured, confirmed_by.strip(), box.clock.now())
    return measured
