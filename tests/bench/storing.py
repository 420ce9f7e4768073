"""Storing CT slices: our sender and our dispatcher beside DCMTK's storescu and dcmsend."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from services.acquisition import Acquisition
from services.box import Box
from services.dicom.peers import Peer, Service
from services.dicom.store import StoreSession
from services.dispatcher import drain
from tests.bench.compare import medians
from tests.bench.material import CT, Slices, make_box, start_exam
from tests.peers.process import RunningPeer, Stable, program


def measure(stable: Stable, folder: Path, objects: int, runs: int) -> dict[str, float]:
    """Seconds for all objects, megabytes a second, and ratios above 1 where we are faster."""
    prompt = _storescp(stable, {"TCP_NODELAY": "1"})
    delaying = _storescp(stable, {})
    box = make_box(folder / "storing")
    acquisition = Acquisition(box, start_exam(box), CT)
    files = [
        box.spool.absolute(instance.path) for instance in acquisition.run(Slices(objects)).instances
    ]
    megabytes = sum(file.stat().st_size for file in files) / 1e6
    before = _peak_megabytes()
    seconds = medians(
        {
            "sender": lambda: _send(prompt.peer, files),
            "dispatcher": _drainer(folder, prompt.peer, files),
            "storescu": _tool("storescu", prompt, files, {"TCP_NODELAY": "1"}),
            "dcmsend": _tool("dcmsend", prompt, files, {"TCP_NODELAY": "1"}),
        },
        runs,
    )
    slow = medians(
        {
            "sender": lambda: _send(delaying.peer, files),
            "storescu": _tool("storescu", delaying, files, {}),
        },
        max(1, runs // 2),
    )
    figures = {f"store_{name}_seconds": value for name, value in seconds.items()}
    return figures | {
        "store_objects": float(objects),
        "store_megabytes": megabytes,
        "store_objects_per_second": objects / seconds["sender"],
        "store_megabytes_per_second": megabytes / seconds["sender"],
        "store_ratio_to_storescu": seconds["storescu"] / seconds["sender"],
        "store_ratio_to_dcmsend": seconds["dcmsend"] / seconds["sender"],
        "store_dispatcher_ratio_to_storescu": seconds["storescu"] / seconds["dispatcher"],
        "store_nagle_sender_seconds": slow["sender"],
        "store_nagle_storescu_seconds": slow["storescu"],
        "store_nagle_ratio_to_storescu": slow["storescu"] / slow["sender"],
        "store_peak_memory_growth_megabytes": _peak_megabytes() - before,
    }


def _storescp(stable: Stable, environment: dict[str, str]) -> RunningPeer:
    return stable.start(
        "storescp",
        "STORESCP",
        lambda port, directory: [
            program("storescp", "dcmtk"),
            *("--ignore", "-aet", "STORESCP", "-pdu", "131072", "-od", directory, str(port)),
        ],
        environment,
    )


def _send(peer: Peer, files: list[Path]) -> None:
    wanted = [("1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1")]
    with StoreSession(peer, "BENCH", wanted) as session:
        for file in files:
            reply = session.send(file)
            assert reply.status == 0, reply


def _drainer(folder: Path, peer: Peer, files: list[Path]) -> Callable[[], None]:
    """The whole way: claim, send, write down; the outbox owes everything anew each time."""
    archive = replace(peer, name="archive", services=frozenset({Service.STORE}))
    box = make_box(folder / "draining", (archive,))
    exam_id = start_exam(box)
    Acquisition(box, exam_id, CT).run(Slices(len(files)))

    def run() -> None:
        _owe_again(box)
        left = drain(box, timeout=300)
        assert left.nothing, left

    return run


def _owe_again(box: Box) -> None:
    with box.catalog.writing() as db:
        db.conn.execute("UPDATE delivery SET state = 'waiting' WHERE kind = 'store'")


def _tool(
    name: str, scp: RunningPeer, files: list[Path], environment: dict[str, str]
) -> Callable[[], None]:
    folder = files[0].parent
    options = ["-aec", "STORESCP", "--max-pdu", "131072"]
    options += ["+sd"] if name == "storescu" else ["+sd", "--no-halt"]
    command = [program(name, "dcmtk"), *options, "127.0.0.1", str(scp.peer.port), str(folder)]

    def run() -> None:
        settings = {**os.environ, **environment}
        subprocess.run(command, check=True, env=settings, stdout=subprocess.DEVNULL)

    return run


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
