"""A received sheet as one raster: every picture in its box, in bands (PS3.3 C.13.3 and C.13.5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from device.film import FILM_SIZES
from device.film_format import FilmFormat, Rect
from device.film_geometry import pixels, place
from services.film_reception.cabinet import samples
from services.film_reception.lut import through
from services.film_reception.words import Picture, Sheet
from services.film_text import Piece, fitted

BAND_ROWS: Final = 256

_EDGE_MM: Final = 4.0
_GAP_MM: Final = 1.0
_NOTE_MM: Final = 5.0
_WAYS: Final = {
    "REPLICATE": Image.Resampling.NEAREST,
    "NONE": Image.Resampling.NEAREST,
    "BILINEAR": Image.Resampling.BILINEAR,
    "CUBIC": Image.Resampling.BICUBIC,
}
_DENSEST: Final = 300.0
"""Hundredths of OD that count as black."""

Band = NDArray[np.uint8]


def sheet_mm(sheet: Sheet) -> tuple[float, float]:
    """Width and height as the sheet is looked at."""
    width, height = FILM_SIZES[sheet.film_size]
    return (height, width) if sheet.orientation == "LANDSCAPE" else (width, height)


def sheet_pixels(sheet: Sheet, dpi: float) -> tuple[int, int]:
    """Columns and rows of the raster."""
    width, height = sheet_mm(sheet)
    return pixels(width, dpi), pixels(height, dpi)


def raster(sheet: Sheet, dpi: float) -> Iterator[Band]:
    """The sheet from top to bottom, grey or RGB, 0 black.

    A picture with a Requested Image Size is that wide on the sheet, true to the millimetre; any
    other one fills its box.

    Raises
    ------
    CatalogError
        A picture is damaged.
    """
    columns, rows = sheet_pixels(sheet, dpi)
    ground = _grey_of(sheet.border)
    shape = (rows, columns, 3) if sheet.colour else (rows, columns)
    page = np.full(shape, ground, dtype=np.uint8)
    for box, picture in zip(_boxes(sheet), sheet.pictures, strict=True):
        if picture is None:
            _paint_empty(page, box, dpi, _grey_of(sheet.empty))
        else:
            _paint(page, sheet, picture, box, dpi)
    _write_notes(page, sheet, dpi, ground)
    for top in range(0, rows, BAND_ROWS):
        yield page[top : top + BAND_ROWS]


def _boxes(sheet: Sheet) -> tuple[Rect, ...]:
    width, height = sheet_mm(sheet)
    foot = _NOTE_MM if sheet.notes else 0.0
    area = Rect(_EDGE_MM, _EDGE_MM, width - 2 * _EDGE_MM, height - 2 * _EDGE_MM - foot)
    return FilmFormat.parse(sheet.display_format).on(area, _GAP_MM)


def _paint(page: Band, sheet: Sheet, picture: Picture, box: Rect, dpi: float) -> None:
    room = _placed(picture, box)
    left, top = round(room.x / 25.4 * dpi), round(room.y / 25.4 * dpi)
    size = (pixels(room.width, dpi), pixels(room.height, dpi))
    drawn = _scaled(sheet, picture, size)
    # a picture that was asked for larger than its box is cropped to the box, in its middle
    box_left, box_top = round(box.x / 25.4 * dpi), round(box.y / 25.4 * dpi)
    box_right, box_bottom = box_left + pixels(box.width, dpi), box_top + pixels(box.height, dpi)
    begin_x, begin_y = max(left, box_left), max(top, box_top)
    end_x, end_y = min(left + size[0], box_right), min(top + size[1], box_bottom)
    part = drawn[begin_y - top : end_y - top, begin_x - left : end_x - left]
    page[begin_y:end_y, begin_x:end_x] = part


def _placed(picture: Picture, box: Rect) -> Rect:
    if picture.requested_mm is None:
        found = place(
            box, picture.columns, picture.rows, spacing=None, aspect=picture.aspect, true_size=False
        )
        return found.rect
    width = picture.requested_mm
    height = width * picture.rows * picture.aspect / picture.columns
    return Rect(box.x + (box.width - width) / 2, box.y + (box.height - height) / 2, width, height)


def _scaled(sheet: Sheet, picture: Picture, size: tuple[int, int]) -> Band:
    way = _WAYS.get(sheet.magnification, Image.Resampling.BICUBIC)
    values, bits = through(samples(picture), picture, sheet)
    if picture.colour:
        return np.asarray(Image.fromarray(values).resize(size, way))
    full = float((1 << bits) - 1)
    grey = Image.fromarray(values.astype(np.float32) / full).resize(size, way)
    drawn: NDArray[Any] = np.clip(np.asarray(grey), 0.0, 1.0)
    if picture.inverse:
        drawn = 1.0 - drawn
    whole = np.floor(drawn * 255 + 0.5).astype(np.uint8)
    return np.repeat(whole[..., None], 3, axis=2) if sheet.colour else whole


def _paint_empty(page: Band, box: Rect, dpi: float, grey: int) -> None:
    left, top = round(box.x / 25.4 * dpi), round(box.y / 25.4 * dpi)
    page[top : top + pixels(box.height, dpi), left : left + pixels(box.width, dpi)] = grey


def _write_notes(page: Band, sheet: Sheet, dpi: float, ground: int) -> None:
    if not sheet.notes:
        return
    edge, height = pixels(_EDGE_MM, dpi), pixels(_NOTE_MM, dpi)
    mask = fitted(tuple(Piece(note) for note in sheet.notes), height, page.shape[1] - 2 * edge)
    top = page.shape[0] - edge - height
    part = page[top : top + mask.shape[0], edge : edge + mask.shape[1]]
    ink = mask[..., None] if sheet.colour else mask
    part[...] = np.abs(ground - ink.astype(np.int16)).astype(np.uint8)


def _grey_of(density: str) -> int:
    if density.isdigit():
        return round(255 * max(0.0, 1.0 - int(density) / _DENSEST))
    return 255 if density == "WHITE" else 0
