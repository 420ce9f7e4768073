"""Grey levels and colours: black and white where they belong, luma out of colours and back."""

from __future__ import annotations

from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from drivers.frame import Pixels

LIMITED = (16, 235)
"""Luma of black and white in studio range (ITU-R BT.601, BT.709)."""

Matrix = Literal["601", "709"]
Span = Literal["full", "limited"] | tuple[int, int]

_SHARES: dict[Matrix, tuple[int, int, int]] = {
    "601": (19595, 38470, 7471),
    "709": (13933, 46871, 4732),
}
"""Shares of red, green and blue in luma, of 65536."""


def table(span: Span, bits: int) -> NDArray[np.uint8] | NDArray[np.uint16] | None:
    """New value of each old one, so that ``span`` fills the whole depth; None where it does.

    Parameters
    ----------
    span : "full", "limited" or (int, int)
        Values of black and white at 8 bits.
    bits : int
        8 to 16.
    """
    if span == "full" or span == (0, 255):
        return None
    low, high = LIMITED if span == "limited" else span
    top = (1 << bits) - 1
    # studio range scales by powers of two (16 is 64 at 10 bits), the full one by its largest value
    scale = 1 << (bits - 8) if span == "limited" else top / 255
    values = np.arange(top + 1, dtype=np.float64)
    spread = (values - low * scale) * (top / ((high - low) * scale))
    rounded = np.clip(np.rint(spread), 0, top)
    return rounded.astype(np.uint8) if bits == 8 else rounded.astype(np.uint16)


def chroma_table(span: Span) -> NDArray[np.uint8] | None:
    """New value of each old chroma value, to go with :func:`table` at 8 bits."""
    if span == "full" or span == (0, 255):
        return None
    # chroma of studio range reaches from 16 to 240, measured ranges squeeze it as they do luma
    spread = 224 if span == "limited" else span[1] - span[0]
    values = (np.arange(256, dtype=np.float64) - 128) * (255 / spread) + 128
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def apply(values: NDArray[Any], levels: NDArray[Any] | None, bits: int) -> Pixels:
    """A copy of ``values`` in memory of its own, with its levels replaced."""
    if levels is not None:
        return cast("Pixels", levels.take(values))
    return cast("Pixels", np.array(values, np.uint8 if bits == 8 else np.uint16, order="C"))


def luma(colours: NDArray[np.uint8], matrix: Matrix) -> NDArray[np.uint8]:
    """Luma of an RGB picture."""
    red, green, blue = _SHARES[matrix]
    wide = colours.astype(np.uint32)
    total = wide[:, :, 0] * red + wide[:, :, 1] * green + wide[:, :, 2] * blue
    return ((total + 32768) >> 16).astype(np.uint8)


def to_rgb(
    luma: NDArray[Any], blue: NDArray[np.uint8], red: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """RGB by the matrix of BT.601 at full range, planes all of one size; for small pictures."""
    grey = luma.astype(np.float32)
    cb, cr = blue.astype(np.float32) - 128, red.astype(np.float32) - 128
    colours = np.stack([grey + 1.402 * cr, grey - 0.344136 * cb - 0.714136 * cr, grey + 1.772 * cb])
    rounded: NDArray[np.uint8] = np.clip(np.rint(colours), 0, 255).astype(np.uint8)
    return np.moveaxis(rounded, 0, 2)
