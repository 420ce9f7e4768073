"""Frames into clips, one after the other; what is full is sealed while the next one goes on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from device.iod import ObjectContext
from device.iod.clip import Clip
from device.iod.video import VideoClip, video_obstacle
from device.ports import Frame, FrameSource
from services.clip_file import FinishedClip
from services.clips import Recording
from services.spool import Spool


@dataclass(frozen=True, slots=True)
class Recorded:
    """A durable clip, what it was made for, and its last frame; its row is not made yet."""

    clip: FinishedClip
    context: ObjectContext
    last: Frame


class Recorder:
    """Writes the frames of one acquisition into as many objects as they need.

    A new object begins where the picture changes, where an object is as large as it may get, and
    where its frame times could not be written any more.

    Parameters
    ----------
    spool
        Where the objects are filed.
    source
        Where the frames come from; asked for its losses and its frame time only.
    new_context
        Gives everything but the pixels for the object of that number, 1 for the first, which
        begins with that frame.

    Attributes
    ----------
    refused : str
        Why the protocol's wish for video objects could not be met; then, and where it has no such
        wish, multi-frame Secondary Capture is made.
    """

    def __init__(
        self, spool: Spool, source: FrameSource, new_context: Callable[[int, Frame], ObjectContext]
    ) -> None:
        self._spool = spool
        self._source = source
        self._new_context = new_context
        self._number = 0
        self._dropped_before = 0
        self.refused = ""
        self._current: Recording | None = None
        self._context: ObjectContext | None = None
        self._last: Frame | None = None
        self._sealing: deque[Future[Recorded]] = deque()
        # sealing waits for the medium; frames that come meanwhile must not
        self._pool = ThreadPoolExecutor(1, "clip-seal")

    def take(self, frame: Frame) -> None:
        """Write a frame into the clip that is open, or into the next one.

        Raises
        ------
        StorageFull, CatalogError
            The medium does not take it; what was written before is kept.
        DeviceError
            The frame cannot be part of a multi-frame object.
        """
        if self._current is not None and not self._current.takes(frame):
            self.end()
        if self._current is None:
            self._number += 1
            self._context = self._new_context(self._number, frame)
            self._current = self._begin(self._context, frame)
        self._current.add(frame, self._source.dropped - self._dropped_before)
        self._last = frame

    def _begin(self, context: ObjectContext, first: Frame) -> Recording:
        relative = self._spool.path_of(context.exam.exam_id, context.sop_instance_uid)
        frame_time_ms = self._source.frame_time_ms
        return Recording(
            self._spool, relative, self._clip(context, first, frame_time_ms), frame_time_ms
        )

    def _clip(
        self, context: ObjectContext, first: Frame, frame_time_ms: float | None
    ) -> Clip | VideoClip:
        if not context.protocol.video:
            return Clip(context, first, frame_time_ms)
        # imported here, so that acquiring stills does not carry the video libraries
        from services.video_encoder import VideoEncoder, encoder_available

        self.refused = video_obstacle(context, first, frame_time_ms)
        if not encoder_available():
            self.refused = "The video library of this box cannot encode H.264"
        if self.refused or frame_time_ms is None:
            return Clip(context, first, frame_time_ms)
        encoder = VideoEncoder(first, frame_time_ms)
        return VideoClip(context, first, frame_time_ms, encoder.encode)

    def end(self) -> None:
        """Begin to seal the clip that is open, if there is one."""
        recording, self._current = self._current, None
        last, self._last = self._last, None
        context, self._context = self._context, None
        if recording is None or context is None:
            return
        if last is None:
            recording.discard()
            return
        dropped = self._source.dropped - self._dropped_before
        self._dropped_before = self._source.dropped
        self._sealing.append(self._pool.submit(_sealed, recording, context, last, dropped))

    def finished(self, *, wait: bool = False) -> list[Recorded]:
        """Clips that became durable since the last call, in their order; all of them, if waiting.

        Raises
        ------
        CatalogError
            The medium failed while a clip was sealed; the next start finishes it.
        """
        done: list[Recorded] = []
        while self._sealing and (wait or self._sealing[0].done()):
            done.append(self._sealing.popleft().result())
        return done

    def close(self) -> None:
        """Let go of the thread that seals; everything that was ended is sealed first."""
        self._pool.shutdown()


def _sealed(recording: Recording, context: ObjectContext, last: Frame, dropped: int) -> Recorded:
    return Recorded(recording.seal(dropped), context, last)
