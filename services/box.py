"""What every service of one box shares: who it is, what it keeps, whom it knows."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from device.ports import Clock, UidSource
from device.protocol import Protocol
from device.station import Station
from services.catalog import Catalog
from services.dicom.peers import Peer, Service
from services.errors import NotFound
from services.printing.paper import PaperPrinters, no_paper_printers
from services.printing.printers import Printer
from services.spool import Spool


@dataclass(frozen=True, slots=True)
class Retention:
    """When committed images may leave the box, and when it is too full for another exam."""

    keep_days: int
    high_water_percent: int


@dataclass(frozen=True, slots=True)
class Box:
    """One box, assembled: everything that a service takes, and nothing that it decides itself."""

    station: Station
    state_dir: Path
    catalog: Catalog
    spool: Spool
    peers: tuple[Peer, ...]
    retention: Retention
    clock: Clock
    uids: UidSource
    software_version: str
    protocols: tuple[Protocol, ...] = ()
    printers: tuple[Printer, ...] = ()
    find_paper: PaperPrinters = no_paper_printers

    @property
    def destinations(self) -> tuple[Peer, ...]:
        """Everybody that something can be owed to: peers, and printers under their names."""
        return (*self.peers, *(printer.peer for printer in self.printers))

    @property
    def live_socket(self) -> Path:
        """Where the acquisition service listens to the console: in memory where there is a place
        for it (``GANTRY_RUNTIME_DIR``), else beside the catalog.
        """
        return Path(os.environ.get("GANTRY_RUNTIME_DIR") or self.state_dir) / "live.sock"

    def wall(self) -> float:
        """Unix seconds of now."""
        return self.clock.now().timestamp()

    def peer(self, name: str) -> Peer:
        """The configured peer of this name.

        Raises
        ------
        NotFound
            Naming those that are configured.
        """
        return _named(name, self.peers, "peer")

    def destination(self, name: str) -> Peer:
        """The configured peer or printer of this name; raises as :meth:`peer`."""
        return _named(name, self.destinations, "peer or printer")

    def offering(self, service: Service) -> tuple[Peer, ...]:
        return tuple(peer for peer in self.peers if peer.offers(service))

    def calling_ae_title(self, peer: Peer) -> str:
        """The AE title that the box calls this peer with."""
        return peer.calling_ae_title or self.station.ae_title


def _named(name: str, peers: tuple[Peer, ...], what: str) -> Peer:
    for peer in peers:
        if peer.name == name:
            return peer
    names = ", ".join(peer.name for peer in peers) or "none"
    raise NotFound(f"no {what} is called {name!r}; configured: {names}")
