"""Sheet sizes out of self-describing media names (PWG 5101.1 section 5)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from drivers.cups.words import Media

TOLERANCE_MM = 1.0
"""Names round to a tenth of an inch or so, films are cut to half a millimetre."""

_MM_PER_INCH = 25.4
_SIZE = re.compile(r"_(\d{1,5}(?:\.\d{1,4})?)x(\d{1,5}(?:\.\d{1,4})?)(mm|in)(?:$|[._-])")


def parse(name: str) -> Media | None:
    """The sheet that a name describes; None for a name without a size."""
    found = _SIZE.search(name)
    if found is None:
        return None
    factor = _MM_PER_INCH if found[3] == "in" else 1.0
    return Media(name, float(found[1]) * factor, float(found[2]) * factor)


def fitting(known: Iterable[Media], width_mm: float, height_mm: float) -> Media | None:
    """The nearest sheet of this size in either orientation, None where none is within 1 mm."""

    def error(media: Media) -> float:
        upright = max(abs(media.width_mm - width_mm), abs(media.height_mm - height_mm))
        turned = max(abs(media.width_mm - height_mm), abs(media.height_mm - width_mm))
        return min(upright, turned)

    best = min(known, key=error, default=None)
    return best if best is not None and error(best) <= TOLERANCE_MM else None
