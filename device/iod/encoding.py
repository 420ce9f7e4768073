"""The bytes of an object, quickly: the whole Part 10 file in Explicit VR Little Endian.

pydicom's writer is general: it copies the data set, corrects it and writes every element through a
buffer of its own. An object that this box built needs none of that, and building it is on the path
between two frames, so its elements are joined here directly. The bytes are the same.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any, Final

from pydicom.charset import convert_encodings, encode_string
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.uid import (
    MPEG4HP41,
    MPEG4HP41BD,
    UID,
    ExplicitVRLittleEndian,
    JPEGBaseline8Bit,
)
from pydicom.valuerep import PersonName

from device.uids import IMPLEMENTATION_CLASS_UID

ENCAPSULATED: Final = (JPEGBaseline8Bit, MPEG4HP41, MPEG4HP41BD)
"""Transfer syntaxes with compressed pixels that this box writes; all else as Explicit VR LE."""

_PIXEL_DATA: Final = 0x7FE00010
_UNDEFINED: Final = 2**32 - 1
_ITEM: Final = (0xFFFE, 0xE000)
_PREAMBLE: Final = b"\0" * 128 + b"DICM"
_LONG: Final = frozenset(
    {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"}
)
_TEXT: Final = frozenset({"LO", "LT", "SH", "ST", "UC", "UT"})
_BINARY: Final = frozenset({"OB", "OW", "UN"})
_NUMBERS: Final = {"US": "H", "SS": "h", "UL": "L", "SL": "l", "FL": "f", "FD": "d"}
_LONGEST_SHORT: Final = 2**16 - 2
_SHORT_HEADER: Final = struct.Struct("<HH2sH")
_LONG_HEADER: Final = struct.Struct("<HH2s2xL")
_ITEM_HEADER: Final = struct.Struct("<HHL")
_DEFAULT: Final = ("iso8859",)

Encodings = Sequence[str]


def encode(dataset: Dataset) -> bytes:
    """Encode a built object as a DICOM file (PS3.10 section 7.1).

    Parameters
    ----------
    dataset : Dataset
        With complete file meta information for Explicit VR Little Endian or one of
        :data:`ENCAPSULATED`, without ambiguous value representations: what the builders of this
        package return. Compressed pixels are there as they go into the file, items and all.

    Returns
    -------
    bytes
        Preamble, prefix, file meta information with its group length, and the data set.

    Raises
    ------
    ValueError
        The transfer syntax is another one, or an element cannot be written; the text names it.
    UnicodeEncodeError
        A text was changed after building to one that Specific Character Set cannot hold, and
        pydicom's ``writing_validation_mode`` is RAISE, as the box sets it.
    """
    return _front(_meta(dataset)) + _body(dataset)


def encode_head(
    dataset: Dataset, length: int, *, pixel_bytes: int, frame_lengths: Sequence[int] = ()
) -> bytes:
    """Encode everything of a file up to the first byte of the first frame, in a given length.

    With it a file can be begun before it is known how many frames it will hold: the pixels are
    written behind a gap, and the gap is filled in the end. What is left of it becomes Private
    Information of the file meta information (PS3.10 table 7.1-1), which is never sent to a peer.

    Parameters
    ----------
    dataset : Dataset
        As for :func:`encode`, without pixel data, whose value representation follows Bits
        Allocated.
    length : int
        Bytes of the head, even; at least :func:`head_room` of the data set.
    pixel_bytes : int
        Length of uncompressed pixel data or of a video stream, made even; not looked at for JPEG.
    frame_lengths : sequence of int
        Bytes of each JPEG frame without its item's header, even. They become the Basic Offset Table
        (PS3.5 section A.4), which is empty before the single item of a video stream.

    Raises
    ------
    ValueError
        The head does not fit into ``length``; otherwise as for :func:`encode`.
    """
    body = _body(dataset)
    if dataset.file_meta.TransferSyntaxUID in ENCAPSULATED:
        offsets, at = [], 0
        for size in frame_lengths:
            offsets.append(at)
            at += 8 + size
        body += _LONG_HEADER.pack(_PIXEL_DATA >> 16, _PIXEL_DATA & 0xFFFF, b"OB", _UNDEFINED)
        body += _ITEM_HEADER.pack(*_ITEM, 4 * len(offsets))
        body += struct.pack(f"<{len(offsets)}L", *offsets)
        if dataset.file_meta.TransferSyntaxUID != JPEGBaseline8Bit:
            body += _ITEM_HEADER.pack(*_ITEM, pixel_bytes)
    else:
        vr = b"OW" if dataset.BitsAllocated > 8 else b"OB"
        body += _LONG_HEADER.pack(_PIXEL_DATA >> 16, _PIXEL_DATA & 0xFFFF, vr, pixel_bytes)
    meta = _meta(dataset)
    _append(meta, DataElement(0x00020100, "UI", UID(IMPLEMENTATION_CLASS_UID)), _DEFAULT)
    spare = length - len(_front(meta)) - _LONG_HEADER.size - len(body)
    if spare < 0 or spare % 2:
        raise ValueError(f"a head of {length - spare} bytes does not fit into {length}")
    meta.append(_LONG_HEADER.pack(0x0002, 0x0102, b"OB", spare))
    meta.append(bytes(spare))
    return _front(meta) + body


def head_room(dataset: Dataset, growth: int) -> int:
    """A length for :func:`encode_head` that lets the data set grow by so many bytes.

    It is a whole number of pages of 4 KiB, so that the pixels begin on one.
    """
    return -(-(len(encode(dataset)) + growth + 1024) // 4096) * 4096


def _meta(dataset: Dataset) -> list[bytes]:
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax != ExplicitVRLittleEndian and syntax not in ENCAPSULATED:
        raise ValueError(
            f"Only Explicit VR Little Endian and what the box compresses is encoded here, "
            f"not {syntax.name}"
        )
    meta: list[bytes] = []
    for tag in sorted(dataset.file_meta.keys(), key=int):
        if tag != 0x00020000:
            _append(meta, dataset.file_meta[tag], _DEFAULT)
    return meta


def _front(meta: list[bytes]) -> bytes:
    pieces = [_PREAMBLE]
    _append(pieces, DataElement(0x00020000, "UL", sum(map(len, meta))), _DEFAULT)
    return b"".join(pieces + meta)


def _body(dataset: Dataset) -> bytes:
    pieces: list[bytes] = []
    _append_all(pieces, dataset, _DEFAULT)
    if dataset.file_meta.TransferSyntaxUID in ENCAPSULATED and "PixelData" in dataset:
        header, value = pieces[-2:]
        pieces[-2:] = [header[:-4], struct.pack("<L", _UNDEFINED), value]
    return b"".join(pieces)


def _append_all(pieces: list[bytes], dataset: Dataset, inherited: Encodings) -> None:
    encodings = inherited
    if "SpecificCharacterSet" in dataset:
        encodings = convert_encodings(dataset.SpecificCharacterSet)
    for tag in sorted(dataset.keys(), key=int):
        _append(pieces, dataset[tag], encodings)


def _append(pieces: list[bytes], element: DataElement, encodings: Encodings) -> None:
    vr = element.VR
    if vr == "SQ":
        value = _items(element.value, encodings)
    elif element.value is None:
        value = b""
    else:
        value = _value(element, vr, encodings)
    tag, size = int(element.tag), len(value)
    odd = size % 2
    if vr in _LONG:
        pieces.append(_LONG_HEADER.pack(tag >> 16, tag & 0xFFFF, vr.encode(), size + odd))
    elif size <= _LONGEST_SHORT:
        pieces.append(_SHORT_HEADER.pack(tag >> 16, tag & 0xFFFF, vr.encode(), size + odd))
    else:
        raise ValueError(f"{element.keyword} is too long for {vr}: {size} bytes")
    pieces.append(value)
    if odd:
        pieces.append(b"\0" if vr in _BINARY or vr == "UI" else b" ")


def _items(items: Sequence[Dataset], encodings: Encodings) -> bytes:
    pieces: list[bytes] = []
    for item in items:
        content: list[bytes] = []
        _append_all(content, item, encodings)
        pieces.append(_ITEM_HEADER.pack(0xFFFE, 0xE000, sum(map(len, content))))
        pieces += content
    return b"".join(pieces)


def _value(element: DataElement, vr: str, encodings: Encodings) -> bytes:
    value = element.value
    values = list(value) if isinstance(value, MultiValue | list | tuple) else [value]
    if vr in _BINARY:
        return bytes(value) if not isinstance(value, bytes) else value
    if vr in _NUMBERS:
        return struct.pack(f"<{len(values)}{_NUMBERS[vr]}", *values)
    if vr == "AT":
        return b"".join(struct.pack("<HH", int(one) >> 16, int(one) & 0xFFFF) for one in values)
    if vr in _LONG - _TEXT or len(vr) != 2:
        raise ValueError(f"{element.keyword} has the value representation {vr}, not written here")
    write = _WRITERS.get(vr, _plain)
    return b"\\".join([write(one, encodings) for one in values])


def _plain(value: Any, _: Encodings) -> bytes:
    return str(value).encode("ascii")


def _decimal(value: Any, _: Encodings) -> bytes:
    return str(getattr(value, "original_string", value)).encode("ascii")


def _text(value: Any, encodings: Encodings) -> bytes:
    if value.isascii():
        return bytes(value.encode("ascii"))
    return bytes(encode_string(value, list(encodings)))


def _person_name(value: Any, encodings: Encodings) -> bytes:
    name = str(value)
    if name.isascii():
        return name.encode("ascii")
    return bytes(PersonName(name).encode(list(encodings)))


_WRITERS: Final[dict[str, Callable[[Any, Encodings], bytes]]] = {
    **dict.fromkeys(_TEXT, _text),
    **dict.fromkeys(("DS", "IS"), _decimal),
    "PN": _person_name,
}
