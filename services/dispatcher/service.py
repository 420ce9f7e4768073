"""The dispatcher as a service: a thread a peer, woken by whatever the catalog tells."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from services import recovery, retention
from services.box import Box
from services.dicom.peers import Peer
from services.dispatcher.worker import PeerWorker
from services.outbox.owner import this_process
from services.reports import ReportDesk

_log = logging.getLogger(__name__)

_LOOK = 0.2
"""Seconds between two looks at the catalog's version; each reads one page of shared memory."""

_HOUSEKEEPING = 600.0


class Dispatcher:
    """Everything outbound of one box.

    ``start`` returns at once; ``wait`` returns when ``stop`` was called or a worker died, in
    which case it raises what killed it, so that the process ends and is started again.

    Parameters
    ----------
    peers
        Whom to deliver to; every peer and printer that the box knows unless given.
    """

    def __init__(
        self, box: Box, role: str = "dispatcher", peers: Sequence[Peer] | None = None
    ) -> None:
        self._box = box
        self._peers = box.destinations if peers is None else tuple(peers)
        self._owner = this_process(role)
        self._desk = ReportDesk(box)
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._fatal: BaseException | None = None
        self._bells = {peer.name: threading.Event() for peer in self._peers}
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Recover from whatever came before, then begin to deliver."""
        recovery.recover(self._box)
        for peer in self._peers:
            self._spawn(f"deliver to {peer.name}", self._deliver, peer)
        self._spawn("watch the catalog", self._watch)
        self._spawn("keep house", self._keep_house)
        _log.info("the dispatcher runs, for %d peers", len(self._peers))

    def wake(self) -> None:
        """Something may be due: look now."""
        for bell in self._bells.values():
            bell.set()

    def stop(self, timeout: float = 30.0) -> None:
        """Put the work down at the next safe place and end the threads."""
        self._stopping.set()
        self._ended.set()
        self.wake()
        for thread in self._threads:
            thread.join(timeout)

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the dispatcher has ended; True when it has.

        Raises
        ------
        BaseException
            What killed a worker.
        """
        ended = self._ended.wait(timeout)
        if self._fatal is not None:
            raise self._fatal
        return ended

    def _spawn(self, name: str, target: object, *args: object) -> None:
        thread = threading.Thread(target=self._guarded, args=(target, *args), name=name)
        thread.daemon = True
        thread.start()
        self._threads.append(thread)

    def _guarded(self, target: object, *args: object) -> None:
        assert callable(target)
        try:
            target(*args)
        except BaseException as error:  # noqa: BLE001 -- logged, and raised again by wait
            _log.exception("the thread that should %s died", threading.current_thread().name)
            self._fatal = error
            self._stopping.set()
            self._ended.set()

    def _deliver(self, peer: Peer) -> None:
        worker = PeerWorker(self._box, peer, self._owner, self._desk, self._stopping.is_set)
        bell = self._bells[peer.name]
        while not self._stopping.is_set():
            bell.clear()
            idle = worker.work()
            if idle and not self._stopping.is_set():
                bell.wait(idle)

    def _watch(self) -> None:
        seen = self._box.catalog.version()
        while not self._stopping.wait(_LOOK):
            version = self._box.catalog.version()
            if version != seen:
                seen = version
                self.wake()

    def _keep_house(self) -> None:
        while not self._stopping.wait(_HOUSEKEEPING):
            # once more, since the first time may have fallen into an acquisition
            recovery.recover(self._box)
            removed = retention.apply(self._box)
            if removed.by_age or removed.by_room:
                _log.info("retention: %s", removed)
