"""ACR-NEMA 2.0 (and 1.0) messages in files: DICOM's ancestor, read as DICOM.

Group 0028 knows neither Samples per Pixel nor Photometric Interpretation, pixel cells may be packed
12 bits wide, and the pixels may be in another group. All of that is straightened here; what such a
file says in attributes that DICOM still has is taken as it is.

Image Position (0020,0030) and Image Orientation (0020,0035) are left behind on purpose: what their
axes follow differs from maker to maker, so they place nothing in a patient. The site's protocol may
give orientation and stack instead.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import read_dataset

from drivers.errors import CorruptMedia
from drivers.frame import MOST_SAMPLES

SUFFIXES: Final = (".acr", ".nema", ".an2")
_LITTLE: Final = (b"\x08\x00\x00\x00", b"\x08\x00\x01\x00")
_BIG: Final = (b"\x00\x08\x00\x00", b"\x00\x08\x00\x01")
"""Group 0008, its length or Length to End first, in either byte order."""

_PIXELS: Final = 0x7FE0
_PACKED: Final = 12


def matches(head: bytes) -> bool:
    """Whether a file begins with group 0008, as messages without a preamble do."""
    return head.startswith(_LITTLE + _BIG)


def read_big_endian(path: Path, *, pixels: bool) -> Dataset | None:
    """Read a message whose first byte is the higher one, None for any other file.

    DICOM knows this byte order with explicit value representations only, so its readers take such
    a file for something else.
    """
    with path.open("rb") as stream:
        if not stream.read(4).startswith(_BIG):
            return None
        stream.seek(0)
        until = None if pixels else (lambda tag, *_: bool(tag >> 16 >= _PIXELS))
        dataset = read_dataset(stream, is_implicit_VR=True, is_little_endian=False, stop_when=until)
    dataset.file_meta = FileMetaDataset()
    return dataset


def is_acr_nema(dataset: Dataset) -> bool:
    """Whether a data set calls itself ACR-NEMA, in Recognition Code (0008,0010)."""
    return "ACR-NEMA" in str(dataset.get("RecognitionCode", "")).upper()


def modernise(path: Path, dataset: Dataset) -> None:
    """Give an ACR-NEMA data set the Image Pixel module that DICOM asks for (PS3.3 C.7.6.3).

    Raises
    ------
    CorruptMedia
        A volume, a compression or a form of pixels that cannot be read.
    """
    planes = int(dataset.get("Planes") or 1)
    if planes > 1:
        raise _corrupt(path, f"holds a volume of {planes} planes in one message")
    form = str(dataset.get("ImageFormat") or "RECT").strip().upper()
    compression = str(dataset.get("CompressionCode") or "NONE").strip().upper()
    if form != "RECT" or compression not in ("NONE", ""):
        raise _corrupt(path, f"holds pixels of the form {form}, compression {compression}")
    _move_pixels(dataset)
    dataset.SamplesPerPixel = 1
    if "PhotometricInterpretation" not in dataset:
        dataset.PhotometricInterpretation = "MONOCHROME2"
    stored = int(dataset.get("BitsStored") or dataset.BitsAllocated)
    dataset.BitsStored = stored
    if dataset.get("HighBit") is None:
        dataset.HighBit = stored - 1
    if dataset.get("PixelRepresentation") is None:
        dataset.PixelRepresentation = 0
    if "PixelData" not in dataset:
        return
    if not dataset.original_encoding[1]:
        dataset.PixelData = np.frombuffer(dataset.PixelData, ">u2").astype("<u2").tobytes()
    if dataset.BitsAllocated == _PACKED:
        _unpack(path, dataset)
    dataset["PixelData"].VR = "OW"


def _move_pixels(dataset: Dataset) -> None:
    """Image Location (0028,0200) names the group that the pixels are in."""
    location = int(dataset.get("ImageLocation") or _PIXELS)
    if location == _PIXELS or (location, 0x0010) not in dataset:
        return
    dataset.PixelData = bytes(dataset[location, 0x0010].value)


def _unpack(path: Path, dataset: Dataset) -> None:
    """Cells of 12 bits follow each other without a gap, from the lowest bit of each word up."""
    count = int(dataset.Rows) * int(dataset.Columns)
    if count > MOST_SAMPLES:
        raise _corrupt(path, f"has a picture of {dataset.Columns} by {dataset.Rows}")
    stream = np.frombuffer(dataset.PixelData, np.uint8)[: (count * _PACKED + 7) // 8]
    if stream.size * 8 < count * _PACKED:
        raise _corrupt(path, "ends within the picture")
    bits = np.unpackbits(stream, bitorder="little")[: count * _PACKED].reshape(count, _PACKED)
    weights = (1 << np.arange(_PACKED)).astype(np.uint16)
    cells = (bits.astype(np.uint16) * weights).sum(axis=1, dtype=np.uint16)
    dataset.BitsAllocated = 16
    dataset.PixelData = cells.astype("<u2").tobytes()


def _corrupt(path: Path, reason: str) -> CorruptMedia:
    return CorruptMedia(str(path), reason, "Have the scanner write single pictures, or leave it.")
