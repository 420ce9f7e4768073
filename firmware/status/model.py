"""What is told of a box."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Verdict(IntEnum):
    """The exit code of ``gantry status``."""

    GOOD = 0
    WARNING = 1
    FAULT = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be, and what to do about it."""

    verdict: Verdict
    text: str


@dataclass(frozen=True, slots=True)
class Service:
    """One of the box's processes; ``restarts`` is None where nobody counts them."""

    name: str
    state: str
    restarts: int | None = None

    @property
    def runs(self) -> bool:
        return self.state == "active"


@dataclass(frozen=True, slots=True)
class Machine:
    """The computer itself; None is what this machine does not tell.

    Attributes
    ----------
    temperature
        Of the processor, in degrees Celsius.
    under_voltage
        Whether the supply is too weak now, as the Pi's firmware tells the kernel.
    uptime
        Seconds since the start.
    memory_available, memory_total
        Bytes.
    """

    model: str
    kernel: str
    slot: str
    temperature: float | None
    under_voltage: bool | None
    uptime: float | None
    memory_available: int | None
    memory_total: int | None


@dataclass(frozen=True, slots=True)
class Disk:
    """Where the pictures lie; bytes."""

    used: int
    free: int
    percent: float
    high_water_percent: int


@dataclass(frozen=True, slots=True)
class Clock:
    """As :class:`services.console.workshop.ClockState` has it."""

    trust: str
    source: str
    offset_ms: float | None


@dataclass(frozen=True, slots=True)
class PeerContact:
    """A peer or printer; ``seconds_ago`` is None where it was never reached."""

    name: str
    seconds_ago: float | None
    fault: str
    owed: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Deliveries in one state, and the age of the oldest in seconds."""

    state: str
    count: int
    oldest: float


@dataclass(frozen=True, slots=True)
class Signal:
    """What a source gives, where the acquisition service tells it."""

    source: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Status:
    """The box at one moment."""

    at: str
    station: str
    software_version: str
    machine: Machine
    disk: Disk
    clock: Clock
    services: tuple[Service, ...]
    peers: tuple[PeerContact, ...]
    queue: tuple[Waiting, ...]
    signals: tuple[Signal, ...]
    exams_open: int
    card: str
    update: str
    findings: tuple[Finding, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst of what was found."""
        return max((each.verdict for each in self.findings), default=Verdict.GOOD)
