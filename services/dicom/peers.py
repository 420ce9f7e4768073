"""Remote application entities as configured."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Service(StrEnum):
    """What a peer does for us."""

    WORKLIST = "worklist"
    MPPS = "mpps"
    STORE = "store"
    COMMIT = "commit"
    QUERY = "query"
    PRINT = "print"


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds, all on the monotonic clock."""

    connect: float = 10.0
    acse: float = 15.0
    dimse: float = 60.0


@dataclass(frozen=True, slots=True)
class TlsMaterial:
    """Files for mutual TLS towards a peer (PS3.15 B.9 and later, TLS 1.2 at least)."""

    certificate: Path
    key: Path
    ca: Path


@dataclass(frozen=True, slots=True)
class Peer:
    """One ``[[peers]]`` entry.

    ``commitment_required`` is what decides whether the archive owes a promise before an image may
    leave the box. ``instance_check`` asks by C-FIND at IMAGE level instead, a weaker proof that is
    labelled as such. ``rejection_notes``: the archive hides what a Key Object Selection says was
    discarded (IHE RAD IOCM). ``assume_character_set`` is for a RIS that omits Specific Character
    Set.
    """

    name: str
    ae_title: str
    host: str
    port: int
    services: frozenset[Service]
    commitment_required: bool = False
    instance_check: bool = False
    rejection_notes: bool = False
    calling_ae_title: str = ""
    max_pdu: int = 131072
    timeouts: Timeouts = field(default_factory=Timeouts)
    commitment_timeout: float = 3600.0
    commitment_wait: float = 2.0
    assume_character_set: str = ""
    tls: TlsMaterial | None = None

    def offers(self, service: Service) -> bool:
        return service in self.services
