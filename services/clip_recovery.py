"""Recordings that a crash or a power cut ended: the frames that are whole become an object."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

from device.iod.timeline import Timeline
from services.clip_file import Content, FinishedClip, finish, layout_of
from services.clip_journal import JOURNAL_SUFFIX, Description, FrameRecord, read_journal
from services.spool import TEMPORARY_SUFFIX, Spool

CUT_OFF = "The recording was cut off; these are the frames that were whole"


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
    content = Content(
        layout=layout_of(built),
        head=description.head,
        timeline=Timeline.of((f.monotonic_ns for f in whole), description.frame_time_ms),
        ratios=[frame.ratio for frame in whole],
        lengths=[frame.length for frame in whole],
    )
    return finish(spool, relative, descriptor, built, content, whole[-1].dropped, remark=CUT_OFF)
