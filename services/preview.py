"""A frame as the small JPEG that the screen shows: to aim by, never to diagnose by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from device.ports import Frame

QUALITY = 75
_EIGHT = 8


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded picture with its size in pixels."""

    data: bytes
    width: int
    height: int


def encode(frame: Frame, width: int, height: int, geometry: Mapping[str, Any] = {}) -> Picture:
    """The frame as a JPEG that fits into a box, averaged over areas; never made larger.

    Grey values are shown from the least to the greatest that ``bits_stored`` allows.

    Parameters
    ----------
    width, height
        Of the box, in pixels, above 0.
    geometry
        What the protocol says of the pixels' shape, where the frame says nothing.
    """
    image = Image.fromarray(_eight_bits(frame))
    size = _size(image.size, aspect_of(frame, geometry), width, height)
    shown = image if size == image.size else _shrunk(image, size)
    buffer = BytesIO()
    shown.save(buffer, "JPEG", quality=QUALITY)
    return Picture(buffer.getvalue(), *size)


def freeze(frame: Frame) -> Picture:
    """The frame as a PNG with every sample as it came; grey of more than 8 bits has 16."""
    pixels = frame.pixels
    if pixels.dtype == np.int16:
        pixels = (pixels.astype(np.int32) + 0x8000).astype(np.uint16)
    image = Image.fromarray(np.ascontiguousarray(pixels))
    buffer = BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return Picture(buffer.getvalue(), *image.size)


def aspect_of(frame: Frame, geometry: Mapping[str, Any] = {}) -> float:
    """Height of a pixel by its width (PS3.3 C.7.6.3.1.7); 1 where nobody says."""
    said = frame.attributes.get("PixelAspectRatio") or geometry.get("PixelAspectRatio")
    if not said:
        return 1.0
    vertical, horizontal = (float(part) for part in said)
    return vertical / horizontal if vertical > 0 and horizontal > 0 else 1.0


def _size(size: tuple[int, int], aspect: float, width: int, height: int) -> tuple[int, int]:
    columns, rows = size
    # one of the two sides stays as it is, the other gives way to the pixels' shape
    tall = rows * aspect if aspect < 1 else rows
    wide = columns / aspect if aspect > 1 else columns
    scale = min(1.0, width / wide, height / tall)
    return max(1, round(wide * scale)), max(1, round(tall * scale))


def _shrunk(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image.resize(size, Image.Resampling.BOX, reducing_gap=1.0)


def _eight_bits(frame: Frame) -> NDArray[np.uint8]:
    pixels = frame.pixels
    if pixels.dtype == np.uint8 and frame.bits_stored == _EIGHT:
        grey = pixels
    else:
        values = pixels.astype(np.int32)
        if pixels.dtype == np.int16:
            values += 1 << (frame.bits_stored - 1)
        limit = (1 << frame.bits_stored) - 1
        grey = (np.clip(values, 0, limit) >> (frame.bits_stored - _EIGHT)).astype(np.uint8)
    if frame.photometric == "MONOCHROME1":
        grey = 255 - grey
    return np.ascontiguousarray(grey, np.uint8)
