"""The Image Pixel module of a frame: every sample exactly as the source delivered it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timezone
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from device.errors import UnsuitableFrame
from device.ports import Frame

MAX_SIDE: Final = 2**16 - 1
JPEG_METHOD: Final = "ISO_10918_1"
"""Defined term for JPEG lossy compression (PS3.3 C.7.6.1.1.5.1)."""

MAX_PIXEL_BYTES: Final = 2**32 - 2
"""Longest value that Explicit VR can state (PS3.5 section 7.1.2), kept even."""


def check_frame(frame: Frame) -> None:
    """Make sure that a frame is what :class:`device.ports.Frame` promises.

    Raises
    ------
    UnsuitableFrame
        Shape, sample type, depth or photometric interpretation do not agree with each other.
    """
    pixels, bits = frame.pixels, frame.bits_stored
    colour = frame.photometric == "RGB"
    if frame.photometric not in ("MONOCHROME1", "MONOCHROME2", "RGB"):
        raise UnsuitableFrame(
            f"Frame {frame.sequence} is {frame.photometric}; "
            f"only MONOCHROME1, MONOCHROME2 and RGB can be written"
        )
    if pixels.ndim != (3 if colour else 2) or (colour and pixels.shape[2] != 3):
        raise UnsuitableFrame(
            f"Frame {frame.sequence} has the shape {pixels.shape}, which is not a "
            f"{'colour' if colour else 'grey'} picture"
        )
    if not all(1 <= side <= MAX_SIDE for side in pixels.shape[:2]):
        raise UnsuitableFrame(f"Frame {frame.sequence} has {pixels.shape[:2]} rows and columns")
    if pixels.dtype.kind not in "ui" or pixels.dtype.itemsize > 2:
        raise UnsuitableFrame(f"Frame {frame.sequence} has samples of type {pixels.dtype}")
    width = 8 * pixels.dtype.itemsize
    if not 8 <= bits <= width or (colour and (bits, width) != (8, 8)):
        raise UnsuitableFrame(
            f"Frame {frame.sequence} claims {bits} significant bits in samples of {width}"
        )
    _check_range(frame, bits, width)


def _check_range(frame: Frame, bits: int, width: int) -> None:
    if bits == width:
        return
    signed = frame.pixels.dtype.kind == "i"
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    if int(frame.pixels.max()) > high or (signed and int(frame.pixels.min()) < low):
        raise UnsuitableFrame(
            f"Frame {frame.sequence} has samples outside its {bits} significant bits; "
            f"the source is configured with too small a depth"
        )


def check_alike(frames: Sequence[Frame]) -> None:
    """Make sure that frames can share one multi-frame object.

    Raises
    ------
    UnsuitableFrame
        They differ in size, depth, sign or photometric interpretation, or there are none.
    """
    if not frames:
        raise UnsuitableFrame("A multi-frame object needs at least one frame; none was acquired")
    first = _format(frames[0])
    for frame in frames:
        check_frame(frame)
        if _format(frame) != first:
            raise UnsuitableFrame(
                f"Frame {frame.sequence} is {_described(frame)} but frame {frames[0].sequence} is "
                f"{_described(frames[0])}: they cannot share one multi-frame object"
            )


def _format(frame: Frame) -> tuple[Any, ...]:
    return frame.pixels.shape, frame.pixels.dtype, frame.bits_stored, frame.photometric


def _described(frame: Frame) -> str:
    rows, columns = frame.pixels.shape[:2]
    return f"{columns} x {rows} {frame.photometric} of {frame.bits_stored} bits"


def pixel_values(
    frames: Sequence[Frame], *, bits_allocated: int | None = None, least_bits_stored: int = 8
) -> dict[str, Any]:
    """Describe and encode the pixels of one or several like frames (PS3.3 C.7.6.3).

    Parameters
    ----------
    frames : sequence of Frame
        Checked by :func:`check_frame` or :func:`check_alike`.
    bits_allocated : 8 or 16, optional
        Cell size that the IOD prescribes; the samples' own width where it does not.
    least_bits_stored : int
        Smallest Bits Stored that the IOD allows. Samples of fewer bits are declared as this many:
        their values stay what they are.

    Raises
    ------
    UnsuitableFrame
        The pixels do not fit into one DICOM value.
    """
    first = frames[0]
    colour = first.photometric == "RGB"
    signed = first.pixels.dtype.kind == "i"
    allocated = bits_allocated or 8 * first.pixels.dtype.itemsize
    stored = max(first.bits_stored, least_bits_stored)
    if len(frames) * first.pixels.size * allocated // 8 > MAX_PIXEL_BYTES:
        raise UnsuitableFrame(
            f"{len(frames)} frames of {_described(first)} are more than one object can hold; "
            f"acquire fewer frames at a time"
        )
    rows, columns = first.pixels.shape[:2]
    return {
        "SamplesPerPixel": 3 if colour else 1,
        "PhotometricInterpretation": first.photometric,
        **({"PlanarConfiguration": 0} if colour else {}),
        "Rows": rows,
        "Columns": columns,
        "BitsAllocated": allocated,
        "BitsStored": stored,
        "HighBit": stored - 1,
        "PixelRepresentation": int(signed),
        "PixelData": _encoded([frame.pixels for frame in frames], allocated, signed=signed),
    }


def frame_bytes(frame: Frame, allocated: int) -> memoryview:
    """The samples of one frame in cells of 8 or 16 bits, without padding."""
    return _plain(frame.pixels, allocated, signed=False).reshape(-1).view(np.uint8).data


def _plain(array: NDArray[Any], allocated: int, *, signed: bool) -> NDArray[Any]:
    return np.ascontiguousarray(array, dtype=f"<{'i' if signed else 'u'}{allocated // 8}")


def _encoded(arrays: Sequence[NDArray[Any]], allocated: int, *, signed: bool) -> bytes:
    """Little endian, row by row, padded to an even length (PS3.5 section 8.1.1)."""
    plain = [_plain(array, allocated, signed=signed) for array in arrays]
    odd = sum(array.nbytes for array in plain) % 2
    if len(plain) == 1 and not odd:
        return plain[0].tobytes()
    return b"".join([*(array.reshape(-1).view(np.uint8).data for array in plain), b"\0" * odd])


def time_values(frame: Frame, zone: timezone) -> dict[str, Any]:
    """When the picture was taken, as acquisition and content (PS3.3 C.7.6.1)."""
    taken = frame.taken_at.astimezone(zone)
    day, moment = f"{taken:%Y%m%d}", f"{taken:%H%M%S.%f}"
    return {
        "AcquisitionDate": day,
        "AcquisitionTime": moment,
        "ContentDate": day,
        "ContentTime": moment,
        "DateOfSecondaryCapture": day,
        "TimeOfSecondaryCapture": moment,
    }


def lossy_ratio(frame: Frame) -> float | None:
    """Compression ratio of a frame that was ever lossy; None where that is not known."""
    if frame.lossy_ratio is None and frame.jpeg is not None:
        return frame.pixels.nbytes / len(frame.jpeg)
    return frame.lossy_ratio


def lossy_method(frame: Frame) -> str | None:
    """Lossy Image Compression Method of a frame; empty where unknown, None where never lossy."""
    if frame.lossy_method is None and frame.jpeg is not None:
        return JPEG_METHOD
    if frame.lossy_method is None and frame.lossy_ratio is not None:
        return ""
    return frame.lossy_method


def mean_ratio(ratios: Sequence[float]) -> str:
    """Ratio of like frames together, to two decimals."""
    return f"{len(ratios) / sum(1 / ratio for ratio in ratios):.2f}"


def lossy_values(frames: Sequence[Frame]) -> dict[str, Any]:
    """Lossy history of the pixels (PS3.3 C.7.6.1.1.5).

    Once lossy, always lossy: one such frame is enough for the object. The ratio is that of the
    lossy frames together, to two decimals; ratio and method are left out where the source does not
    know them.
    """
    lossy = [frame for frame in frames if lossy_method(frame) is not None]
    if not lossy:
        return {"LossyImageCompression": "00"}
    values: dict[str, Any] = {"LossyImageCompression": "01"}
    ratios = [ratio for frame in lossy if (ratio := lossy_ratio(frame))]
    methods = list(dict.fromkeys(method for frame in lossy if (method := lossy_method(frame))))
    if ratios and len(ratios) == len(lossy) and len(methods) <= 1:
        values["LossyImageCompressionRatio"] = mean_ratio(ratios)
    if methods:
        values["LossyImageCompressionMethod"] = methods[0] if len(methods) == 1 else methods
    return values
