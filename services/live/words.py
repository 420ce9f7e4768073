"""What goes over the live socket: framed JSON, and pictures with a JSON header.

A message is its length (4 bytes, big-endian, without these and without the kind), one byte of
kind, and the body. ``J`` is a JSON object in UTF-8; ``P`` is a picture: the length of its header (2
bytes, big-endian), the header as a JSON object, and the picture file itself, which may be empty.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any

MOST_ASKED = 64 * 1024
"""Bytes of the longest request."""

MOST_TOLD = 32 * 1024 * 1024
"""Bytes of the longest answer: a whole picture without loss."""

_FRAME = struct.Struct(">Ic")
_HEADER = struct.Struct(">H")

Words = dict[str, Any]


class BrokenWords(ValueError):
    """The other side speaks nonsense; the text says how, without repeating it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture with what is said of it.

    Attributes
    ----------
    data
        A JPEG or PNG file; empty where there is no picture, and the header says why.
    """

    header: Words
    data: bytes


Message = Words | Shown


def pack(message: Message) -> bytes:
    """The bytes of a message.

    Raises
    ------
    BrokenWords
        It is longer than anybody would take.
    """
    if isinstance(message, Shown):
        header = _text(message.header)
        if len(header) > 0xFFFF:
            raise BrokenWords("the header of a picture is too long")
        kind, body = b"P", b"".join((_HEADER.pack(len(header)), header, message.data))
    else:
        kind, body = b"J", _text(message)
    if len(body) > MOST_TOLD:
        raise BrokenWords(f"a message of {len(body)} bytes is too long")
    return _FRAME.pack(len(body), kind) + body


class Unpacker:
    """Bytes as they come, into messages.

    Parameters
    ----------
    limit
        Bytes of the longest message that is taken; no more than that and one read is ever kept.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._bytes = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """The messages that are whole now, oldest first.

        Raises
        ------
        BrokenWords
            A message is too long or is none; nothing that comes after it can be understood.
        """
        self._bytes += data
        messages: list[Message] = []
        while len(self._bytes) >= _FRAME.size:
            length, kind = _FRAME.unpack_from(self._bytes)
            if length > self._limit:
                raise BrokenWords(f"a message of {length} bytes is too long")
            end = _FRAME.size + length
            if len(self._bytes) < end:
                break
            body = bytes(memoryview(self._bytes)[_FRAME.size : end])
            del self._bytes[:end]
            messages.append(_unpack(kind, body))
        return messages


def _unpack(kind: bytes, body: bytes) -> Message:
    if kind == b"J":
        return _object(body)
    if kind != b"P":
        raise BrokenWords("a message is of no known kind")
    if len(body) < _HEADER.size:
        raise BrokenWords("a picture has no header")
    (length,) = _HEADER.unpack_from(body)
    begin = _HEADER.size + length
    if len(body) < begin:
        raise BrokenWords("the header of a picture is cut off")
    return Shown(_object(body[_HEADER.size : begin]), body[begin:])


def _object(text: bytes) -> Words:
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BrokenWords("a message is no JSON") from error
    if not isinstance(value, dict):
        raise BrokenWords("a message is no JSON object")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _text(value: Words) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
