"""What a capture does to a grey ramp: black, white, and whether the way between them is whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from device.errors import InvalidCalibration

LEAST_SPAN: Final = 0.25
"""Share of the full scale that a ramp has to cover to be taken for one."""

LEAST_LENGTH: Final = 64
"""Pixels of a ramp, at least."""

_END: Final = 0.01
_FLAT: Final = 0.04
_TOLERANCE: Final = 0.01
_NEAR: Final = 3
_KNOWN: Final = {
    (0, 255): "full range",
    (16, 235): "limited range",
    (30, 218): "limited range applied twice: the grabber and the compression both squeeze",
}
_LUMA: Final = (0.299, 0.587, 0.114)


@dataclass(frozen=True, slots=True)
class GreyRange:
    """What was measured on a ramp from black to white.

    Attributes
    ----------
    black, white : int
        Sample values of the ramp's ends.
    full_scale : int
        Largest value of the samples' depth.
    monotonic : bool
        Whether grey never falls on the way from black to white.
    clipped_black, clipped_white : bool
        Whether an end of the ramp is flat, so that its greys are lost.
    """

    black: int
    white: int
    full_scale: int
    monotonic: bool
    clipped_black: bool
    clipped_white: bool

    @property
    def of_8_bits(self) -> tuple[int, int]:
        """Black and white in 8-bit numbers, as a capture profile's measured range has them."""
        return round(self.black * 255 / self.full_scale), round(self.white * 255 / self.full_scale)

    @property
    def sound(self) -> bool:
        """Whether the measured range may be used: nothing lost and nothing folded."""
        return self.monotonic and not (self.clipped_black or self.clipped_white)

    @property
    def findings(self) -> tuple[str, ...]:
        """What a technician should know, in whole sentences."""
        found = [f"Black is {self.black} and white is {self.white} of {self.full_scale}"]
        for known, meaning in _KNOWN.items():
            if all(abs(a - b) <= _NEAR for a, b in zip(self.of_8_bits, known, strict=True)):
                found.append(f"This is {meaning}")
        if not self.monotonic:
            found.append("Grey falls on the way to white: a wrong format, or not a plain ramp")
        for clipped, end in ((self.clipped_black, "black"), (self.clipped_white, "white")):
            if clipped:
                found.append(
                    f"The greys next to {end} are lost: set the grabber's range or contrast so "
                    f"that the whole ramp is seen, and measure again"
                )
        return tuple(found)


def measure_ramp(pixels: NDArray[Any], bits_stored: int) -> GreyRange:
    """Measure a picture, or a part of one, that shows a plain ramp from black to white.

    Parameters
    ----------
    pixels : array
        Grey ``(rows, columns)`` or colour ``(rows, columns, 3)``, unsigned; the ramp runs along one
        of the sides, in either direction, and fills the picture.
    bits_stored : int
        Significant bits of a sample, 8 to 16.

    Raises
    ------
    InvalidCalibration
        There is no ramp in it.
    """
    full_scale = (1 << bits_stored) - 1
    grey = pixels @ np.array(_LUMA) if pixels.ndim == 3 else pixels.astype(np.float64)
    way = _along(grey)
    if way.size < LEAST_LENGTH or abs(way[-1] - way[0]) < LEAST_SPAN * full_scale:
        raise InvalidCalibration(
            "there is no ramp from black to white in this picture; show one on the console, or "
            "name the part of the picture that it fills"
        )
    end = max(1, round(_END * way.size))
    black, white = float(np.median(way[:end])), float(np.median(way[-end:]))
    span = white - black
    falls = float((np.maximum.accumulate(way) - way).max())
    return GreyRange(
        black=round(black),
        white=round(white),
        full_scale=full_scale,
        monotonic=falls <= max(1.0, _TOLERANCE * span),
        clipped_black=_is_flat(way - black, span),
        clipped_white=_is_flat((white - way)[::-1], span),
    )


def _along(grey: NDArray[Any]) -> NDArray[np.float64]:
    """The ramp's mean course from dark to bright."""
    down: NDArray[np.float64] = grey.mean(axis=1)
    across: NDArray[np.float64] = grey.mean(axis=0)
    way = across if np.ptp(across) >= np.ptp(down) else down
    return way if way[-1] >= way[0] else way[::-1]


def _is_flat(rise: NDArray[np.float64], span: float) -> bool:
    """Whether the beginning of a ramp stays at its first value for longer than its steps are."""
    step = max(0.5, 0.004 * span)
    moved = np.flatnonzero(rise > step)
    begins = int(moved[0]) if moved.size else rise.size
    longest_step = rise.size / max(1.0, span)
    return begins > _FLAT * rise.size + 2 * longest_step
