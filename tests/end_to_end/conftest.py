"""Peers with orders and records of our own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.order import order, write_orders
from tests.peers.fixtures import StartStorescp
from tests.peers.process import RunningPeer, Stable, program


@pytest.fixture(scope="session")
def orders(stable: Stable) -> RunningPeer:
    """wlmscpfs with orders of today, each for one exam of one test."""

    def argv(port: int, folder: Path) -> list[str | Path]:
        write_orders(
            folder / "RIS",
            order(1, "CT", "Grün^Jörg=王^小东="),
            order(2, "MR", "Ковалёва^Ирина^Петровна"),
            order(3, "US", "Žluťoučký^Kůň"),
            order(4, "CT", "Offline^Olaf"),
            order(5, "MR", "Broken^Off"),
        )
        return [program("wlmscpfs", "dcmtk"), "-v", "-csk", "-dfp", folder, "-efr", str(port)]

    return stable.start("orders", "RIS", argv)


@pytest.fixture(scope="session")
def second_archive(start_storescp: StartStorescp) -> RunningPeer:
    """DCMTK's storescp, whose log names every file that it writes."""
    return start_storescp("-v", "-pm", "+xa")
