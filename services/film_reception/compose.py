"""A received sheet as one raster: every picture in its box, in bands (PS3.3 C.13.3 and C.13.5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from device.film_format import Rect
from device.film_geometry import pixels, place
from services.film_reception.cabinet import samples
from services.film_reception.layout import (
    EDGE_MM,
    NOTE_MM,
    boxes_of,
    requested_size,
    size_mm,
)
from services.film_reception.lut import greys_of
from services.film_reception.words import Picture, Sheet
from services.film_scaling import scaled_part
from services.film_text import Mask, Piece, fitted

BAND_ROWS: Final = 128

_WAYS: Final = {
    "REPLICATE": Image.Resampling.NEAREST,
    "NONE": Image.Resampling.NEAREST,
    "BILINEAR": Image.Resampling.BILINEAR,
    "CUBIC": Image.Resampling.BICUBIC,
}
_DENSEST: Final = 300.0
"""Hundredths of OD that count as black."""

_DARK: Final = 128
_TRIM_MM: Final = 0.25
_COARSEST, _FINEST = 100.0, 300.0

Band = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Area:
    """Pixels of the sheet."""

    left: int
    top: int
    width: int
    height: int

    @classmethod
    def of(cls, rect: Rect, dpi: float) -> _Area:
        """The size is rounded by itself, so that like boxes stay alike."""
        return cls(
            round(rect.x / 25.4 * dpi),
            round(rect.y / 25.4 * dpi),
            pixels(rect.width, dpi),
            pixels(rect.height, dpi),
        )

    def within(self, other: _Area) -> _Area:
        left, top = max(self.left, other.left), max(self.top, other.top)
        right = min(self.left + self.width, other.left + other.width)
        bottom = min(self.top + self.height, other.top + other.height)
        return _Area(left, top, max(0, right - left), max(0, bottom - top))


def sheet_mm(sheet: Sheet) -> tuple[float, float]:
    """Width and height as the sheet is looked at."""
    return size_mm(sheet.film_size, sheet.orientation)


def sheet_pixels(sheet: Sheet, dpi: float) -> tuple[int, int]:
    """Columns and rows of the raster."""
    width, height = sheet_mm(sheet)
    return pixels(width, dpi), pixels(height, dpi)


def whole_dpi(sheet: Sheet) -> float:
    """Resolution at which no picture of the sheet loses detail, within what is sensible."""
    boxes = boxes_of(
        sheet.display_format, sheet.film_size, sheet.orientation, notes=bool(sheet.notes)
    )
    needed = [
        picture.columns / _placed(picture, box).width * 25.4
        for box, picture in zip(boxes, sheet.pictures, strict=True)
        if picture is not None
    ]
    return min(max([_COARSEST, *needed]), _FINEST)


def raster(sheet: Sheet, dpi: float) -> Iterator[Band]:
    """The sheet from top to bottom, grey or RGB, 0 black.

    A picture with a Requested Image Size is that wide on the sheet, true to the millimetre, and
    cropped where its box is smaller; any other one fills its box.

    Raises
    ------
    CatalogError
        A picture is damaged.
    """
    columns, rows = sheet_pixels(sheet, dpi)
    page = _Area(0, 0, columns, rows)
    ground = _grey_of(sheet.border)
    boxes = boxes_of(
        sheet.display_format, sheet.film_size, sheet.orientation, notes=bool(sheet.notes)
    )
    areas = [_Area.of(box, dpi).within(page) for box in boxes]
    painters = [
        None if picture is None else _Painter(sheet, picture, box, area, dpi)
        for box, area, picture in zip(boxes, areas, sheet.pictures, strict=True)
    ]
    notes = _notes(sheet, columns, dpi)
    for top in range(0, rows, BAND_ROWS):
        count = min(BAND_ROWS, rows - top)
        shape = (count, columns, 3) if sheet.colour else (count, columns)
        band = np.full(shape, ground, dtype=np.uint8)
        strip = _Area(0, top, columns, count)
        for area, painter in zip(areas, painters, strict=True):
            if painter is not None:
                painter.paint(band, strip)
                if sheet.trim:
                    painter.trim(band, strip, pixels(_TRIM_MM, dpi), _ink(ground))
                continue
            part = area.within(strip)
            _cut(band, part, top)[...] = _grey_of(sheet.empty)
        if notes is not None:
            _write(band, strip, notes, rows, dpi, ground)
        yield band


class _Painter:
    """Draws one picture, any rows of it at a time."""

    def __init__(self, sheet: Sheet, picture: Picture, box: Rect, area: _Area, dpi: float) -> None:
        self._picture = picture
        self._colour = sheet.colour
        self._samples = samples(picture)
        self._greys = greys_of(picture, sheet)
        self._whole = _Area.of(_placed(picture, box), dpi)
        self._seen = self._whole.within(area)
        self._way = _WAYS.get(sheet.magnification, Image.Resampling.BICUBIC)

    def paint(self, band: Band, strip: _Area) -> None:
        part = self._seen.within(strip)
        if not part.width or not part.height:
            return
        drawn = scaled_part(
            self._samples,
            (self._whole.width, self._whole.height),
            (part.left - self._whole.left, part.top - self._whole.top, part.width, part.height),
            self._way,
            self._greys.of,
        )
        full = float((1 << self._greys.bits) - 1)
        share = np.clip(drawn / full, 0.0, 1.0)
        if self._greys.inverse:
            share = 1.0 - share
        whole = np.floor(share * 255 + 0.5).astype(np.uint8)
        _cut(band, part, strip.top)[...] = whole if self._colour else whole[..., 0]

    def trim(self, band: Band, strip: _Area, line: int, ink: int) -> None:
        """Draw a line around the picture (Trim, PS3.3 C.13.3), beside it and never on it."""
        seen = self._seen
        left, top = max(0, seen.left - line), max(0, seen.top - line)
        wide, high = seen.left + seen.width + line - left, seen.top + seen.height + line - top
        for edge in (
            _Area(left, top, wide, seen.top - top),
            _Area(left, seen.top + seen.height, wide, line),
            _Area(left, top, seen.left - left, high),
            _Area(seen.left + seen.width, top, line, high),
        ):
            _cut(band, edge.within(strip), strip.top)[...] = ink


def _cut(band: Band, part: _Area, top: int) -> Band:
    """The pixels of a band, whose first line is the sheet's ``top``, that are in an area."""
    first = part.top - top
    return band[first : first + part.height, part.left : part.left + part.width]


def _placed(picture: Picture, box: Rect) -> Rect:
    if picture.requested_mm is None:
        found = place(
            box, picture.columns, picture.rows, spacing=None, aspect=picture.aspect, true_size=False
        )
        return found.rect
    width, height = requested_size(
        picture.requested_mm, picture.rows, picture.columns, picture.aspect
    )
    return Rect(box.x + (box.width - width) / 2, box.y + (box.height - height) / 2, width, height)


def _notes(sheet: Sheet, columns: int, dpi: float) -> Mask | None:
    if not sheet.notes:
        return None
    edge, height = pixels(EDGE_MM, dpi), pixels(NOTE_MM, dpi)
    return fitted(tuple(Piece(note) for note in sheet.notes), height, columns - 2 * edge)


def _write(band: Band, strip: _Area, mask: Mask, rows: int, dpi: float, ground: int) -> None:
    """White on dark and black on light, so that it is read on any border."""
    edge = pixels(EDGE_MM, dpi)
    whole = _Area(edge, rows - edge - pixels(NOTE_MM, dpi), mask.shape[1], mask.shape[0])
    part = whole.within(strip)
    ink = mask[part.top - whole.top :][: part.height].astype(np.float32) / 255
    letters = np.floor(ground + ink * (_ink(ground) - ground) + 0.5).astype(np.uint8)
    _cut(band, part, strip.top)[...] = letters[..., None] if band.ndim == 3 else letters


def _ink(ground: int) -> int:
    """What is seen on a ground."""
    return 255 if ground < _DARK else 0


def _grey_of(density: str) -> int:
    if density.isdigit():
        return round(255 * max(0.0, 1.0 - int(density) / _DENSEST))
    return 255 if density == "WHITE" else 0
