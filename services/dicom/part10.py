"""The head of a DICOM file, as far as sending it needs (PS3.10 section 7.1)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_PREAMBLE = 128
_FIRST_ELEMENT = _PREAMBLE + 4
_LONGEST_HEAD = 1 << 24
"""Bytes; recordings have a gap in their head where the frame times found room."""

_LONG_FORM = (b"OB", b"OW", b"SQ", b"UN", b"UT", b"OD", b"OF", b"OL", b"UC", b"UR")
_SOP_CLASS, _SOP_INSTANCE, _TRANSFER_SYNTAX = 0x0002, 0x0003, 0x0010
_GROUP = b"\x02\x00"


@dataclass(frozen=True, slots=True)
class PartTenHead:
    """What the file meta information says, and where the data set begins (byte offset)."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax: str
    data_set_offset: int


def read_head(content: memoryview) -> PartTenHead:
    """Read the file meta information without decoding anything else.

    Raises
    ------
    ValueError
        This is no DICOM file, a UID is missing, or nothing follows the head.
    """
    if bytes(content[_PREAMBLE:_FIRST_ELEMENT]) != b"DICM":
        raise ValueError("it has no DICM mark")
    head = content[: min(len(content), _LONGEST_HEAD)]
    uids: dict[int, str] = {}
    position = _FIRST_ELEMENT
    while position + 8 <= len(head) and bytes(head[position : position + 2]) == _GROUP:
        number, start, length = _element(head, position)
        position = start + length
        if position > len(head):
            raise ValueError("its file meta information is cut off")
        if number in (_SOP_CLASS, _SOP_INSTANCE, _TRANSFER_SYNTAX):
            uids[number] = _uid(bytes(head[start:position]))
    missing = [n for n in (_SOP_CLASS, _SOP_INSTANCE, _TRANSFER_SYNTAX) if not uids.get(n)]
    if missing:
        raise ValueError(f"(0002,{missing[0]:04X}) is missing")
    if position >= len(content):
        raise ValueError("it holds no data set")
    return PartTenHead(uids[_SOP_CLASS], uids[_SOP_INSTANCE], uids[_TRANSFER_SYNTAX], position)


def _element(head: memoryview, position: int) -> tuple[int, int, int]:
    """Return element number, start and length of the value at ``position``."""
    number: int
    number, representation, length = struct.unpack_from("<2xH2sH", head, position)
    if representation not in _LONG_FORM:
        return number, position + 8, length
    if position + 12 > len(head):
        raise ValueError("its file meta information is cut off")
    (length,) = struct.unpack_from("<L", head, position + 8)
    return number, position + 12, length


def _uid(value: bytes) -> str:
    text = value.rstrip(b"\0 ")
    if not text or len(text) > 64 or not all(byte in b"0123456789." for byte in text):
        raise ValueError("a UID of its file meta information is malformed")
    return text.decode("ascii")
