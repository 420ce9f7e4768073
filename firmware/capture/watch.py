"""Keeps one capture process running: listens to it, kills it when it hangs, starts it again."""

from __future__ import annotations

import logging
import select
from enum import Enum
from threading import Condition as News
from threading import Event
from time import monotonic
from zoneinfo import ZoneInfo

from drivers.errors import SourceUnavailable
from firmware.capture import wire
from firmware.capture.inbox import Inbox
from firmware.capture.process import WorkerProcess
from firmware.capture.ring import ReaderRing
from firmware.capture.spec import Spec

_log = logging.getLogger(__name__)

HANG_SECONDS = 1.2
"""A worker that says nothing for so long hangs; it speaks at least every 0.2 s."""

START_SECONDS = 10.0
"""What loading the libraries, or opening a device, may take."""

SEARCH_SECONDS = 5.0
"""For a source that is not live: it may be setting up its device anew, which blocks for a while."""

STARVED_SECONDS = 3.0
"""More for one that wants to run and gets no processor: killing it would only make things worse."""

_GLANCE = 0.05
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0


class _Outcome(Enum):
    """How it went with a worker."""

    CLOSED = "was closed"
    ENDED = "ended"
    HUNG = "hangs"
    DIED = "died"


class Watch:
    """The life of the capture processes of one source, from open to close.

    Parameters
    ----------
    spec : Spec
        What is captured.
    zone : ZoneInfo
        In which the workers tell the time.
    inbox : Inbox
        Takes everything that they say.
    news : Condition
        Held while the inbox is changed, and told of it.
    """

    def __init__(self, spec: Spec, zone: ZoneInfo, inbox: Inbox, news: News) -> None:
        self._spec = spec
        self._zone = zone
        self._inbox = inbox
        self._news = news
        self._worker: WorkerProcess | None = None
        self._fruitless = 0
        self.closing = Event()
        self.restarts = 0

    @property
    def process_id(self) -> int | None:
        """Of the worker that runs now."""
        worker = self._worker
        return worker.pid if worker else None

    def close(self) -> None:
        """Let :meth:`run` come to its end, from another thread."""
        with self._news:
            self.closing.set()
            worker = self._worker
            self._news.notify_all()
        if worker is not None:
            worker.hang_up()

    def run(self) -> None:
        """Start workers until the source is closed or has ended."""
        while not self.closing.is_set():
            try:
                worker = WorkerProcess(self._spec, self._zone)
            except OSError as error:
                self._give_up(error)
                return
            outcome = self._attend(worker)
            code = worker.end(kill=outcome is _Outcome.HUNG)
            if outcome in (_Outcome.CLOSED, _Outcome.ENDED):
                return
            self._prepare_another(outcome, code)

    def _attend(self, worker: WorkerProcess) -> _Outcome:
        """Listen to a worker until it is closed, ends, hangs or dies."""
        with self._news:
            self._worker = worker
            if self.closing.is_set():
                return _Outcome.CLOSED
        try:
            return self._listen(worker)
        except (wire.WireBroken, ValueError):
            _log.exception("the capture process of %s speaks nonsense", self._spec.name)
            return _Outcome.HUNG
        finally:
            with self._news:
                self._worker = None

    def _listen(self, worker: WorkerProcess) -> _Outcome:
        rings: dict[int, ReaderRing] = {}
        deadline = monotonic() + START_SECONDS
        while True:
            readable, _, _ = select.select([worker.link], [], [], max(0.0, deadline - monotonic()))
            if not readable:
                if worker.is_runnable and monotonic() < deadline + STARVED_SECONDS:
                    select.select([worker.link], [], [], _GLANCE)
                    continue
                return _Outcome.HUNG
            heard = wire.receive_from_worker(worker.link)
            if self.closing.is_set():
                return _Outcome.CLOSED
            if heard is None:
                return _Outcome.ENDED if self._inbox.is_over else _Outcome.DIED
            message, descriptors = heard
            if isinstance(message, wire.Ring):
                rings = {message.ring: _map(worker, message, descriptors)}
            with self._news:
                self._put(message, rings)
                self._news.notify_all()
            opening = isinstance(message, wire.Opening)
            deadline = monotonic() + (START_SECONDS if opening else self._patience)

    def _put(self, message: wire.FromWorker, rings: dict[int, ReaderRing]) -> None:
        inbox = self._inbox
        match message:
            case wire.Picture():
                if message.ring not in rings:
                    raise wire.WireBroken(f"there is no ring {message.ring}")
                inbox.put_picture(message, rings[message.ring])
                self._fruitless = 0
            case wire.Beat():
                inbox.put_beat(message)
            case wire.Failed():
                inbox.put_failure(message)
            case wire.End():
                inbox.put_end(message)

    @property
    def _patience(self) -> float:
        """Longer each time that it was of no use: some devices are slow, not hung."""
        live = self._inbox.state in (wire.LIVE, wire.FROZEN)
        base = HANG_SECONDS if live else SEARCH_SECONDS
        return min(START_SECONDS, base * 2.0**self._fruitless)

    def _prepare_another(self, outcome: _Outcome, code: int) -> None:
        name = self._spec.name
        if outcome is _Outcome.HUNG:
            reason = "the device hung, and its capture was started again"
            advice = "If this happens again, look at its cable and power."
        else:
            reason = f"its capture process died ({code}) and was started again"
            advice = "If this happens again, unplug the device and plug it in again."
        _log.error("%s: %s. %s", name, reason, advice)
        with self._news:
            self._inbox.note_interruption(reason, advice)
            self._news.notify_all()
        self.restarts += 1
        pause = _FIRST_PAUSE * 2.0**self._fruitless
        self._fruitless += 1
        self.closing.wait(min(_LONGEST_PAUSE, pause))

    def _give_up(self, error: OSError) -> None:
        failure = SourceUnavailable(
            self._spec.name,
            f"no capture process can be started ({error})",
            "Restart the box.",
        )
        with self._news:
            self._inbox.give_up(failure)
            self._news.notify_all()


def _map(worker: WorkerProcess, told: wire.Ring, descriptors: list[int]) -> ReaderRing:
    if len(descriptors) != 1:
        raise wire.WireBroken("a ring came without its memory")
    link = worker.link

    def release(slot: int) -> None:
        try:
            wire.send(link, wire.Free(told.ring, slot))
        except OSError:
            # the worker is gone, and the memory goes with its last reader
            return

    return ReaderRing(descriptors[0], told.slots, told.slot_bytes, release)
