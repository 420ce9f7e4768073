"""Puts together what is told of a box, and judges it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from firmware.config import Configuration
from firmware.provision.report import kept_outcome
from firmware.status.machine import read_machine
from firmware.status.model import (
    Clock,
    Disk,
    Finding,
    Machine,
    PeerContact,
    Service,
    Status,
    Verdict,
    Waiting,
)
from firmware.status.processes import read_services
from firmware.status.signal import read_signals
from firmware.update.record import trial_word
from firmware.workshop.clock import TimeOfDay
from services.box import Box
from services.outbox import operator, peer_state
from services.outbox.model import OPEN, OWED

_HOT = 80.0
"""Degrees; a Pi slows itself down from here on."""

_DOUBTS = {
    "lost": "the time server is not reached: check network and time server",
    "never": "the clock was never set by a time server: connect one, or set it by hand",
}


def collect(
    configuration: Configuration,
    box: Box,
    *,
    root: Path = Path("/"),
    services: tuple[Service, ...] | None = None,
) -> Status:
    """The box as it is now; takes up to a few seconds.

    Parameters
    ----------
    root
        Holds the machine's ``proc`` and ``sys``.
    services
        What is known of the processes already.
    """
    machine = read_machine(root)
    usage = box.spool.usage()
    disk = Disk(usage.used, usage.free, round(usage.percent, 1), box.retention.high_water_percent)
    told = TimeOfDay(box.clock.now).state()
    clock = Clock(told.trust, told.source, told.offset_ms)
    running = read_services(configuration) if services is None else services
    peers = tuple(_peers(box))
    queue = tuple(_queue(box))
    signals = read_signals(box.live_socket)
    card = kept_outcome(box.state_dir / "provisioning.json")
    update = trial_word(root)
    findings = (
        *_of_services(running),
        *_of_machine(machine),
        *_of_disk(disk),
        *_of_clock(clock),
        *_of_peers(peers),
        *_of_queue(queue),
        *_of_card(card, update),
    )
    return Status(
        at=box.clock.now().isoformat(timespec="seconds"),
        station=box.station.station_name or box.station.ae_title,
        software_version=box.software_version,
        machine=machine,
        disk=disk,
        clock=clock,
        services=running,
        peers=peers,
        queue=queue,
        signals=signals,
        exams_open=_exams_open(box),
        card=card,
        update=update,
        findings=findings,
    )


def _peers(box: Box) -> Iterator[PeerContact]:
    now = box.wall()
    for peer in box.destinations:
        state = peer_state.get(box.catalog, peer.name)
        ago = None if state.last_contact is None else max(0.0, now - state.last_contact)
        owed = sum(operator.owed(box.catalog, peer.name).values())
        yield PeerContact(peer.name, ago, state.last_error, owed)


def _queue(box: Box) -> Iterator[Waiting]:
    rows = box.catalog.rows(
        "SELECT state, count(*) AS n, min(created) AS oldest FROM delivery"  # noqa: S608 -- a constant
        f" WHERE {OPEN} GROUP BY state"
    )
    found = {row["state"]: row for row in rows}
    for state in OWED:
        row = found.get(state)
        if row is None:
            yield Waiting(state, 0, 0.0)
        else:
            yield Waiting(state, row["n"], max(0.0, box.wall() - row["oldest"]))


def _exams_open(box: Box) -> int:
    row = box.catalog.row("SELECT count(*) AS n FROM exam WHERE state = 'IN PROGRESS'")
    return int(row["n"]) if row else 0


def _of_services(services: tuple[Service, ...]) -> Iterator[Finding]:
    for each in services:
        if not each.runs:
            yield Finding(
                Verdict.FAULT, f"{each.name} is {each.state}: look at its log, or start the box"
            )


def _of_machine(machine: Machine) -> Iterator[Finding]:
    if machine.temperature is not None and machine.temperature >= _HOT:
        yield Finding(
            Verdict.WARNING, f"the processor has {machine.temperature:.0f} degrees: let air to it"
        )
    if machine.under_voltage:
        yield Finding(
            Verdict.WARNING, "the supply is too weak: use one that is made for this board"
        )


def _of_disk(disk: Disk) -> Iterator[Finding]:
    if disk.percent >= disk.high_water_percent:
        yield Finding(
            Verdict.FAULT,
            f"the disk is {disk.percent:.0f} % full and takes no new exams: see whether the "
            f"archive takes and commits images",
        )


def _of_clock(clock: Clock) -> Iterator[Finding]:
    if clock.trust in _DOUBTS:
        yield Finding(Verdict.WARNING, _DOUBTS[clock.trust])


def _of_peers(peers: tuple[PeerContact, ...]) -> Iterator[Finding]:
    for each in peers:
        if each.fault:
            yield Finding(Verdict.WARNING, f"{each.name} cannot be reached: {each.fault}")


def _of_queue(queue: tuple[Waiting, ...]) -> Iterator[Finding]:
    for each in queue:
        if each.state == "held" and each.count:
            yield Finding(
                Verdict.WARNING, f"{each.count} held deliveries wait for a person: 'gantry outbox'"
            )


def _of_card(card: str, update: str) -> Iterator[Finding]:
    if card == "refused":
        yield Finding(
            Verdict.WARNING, "the card's settings were not taken: read its gantry-report.txt"
        )
    if update == "fell-back":
        yield Finding(Verdict.WARNING, "the last update did not start well, and the box went back")
