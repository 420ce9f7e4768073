"""The one renderer: the preview, the pictures of DICOM image boxes, and the raster for paper.

All three come from the same :class:`~services.film_box.BoxPainter`, so what is seen is printed.
A whole sheet is made in bands: a 14 x 17 inch film of 320 dpi is never in memory as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from device.film import Density, FilmImage, FilmSheet
from device.film_format import Rect
from device.film_geometry import Margins, SheetGeometry, geometry_of, pixels
from services.film_box import BoxPainter, FilmIdentity
from services.film_picture import FilmPicture
from services.film_text import Mask, Piece, fitted

BAND_ROWS: Final = 128
"""Rows that are made at a time."""


@dataclass(frozen=True, slots=True)
class SheetWork:
    """A sheet with all that is needed to make it.

    Attributes
    ----------
    read : callable
        Gives the picture of an image.
    banner : bool
        Whose sheet this is stands at its top; else in every box, which is for printers that get
        boxes and divide the film themselves. One of the two always is.
    number, of : int
        Which sheet of how many.
    """

    sheet: FilmSheet
    identity: FilmIdentity
    read: Callable[[FilmImage], FilmPicture]
    margins: Margins = field(default_factory=Margins)
    banner: bool = True
    number: int = 1
    of: int = 1

    @property
    def geometry(self) -> SheetGeometry:
        return geometry_of(self.sheet, self.margins, banner=self.banner)

    def image(self, box: int) -> FilmImage | None:
        """What is in a box, counted from 0."""
        return self.sheet.images[box] if box < len(self.sheet.images) else None


def sheet_pixels(work: SheetWork, dpi: float) -> tuple[int, int]:
    """Width and height of a sheet's raster."""
    width, height = work.sheet.size_mm
    return pixels(width, dpi), pixels(height, dpi)


def render_box(
    work: SheetWork, box: int, size_px: tuple[int, int], *, bits: int = 8, colour: bool = False
) -> NDArray[Any]:
    """One image box (from 0) as whole numbers: uint8, or uint16 with ``bits`` significant ones.

    Grey is rows by columns, colour rows by columns by three. Values are rounded once, from the
    windowed picture to the depth of the film.

    Raises
    ------
    NotPrintable
        The box cannot be made as it was asked for.
    """
    painter = _painter(work, box, work.geometry.boxes[box], size_px, colour)
    parts = [
        _whole(painter.rows(top, min(BAND_ROWS, painter.height - top)), bits)
        for top in range(0, painter.height, BAND_ROWS)
    ]
    return np.concatenate(parts)


def render_sheet(
    work: SheetWork, dpi: float, *, bits: int = 8, colour: bool = False
) -> Iterator[NDArray[Any]]:
    """A whole sheet from top to bottom in bands of up to :data:`BAND_ROWS` rows.

    Values and errors as for :func:`render_box`; the raster is of :func:`sheet_pixels`.
    """
    width, height = sheet_pixels(work, dpi)
    boxes = [_to_pixels(box, dpi) for box in work.geometry.boxes]
    stamps = _banner(work, dpi)
    painters: dict[int, BoxPainter] = {}
    ground = 1.0 if work.sheet.border is Density.WHITE else 0.0
    for top in range(0, height, BAND_ROWS):
        count = min(BAND_ROWS, height - top)
        shape = (count, width, 3) if colour else (count, width)
        band = np.full(shape, ground, dtype=np.float32)
        for left, first, mask in stamps:
            _stamp(band, mask, left, first - top, ground)
        for number, (left, first, wide, high) in enumerate(boxes):
            begin, end = max(top, first), min(top + count, first + high)
            if begin >= end:
                painters.pop(number, None)
                continue
            if number not in painters:
                place = work.geometry.boxes[number]
                painters[number] = _painter(work, number, place, (wide, high), colour)
            rows = painters[number].rows(begin - first, end - begin)
            band[begin - top : end - top, left : left + wide] = rows
        yield _whole(band, bits)


def check_true_size(work: SheetWork) -> None:
    """Raise ``NotPrintable`` where a sheet that is to be of true size cannot be."""
    for number, place in enumerate(work.geometry.boxes if work.sheet.true_size else ()):
        _painter(work, number, place, (64, 64), colour=False)


def preview_png(
    work: SheetWork, width_px: int, *, colour: bool = False, curve: NDArray[Any] | None = None
) -> bytes:
    """The sheet as a person sees it before it is printed.

    Parameters
    ----------
    curve
        How bright each of 256 grey values looks on the film, 0 to 1; None where the film shows
        greys as they are (Presentation LUT IDENTITY).
    """
    dpi = width_px / work.sheet.size_mm[0] * 25.4
    picture = np.concatenate(list(render_sheet(work, dpi, colour=colour)))
    if curve is not None:
        picture = np.floor(curve * 255 + 0.5).astype(np.uint8)[picture]
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def _painter(
    work: SheetWork, box: int, place: Rect, size_px: tuple[int, int], colour: bool
) -> BoxPainter:
    image = work.image(box)
    return BoxPainter(
        work.sheet,
        (place.width, place.height),
        size_px,
        None if image is None else work.read(image),
        None if work.banner else work.identity,
        colour=colour,
    )


def _to_pixels(box: Rect, dpi: float) -> tuple[int, int, int, int]:
    """Left, top, width and height; the size is rounded by itself, so that like boxes stay alike."""
    left, top = round(box.x / 25.4 * dpi), round(box.y / 25.4 * dpi)
    return left, top, pixels(box.width, dpi), pixels(box.height, dpi)


def _banner(work: SheetWork, dpi: float) -> list[tuple[int, int, Mask]]:
    strip = work.geometry.banner
    if strip is None:
        return []
    left, top, wide, high = _to_pixels(strip, dpi)
    person, rest = round(high * 0.58), high - round(high * 0.58)
    sheet = (Piece(f"{work.number}/{work.of}", exact=True),) if work.of > 1 else ()
    lines = (
        (top, fitted(work.identity.person(), person, wide)),
        (top + person, fitted((*work.identity.circumstances(), *sheet), rest, wide)),
    )
    return [(left, at, mask) for at, mask in lines]


def _stamp(band: NDArray[np.float32], mask: Mask, left: int, top: int, ground: float) -> None:
    begin, end = max(0, top), min(band.shape[0], top + mask.shape[0])
    if begin >= end:
        return
    ink = mask[begin - top : end - top].astype(np.float32) / 255
    part = ground + ink * (1.0 - 2.0 * ground)
    wide = part.shape[1]
    band[begin:end, left : left + wide] = part[..., None] if band.ndim == 3 else part


def _whole(values: NDArray[np.float32], bits: int) -> NDArray[Any]:
    full = 2**bits - 1
    kind = np.uint8 if bits <= 8 else np.uint16
    return np.asarray(np.floor(values * full + 0.5), dtype=kind)
