"""Reading a worklist of 1,000 items beside DCMTK's findscu, both from wlmscpfs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from pydicom import dcmwrite

from device.worklist import QueryKeys
from services.dicom.worklist import find_worklist
from tests.bench.compare import medians
from tests.peers.process import RunningPeer, Stable, program
from tests.peers.worklists import ENTRIES, write_worklist_files

ITEMS = 1000


def measure(stable: Stable, folder: Path, runs: int) -> dict[str, float]:
    """Seconds for all items, and the ratio above 1 where we are faster."""
    scp = stable.start("wlmscpfs", "RIS", _argv, {"TCP_NODELAY": "1"})
    query = folder / "query.dcm"
    dcmwrite(query, QueryKeys().identifier(), implicit_vr=False, little_endian=True)
    seconds = medians({"ours": lambda: _ask(scp), "findscu": lambda: _findscu(scp, query)}, runs)
    return {
        "worklist_1000_seconds": seconds["ours"],
        "worklist_1000_findscu_seconds": seconds["findscu"],
        "worklist_ratio_to_findscu": seconds["findscu"] / seconds["ours"],
    }


def _argv(port: int, directory: Path) -> list[str | Path]:
    station = directory / "RIS"
    write_worklist_files(station)
    model = next(station.glob(f"*{ENTRIES[0].label}*.wl"))
    for other in station.glob("*.wl"):
        if other != model:
            other.unlink()
    content = model.read_bytes()
    for number in range(ITEMS - 1):
        (station / f"copy{number}.wl").write_bytes(content)
    return [program("wlmscpfs", "dcmtk"), "-csk", "-dfp", directory, "-efr", str(port)]


def _ask(scp: RunningPeer) -> None:
    answer = find_worklist(scp.peer, "BENCH", QueryKeys(), ("ISO_IR 192",), ITEMS + 1)
    assert len(answer.items) == ITEMS, (len(answer.items), answer.problems[:3])


def _findscu(scp: RunningPeer, query: Path) -> None:
    command = [program("findscu", "dcmtk"), "-W", "-aec", "RIS"]
    command += ["127.0.0.1", str(scp.peer.port), str(query)]
    subprocess.run(
        command,
        check=True,
        env={**os.environ, "TCP_NODELAY": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
