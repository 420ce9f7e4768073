"""The journal beside a clip that is being written: what is needed to finish it after a crash.

It holds records, each with its kind, length and check sum: descriptions of the object so far, of
which the last one counts, and one record for each frame whose bytes were handed to the medium. What
a power cut left of the journal's end is recognised by its check sum and not read.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path

from pydicom import dcmread

from device.iod import BuiltObject, encode
from device.protocol import ObjectKind
from device.provenance import Origin, Source

JOURNAL_SUFFIX = ".journal.part"

_KIND_AND_LENGTH = struct.Struct("<cL")
_CHECK = struct.Struct("<L")
_FRAME = struct.Struct("<qdQLLL")
_DESCRIPTION_KIND, _FRAME_KIND = b"D", b"F"


@dataclass(frozen=True, slots=True)
class FrameRecord:
    """One frame in the data file.

    ``offset`` and ``length`` are bytes of the file, an item's header included; ``crc`` is the
    CRC-32 of them, ``ratio`` the lossy compression ratio or 0, ``dropped`` the frames that the
    source had lost since the object was begun.
    """

    monotonic_ns: int
    ratio: float
    offset: int
    length: int
    crc: int
    dropped: int


@dataclass(frozen=True, slots=True)
class Description:
    """The object so far, without pixel data, and how its file is laid out."""

    built: BuiltObject
    head: int
    frame_time_ms: float | None


class ClipJournal:
    """Writes the journal of one clip; every record goes to the kernel at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("wb", buffering=0)

    def describe(self, description: Description) -> None:
        """Record what the object is so far."""
        plain = {
            "head": description.head,
            "frame_time_ms": description.frame_time_ms,
            "provenance": description.built.provenance,
            "origins": [asdict(origin) for origin in description.built.origins],
        }
        payload = json.dumps(plain).encode() + b"\n" + encode(description.built.dataset)
        self._write(_DESCRIPTION_KIND, payload)

    def add(self, frame: FrameRecord) -> None:
        """Record a frame after its bytes were written."""
        payload = _FRAME.pack(
            frame.monotonic_ns, frame.ratio, frame.offset, frame.length, frame.crc, frame.dropped
        )
        self._write(_FRAME_KIND, payload)

    def sync(self) -> None:
        """Make what was recorded durable."""
        os.fdatasync(self._file.fileno())

    def close(self) -> None:
        self._file.close()

    def remove(self) -> None:
        """Delete the journal of a clip that is complete, or that came to nothing."""
        self._file.close()
        self._path.unlink(missing_ok=True)

    def _write(self, kind: bytes, payload: bytes) -> None:
        head = _KIND_AND_LENGTH.pack(kind, len(payload))
        rest = memoryview(head + _CHECK.pack(zlib.crc32(payload, zlib.crc32(head))) + payload)
        while rest:
            rest = rest[os.write(self._file.fileno(), rest) :]


@dataclass(slots=True)
class FoundJournal:
    """What a journal still tells."""

    description: Description | None
    frames: list[FrameRecord]


def read_journal(path: Path) -> FoundJournal:
    """Read a journal as far as it is whole."""
    found = FoundJournal(None, [])
    for kind, payload in _records(path.read_bytes()):
        if kind == _DESCRIPTION_KIND:
            found.description = _description(payload)
        elif kind == _FRAME_KIND:
            found.frames.append(FrameRecord(*_FRAME.unpack(payload)))
    return found


def _records(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + _KIND_AND_LENGTH.size + _CHECK.size <= len(content):
        head = content[at : at + _KIND_AND_LENGTH.size]
        kind, length = _KIND_AND_LENGTH.unpack(head)
        at += _KIND_AND_LENGTH.size
        (check,) = _CHECK.unpack_from(content, at)
        at += _CHECK.size
        payload = content[at : at + length]
        # the check covers kind and length too, so that zeros are never a record
        if len(payload) != length or zlib.crc32(payload, zlib.crc32(head)) != check:
            return
        yield kind, payload
        at += length


def _description(payload: bytes) -> Description:
    line, _, part10 = payload.partition(b"\n")
    plain = json.loads(line)
    origins = tuple(
        Origin(**{**origin, "source": Source(origin["source"])}) for origin in plain["origins"]
    )
    dataset = dcmread(BytesIO(part10))
    built = BuiltObject(dataset, plain["provenance"], ObjectKind.SC, origins)
    return Description(built, plain["head"], plain["frame_time_ms"])
