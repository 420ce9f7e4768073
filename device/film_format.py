"""Image Display Formats: how a sheet is divided into image boxes (PS3.3 C.13.3.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

MOST_BOXES: Final = 64
"""Image boxes of one sheet; more are no use to anybody."""

_GRID = re.compile(r"(?:STANDARD\\)?(\d{1,2})[,x](\d{1,2})")
_LINES = re.compile(r"(ROW|COL)\\(\d{1,2}(?:,\d{1,2})*)")


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle, in whatever unit its maker says."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class FilmFormat:
    r"""A division of the sheet.

    Attributes
    ----------
    text : str
        The format as DICOM spells it: ``STANDARD\C,R``, ``ROW\R1,R2,...`` or ``COL\C1,C2,...``.
    boxes : tuple of Rect
        The boxes in the order of Image Box Position, as fractions of the printable area.
    """

    text: str
    boxes: tuple[Rect, ...]

    @classmethod
    def parse(cls, text: str) -> FilmFormat:
        r"""Read a format; ``2x3`` (columns by rows) stands for ``STANDARD\2,3``.

        ``ROW\R1,R2`` is R1 boxes in the first row and R2 in the second, rows of equal height;
        ``COL\C1,C2`` likewise with columns of equal width, filled downwards.

        Raises
        ------
        ValueError
            Saying what formats there are.
        """
        spelt = text.strip().upper().replace("X", "x")
        if grid := _GRID.fullmatch(spelt):
            columns, rows = int(grid[1]), int(grid[2])
            name, lines, down = f"STANDARD\\{columns},{rows}", [columns] * rows, False
        elif found := _LINES.fullmatch(spelt):
            name, lines, down = spelt, [int(n) for n in found[2].split(",")], found[1] == "COL"
        else:
            raise ValueError(
                f"{text!r} is no layout: write columns by rows as 2x3, or STANDARD\\2,3, "
                f"ROW\\1,2 or COL\\1,2"
            )
        if not lines or min(lines) < 1 or sum(lines) > MOST_BOXES:
            raise ValueError(f"{text!r} has no boxes, or more than {MOST_BOXES}")
        return cls(name, tuple(_boxes(lines, down)))

    def on(self, area: Rect, gap: float) -> tuple[Rect, ...]:
        """The boxes inside a printable area, with gaps between neighbours; in the area's unit."""
        return tuple(_inside(box, area, gap) for box in self.boxes)


def _boxes(lines: list[int], down: bool) -> list[Rect]:
    thick = 1 / len(lines)
    made = []
    for line, count in enumerate(lines):
        for place in range(count):
            along, across = place / count, line * thick
            made.append(
                Rect(across, along, thick, 1 / count)
                if down
                else Rect(along, across, 1 / count, thick)
            )
    return made


def _inside(box: Rect, area: Rect, gap: float) -> Rect:
    """Equal boxes with a gap between neighbours and none at the border of the area."""
    wide, high = area.width + gap, area.height + gap
    return Rect(
        area.x + box.x * wide,
        area.y + box.y * high,
        box.width * wide - gap,
        box.height * high - gap,
    )
