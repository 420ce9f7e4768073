"""Pixels that stay the JPEG stream which their device delivered (PS3.5 section A.4.1)."""

from __future__ import annotations

from typing import Any, Final

from device.iod.jpeg import interchange_format, look_into
from device.ports import Frame

_ALLOWED: Final = ("MONOCHROME2", "YBR_FULL_422")
"""Photometric interpretations of a single or multi-frame Secondary Capture in JPEG Baseline."""

_ITEM: Final = b"\xfe\xff\x00\xe0"
_SEQUENCE_DELIMITER: Final = b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"


def kept_jpeg(frame: Frame) -> str | None:
    """Photometric Interpretation of the frame's own stream where it can be kept, else None.

    It is kept where it shows what the pixels show: a stream that was cropped, turned to grey or
    damaged on the way is not, nor one whose colours this transfer syntax does not allow. The pixels
    are written instead then, with their lossy history.
    """
    if frame.jpeg is None or frame.bits_stored != 8 or frame.photometric == "MONOCHROME1":
        return None
    stream = look_into(frame.jpeg)
    if stream is None or (stream.rows, stream.columns) != frame.pixels.shape[:2]:
        return None
    if stream.photometric not in _ALLOWED:
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


def encapsulated_jpeg(frame: Frame) -> bytes:
    """The frame's own stream as the pixel data of a single-frame object, items and all.

    Raises
    ------
    ValueError
        The frame has none that can be kept.
    """
    stream = interchange_format(frame.jpeg or b"")
    table = _ITEM + (4).to_bytes(4, "little") + bytes(4)
    return table + _ITEM + len(stream).to_bytes(4, "little") + stream + _SEQUENCE_DELIMITER
