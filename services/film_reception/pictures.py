"""Pictures out of image boxes, and Presentation LUTs, checked before they are kept."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from services.film_reception.attributes import (
    INVALID,
    check,
    one_of,
    only_item,
    reference,
    require,
    require_values,
    tag_of,
    text,
    whole,
)
from services.film_reception.words import Lut, Refusal

LARGEST_SIDE: Final = 16384
LARGEST_BYTES: Final = 128 * 2**20
"""Of one picture: 14 x 17 inches at 500 dpi and 12 bits have room."""

_GREY = ("MONOCHROME1", "MONOCHROME2")
_TWELVE: Final = 12
_NEEDED = (
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelData",
)
_BOX_VALUES = {
    "Polarity": one_of("NORMAL", "REVERSE"),
    "MagnificationType": one_of("REPLICATE", "BILINEAR", "CUBIC", "NONE"),
    "RequestedDecimateCropBehavior": one_of("DECIMATE", "CROP", "FAIL"),
}


@dataclass(frozen=True, slots=True)
class Taken:
    """A picture with its samples, grey or by pixel, in the machine's own order.

    ``too_large`` is what to do where it does not fit at the requested size: ``DECIMATE``, ``CROP``
    or ``FAIL``; empty where nothing was said.
    """

    samples: NDArray[Any]
    bits_stored: int
    inverse: bool
    aspect: float
    requested_mm: float | None
    lut: str
    too_large: str = ""


def position_of(attributes: Dataset, boxes: int) -> int:
    """Image Box Position, from 1.

    Raises
    ------
    Refusal
        There is none, or no such box.
    """
    require(attributes, "ImageBoxPosition")
    check(attributes, {"ImageBoxPosition": whole(1, boxes)})
    return int(text(attributes, "ImageBoxPosition", "0"))


def picture_of(attributes: Dataset, *, colour: bool) -> Taken | None:
    """The picture of an image box (PS3.3 C.13.5); None for a box that is emptied.

    Raises
    ------
    Refusal
        Attributes are missing or wrong, or the pixel data are not what they say.
    """
    keyword = "BasicColorImageSequence" if colour else "BasicGrayscaleImageSequence"
    require(attributes, keyword)
    check(attributes, _BOX_VALUES)
    image = only_item(attributes, keyword)
    if image is None:
        return None
    require_values(image, *_NEEDED)
    _check_image(image, colour)
    reverse = text(attributes, "Polarity") == "REVERSE"
    return Taken(
        samples=_samples(image, colour),
        bits_stored=int(image.BitsStored),
        inverse=reverse != (image.PhotometricInterpretation == "MONOCHROME1"),
        aspect=_aspect(image),
        requested_mm=_requested(attributes),
        lut=reference(attributes, "ReferencedPresentationLUTSequence"),
        too_large=text(attributes, "RequestedDecimateCropBehavior"),
    )


def _check_image(image: Dataset, colour: bool) -> None:
    check(
        image,
        {
            "SamplesPerPixel": one_of("3" if colour else "1"),
            "PhotometricInterpretation": one_of("RGB") if colour else one_of(*_GREY),
            "PlanarConfiguration": one_of("0", "1"),
            "Rows": whole(1, LARGEST_SIDE),
            "Columns": whole(1, LARGEST_SIDE),
            "BitsAllocated": one_of("8") if colour else one_of("8", "16"),
            "BitsStored": one_of("8") if colour else whole(8, 16),
            "PixelRepresentation": one_of("0"),
        },
    )
    stored = int(image.BitsStored)
    wrong = []
    if not stored <= int(image.BitsAllocated):
        wrong.append("BitsStored")
    if text(image, "HighBit") != str(stored - 1):
        wrong.append("HighBit")
    if wrong:
        raise Refusal(INVALID, "the bits do not fit each other", map(tag_of, wrong))  # type: ignore[arg-type]


def _samples(image: Dataset, colour: bool) -> NDArray[Any]:
    rows, columns = int(image.Rows), int(image.Columns)
    deep = int(image.BitsAllocated) == 16
    shape = (rows, columns, 3) if colour else (rows, columns)
    size = int(np.prod(shape)) * (2 if deep else 1)
    data = image.PixelData
    if size > LARGEST_BYTES:
        raise Refusal(0x0213, "the picture is larger than this printer can hold")
    # padded to an even length, not to more
    if not isinstance(data, bytes) or not size <= len(data) <= size + 1:
        raise Refusal(
            INVALID, "the pixel data have another size than they say", [tag_of("PixelData")]
        )
    if not deep:
        samples = np.frombuffer(data, np.uint8, count=size)
    else:
        samples = np.frombuffer(data, "<u2", count=size // 2)
        samples = samples & np.uint16((1 << int(image.BitsStored)) - 1)
    if colour and text(image, "PlanarConfiguration", "0") == "1":
        return np.ascontiguousarray(samples.reshape(3, rows, columns).transpose(1, 2, 0))
    return samples.reshape(shape)


def _aspect(image: Dataset) -> float:
    """Pixel Aspect Ratio (0028,0034): vertical by horizontal."""
    said = text(image, "PixelAspectRatio")
    if not said:
        return 1.0
    parts = said.split("\\")
    good = len(parts) == 2 and all(whole(1, 65535)(part) for part in parts)
    if not good:
        raise Refusal(INVALID, "the pixel aspect ratio is no pair", [tag_of("PixelAspectRatio")])
    return int(parts[0]) / int(parts[1])


def _requested(attributes: Dataset) -> float | None:
    said = text(attributes, "RequestedImageSize")
    if not said:
        return None
    try:
        size = float(said)
    except ValueError:
        size = 0.0
    if not 1.0 <= size <= 1000.0:
        raise Refusal(INVALID, "no size in millimetres", [tag_of("RequestedImageSize")])
    return size


def lut_of(attributes: Dataset) -> Lut:
    """A Presentation LUT as it is created (PS3.3 C.13.8.1).

    Raises
    ------
    Refusal
        It has neither a shape nor a table, or the table is not what it says.
    """
    check(attributes, {"PresentationLUTShape": one_of("IDENTITY", "LIN OD")})
    item = only_item(attributes, "PresentationLUTSequence")
    if item is None:
        require(attributes, "PresentationLUTShape")
        return Lut(text(attributes, "PresentationLUTShape", "IDENTITY"))
    require_values(item, "LUTDescriptor", "LUTData")
    parts = text(item, "LUTDescriptor").split("\\")
    if len(parts) != 3 or not all(whole(0, 65535)(part) for part in parts):
        raise Refusal(INVALID, "no LUT descriptor", [tag_of("LUTDescriptor")])
    entries, first, bits = (int(part) for part in parts)
    entries = entries or 65536
    values = _entries(item)
    if not 8 <= bits <= 16 or first or len(values) < entries:
        raise Refusal(INVALID, "the LUT is not what it says", [tag_of("LUTData")])
    return Lut("", first, bits, tuple(values[:entries]))


def _entries(item: Dataset) -> list[int]:
    data = item.LUTData
    if isinstance(data, bytes):
        return list(struct.unpack(f"<{len(data) // 2}H", data[: len(data) // 2 * 2]))
    try:
        return [int(each) for each in data]
    except (TypeError, ValueError):
        raise Refusal(INVALID, "the LUT has no entries", [tag_of("LUTData")]) from None
