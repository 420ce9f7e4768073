"""Pictures of the capture process, as a frame source like any other."""

from __future__ import annotations

from threading import Condition as News
from threading import Thread
from time import monotonic
from zoneinfo import ZoneInfo

from drivers.errors import DriverError, SourceTimeout, SourceUnavailable
from drivers.frame import Frame
from firmware.capture import wire
from firmware.capture.inbox import Inbox
from firmware.capture.spec import Spec
from firmware.capture.watch import Watch

OPEN_SECONDS = 15.0
"""For the worker to start and to say whether its device is there, on a slow card too."""


class CapturedSource:
    """A frame source whose device is read by a process of its own.

    Parameters
    ----------
    spec : Spec
        What is captured.
    zone : ZoneInfo
        Time zone of the pictures' wall time.
    newest : bool
        Keep only the newest picture, for a preview. Else every picture waits to be read, as far as
        there is room; what finds none is counted in :attr:`dropped`.

    Notes
    -----
    One thread reads; any thread may close, and whoever waits in :meth:`read` is then let go with
    None. A worker that hangs or dies is started again while the source stays open; the pictures
    that were missed meanwhile are counted as dropped.
    """

    def __init__(self, spec: Spec, zone: ZoneInfo, *, newest: bool = False) -> None:
        self._spec = spec
        self._zone = zone
        self._newest = newest
        self._news = News()
        self._inbox = Inbox(spec.name, zone, newest=newest)
        self._watch: Watch | None = None
        self._thread: Thread | None = None

    @property
    def name(self) -> str:
        """Name as configured."""
        return self._spec.name

    @property
    def state(self) -> str:
        """In the words of :class:`drivers.video.signal.SignalState`."""
        return self._inbox.state

    @property
    def reason(self) -> str:
        """Why no picture comes; empty where nothing is known to be wrong."""
        return self._inbox.reason

    @property
    def dropped(self) -> int:
        """Pictures lost or thrown away as damaged since :meth:`open`, wherever it was."""
        return self._inbox.dropped

    @property
    def withheld(self) -> int:
        """Whole pictures that showed no patient: no signal, frozen, protected, of another size."""
        return self._inbox.withheld

    @property
    def skipped(self) -> int:
        """Pictures that a newer one replaced before they were read, where only that is kept."""
        return self._inbox.skipped

    @property
    def restarts(self) -> int:
        """How often the worker was started again since :meth:`open`."""
        return self._watch.restarts if self._watch else 0

    @property
    def process_id(self) -> int | None:
        """Of the worker that runs now."""
        return self._watch.process_id if self._watch else None

    @property
    def frame_time_ms(self) -> float | None:
        """Nominal milliseconds between two pictures, where the device knows."""
        return self._inbox.frame_time_ms

    def open(self) -> None:
        """Start the worker and wait until its device is open; nothing where it is already.

        Raises
        ------
        SourceUnavailable, CorruptMedia
            The device is not there, or cannot be used; nothing runs then.
        """
        if self._thread is not None:
            return
        self._inbox = Inbox(self.name, self._zone, newest=self._newest)
        self._watch = Watch(self._spec, self._zone, self._inbox, self._news)
        self._thread = Thread(target=self._watch.run, name=f"capture-{self.name}", daemon=True)
        self._thread.start()
        inbox = self._inbox
        with self._news:
            heard = self._news.wait_for(lambda: inbox.opened or inbox.failure, OPEN_SECONDS)
        if inbox.opened:
            return
        self.close()
        if inbox.failure is not None and heard:
            raise inbox.failure
        raise SourceUnavailable(
            self.name, "its capture process does not answer", "Restart the box."
        )

    def read(self, timeout: float) -> Frame | None:
        """The next picture.

        Parameters
        ----------
        timeout : float
            Seconds to wait at most.

        Returns
        -------
        Frame or None
            None at the end of a source that ends, and where another thread closed the source. The
            pixels cannot be written to: they lie in the memory that the worker wrote.

        Raises
        ------
        SourceTimeout
            No picture came in time; the text says why.
        SourceUnavailable
            The source is not open, the device went away just now, or did not come back in time.
        CorruptMedia
            Nothing readable is left of a replayed file.
        """
        watch, inbox = self._watch, self._inbox
        if watch is None:
            raise SourceUnavailable(self.name, "the source is not open", "Open it first.")
        deadline = monotonic() + timeout
        with self._news:
            while True:
                found = inbox.take()
                if isinstance(found, DriverError):
                    raise found
                if found is not None:
                    break
                if inbox.ended or watch.closing.is_set():
                    return None
                left = deadline - monotonic()
                if left <= 0:
                    raise self._late(inbox)
                self._news.wait(left)
        return inbox.frame_of(found)

    def close(self) -> None:
        """End the worker and let go of its pictures; may be called twice, and from any thread."""
        watch, self._watch = self._watch, None
        thread, self._thread = self._thread, None
        if watch is None or thread is None:
            return
        watch.close()
        thread.join()
        with self._news:
            self._inbox.clear()
            self._news.notify_all()

    def _late(self, inbox: Inbox) -> DriverError:
        reason = inbox.reason or "no picture came in time"
        advice = inbox.advice or "Look whether the source runs and its cable is plugged in."
        gone = inbox.state == wire.NO_DEVICE
        return (SourceUnavailable if gone else SourceTimeout)(self.name, reason, advice)
