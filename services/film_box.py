"""One image box as pixels: the picture in its place, who it is of, what it is, how large it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from device.film import Density, FilmSheet, Magnification, Polarity
from device.film_format import Rect
from device.film_geometry import (
    DoesNotFit,
    NotCalibrated,
    Placement,
    place,
    ruler_length,
)
from services.film_picture import FULL, FilmPicture, NotPrintable
from services.film_scaling import scaled_part
from services.film_text import Mask, Piece, fitted

Rows = NDArray[np.float32]

_FILTERS: Final = {
    Magnification.REPLICATE: Image.Resampling.NEAREST,
    Magnification.BILINEAR: Image.Resampling.BILINEAR,
    Magnification.CUBIC: Image.Resampling.BICUBIC,
}
_LUMA: Final = np.asarray((0.299, 0.587, 0.114), dtype=np.float32) * (FULL / 255)
_LINE_SHARE, _SMALLEST_LINE, _LARGEST_LINE = 0.045, 2.2, 4.5
_ONE_LINE: Final = 90.0
"""Millimetres from which on identity fits into one line of a box."""


@dataclass(frozen=True, slots=True)
class FilmIdentity:
    """Whose pictures these are: what stands on every sheet, as the exam has it."""

    name: str
    patient_id: str
    birth_date: str = ""
    sex: str = ""
    accession_number: str = ""
    institution: str = ""
    study: str = ""

    def person(self) -> tuple[Piece, ...]:
        """Name first; numbers keep the order of their digits whatever the name's script."""
        return Piece(self.name), *self.numbers()

    def numbers(self) -> tuple[Piece, ...]:
        born = f"*{self.birth_date}" if self.birth_date else ""
        return tuple(Piece(each, exact=True) for each in (self.patient_id, born, self.sex) if each)

    def circumstances(self) -> tuple[Piece, ...]:
        return (
            Piece(self.institution),
            Piece(self.accession_number, exact=True),
            Piece(self.study),
        )


@dataclass(frozen=True, slots=True)
class _Stamp:
    """A mask of letters at its place in the box."""

    left: int
    top: int
    mask: Mask


class BoxPainter:
    """Makes the rows of one box, any part of them at a time.

    Values are 0 (black) to 1 (white) for each pixel, three of them in colour.

    Parameters
    ----------
    size_mm
        Width and height of the box on film.
    size_px
        The same in pixels.
    picture
        None for an empty box.
    identity
        What to write above the picture; None where the sheet says it.
    """

    def __init__(
        self,
        sheet: FilmSheet,
        size_mm: tuple[float, float],
        size_px: tuple[int, int],
        picture: FilmPicture | None,
        identity: FilmIdentity | None,
        *,
        colour: bool,
    ) -> None:
        self.width, self.height = size_px
        self.colour = colour
        self._sheet = sheet
        self._mm = size_mm
        self._per_mm = (size_px[0] / size_mm[0], size_px[1] / size_mm[1])
        density = sheet.border if picture is not None else sheet.empty
        self._ground = 1.0 if density is Density.WHITE else 0.0
        self._stamps: list[_Stamp] = []
        self._source: NDArray[Any] | None = None
        self._at = (0, 0, 0, 0)
        if picture is not None:
            self._lay_out(picture, identity)

    def rows(self, top: int, count: int) -> Rows:
        """The rows from ``top`` on."""
        shape = (count, self.width, 3) if self.colour else (count, self.width)
        made = np.full(shape, self._ground, dtype=np.float32)
        for stamp in self._stamps:
            self._press(made, stamp, top)
        left, first, wide, high = self._at
        begin, end = max(top, first), min(top + count, first + high)
        if self._source is not None and begin < end:
            part = self._scaled(begin - first, end - first)
            made[begin - top : end - top, left : left + wide] = part
        return made

    def _lay_out(self, picture: FilmPicture, identity: FilmIdentity | None) -> None:
        line = min(max(min(self._mm) * _LINE_SHARE, _SMALLEST_LINE), _LARGEST_LINE)
        above = self._write_identity(identity, line) if identity else 0.0
        room = Rect(0.0, above, self._mm[0], self._mm[1] - above - line)
        rows, columns = picture.pixels.shape[:2]
        try:
            placed = place(
                room,
                columns,
                rows,
                spacing=picture.spacing,
                aspect=picture.aspect,
                true_size=self._sheet.true_size,
            )
        except (NotCalibrated, DoesNotFit) as error:
            raise NotPrintable(str(error), "G-6406") from error
        x, y = self._per_mm
        wide, high = max(1, round(placed.rect.width * x)), max(1, round(placed.rect.height * y))
        left = min(round(placed.rect.x * x), self.width - wide)
        self._at = (max(0, left), round(placed.rect.y * y), wide, high)
        self._source = _samples(picture, self.colour)
        self._write_below(picture, placed, line)

    def _write_identity(self, identity: FilmIdentity, line: float) -> float:
        """Millimetres taken."""
        lines = (
            [identity.person()]
            if self._mm[0] >= _ONE_LINE
            else [(Piece(identity.name),), identity.numbers()]
        )
        high = round(line * self._per_mm[1])
        for number, pieces in enumerate(lines):
            mask = fitted(pieces, high, self.width - high // 2)
            self._stamps.append(_Stamp(high // 4, number * high, mask))
        return line * len(lines)

    def _write_below(self, picture: FilmPicture, placed: Placement, line: float) -> None:
        high = round(line * self._per_mm[1])
        top = self.height - high
        right = self.width - high // 4
        if self._sheet.ruler and placed.scale is not None:
            right = self._draw_ruler(placed.scale, placed.rect.width, top, high, right)
        pieces = tuple(Piece(word, exact=True) for word in picture.words)
        if pieces and right > 2 * high:
            self._stamps.append(_Stamp(high // 4, top, fitted(pieces, high, right - high)))

    def _draw_ruler(self, scale: float, width: float, top: int, high: int, right: int) -> int:
        """A bar with its length in millimetres of the patient; returns where it begins."""
        length = ruler_length(width, scale)
        bar = round(length * scale * self._per_mm[0])
        size = "1:1" if abs(scale - 1) < 0.005 else f"x{scale:.2f}"
        words = fitted(
            (Piece(f"{length:g} mm", exact=True), Piece(size, exact=True)),
            high,
            max(high, right - bar - 2 * high),
        )
        mark = np.zeros((high, bar), dtype=np.uint8)
        thick = max(1, round(high * 0.1))
        middle = high // 2
        mark[middle : middle + thick] = 255
        mark[high // 5 : high - high // 5, :thick] = 255
        mark[high // 5 : high - high // 5, -thick:] = 255
        self._stamps.append(_Stamp(right - bar, top, mark))
        begin = right - bar - high // 3 - words.shape[1]
        self._stamps.append(_Stamp(begin, top, words))
        return int(begin)

    def _press(self, made: Rows, stamp: _Stamp, top: int) -> None:
        first = max(top, stamp.top)
        end = min(top + made.shape[0], stamp.top + stamp.mask.shape[0])
        left = max(0, stamp.left)
        wide = min(stamp.mask.shape[1], self.width - left)
        if first >= end or wide <= 0:
            return
        ink = stamp.mask[first - stamp.top : end - stamp.top, :wide].astype(np.float32) / 255
        part = self._ground + ink * (1.0 - 2.0 * self._ground)
        made[first - top : end - top, left : left + wide] = part[..., None] if self.colour else part

    def _scaled(self, begin: int, end: int) -> Rows:
        """Rows of the scaled picture, from just the stored rows that they need."""
        assert self._source is not None
        _, _, wide, high = self._at
        scaled = scaled_part(
            self._source,
            (wide, high),
            (0, begin, wide, end - begin),
            _FILTERS[self._sheet.magnification],
        )
        full = 255.0 if self._source.dtype == np.uint8 else float(FULL)
        part: Rows = np.clip(scaled / full, 0.0, 1.0).astype(np.float32)
        if self._sheet.polarity is Polarity.REVERSE:
            part = 1.0 - part
        if self.colour:
            return np.broadcast_to(part, (*part.shape[:2], 3))
        return part[..., 0]


def _samples(picture: FilmPicture, colour: bool) -> NDArray[Any]:
    """What is scaled: colours only where the film has them."""
    if picture.colour and not colour:
        grey = picture.pixels.astype(np.float32) @ _LUMA
        return np.asarray(np.floor(grey + 0.5), dtype=np.uint16)
    return picture.pixels
