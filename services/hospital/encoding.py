"""Data sets to bytes and back, and cutting encoded data sets without decoding them.

Worklist answers are the same bytes over and over, so entries are encoded once, with sequences of
defined length, and an answer is assembled by cutting out the elements that were asked for.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BytesIO

from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

DECODE_ERRORS: tuple[type[Exception], ...] = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    EOFError,
    OSError,
    NotImplementedError,
    struct.error,
    InvalidDicomError,
)
"""What pydicom raises on bytes that are no data set."""

_LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())


def encode_dataset(dataset: Dataset, *, implicit: bool = False) -> bytes:
    """The data set as VR little endian bytes, every sequence and item with a defined length."""
    define_lengths(dataset)
    buffer = DicomBytesIO()
    buffer.is_little_endian = True
    buffer.is_implicit_VR = implicit
    write_dataset(buffer, dataset)
    return buffer.getvalue()


def decode_dataset(encoded: bytes) -> Dataset:
    """The reverse of :func:`encode_dataset` for explicit VR."""
    return read_dataset(BytesIO(encoded), is_implicit_VR=False, is_little_endian=True)


def decoded(dataset: Dataset) -> Dataset:
    """The data set with every value decoded now, since pydicom puts it off until it is read.

    Raises one of :data:`DECODE_ERRORS` when it cannot be.
    """
    for _ in dataset.iterall():
        pass
    return dataset


def define_lengths(dataset: Dataset) -> None:
    """Have every sequence written with its length in front, so that it can be skipped."""
    for element in dataset:
        if element.VR != "SQ":
            continue
        element.is_undefined_length = False
        for item in element.value:
            item.is_undefined_length_sequence_item = False
            define_lengths(item)


def elements(encoded: bytes, *, implicit: bool) -> Iterator[tuple[int, int, bytes]]:
    """Each top-level element of bytes made by :func:`encode_dataset`.

    Yields
    ------
    tuple of int, int, bytes
        Tag as one number, where the value starts inside the bytes, and the bytes of the element.
    """
    at = 0
    while at < len(encoded):
        group, number = struct.unpack_from("<HH", encoded, at)
        if implicit:
            head, (length,) = 8, struct.unpack_from("<L", encoded, at + 4)
        elif encoded[at + 4 : at + 6] in _LONG_VRS:
            head, (length,) = 12, struct.unpack_from("<L", encoded, at + 8)
        else:
            head, (length,) = 8, struct.unpack_from("<H", encoded, at + 6)
        end = at + head + length
        yield group << 16 | number, head, encoded[at:end]
        at = end


def sequence_of_one(tag: int, item: bytes, *, implicit: bool) -> bytes:
    """A sequence element holding one item of already encoded elements."""
    value = struct.pack("<HHL", 0xFFFE, 0xE000, len(item)) + item
    if implicit:
        return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, len(value)) + value
    return struct.pack("<HH2sHL", tag >> 16, tag & 0xFFFF, b"SQ", 0, len(value)) + value


def empty_element(tag: int, vr: str, *, implicit: bool) -> bytes:
    """An element without a value."""
    if implicit:
        return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, 0)
    if vr.encode() in _LONG_VRS:
        return struct.pack("<HH2sHL", tag >> 16, tag & 0xFFFF, vr.encode(), 0, 0)
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr.encode(), 0)
