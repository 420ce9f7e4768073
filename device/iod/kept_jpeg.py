"""Pixels that stay the JPEG stream which their device delivered (PS3.5 section A.4.1)."""

from __future__ import annotations

from typing import Any

from device.iod.jpeg import look_into
from device.ports import Frame


def kept_jpeg(frame: Frame) -> str | None:
    """Photometric Interpretation of the frame's own stream where it can be kept, else None.

    It is kept where it shows what the pixels show: a stream that was cropped, turned to grey or
    damaged on the way is not, and the pixels are written instead, with their lossy history.
    """
    if frame.jpeg is None or frame.bits_stored != 8 or frame.photometric == "MONOCHROME1":
        return None
    stream = look_into(frame.jpeg)
    if stream is None or (stream.rows, stream.columns) != frame.pixels.shape[:2]:
        return None
    colour = stream.photometric != "MONOCHROME2"
    return stream.photometric if colour == (frame.photometric == "RGB") else None


def jpeg_values(photometric: str) -> dict[str, Any]:
    """What the Image Pixel module says of such pixels beyond that of plain ones (PS3.5 8.2.1)."""
    return {
        "PhotometricInterpretation": photometric,
        "BitsAllocated": 8,
        "BitsStored": 8,
        "HighBit": 7,
    }
