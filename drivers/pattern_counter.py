"""A number drawn into a picture as black and white squares, to be read back by a program.

The squares stand in the upper left corner: a white and a black column for reference, then 8 columns
of 5 rows that hold 32 bits of number and 8 bits of check, most significant first. They are large
enough to survive lossy compression.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

SMALLEST_SIDE = 32
"""Pixels; the squares need 20 by 10 of them at their smallest."""

_REFERENCES = 2
_BITS_ACROSS = 8
_BITS_DOWN = 5
_LARGEST_CELL = 8


def draw_counter(pixels: NDArray[Any], number: int, white: int) -> None:
    """Draw ``number`` (modulo 2**32) into the picture, in place.

    Parameters
    ----------
    pixels : array
        ``(rows, columns)`` or ``(rows, columns, 3)``, at least 32 by 32.
    number : int
        Not negative.
    white : int
        Largest value of a sample.
    """
    cell = _cell(pixels)
    payload = (number % 2**32).to_bytes(4, "big")
    bits = np.unpackbits(np.frombuffer(payload + _check(payload), dtype=np.uint8))
    grid = np.empty((_BITS_DOWN, _REFERENCES + _BITS_ACROSS), dtype=pixels.dtype)
    grid[:, 0], grid[:, 1] = white, 0
    grid[:, _REFERENCES:] = bits.reshape(_BITS_DOWN, _BITS_ACROSS).astype(pixels.dtype) * white
    squares = grid.repeat(cell, axis=0).repeat(cell, axis=1)
    if pixels.ndim == 3:
        squares = squares[:, :, np.newaxis]
    pixels[: cell * _BITS_DOWN, : cell * (_REFERENCES + _BITS_ACROSS)] = squares


def read_counter(pixels: NDArray[Any]) -> int:
    """Read the number back.

    Raises
    ------
    ValueError
        Where the picture carries no readable number.
    """
    if pixels.ndim not in (2, 3) or min(pixels.shape[:2]) < SMALLEST_SIDE:
        raise ValueError("the picture is too small to carry a number")
    cell = _cell(pixels)
    corner = pixels[: cell * _BITS_DOWN, : cell * (_REFERENCES + _BITS_ACROSS)].astype(np.float64)
    if corner.ndim == 3:
        corner = corner.mean(axis=2)
    means = corner.reshape(_BITS_DOWN, cell, _REFERENCES + _BITS_ACROSS, cell).mean(axis=(1, 3))
    white, black = means[:, 0].min(), means[:, 1].max()
    if white <= black:
        raise ValueError("the picture carries no number")
    bits = (means[:, _REFERENCES:] > (white + black) / 2).astype(np.uint8)
    data = np.packbits(bits.ravel()).tobytes()
    if _check(data[:4]) != data[4:]:
        raise ValueError("the number in the picture is damaged")
    return int.from_bytes(data[:4], "big")


def _cell(pixels: NDArray[Any]) -> int:
    return min(_LARGEST_CELL, *(int(side) // 16 for side in pixels.shape[:2]))


def _check(payload: bytes) -> bytes:
    return (zlib.crc32(payload) & 0xFF).to_bytes(1, "big")
