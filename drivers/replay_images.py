"""Pictures out of PNG and TIFF files: 8 and 16 bit grey, and colour."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from drivers.errors import CorruptMedia
from drivers.frame import MOST_SAMPLES, Damage, Picture, Pixels

_TIFF_BITS_PER_SAMPLE = 258
_TIFF_PHOTOMETRIC = 262
_WHITE_IS_ZERO = 0
_LOSSY_TIFF = {"jpeg": "ISO_10918_1", "tiff_jpeg": "ISO_10918_1"}
_GREY_MODES = {"1", "L", "LA", "La"}
_DEEP_MODES = {"I;16", "I;16L", "I;16B", "I;16N", "I"}
_DIGITAL = MappingProxyType({"ConversionType": "DI"})


def period(_path: Path) -> float | None:
    """Stills ask for no rate."""
    return None


def play(path: Path) -> Iterator[Picture | Damage]:
    """Yield the picture of a PNG file, or every page of a TIFF file.

    Raises
    ------
    CorruptMedia
        Where the file, or the rest of it, cannot be decoded.
    """
    page = 0
    try:
        with Image.open(path, formats=("PNG", "TIFF")) as image:
            while _load_page(image, page):
                yield _picture(path, image)
                page += 1
    except (CorruptMedia, GeneratorExit, MemoryError):
        raise
    except Exception as error:
        where = f"page {page + 1}" if page else "the picture"
        raise _corrupt(path, f"{where} cannot be decoded ({error})") from error


def _load_page(image: Image.Image, page: int) -> bool:
    """Decode one page; False where there is none. Pillow's warnings say less than its errors."""
    with warnings.catch_warnings(action="ignore"):
        try:
            image.seek(page)
        except EOFError:
            return False
        image.load()
    return True


def _picture(path: Path, image: Image.Image) -> Picture:
    if image.width * image.height > MOST_SAMPLES:
        raise _corrupt(path, f"has a picture of {image.width} by {image.height}")
    pixels, bits, photometric = _present(path, image)
    method = _LOSSY_TIFF.get(str(image.info.get("compression", "")))
    ratio = _ratio(path, image, pixels) if method else None
    return Picture(pixels, bits, photometric, _DIGITAL, ratio, method)


def _present(path: Path, image: Image.Image) -> tuple[Pixels, int, str]:
    if image.mode in _GREY_MODES:
        return np.asarray(image.convert("L")), 8, "MONOCHROME2"
    if image.mode in _DEEP_MODES:
        return _deep_grey(path, image)
    if image.mode == "F":
        raise _corrupt(path, "has floating point pixels; export it with 16 bits")
    return np.asarray(image.convert("RGB")), 8, "RGB"


def _deep_grey(path: Path, image: Image.Image) -> tuple[Pixels, int, str]:
    """Grey of more than 8 bits, as it is stored; Pillow does not turn white-is-zero round here."""
    values: NDArray[Any] = np.asarray(image)
    tags = getattr(image, "tag_v2", {})
    photometric = "MONOCHROME1" if tags.get(_TIFF_PHOTOMETRIC) == _WHITE_IS_ZERO else "MONOCHROME2"
    bits = tags.get(_TIFF_BITS_PER_SAMPLE, (16,))[0]
    low, high = int(values.min()), int(values.max())
    if not -(2**15) <= low <= high < 2**16 or (low < 0 and high >= 2**15):
        raise _corrupt(path, "has more than 16 bits to a pixel; export it with 16")
    signed = low < 0 or image.mode == "I"
    depth = min(max(int(bits), 8), 16)
    if signed and high < 2**15:
        return values.astype(np.int16), depth, photometric
    return values.astype(np.uint16), depth, photometric


def _ratio(path: Path, image: Image.Image, pixels: Pixels) -> float:
    """Size before over size after, as an average over the pages of the file."""
    pages = getattr(image, "n_frames", 1)
    return round(pages * pixels.nbytes / max(1, path.stat().st_size), 2)


def _corrupt(path: Path, reason: str) -> CorruptMedia:
    return CorruptMedia(str(path), reason, "Copy the file again, or leave it out.")
