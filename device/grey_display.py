"""Grey values, densities and what the eye makes of them (PS3.14).

A P-value says how far up the eye's own scale a grey is; density is what film has. What this
module knows is how the one becomes the other on a light box of a given luminance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

_LUMINANCE: Final = (
    (-1.3011877, 8.0242636e-2, 1.3646699e-1, -2.5468404e-2, 1.3635334e-3),
    (-2.5840191e-2, -1.0320229e-1, 2.8745620e-2, -3.1978977e-3, 1.2992634e-4),
)
"""Numerator a, c, e, g, m and denominator b, d, f, h, k of PS3.14 section 7.1 in ln(j)."""

_INDEX: Final = (
    71.498068, 94.593053, 41.912053, 9.8247004, 0.28175407,
    -1.1878455, -0.18014349, 0.14710899, -0.017046845,
)  # fmt: skip
"""A to I of PS3.14 section 7.2 in log10(L)."""


_DIMMEST, _BRIGHTEST = 0.05, 3993.404


def luminance(index: Floats) -> Floats:
    """Luminance in cd/m2 at a just-noticeable-difference index of 1 to 1023 (PS3.14 7.1)."""
    x = np.log(np.asarray(index, dtype=np.float64))
    (a, c, e, g, m), (b, d, f, h, k) = _LUMINANCE
    above = a + x * (c + x * (e + x * (g + x * m)))
    below = 1 + x * (b + x * (d + x * (f + x * (h + x * k))))
    return np.asarray(10 ** (above / below))


def jnd_index(cd_m2: Floats) -> Floats:
    """Just-noticeable-difference index of a luminance of 0.05 to 3993.404 cd/m2 (PS3.14 7.2).

    What is darker or brighter counts as the end of that range: an eye sees no more of it.
    """
    x = np.log10(np.clip(np.asarray(cd_m2, dtype=np.float64), _DIMMEST, _BRIGHTEST))
    return np.asarray(np.polynomial.polynomial.polyval(x, _INDEX))


@dataclass(frozen=True, slots=True)
class LightBox:
    """What film is looked at on; cd/m2 (PS3.3 C.13.3: Illumination, Reflected Ambient Light)."""

    illumination: int = 2000
    reflected: int = 10

    def luminance(self, density: Floats) -> Floats:
        """Luminance seen through a density in OD (PS3.14 B.2)."""
        return np.asarray(self.reflected + self.illumination * 10.0 ** -np.asarray(density))

    def density(self, cd_m2: Floats) -> Floats:
        """The reverse of :meth:`luminance`."""
        seen = np.asarray(cd_m2) - self.reflected
        return np.asarray(-np.log10(seen / self.illumination))


def identity_densities(levels: int, minimum: float, maximum: float, box: LightBox) -> Floats:
    """Density in OD for each P-value: steps that look equal (Presentation LUT IDENTITY)."""
    brightest, darkest = box.luminance(np.asarray([minimum, maximum]))
    indices = np.linspace(
        float(jnd_index(np.asarray(darkest))), float(jnd_index(np.asarray(brightest))), levels
    )
    return np.clip(box.density(luminance(indices)), minimum, maximum)


def linear_densities(levels: int, minimum: float, maximum: float) -> Floats:
    """Density in OD for each value: equal steps of density (Presentation LUT LIN OD)."""
    return np.linspace(maximum, minimum, levels)


def seen(densities: Floats, minimum: float, maximum: float, box: LightBox) -> Floats:
    """How bright densities look between the darkest and the brightest, 0 to 1.

    Of identity densities that is a straight line, which is what the preview shows; of linear
    densities it is not, and the preview shows that too.
    """
    low, high = jnd_index(box.luminance(np.asarray([maximum, minimum])))
    share = (jnd_index(box.luminance(densities)) - low) / (high - low)
    return np.asarray(np.clip(share, 0.0, 1.0))
