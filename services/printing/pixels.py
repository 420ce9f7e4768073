"""How many pixels an image box of a printer has."""

from __future__ import annotations

from device.film import FilmSheet
from device.film_format import Rect
from device.film_geometry import pixels
from services.printing.printers import PrinterFacts
from services.printing.profile import PrinterProfile


def box_pixels(
    profile: PrinterProfile, facts: PrinterFacts, sheet: FilmSheet, place: Rect
) -> tuple[int, int]:
    """Columns and rows: as the printer says, as its profile says, else by its resolution.

    Parameters
    ----------
    place
        The box in millimetres.
    """
    text = sheet.format.text
    regular = text.startswith("STANDARD")
    for fact in facts.formats:
        same = fact.film_size == sheet.film_size and fact.orientation == sheet.orientation.value
        if regular and same and fact.display_format == text and fact.columns and fact.rows:
            return fact.columns, fact.rows
    if sheet.film_size in profile.sizes and regular:
        area = profile.sizes[sheet.film_size]
        if sheet.orientation.value == "LANDSCAPE":
            area = (area[1], area[0])
        columns, rows = (int(count) for count in text.removeprefix("STANDARD\\").split(","))
        return area[0] // columns, area[1] // rows
    return pixels(place.width, profile.dpi), pixels(place.height, profile.dpi)
