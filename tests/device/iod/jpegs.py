"""Frames as a camera delivers them that compresses by itself."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from tests.device.iod.factories import Picture


def photo(number: int, rows: int = 48, columns: int = 64) -> np.ndarray[Any, Any]:
    """A colour picture with detail that depends on its number."""
    blocks = np.random.default_rng(number).integers(0, 255, (rows // 8, columns // 8, 3))
    return np.kron(blocks, np.ones((8, 8, 1))).astype(np.uint8)


def jpeg_of(pixels: np.ndarray[Any, Any], **more: Any) -> bytes:
    """A JPEG stream; 4:2:2 as cameras have it, unless said otherwise."""
    file = io.BytesIO()
    values = {"quality": 85} if pixels.ndim == 2 else {"quality": 85, "subsampling": 1}
    Image.fromarray(pixels).save(file, "JPEG", **(values | more))
    return file.getvalue()


def decoded(data: bytes) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(io.BytesIO(data)))


def without_huffman_tables(data: bytes) -> bytes:
    """The abbreviated format of many cameras."""
    kept, at = data[:2], 2
    while True:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xDA:
            return kept + data[at:]
        if marker != 0xC4:
            kept += data[at : at + 2 + length]
        at += 2 + length


def motion_jpeg(number: int = 1, *, grey: bool = False, abbreviated: bool = False) -> Picture:
    """One frame with its own stream, 40 ms after the one before."""
    pixels = photo(number)
    stream = jpeg_of(pixels[:, :, 0] if grey else pixels)
    shown = decoded(stream)
    return Picture(
        shown,
        8,
        "MONOCHROME2" if grey else "RGB",
        sequence=number,
        monotonic_ns=number * 40_000_000,
        jpeg=without_huffman_tables(stream) if abbreviated else stream,
    )
