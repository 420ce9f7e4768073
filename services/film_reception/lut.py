"""Received samples as P-values: what a Presentation LUT makes of them (PS3.3 C.13.8, C.11.4)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from device.grey_display import LightBox, linear_densities, seen
from services.film_reception.words import Light, Lut, Picture, Sheet

_FINE: Final = 12
"""Bits of P-values that are made of densities: what the finest film takes."""

_BRIGHTEST: Final = 3800
_ROOM_LIGHT: Final = 150


@dataclass(frozen=True, slots=True)
class Greys:
    """How samples of a picture become P-values.

    Attributes
    ----------
    bits
        Of the P-values.
    inverse
        The lowest P-value is white.
    table
        P-values by sample; None where samples are P-values already.
    """

    bits: int
    inverse: bool
    table: NDArray[Any] | None = None

    def of(self, samples: NDArray[Any]) -> NDArray[Any]:
        return samples if self.table is None else self.table[samples]


def lut_for(picture: Picture, sheet: Sheet) -> Lut:
    """The LUT of the picture, else of the film, else identity."""
    return sheet.luts.get(picture.lut) or sheet.luts.get(sheet.lut) or Lut()


def greys_of(picture: Picture, sheet: Sheet) -> Greys:
    """What to do with a picture's samples.

    A table works on values whose polarity is settled (PS3.4 H.2.1.2), so the polarity is in it.
    Densities (LIN OD) become the P-values that look the same on the light box they are meant for.
    """
    lut = lut_for(picture, sheet)
    if picture.colour or (not lut.values and lut.shape != "LIN OD"):
        return Greys(picture.bits_stored, picture.inverse)
    if lut.values:
        bits = lut.bits
        table = np.asarray(lut.values, dtype=np.uint16) & np.uint16((1 << bits) - 1)
    else:
        bits = max(_FINE, picture.bits_stored)
        table = _of_densities(1 << picture.bits_stored, bits, sheet.light)
    kind = np.uint8 if bits == 8 else np.uint16
    turned = table[::-1] if picture.inverse else table
    return Greys(bits, inverse=False, table=turned.astype(kind))


@cache
def _of_densities(levels: int, bits: int, light: Light) -> NDArray[Any]:
    low, high = light.min_density / 100, light.max_density / 100
    # beyond this the standard's scale of what an eye sees ends (PS3.14 section 7)
    box = LightBox(min(light.illumination, _BRIGHTEST), min(light.reflected, _ROOM_LIGHT))
    share = seen(linear_densities(levels, low, high), low, high, box)
    return np.asarray(np.floor(share * ((1 << bits) - 1) + 0.5), dtype=np.uint16)
