"""Received samples as P-values: what a Presentation LUT makes of them (PS3.3 C.13.8, C.11.6)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.film_reception.words import Lut, Picture, Sheet


def lut_for(picture: Picture, sheet: Sheet) -> Lut:
    """The LUT of the picture, else of the film, else identity."""
    return sheet.luts.get(picture.lut) or sheet.luts.get(sheet.lut) or Lut()


def through(samples: NDArray[Any], picture: Picture, sheet: Sheet) -> tuple[NDArray[Any], int]:
    """Samples after the LUT's table, and their bits; as they are where it has none.

    A shape says how values become densities, which is the printer's business and not the picture's.
    """
    lut = lut_for(picture, sheet)
    if picture.colour or not lut.values:
        return samples, picture.bits_stored
    kind = np.uint8 if lut.bits == 8 else np.uint16
    table = np.asarray(lut.values, dtype=np.uint16) & np.uint16((1 << lut.bits) - 1)
    index = np.clip(samples.astype(np.int32) - lut.first, 0, len(table) - 1)
    return table[index].astype(kind), lut.bits
