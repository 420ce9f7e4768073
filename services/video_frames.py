"""Frames out of an H.264 stream inside a DICOM file, in any order."""

from __future__ import annotations

import io
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.picture_file import Layout, explained, require_frame, video_span

_BEFORE: Final = (0.0, 1.5, 4.0, float("inf"))
"""Seconds before a frame at which decoding begins: a transport stream has no index, and a search
for a time may end behind the key frame that belongs to it."""

_AHEAD: Final = 60
"""Frames that are rather decoded than sought for: a stream has a key frame a second or so."""


class _Span(io.RawIOBase):
    """A part of a file as a file of its own."""

    def __init__(self, path: Path, begin: int, length: int) -> None:
        self._file = path.open("rb", buffering=0)
        self._begin, self._length, self._at = begin, length, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        left = self._length - self._at
        wanted = left if size is None or size < 0 else min(size, left)
        data = os.pread(self._file.fileno(), max(wanted, 0), self._begin + self._at)
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        base = {0: 0, 1: self._at, 2: self._length}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def close(self) -> None:
        self._file.close()
        super().close()


class VideoFrames:
    """The frames of one video object; playing on from the last one costs one decoding each.

    Not for several threads at once.
    """

    def __init__(self, path: Path, layout: Layout) -> None:
        # imported here: 16 MB that the console carries only once somebody looks at a clip
        import av

        self._path, self._layout = path, layout
        with explained(path):
            self._span = _Span(path, *video_span(path, layout))
            try:
                self._container = av.open(self._span, "r", format="mpegts")
                self._stream = self._container.streams.video[0]
            except BaseException:
                self._span.close()
                raise
        self._stream.thread_type = "SLICE"
        self._decoded = self._container.decode(self._stream)
        self._next = 1
        self._start: float | None = None

    def __enter__(self) -> VideoFrames:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the decoder and the file."""
        self._container.close()
        self._span.close()

    def read(self, frame: int) -> NDArray[Any]:
        """One frame as RGB, counted from 1.

        Raises
        ------
        NotFound, Unreadable
            As for :func:`services.picture_file.read_stored`.
        """
        require_frame(self._layout, frame)
        with explained(self._path):
            if not self._next <= frame <= self._next + _AHEAD:
                return self._sought(frame)
            while True:
                picture = self._take()
                if self._next > frame:
                    return np.asarray(picture.to_ndarray(format="rgb24"))

    def _take(self) -> Any:
        for picture in self._decoded:
            self._next += 1
            if self._start is None and self._next == 2:
                self._start = float(picture.time)
            return picture
        raise ValueError("the stream ends before the frame")

    def _sought(self, frame: int) -> NDArray[Any]:
        """Seek by time, since a stream has no numbers, and decode on to the frame."""
        if self._start is None:
            self._rewind(0)
            self._take()
        assert self._start is not None
        times = self._layout.times
        tick = float(self._stream.time_base or 1)
        wanted = self._start + times[frame - 1] / 1000
        tolerance = float(min(np.diff(times))) / 2000 if len(times) > 1 else 0.0
        for earlier in _BEFORE:
            self._rewind(int(max(0.0, wanted - tolerance - earlier) / tick))
            picture = next((one for one in self._decoded if one.time >= wanted - tolerance), None)
            if picture is not None and picture.time <= wanted + tolerance:
                self._next = frame + 1
                return np.asarray(picture.to_ndarray(format="rgb24"))
        raise ValueError("the stream does not hold the frame")

    def _rewind(self, ticks: int) -> None:
        self._container.seek(ticks, stream=self._stream, backward=True, any_frame=False)
        self._decoded = self._container.decode(self._stream)
        self._next = 1
