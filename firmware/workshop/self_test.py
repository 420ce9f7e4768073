"""The list of the beginning of a shift: what is good, what is not, what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from firmware.capture.inventory import NO_DEVICE
from firmware.workshop.sources import Sources
from services.box import Box
from services.console.workshop import ClockDesk, Line
from services.outbox import operator, peer_state
from services.outbox.model import State

_TRUST = {
    "synchronised": "",
    "lost": "The time server is not reached: check network and time server.",
    "never": "Set the clock, or connect a time server: images carry this time.",
}
_NEAR = 10.0
"""Percent below the mark at which the disk is worth a word."""


def self_test(box: Box, clock: ClockDesk, sources: Sources) -> Iterator[Line]:
    """Clock, disk, database, sources, peers and queue, one line each."""
    parts: tuple[Callable[[], Iterator[Line]], ...] = (
        lambda: _clock(clock),
        lambda: _disk(box),
        lambda: _database(box),
        lambda: _sources(sources),
        lambda: _peers(box),
        lambda: _queue(box),
        lambda: _card(box),
    )
    for part in parts:
        yield from part()


def _clock(clock: ClockDesk) -> Iterator[Line]:
    state = clock.state()
    advice = _TRUST.get(state.trust, "")
    said = f"{state.now} ({state.trust}{', ' + state.source if state.source else ''})"
    yield Line("clock", not advice, said, advice)


def _disk(box: Box) -> Iterator[Line]:
    usage = box.spool.usage()
    mark = box.retention.high_water_percent
    good = usage.percent < mark - _NEAR
    advice = "" if good else "See whether the archive takes and commits images: they go first then."
    said = f"{usage.percent:.0f} % used, no new exams from {mark} %"
    yield Line("disk", usage.percent < mark, said, advice)


def _database(box: Box) -> Iterator[Line]:
    row = box.catalog.row("PRAGMA quick_check(1)")
    said = str(next(iter(row.values()))) if row else "no answer"
    advice = "" if said == "ok" else "Write a support bundle, and have the card replaced."
    yield Line("database", said == "ok", said, advice)


def _sources(sources: Sources) -> Iterator[Line]:
    for row in sources.inventory():
        if not row["source"]:
            continue
        there = row["state"] not in (NO_DEVICE, "no signal", "protected content")
        advice = "" if there else "Check its cable, and that it is switched on."
        yield Line(f"source {row['source']}", there, row["state"], advice)


def _peers(box: Box) -> Iterator[Line]:
    for peer in box.peers:
        state = peer_state.get(box.catalog, peer.name)
        if state.last_error:
            yield Line(f"peer {peer.name}", False, state.last_error, "Test this peer.")
        elif state.last_contact is None:
            yield Line(f"peer {peer.name}", True, "never asked yet", "Test this peer.")
        else:
            yield Line(f"peer {peer.name}", True, "answered at the last contact")


def _queue(box: Box) -> Iterator[Line]:
    counts = operator.owed(box.catalog)
    held = counts[State.HELD]
    said = f"{sum(counts.values())} owed, {held} held"
    advice = "Look at the queue: held deliveries wait for a person." if held else ""
    yield Line("queue", not held, said, advice)


def _card(box: Box) -> Iterator[Line]:
    """Only where the settings on the card were not taken: the report on it says the same."""
    from firmware.provision.report import kept

    told = kept(box.state_dir / "provisioning.json")
    if told.get("outcome") == "refused":
        yield Line("card", False, told.get("text", ""), "Correct the files on the card.")
