"""The file of a recording: a head before its frames, and how it gets its name.

The head goes in last, into a gap that was left for it, because only then it is known how many
frames there are and when they were taken.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from pydicom.uid import JPEGBaseline8Bit

from device.iod import BuiltObject
from device.iod.clip import LARGEST_GROWTH, MOST_JPEG_FRAMES, complete
from device.iod.encoding import ENCAPSULATED, encode_head, head_room
from device.iod.timeline import Timeline
from services.clip_journal import JOURNAL_SUFFIX
from services.spool import TEMPORARY_SUFFIX, Spool

ITEM_HEADER = struct.Struct("<HHL")
_SEQUENCE_DELIMITER = ITEM_HEADER.pack(0xFFFE, 0xE0DD, 0)


@dataclass(frozen=True, slots=True)
class FinishedClip:
    """A clip whose file is durable under its name; its row is not made yet."""

    relative: str
    built: BuiltObject
    frames: int
    dropped: int
    size: int
    sha256: str


class Layout(Enum):
    """How the frames lie behind the head."""

    PLAIN = "one after the other"
    ITEMS = "each in an item of its own"
    STREAM = "all in one item"


@dataclass(slots=True)
class Content:
    """What is in the data file behind its head."""

    layout: Layout
    head: int
    timeline: Timeline
    ratios: Sequence[float]
    lengths: list[int] = field(default_factory=list)

    @property
    def end(self) -> int:
        return self.head + sum(self.lengths)


def finish(
    spool: Spool,
    relative: str,
    descriptor: int,
    built: BuiltObject,
    content: Content,
    dropped: int,
    remark: str = "",
) -> FinishedClip:
    """Put the head before the frames, sync, and give the file its name.

    Parameters
    ----------
    spool, relative
        Where the file is filed, and under which name.
    descriptor
        The temporary file, open for writing.
    built
        The object without its pixels; it is completed here.
    content
        What lies behind the head.
    dropped
        Frames that the source lost meanwhile.
    remark
        What else goes into Image Comments.

    Raises
    ------
    OSError
        The medium failed; the temporary file stays.
    """
    stored = sum(content.lengths)
    stream = content.layout is Layout.STREAM
    complete(
        built, content.timeline, content.ratios,
        dropped=dropped, remark=remark, stream_bytes=stored if stream else 0,
    )  # fmt: skip
    plain = content.layout is Layout.PLAIN
    os.ftruncate(descriptor, content.end)
    write_at(descriptor, content.end, b"\0" * (stored % 2), b"" if plain else _SEQUENCE_DELIMITER)
    items = content.lengths if content.layout is Layout.ITEMS else []
    head = encode_head(
        built.dataset,
        content.head,
        pixel_bytes=stored + stored % 2,
        frame_lengths=[length - ITEM_HEADER.size for length in items],
    )
    write_at(descriptor, 0, head)
    os.fsync(descriptor)
    sha256 = _digest(descriptor)
    final = spool.absolute(relative)
    spool.give_name(final.with_name(final.name + TEMPORARY_SUFFIX), relative)
    return FinishedClip(
        relative=relative,
        built=built,
        frames=len(content.lengths),
        dropped=dropped,
        size=os.fstat(descriptor).st_size,
        sha256=sha256,
    )


def layout_of(built: BuiltObject) -> Layout:
    """How the frames of such an object are written."""
    syntax = built.dataset.file_meta.TransferSyntaxUID
    if syntax not in ENCAPSULATED:
        return Layout.PLAIN
    return Layout.ITEMS if syntax == JPEGBaseline8Bit else Layout.STREAM


def room(built: BuiltObject) -> int:
    """Length of the gap for the head of a file whose object is described so far only."""
    table = 4 * MOST_JPEG_FRAMES if layout_of(built) is Layout.ITEMS else 0
    return head_room(built.dataset, LARGEST_GROWTH + table)


def journal_of(final: Path) -> Path:
    """The journal beside a recording that will have this name."""
    return final.with_name(final.name + JOURNAL_SUFFIX)


def write_at(descriptor: int, offset: int, *pieces: bytes | memoryview) -> None:
    """Write all the pieces, one behind the other."""
    for piece in pieces:
        rest = memoryview(piece)
        while rest:
            written = os.pwrite(descriptor, rest, offset)
            rest, offset = rest[written:], offset + written


def _digest(descriptor: int) -> str:
    with os.fdopen(os.dup(descriptor), "rb", buffering=0) as file:
        file.seek(0)
        return hashlib.file_digest(file, "sha256").hexdigest()
