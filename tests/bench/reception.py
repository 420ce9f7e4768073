"""A film of twelve CT slices printed by DCMTK's dcmprscu: at the box, and at DCMTK's dcmprscp.

Both keep what came; the box has it on the medium before it answers the order to print.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from services.acquisition import Acquisition
from services.catalog import received_sheets
from services.catalog.received_sheets import Images
from tests.bench.compare import medians
from tests.bench.material import CT, Slices, make_box, start_exam
from tests.bench.printing import print_configuration
from tests.peers.printers import start_print_scp
from tests.peers.process import Stable, program
from tests.services.film_reception.scanner import film_place

_SLICES = 12


def measure(stable: Stable, folder: Path, runs: int) -> dict[str, float]:
    """Seconds for one sheet, from the start of dcmprscu to its end."""
    peer = start_print_scp(stable)
    box = make_box(folder / "reception")
    exam_id = start_exam(box)
    Acquisition(box, exam_id, CT).run(Slices(_SLICES))
    slices = sorted(box.spool.root.rglob("*.dcm"))[:_SLICES]
    with film_place(box, images=Images.UNASSIGNED) as place:
        ours = _sender(folder / "to-box", place.port, slices)
        theirs = _sender(folder / "to-dcmtk", peer.running.peer.port, slices)
        seconds = medians({"ours": ours, "dcmtk": theirs}, runs)
        kept = received_sheets.recent(box.catalog)
        assert len(kept) >= runs
        assert {sheet.pictures for sheet in kept} == {_SLICES}
    return {
        "print_reception_seconds": seconds["ours"],
        "print_reception_dcmprscp_seconds": seconds["dcmtk"],
    }


def _sender(folder: Path, port: int, slices: list[Path]) -> Callable[[], None]:
    """Lay the film out once; what it returns sends it."""
    configuration = print_configuration(folder, port)
    lay_out = [
        program("dcmpsprt", "dcmtk"), "-c", configuration, "-p", "FILM", "-s",
        "-l", "3", "4", "--filmsize", "14INX17IN", "--identity", *slices,
    ]  # fmt: skip
    subprocess.run([str(part) for part in lay_out], check=True, capture_output=True)
    (stored,) = (folder / "database").glob("SP_*.dcm")
    send = [program("dcmprscu", "dcmtk"), "-c", configuration, "-p", "FILM", stored]

    def run() -> None:
        subprocess.run([str(part) for part in send], check=True, capture_output=True)

    return run
