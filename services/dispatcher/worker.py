"""One peer's worker: whatever is due there, in order, until nothing is."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable

from services.box import Box
from services.dicom.echo import echo
from services.dicom.peers import Peer
from services.dispatcher import check, commitment, film, mpps, paper, store
from services.dispatcher.errand import Errand
from services.errors import ContextRefused, PeerError
from services.outbox import peer_state
from services.outbox.model import Kind
from services.outbox.queue import due_kinds, next_due
from services.reports import ReportDesk

_log = logging.getLogger(__name__)

_ROUNDS: tuple[tuple[frozenset[Kind], Callable[[Errand], None]], ...] = (
    (frozenset({Kind.MPPS_CREATE, Kind.MPPS_SET}), mpps.deliver),
    (frozenset({Kind.STORE}), store.deliver),
    (frozenset({Kind.COMMIT}), commitment.deliver),
    (frozenset({Kind.CHECK}), check.deliver),
    (frozenset({Kind.FILM}), film.deliver),
    (frozenset({Kind.PAPER}), paper.deliver),
)


class PeerWorker:
    """Delivers to one peer; a dead peer pauses this worker and no other.

    Parameters
    ----------
    stopping
        Answers True when the worker should put its work down at the next safe place.
    """

    def __init__(
        self, box: Box, peer: Peer, owner: str, desk: ReportDesk, stopping: Callable[[], bool]
    ) -> None:
        self.peer = peer
        self._box = box
        self._errand = Errand(box, peer, owner, desk, stopping)

    def work(self) -> float:
        """Deliver what is due; seconds until there may be something to do again.

        Never raises for what a peer does: the peer is paused with its words, and everything that
        is owed to it stays owed.
        """
        box, name = self._box, self.peer.name
        paused = peer_state.seconds_paused(box.catalog, name, at=box.wall())
        if paused:
            return paused
        due = due_kinds(box.catalog, name, at=box.wall())
        if not due:
            return self._until_next()
        try:
            self._probe()
            for kinds, deliver in _ROUNDS:
                if kinds & due and not self._errand.stopping():
                    deliver(self._errand)
        except PeerError as error:
            return self._pause(error)
        peer_state.note_contact(box.catalog, name, at=box.wall())
        return 0.0

    def _until_next(self) -> float:
        now = self._box.wall()
        due = next_due(self._box.catalog, self.peer.name, at=now)
        # a delivery whose turn depends on another one may look due without being so
        return _NOTHING_DUE if due is None else min(_NOTHING_DUE, max(_SOONEST, due - now))

    def _probe(self) -> None:
        """A peer that failed last time is asked by C-ECHO before its work is claimed.

        One that does not do Verification has answered all the same. A queue of this machine has
        no address to ask.
        """
        if not self.peer.host or not peer_state.get(self._box.catalog, self.peer.name).failures:
            return
        with contextlib.suppress(ContextRefused):
            echo(self.peer, self._box.calling_ae_title(self.peer))

    def _pause(self, error: PeerError) -> float:
        seconds = peer_state.pause(
            self._box.catalog, self.peer.name, str(error), at=self._box.wall()
        )
        _log.warning("%s. Trying again in %.0f s; nothing is lost", error, seconds)
        return seconds


_NOTHING_DUE = 30.0
_SOONEST = 0.5
