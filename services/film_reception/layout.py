"""Where the image boxes of a received sheet lie, and whether a picture fits into its box."""

from __future__ import annotations

from typing import Final

from device.film import FILM_SIZES
from device.film_format import FilmFormat, Rect
from services.film_reception.words import FilmBox

EDGE_MM: Final = 4.0
"""What stays free at every edge of the sheet."""

NOTE_MM: Final = 5.0
"""Height of the line of annotations, where there are any."""

_GAP_MM: Final = 1.0
_TOLERANCE_MM: Final = 0.05


def size_mm(film_size: str, orientation: str) -> tuple[float, float]:
    """Width and height of a sheet as it is looked at."""
    width, height = FILM_SIZES[film_size]
    return (height, width) if orientation == "LANDSCAPE" else (width, height)


def boxes_of(
    display_format: str, film_size: str, orientation: str, *, notes: bool
) -> tuple[Rect, ...]:
    """The image boxes by position, in millimetres; ``notes`` leaves room for annotations."""
    width, height = size_mm(film_size, orientation)
    foot = NOTE_MM if notes else 0.0
    area = Rect(EDGE_MM, EDGE_MM, width - 2 * EDGE_MM, height - 2 * EDGE_MM - foot)
    return FilmFormat.parse(display_format).on(area, _GAP_MM)


def requested_size(width: float, rows: int, columns: int, aspect: float) -> tuple[float, float]:
    """Width and height in millimetres of a picture with this Requested Image Size."""
    return width, width * rows * aspect / columns


def fits(film: FilmBox, position: int, size: tuple[float, float]) -> bool:
    """Whether a picture of this width and height has room in its box, counted from 1."""
    box = boxes_of(film.display_format, film.film_size, film.orientation, notes=bool(film.notes))[
        position - 1
    ]
    width, height = size
    return width <= box.width + _TOLERANCE_MM and height <= box.height + _TOLERANCE_MM
