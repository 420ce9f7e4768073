"""Sending everything that is owed, once, while a person waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from services.box import Box
from services.dispatcher.service import Dispatcher
from services.outbox import operator, peer_state
from services.outbox.model import State


@dataclass(frozen=True, slots=True)
class Left:
    """What is still owed when the drain ends; ``held`` is whatever waits for a person."""

    open: int
    held: int

    @property
    def nothing(self) -> bool:
        return not self.open and not self.held


def drain(
    box: Box,
    *,
    peer: str | None = None,
    timeout: float,
    progress: Callable[[Left], None] = lambda _: None,
) -> Left:
    """Deliver until nothing is owed, only held deliveries are left, or the time is up.

    A person asked, so back-offs and pauses are lifted first. Commitment reports reach the box
    through its listener, which must be running for archives that open an association of their own.

    Parameters
    ----------
    peer
        Only this peer, by name; all of them when None.
    timeout
        Seconds.
    progress
        Told of what is left whenever it changes.
    """
    peers = box.destinations if peer is None else (box.destination(peer),)
    _lift_pauses(box, peer)
    dispatcher = Dispatcher(box, role="drain", peers=peers)
    dispatcher.start()
    try:
        _watch(box, dispatcher, peer, time.monotonic() + timeout, progress)
    finally:
        dispatcher.stop()
    # what was on the wire when the time was up has settled by now
    return _left(box, peer)


def _watch(
    box: Box,
    dispatcher: Dispatcher,
    peer: str | None,
    deadline: float,
    progress: Callable[[Left], None],
) -> None:
    last: Left | None = None
    while True:
        left = _left(box, peer)
        if left != last:
            progress(left)
            last = left
        if not left.open or time.monotonic() >= deadline:
            return
        dispatcher.wait(0.1)


def _left(box: Box, peer: str | None) -> Left:
    counts = operator.owed(box.catalog, peer)
    stuck = operator.stuck(box.catalog, box.destinations, peer)
    held = counts.pop(State.HELD)
    return Left(open=sum(counts.values()) - stuck, held=held + stuck)


def _lift_pauses(box: Box, peer: str | None) -> None:
    with box.catalog.writing() as db:
        db.conn.execute(
            "UPDATE delivery SET next_attempt = 0 WHERE state = 'waiting'"
            " AND (? IS NULL OR peer = ?)",
            [peer, peer],
        )
    for each in box.destinations:
        if peer in (None, each.name):
            peer_state.clear_pause(box.catalog, each.name)
