"""A frame source that is kept running, so that a press takes its picture at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Condition, Event
from time import monotonic

from device.ports import Frame, FrameSource

POLL = 0.25
"""Seconds that the source is asked to wait at a time: closing takes no longer."""

REOPEN = 1.0
"""Seconds between two attempts to open a source that went away."""

LIVE = "live"
NO_DEVICE = "no device"
STARTING = "starting"

CLIP_BUFFER = 64 * 1024 * 1024
"""Bytes of pictures that wait for a slow card; what comes beyond is lost, and counted."""


class ArmedSource:
    """Reads a source all the time and keeps the latest picture only.

    A source of stills, which has no frame time, is read only when a picture is wanted. One that
    goes away is opened again as soon as it is back.

    Parameters
    ----------
    source
        Not open; nobody else reads it from now on.
    """

    def __init__(self, source: FrameSource) -> None:
        self._source = source
        self._news = Condition()
        self._closing = Event()
        self._pool: ThreadPoolExecutor | None = None
        self._reader: Future[None] | None = None
        self._latest: Frame | None = None
        self._newest: Frame | None = None
        self._frames = 0
        self._opened = False
        self._failure: OSError | None = None
        self._wanted = False
        self._ended = False
        self._begun = False
        self._clip: ClipSource | None = None

    @property
    def name(self) -> str:
        return self._source.name

    @property
    def state(self) -> str:
        """What the source says of itself; ``live`` where it says nothing."""
        if self._failure is not None:
            return NO_DEVICE
        return str(getattr(self._source, "state", LIVE)) if self._opened else STARTING

    @property
    def begun(self) -> bool:
        """Whether any picture has come yet; until then the source may just be starting."""
        return self._begun

    @property
    def reason(self) -> str:
        """Why no picture comes, where the source knows; else empty."""
        if self._failure is not None:
            return str(self._failure)
        return str(getattr(self._source, "reason", ""))

    @property
    def dropped(self) -> int:
        """What the source has lost since it was opened last."""
        return self._source.dropped

    @property
    def frames(self) -> int:
        """Pictures that have come since it was opened first."""
        return self._frames

    @property
    def moving(self) -> bool:
        """Whether pictures come by themselves; a source of stills has one when it is asked."""
        return self._paced()

    @property
    def newest(self) -> Frame | None:
        """The picture that came last, to look at: whoever captures still gets it."""
        return self._newest

    def open(self) -> None:
        """Begin to read.

        Raises
        ------
        OSError
            The source cannot be opened.
        """
        self._source.open()
        self._opened = True
        self.start()

    def start(self) -> None:
        """Begin to read as soon as the device is there; :attr:`state` tells when that is."""
        self._pool = ThreadPoolExecutor(1, "armed")
        self._reader = self._pool.submit(self._read)

    def fresh(self, after_ns: int, timeout: float) -> Frame:
        """The first picture that is at hand and was taken at ``after_ns`` or later.

        Raises
        ------
        TimeoutError
            None came within ``timeout`` seconds.
        OSError
            The source is gone, or has come to its end.
        """
        deadline = monotonic() + timeout
        with self._news:
            self._wanted = True
            self._news.notify_all()
            try:
                while (frame := self._take(after_ns)) is None:
                    self._raise_failure()
                    left = deadline - monotonic()
                    if left <= 0:
                        raise TimeoutError(
                            f"{self.name}: no picture came within {timeout:.0f} s: look whether "
                            f"the source runs and its cable is plugged in"
                        )
                    self._news.wait(left)
            finally:
                self._wanted = False
        return frame

    def newer(self, than: Frame | None, timeout: float) -> Frame | None:
        """Wait for another newest picture than this one, to look at.

        Returns
        -------
        Frame or None
            None where none came within ``timeout`` seconds.
        """
        with self._news:
            self._news.wait_for(lambda: self._newest is not than or self._over(), timeout)
            return self._newest if self._newest is not than else None

    def fresh_look(self, after_ns: int, timeout: float) -> Frame | None:
        """A picture from ``after_ns`` or later, to look at; of a source of stills any picture.

        Returns
        -------
        Frame or None
            None where none came within ``timeout`` seconds; :attr:`state` says why.
        """
        deadline = monotonic() + timeout
        with self._news:
            self._wanted = True
            self._news.notify_all()
            try:
                while not self._is_fresh(after_ns):
                    left = deadline - monotonic()
                    if left <= 0 or self._over():
                        return None
                    self._news.wait(left)
            finally:
                self._wanted = False
            return self._newest

    def _is_fresh(self, after_ns: int) -> bool:
        frame = self._newest
        return frame is not None and (not self._paced() or frame.monotonic_ns >= after_ns)

    def check(self) -> None:
        """Raise the fault of ours, if one ended the reading."""
        if self._reader is not None and self._reader.done() and not self._closing.is_set():
            self._reader.result()

    def record(self, first: Frame) -> ClipSource:
        """Every picture from now on, beginning with ``first``, until the clip is stopped."""
        with self._news:
            self._clip = ClipSource(self._source, first, self._end_clip)
            self._news.notify_all()
            return self._clip

    def close(self) -> None:
        """Stop reading and let go of the source; may be called twice."""
        self._closing.set()
        with self._news:
            self._news.notify_all()
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def _take(self, after_ns: int) -> Frame | None:
        frame = self._latest
        if frame is None or (self._paced() and frame.monotonic_ns < after_ns):
            return None
        self._latest = None
        return frame

    def _paced(self) -> bool:
        return self._source.frame_time_ms is not None

    def _over(self) -> bool:
        return self._closing.is_set() or (self._reader is not None and self._reader.done())

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._ended:
            raise OSError(f"{self.name}: the source has come to its end")
        if self._reader is not None and self._reader.done():
            self._reader.result()
            raise OSError(f"{self.name}: the source is closed")

    def _end_clip(self) -> None:
        with self._news:
            self._clip = None

    def _read(self) -> None:
        try:
            if not self._opened:
                self._search()
            while not self._closing.is_set() and not self._ended:
                if self._asked():
                    self._read_one()
        finally:
            self._source.close()
            with self._news:
                self._news.notify_all()

    def _asked(self) -> bool:
        with self._news:
            if not (self._paced() or self._wanted or self._clip):
                self._news.wait(POLL)
            return self._paced() or self._clip is not None or (self._wanted and not self._latest)

    def _read_one(self) -> None:
        try:
            frame = self._source.read(POLL)
        except TimeoutError:
            return
        except OSError as error:
            self._tell(error)
            self._reopen()
            return
        with self._news:
            self._latest = self._newest = frame
            self._frames += frame is not None
            self._begun = True
            self._ended = frame is None
            if self._clip is not None:
                self._clip.put(frame)
            self._news.notify_all()

    def _tell(self, failure: OSError | None) -> None:
        with self._news:
            self._failure = failure
            self._latest = self._newest = None
            if self._clip is not None and failure is not None:
                self._clip.fail(failure)
            self._news.notify_all()

    def _reopen(self) -> None:
        self._source.close()
        if not self._closing.wait(REOPEN):
            self._search()

    def _search(self) -> None:
        while not self._closing.is_set():
            try:
                self._source.open()
            except OSError as error:
                self._tell(error)
            else:
                self._opened = True
                self._tell(None)
                return
            self._closing.wait(REOPEN)


class ClipSource:
    """The pictures of one clip, as a frame source that ends when the clip is stopped.

    Parameters
    ----------
    source
        Where they come from; asked for its name, its rate and its losses only.
    first
        The first picture.
    closed
        Told when nobody reads the clip any more.
    """

    def __init__(self, source: FrameSource, first: Frame, closed: Callable[[], None]) -> None:
        self._source = source
        self._closed = closed
        self._news = Condition()
        self._waiting: deque[Frame] = deque([first])
        self._bytes = first.pixels.nbytes
        self._failure: OSError | None = None
        self._stopped = False
        self._overruns = 0
        self._taken = 1
        self._dropped_before = source.dropped
        self._dropped: int | None = None

    @property
    def name(self) -> str:
        return self._source.name

    @property
    def dropped(self) -> int:
        """Lost by the source, or because the card was too slow, since the clip began."""
        if self._dropped is not None:
            return self._dropped
        return self._source.dropped - self._dropped_before + self._overruns

    @property
    def frames(self) -> int:
        """Pictures of the clip so far."""
        return self._taken

    @property
    def frame_time_ms(self) -> float | None:
        return self._source.frame_time_ms

    def open(self) -> None:
        """Nothing to do: it is running."""

    def read(self, timeout: float) -> Frame | None:
        """The next picture; None once the clip was stopped and all before it was read.

        Raises
        ------
        TimeoutError
            None came in time.
        OSError
            The source went away.
        """
        with self._news:
            if not self._news.wait_for(self._readable, timeout):
                raise TimeoutError(f"{self.name}: no picture came within {timeout:.0f} s")
            if self._waiting:
                frame = self._waiting.popleft()
                self._bytes -= frame.pixels.nbytes
                return frame
            if self._failure is not None and not self._stopped:
                raise self._failure
            return None

    def close(self) -> None:
        self._closed()

    def stop(self) -> None:
        """End the clip with the pictures that have come."""
        with self._news:
            self._dropped = self.dropped
            self._stopped = True
            self._news.notify_all()

    def put(self, frame: Frame | None) -> None:
        """Add a picture; None where the source has come to its end."""
        if frame is None:
            self.stop()
            return
        with self._news:
            if self._stopped:
                return
            if self._bytes + frame.pixels.nbytes > CLIP_BUFFER:
                self._overruns += 1
                return
            self._waiting.append(frame)
            self._taken += 1
            self._bytes += frame.pixels.nbytes
            self._news.notify_all()

    def fail(self, failure: OSError) -> None:
        """The source went away."""
        with self._news:
            self._dropped = self.dropped
            self._failure = failure
            self._news.notify_all()

    def _readable(self) -> bool:
        return bool(self._waiting) or self._stopped or self._failure is not None
