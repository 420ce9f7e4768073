"""Pictures out of DICOM files and of their ACR-NEMA ancestors, at their full depth."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut
from pydicom.pixels.utils import iter_pixels
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLSNearLossless,
    SecondaryCaptureImageStorage,
)

from drivers.errors import CorruptMedia
from drivers.frame import LARGEST_SIDE, MOST_SAMPLES, Damage, Picture, Pixels
from drivers.native import acr_nema
from drivers.replay_attributes import attributes_of

_LOSSY = {
    JPEGBaseline8Bit: "ISO_10918_1",
    JPEGExtended12Bit: "ISO_10918_1",
    JPEGLSNearLossless: "ISO_14495_1",
}
_PERHAPS_LOSSY = {JPEG2000: "ISO_15444_1", HTJ2K: "ISO_15444_15"}
"""Syntaxes that allow both; the file's own Lossy Image Compression decides, lossy where absent."""

_COLOURS = {"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT", "PALETTE COLOR"}


def period(path: Path) -> float | None:
    """Seconds per picture of a cine loop (PS3.3 C.7.6.5), or None for stills."""
    dataset = _read(path, pixels=False)
    with _explained(path, "has a broken header"):
        frame_time = _number(dataset, "FrameTime")
        if frame_time:
            return frame_time / 1000
        rate = _number(dataset, "CineRate") or _number(dataset, "RecommendedDisplayFrameRate")
        return 1 / rate if rate else None


def play(path: Path) -> Iterator[Picture | Damage]:
    """Yield every frame of one DICOM file.

    Raises
    ------
    CorruptMedia
        No DICOM, no picture in it, or pixel data that cannot be decoded.
    """
    dataset = _read(path, pixels=True)
    with _explained(path, "has a broken header"):
        _check_size(path, dataset)
        ratio, method = _lossy_history(dataset)
        attributes = attributes_of(dataset)
        gaps = _gaps(dataset)
        native = _is_native(dataset)
    attributes.setdefault("ConversionType", "DI")
    if method is not None:
        attributes["LossyImageCompression"] = "01"
    known = MappingProxyType(attributes)
    for stored in _decode(path, dataset):
        with _explained(path, "has a broken header"):
            pixels, bits, photometric = _present(path, dataset, stored)
        gap = next(gaps, None)
        yield Picture(pixels, bits, photometric, known, ratio, method, gap, native=native)


@contextmanager
def _explained(path: Path, what: str) -> Iterator[None]:
    """Whatever the libraries say of a foreign file becomes :class:`CorruptMedia`.

    Their warnings are left out: odd values are judged where they are used, and would be quoted.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (CorruptMedia, MemoryError):
        raise
    except Exception as error:
        raise _corrupt(path, f"{what} ({_brief(error)})") from error


def _read(path: Path, pixels: bool) -> Dataset:
    """Read a file with or without DICOM preamble."""
    with _explained(path, "is not readable as DICOM"):
        dataset = acr_nema.read_big_endian(path, pixels=pixels)
        if dataset is None:
            dataset = dcmread(path, force=True, stop_before_pixels=not pixels)
        _complete_meta(dataset)
        if acr_nema.is_acr_nema(dataset):
            acr_nema.modernise(path, dataset)
    return dataset


def _complete_meta(dataset: Dataset) -> None:
    """A file without file meta information was written in the syntax that it was read in."""
    if "TransferSyntaxUID" in dataset.file_meta:
        return
    implicit, little = dataset.original_encoding
    explicit = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else explicit


def _is_native(dataset: Dataset) -> bool:
    """Whether a scanner wrote it, rather than a box that captured a screen (PS3.3 A.8)."""
    captured = str(dataset.get("SOPClassUID", "")).startswith(SecondaryCaptureImageStorage)
    return not captured and not dataset.get("ConversionType")


def _check_size(path: Path, dataset: Dataset) -> None:
    if "PixelData" not in dataset:
        raise _corrupt(path, "holds no picture")
    rows, columns, samples = dataset.Rows, dataset.Columns, dataset.SamplesPerPixel
    if not 0 < rows * columns * samples <= MOST_SAMPLES or max(rows, columns) > LARGEST_SIDE:
        raise _corrupt(path, f"has a picture of {columns} by {rows}")


def _decode(path: Path, dataset: Dataset) -> Iterator[NDArray[Any]]:
    """Decode frame by frame; colour comes as RGB."""
    syntax = dataset.file_meta.TransferSyntaxUID.name
    decoded = iter_pixels(dataset)
    while True:
        with _explained(path, f"the pixel data ({syntax}) cannot be decoded"):
            frame = next(decoded, None)
            if frame is not None and dataset.PhotometricInterpretation == "PALETTE COLOR":
                frame = apply_color_lut(frame, dataset)
        if frame is None:
            return
        yield frame


def _present(path: Path, dataset: Dataset, stored: NDArray[Any]) -> tuple[Pixels, int, str]:
    """Stored values as a frame carries them: colour in 8 bits, grey as it is."""
    photometric = str(dataset.PhotometricInterpretation)
    if photometric in _COLOURS and stored.ndim == 3 and stored.dtype.kind == "u":
        excess = max(0, _significant(dataset, stored) - 8)
        rgb: NDArray[np.uint8] = (stored >> excess).astype(np.uint8)
        return rgb, 8, "RGB"
    if photometric not in ("MONOCHROME1", "MONOCHROME2") or stored.ndim != 2:
        raise _corrupt(path, f"photometric interpretation {photometric} cannot be shown")
    bits = int(dataset.BitsStored)
    if stored.dtype.kind not in "iu" or bits > 16:
        raise _corrupt(path, f"has {bits} bits to a pixel, more than a frame carries (16)")
    return _grey(dataset, stored, bits), max(bits, 8), photometric


def _significant(dataset: Dataset, stored: NDArray[Any]) -> int:
    """Bits of a colour sample; a palette fills its whole width."""
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        return stored.dtype.itemsize * 8
    return int(dataset.BitsStored)


def _grey(dataset: Dataset, stored: NDArray[Any], bits: int) -> Pixels:
    """Without what old files keep in unused bits, such as overlays (PS3.5 section 8.1.1)."""
    signed = stored.dtype.kind == "i"
    values = stored.astype(np.int32)
    if not dataset.file_meta.TransferSyntaxUID.is_compressed and bits > 1:
        above = 31 - int(dataset.HighBit)
        shifted = values << above
        if signed:
            values = shifted >> (32 - bits)
        else:
            values = (shifted.view(np.uint32) >> np.uint32(32 - bits)).astype(np.int32)
    if signed:
        return values.astype(np.int16)
    return values.astype(np.uint8) if bits <= 8 else values.astype(np.uint16)


def _gaps(dataset: Dataset) -> Iterator[float | None]:
    """Seconds before each picture, from Frame Time Vector where there is one."""
    vector = [float(step) / 1000 for step in _several(dataset, "FrameTimeVector")]
    return iter([None, *(step if 0 < step < math.inf else None for step in vector[1:])])


def _lossy_history(dataset: Dataset) -> tuple[float | None, str | None]:
    """Ratio and method where the picture was ever lossy; an unknown method is empty, not None."""
    syntax = UID(dataset.file_meta.TransferSyntaxUID)
    said = dataset.get("LossyImageCompression")
    method = _LOSSY.get(syntax)
    if method is None and said != "00":
        method = _PERHAPS_LOSSY.get(syntax)
    if method is None and said != "01":
        return None, None
    ratios = [float(ratio) for ratio in _several(dataset, "LossyImageCompressionRatio")]
    methods = [str(known) for known in _several(dataset, "LossyImageCompressionMethod")]
    if not ratios and method is not None:
        ratios = [_ratio_now(dataset)]
    if not methods and method is not None:
        methods = [method]
    return ratios[-1] if ratios else None, methods[-1] if methods else ""


def _ratio_now(dataset: Dataset) -> float:
    """Size before over size after, of the compression that the file still has."""
    frames = _number(dataset, "NumberOfFrames") or 1
    samples = dataset.Rows * dataset.Columns * dataset.SamplesPerPixel
    before = frames * samples * dataset.BitsAllocated / 8
    return round(float(before) / max(1, len(dataset.PixelData)), 2)


def _several(dataset: Dataset, keyword: str) -> list[Any]:
    value = dataset.get(keyword)
    if value is None or value == "":
        return []
    return [value] if isinstance(value, str | float) else list(value)


def _number(dataset: Dataset, keyword: str) -> float | None:
    """A single positive number, or None where the attribute holds anything else."""
    try:
        value = float(dataset.get(keyword))
    except (TypeError, ValueError):
        return None
    return value if 0 < value < math.inf else None


def _corrupt(path: Path, reason: str) -> CorruptMedia:
    return CorruptMedia(str(path), reason, "Copy the file again, or leave it out.")


def _brief(error: Exception) -> str:
    """The beginning of a library's message, on one line."""
    return " ".join(str(error).split())[:160] or type(error).__name__
