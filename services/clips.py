"""Recordings written as they come: one multi-frame object after the other, flat in memory.

A clip begins as a temporary file with a gap for its head and grows frame by frame, with a journal
beside it. When it ends, the head is written into the gap and the file gets its name. A process that
is killed leaves file and journal, from which :func:`finish_cut_off` makes the object of the frames
that are whole.
"""

from __future__ import annotations

import hashlib
import os
import struct
import threading
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from pydicom.uid import JPEGBaseline8Bit

from device.iod import BuiltObject
from device.iod.clip import LARGEST_GROWTH, MOST_JPEG_FRAMES, Clip, complete
from device.iod.encoding import ENCAPSULATED, encode_head, head_room
from device.iod.timeline import Timeline
from device.iod.video import VideoClip
from device.ports import Frame
from services.clip_journal import (
    JOURNAL_SUFFIX,
    ClipJournal,
    Description,
    FrameRecord,
    read_journal,
)
from services.spool import TEMPORARY_SUFFIX, Spool, sync_folder

CLIP_BYTES = 2**30
"""A multi-frame object is closed and the next one begun at this size. Viewers and archives of 32
bits end at twice that, and what an association cuts off is sent again from its beginning."""

SYNC_SECONDS = 2.0
"""Longest part of a recording that a power cut can take."""

CUT_OFF = "The recording was cut off; these are the frames that were whole"

_ITEM = struct.Struct("<HHL")
_SEQUENCE_DELIMITER = _ITEM.pack(0xFFFE, 0xE0DD, 0)


@dataclass(frozen=True, slots=True)
class FinishedClip:
    """A clip whose file is durable under its name; its row is not made yet."""

    relative: str
    built: BuiltObject
    frames: int
    dropped: int
    size: int
    sha256: str


class _Layout(Enum):
    """How the frames lie behind the head."""

    PLAIN = "one after the other"
    ITEMS = "each in an item of its own"
    STREAM = "all in one item"


@dataclass(slots=True)
class _Content:
    """What is in the data file behind its head."""

    layout: _Layout
    head: int
    timeline: Timeline
    ratios: Sequence[float]
    lengths: list[int] = field(default_factory=list)

    @property
    def end(self) -> int:
        return self.head + sum(self.lengths)


class Recording:
    """One clip being written, from its first frame on.

    Parameters
    ----------
    spool
        Where it is filed.
    relative
        Under which name.
    clip
        What the object says of its frames, none of which is written yet.
    frame_time_ms
        Nominal time between two frames, None for stills.

    Raises
    ------
    StorageFull, CatalogError
        The medium does not take it; nothing is left behind.
    """

    def __init__(
        self,
        spool: Spool,
        relative: str,
        clip: Clip | VideoClip,
        frame_time_ms: float | None,
    ) -> None:
        self._spool = spool
        self._relative = relative
        self._frame_time_ms = frame_time_ms
        self._clip = clip
        self._built = clip.describe()
        self._layout = _layout_of(self._built)
        self._head = _room(self._built)
        self._lengths: list[int] = []
        self._end = self._head
        self._dropped = 0
        try:
            final = spool.prepare(relative)
            self._path = final.with_name(final.name + TEMPORARY_SUFFIX)
            self._journal = ClipJournal(_journal_of(final))
            self._file = self._path.open("w+b", buffering=0)
            # the head must find room when the clip ends, also on a medium that is full by then
            os.posix_fallocate(self._file.fileno(), 0, self._head)
            self._note_description()
            sync_folder(final.parent)
        except OSError as error:
            self._abandon()
            raise spool.failure(error, "Nothing was recorded; free space first") from error
        self._syncing = _Syncing(self._file.fileno(), self._journal)

    @property
    def frames(self) -> int:
        return len(self._lengths)

    def takes(self, frame: Frame) -> bool:
        """Whether the frame belongs into this clip and still has room there."""
        size = self._end - self._head + self._clip.size_of(frame)
        full = self.frames > 0 and size > CLIP_BYTES
        return not full and self._clip.takes(frame)

    def add(self, frame: Frame, dropped: int) -> None:
        """Write a frame.

        Parameters
        ----------
        frame
            One that :meth:`takes` allowed.
        dropped
            Frames that the source lost since the clip was begun.

        Raises
        ------
        StorageFull, CatalogError
            The medium does not take it. The clip holds the frames before it, and can be sealed.
        UnsuitableFrame
            The frame is not what it says it is.
        """
        self._syncing.check()
        data, narrower = self._clip.add(frame)
        item = _ITEM.pack(0xFFFE, 0xE000, len(data)) if self._layout is _Layout.ITEMS else b""
        record = FrameRecord(
            monotonic_ns=frame.monotonic_ns,
            ratio=self._clip.ratios[-1],
            offset=self._end,
            length=len(item) + len(data),
            crc=zlib.crc32(data, zlib.crc32(item)),
            dropped=dropped,
        )
        try:
            _write_at(self._file.fileno(), self._end, item, data)
            if narrower:
                self._built = self._clip.describe()
                self._note_description()
            self._journal.add(record)
        except OSError as error:
            self._clip.cut_to(self.frames)
            raise self._spool.failure(
                error, f"The recording ended there; its first {self.frames} frames are kept"
            ) from error
        self._end += record.length
        self._lengths.append(record.length)
        self._dropped = dropped

    def seal(self, dropped: int) -> FinishedClip:
        """End the clip durably; may be called from another thread than the one that recorded.

        Raises
        ------
        CatalogError
            The medium failed. File and journal stay, and the next start finishes the clip.
        """
        self._syncing.stop()
        content = _Content(
            self._layout, self._head, self._clip.timeline, self._clip.ratios,
            self._lengths,
        )  # fmt: skip
        try:
            finished = _finish(
                self._spool, self._relative, self._file.fileno(), self._built, content, dropped
            )
            self._file.close()
            self._journal.remove()
        except OSError as error:
            raise self._spool.failure(
                error, "The recording is kept unfinished; the box finishes it when it starts again"
            ) from error
        return finished

    def discard(self) -> None:
        """Remove a clip without a single frame."""
        self._syncing.stop()
        self._abandon()

    def _note_description(self) -> None:
        self._journal.describe(Description(self._built, self._head, self._frame_time_ms))

    def _abandon(self) -> None:
        for name in ("_file", "_journal"):
            if hasattr(self, name):
                getattr(self, name).close()
        final = self._spool.absolute(self._relative)
        for leftover in (final.with_name(final.name + TEMPORARY_SUFFIX), _journal_of(final)):
            with suppress(OSError):
                leftover.unlink()


class _Syncing:
    """Brings a growing clip to the medium in the background, so that its end is not long."""

    def __init__(self, descriptor: int, journal: ClipJournal) -> None:
        self._descriptor = descriptor
        self._journal = journal
        self._failure: OSError | None = None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clip-sync", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raise what the medium said meanwhile."""
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(SYNC_SECONDS):
            try:
                os.fdatasync(self._descriptor)
                self._journal.sync()
            except OSError as error:
                self._failure = error
                return


def _finish(
    spool: Spool,
    relative: str,
    descriptor: int,
    built: BuiltObject,
    content: _Content,
    dropped: int,
    remark: str = "",
) -> FinishedClip:
    """Put the head before the frames, sync, and give the file its name."""
    stored = sum(content.lengths)
    stream = content.layout is _Layout.STREAM
    complete(
        built, content.timeline, content.ratios,
        dropped=dropped, remark=remark, stream_bytes=stored if stream else 0,
    )  # fmt: skip
    plain = content.layout is _Layout.PLAIN
    os.ftruncate(descriptor, content.end)
    _write_at(descriptor, content.end, b"\0" * (stored % 2), b"" if plain else _SEQUENCE_DELIMITER)
    items = content.lengths if content.layout is _Layout.ITEMS else []
    head = encode_head(
        built.dataset,
        content.head,
        pixel_bytes=stored + stored % 2,
        frame_lengths=[length - _ITEM.size for length in items],
    )
    _write_at(descriptor, 0, head)
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


def _layout_of(built: BuiltObject) -> _Layout:
    syntax = built.dataset.file_meta.TransferSyntaxUID
    if syntax not in ENCAPSULATED:
        return _Layout.PLAIN
    return _Layout.ITEMS if syntax == JPEGBaseline8Bit else _Layout.STREAM


def _room(built: BuiltObject) -> int:
    table = 4 * MOST_JPEG_FRAMES if _layout_of(built) is _Layout.ITEMS else 0
    return head_room(built.dataset, LARGEST_GROWTH + table)


def _journal_of(final: Path) -> Path:
    return final.with_name(final.name + JOURNAL_SUFFIX)


def _write_at(descriptor: int, offset: int, *pieces: bytes | memoryview) -> None:
    for piece in pieces:
        rest = memoryview(piece)
        while rest:
            written = os.pwrite(descriptor, rest, offset)
            rest, offset = rest[written:], offset + written


def _digest(descriptor: int) -> str:
    with os.fdopen(os.dup(descriptor), "rb", buffering=0) as file:
        file.seek(0)
        return hashlib.file_digest(file, "sha256").hexdigest()


def finish_cut_off(spool: Spool, journal: Path) -> FinishedClip | None:
    """Make the object of a recording that a crash or a power cut ended.

    It holds the frames from the first up to the last one that is whole on the medium, and says so
    in Image Comments.

    Returns
    -------
    FinishedClip or None
        None where there is not one whole frame, or the recording had been finished already; what
        was left of it is removed.

    Raises
    ------
    OSError
        The medium failed; file and journal stay.
    """
    final = journal.with_name(journal.name.removesuffix(JOURNAL_SUFFIX))
    data = final.with_name(final.name + TEMPORARY_SUFFIX)
    finished = None
    if data.is_file():
        found = read_journal(journal)
        with data.open("r+b", buffering=0) as file:
            whole = _whole_frames(file.fileno(), found.description, found.frames)
            if found.description is not None and whole:
                relative = final.relative_to(spool.root).as_posix()
                finished = _salvage(spool, relative, file.fileno(), found.description, whole)
        if finished is None:
            data.unlink()
    journal.unlink()
    return finished


def _whole_frames(
    descriptor: int, description: Description | None, frames: list[FrameRecord]
) -> list[FrameRecord]:
    whole: list[FrameRecord] = []
    at = 0 if description is None else description.head
    for frame in frames:
        data = os.pread(descriptor, frame.length, frame.offset)
        if frame.offset != at or len(data) != frame.length or zlib.crc32(data) != frame.crc:
            break
        whole.append(frame)
        at += frame.length
    return whole


def _salvage(
    spool: Spool, relative: str, descriptor: int, description: Description, whole: list[FrameRecord]
) -> FinishedClip:
    built = description.built
    content = _Content(
        layout=_layout_of(built),
        head=description.head,
        timeline=Timeline.of((f.monotonic_ns for f in whole), description.frame_time_ms),
        ratios=[frame.ratio for frame in whole],
        lengths=[frame.length for frame in whole],
    )
    return _finish(spool, relative, descriptor, built, content, whole[-1].dropped, remark=CUT_OFF)
