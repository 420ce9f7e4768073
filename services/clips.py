"""Recordings written as they come: one multi-frame object after the other, flat in memory.

A clip begins as a temporary file with a gap for its head and grows frame by frame, with a journal
beside it. When it ends, the head is written into the gap and the file gets its name. A process that
is killed leaves file and journal, from which :mod:`services.clip_recovery` makes the object of the
frames that are whole.
"""

from __future__ import annotations

import os
import threading
import zlib
from contextlib import suppress

from device.iod.clip import Clip
from device.iod.video import VideoClip
from device.ports import Frame
from services.clip_file import (
    ITEM_HEADER,
    Content,
    FinishedClip,
    Layout,
    finish,
    journal_of,
    layout_of,
    room,
    write_at,
)
from services.clip_journal import ClipJournal, Description, FrameRecord
from services.errors import StorageFull
from services.spool import TEMPORARY_SUFFIX, Spool, sync_folder

CLIP_BYTES = 2**30
"""A multi-frame object is closed and the next one begun at this size. Viewers and archives of 32
bits end at twice that, and what an association cuts off is sent again from its beginning."""

SPARE_BYTES = 64 * 2**20
"""Room on the medium that a recording leaves, so that its row and the end of the exam fit."""

SYNC_SECONDS = 2.0
"""Longest part of a recording that a power cut can take."""

_LOOK_EVERY = 16 * 2**20


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
        self._layout = layout_of(self._built)
        self._head = room(self._built)
        self._lengths: list[int] = []
        self._end = self._look_at = self._head
        self._dropped = 0
        try:
            final = spool.prepare(relative)
            self._path = final.with_name(final.name + TEMPORARY_SUFFIX)
            self._journal = ClipJournal(journal_of(final))
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
        self._keep_spare_room()
        data, narrower = self._clip.add(frame)
        item = ITEM_HEADER.pack(0xFFFE, 0xE000, len(data)) if self._layout is Layout.ITEMS else b""
        record = FrameRecord(
            monotonic_ns=frame.monotonic_ns,
            ratio=self._clip.ratios[-1],
            offset=self._end,
            length=len(item) + len(data),
            crc=zlib.crc32(data, zlib.crc32(item)),
            dropped=dropped,
        )
        try:
            write_at(self._file.fileno(), self._end, item, data)
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
        content = Content(
            self._layout, self._head, self._clip.timeline, self._clip.ratios,
            self._lengths,
        )  # fmt: skip
        try:
            finished = finish(
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

    def _keep_spare_room(self) -> None:
        if self._end < self._look_at:
            return
        self._look_at = self._end + _LOOK_EVERY
        if self._spool.usage().free < SPARE_BYTES:
            raise StorageFull(
                f"{self._spool.root} is nearly full. The recording ended there; its first "
                f"{self.frames} frames are kept. Free space before the next one"
            )

    def _note_description(self) -> None:
        self._journal.describe(Description(self._built, self._head, self._frame_time_ms))

    def _abandon(self) -> None:
        for name in ("_file", "_journal"):
            if hasattr(self, name):
                getattr(self, name).close()
        final = self._spool.absolute(self._relative)
        for leftover in (final.with_name(final.name + TEMPORARY_SUFFIX), journal_of(final)):
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
