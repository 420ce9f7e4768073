"""A 14 x 17 inch film of twelve CT slices: ours beside DCMTK's dcmpsprt and dcmprscu.

DCMTK sends the stored 512 x 512 pixels and leaves the enlarging to the printer; we send boxes of
the printer's own resolution with identity and ruler in them. ``print_small`` is ours with boxes of
about as many pixels as DCMTK's.
"""

from __future__ import annotations

import multiprocessing
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from services.acquisition import Acquisition
from services.box import Box
from services.dispatcher import drain
from services.film_render import render_box, render_sheet
from services.printing import drafts, jobs
from services.printing.printers import Printer
from services.printing.works import works_of
from tests.bench.compare import medians
from tests.bench.material import CT, Slices, make_box, start_exam
from tests.peers.printers import FilmPeer, start_print_scp
from tests.peers.process import Stable, program

_DPI = 320.0
_SMALL_DPI = 130.0
_SLICES = 12
_CONFIGURATION = """\
[[GENERAL]]
[APPLICATION]
LogDirectory={folder}/log
[PRINT]
Directory={folder}/spool
Spooler=/usr/bin/dcmprscu
DeletePrintJobs=false
[DATABASE]
Directory={folder}/database
[LUT]
Directory={folder}/lut
[NETWORK]
aetitle=BENCH
[[COMMUNICATION]]
[FILM]
Aetitle=FILM
Hostname=localhost
Port={port}
Type=PRINTER
DisplayFormat=3,4
FilmSizeID=14INX17IN
MaxPDU=131072
Supports12Bit=true
SupportsPresentationLUT=true
[[VOI]]
"""


def measure(stable: Stable, folder: Path, runs: int) -> dict[str, float]:
    """Seconds from the order to the last N-ACTION, and what rendering alone takes."""
    peer = start_print_scp(stable)
    large = _boxed(folder / "printing", peer.printer(dpi=_DPI))
    small = replace(large, printers=(peer.printer(dpi=_SMALL_DPI),))
    exam_id = start_exam(large)
    Acquisition(large, exam_id, CT).run(Slices(_SLICES))
    told: dict[str, list[float]] = {"large": [], "small": []}
    seconds = medians(
        {
            "render_boxes": lambda: _boxes(large, exam_id),
            "ours": lambda: told["large"].append(_print(large, exam_id)),
            "ours_small": lambda: told["small"].append(_print(small, exam_id)),
            "dcmtk": _dcmtk(folder / "dcmtk", peer, large),
        },
        runs,
    )
    memory = _apart(large.state_dir, exam_id)
    return {
        "print_to_last_action_seconds": sorted(told["large"])[len(told["large"]) // 2],
        "print_small_to_last_action_seconds": sorted(told["small"])[len(told["small"]) // 2],
        "print_dcmpsprt_dcmprscu_seconds": seconds["dcmtk"],
        "print_render_boxes_seconds": seconds["render_boxes"],
        "print_render_sheet_seconds": memory[0],
        "print_render_sheet_memory_growth_megabytes": memory[1],
    }


def _boxed(folder: Path, printer: Printer) -> Box:
    return replace(make_box(folder), printers=(printer,))


def _print(box: Box, exam_id: str) -> float:
    """Order the film, wait for it, and say when its last N-ACTION was answered."""
    film = drafts.propose(box, exam_id, display_format="3x4")
    began = datetime.now().astimezone()
    job = jobs.submit(box, exam_id, "", film, by="bench")
    left = drain(box, timeout=120.0)
    assert left.nothing, jobs.get(box.catalog, job.id).words
    taken = next(
        row["moment"]
        for row in jobs.history(box.catalog, job.id)
        if row["event"] == "taken by the printer"
    )
    return (datetime.fromisoformat(taken) - began).total_seconds()


def _boxes(box: Box, exam_id: str) -> None:
    """All twelve boxes at 12 bits, as they are sent."""
    printer = box.printers[0]
    film = drafts.propose(box, exam_id, display_format="3x4")
    (work,) = works_of(box, exam_id, printer, film)
    for number, place in enumerate(work.geometry.boxes):
        size = (round(place.width / 25.4 * _DPI), round(place.height / 25.4 * _DPI))
        render_box(work, number, size, bits=12)


def print_configuration(folder: Path, port: int) -> Path:
    """What DCMTK's print programs read to print at a port of this machine."""
    for name in ("log", "spool", "database", "lut"):
        (folder / name).mkdir(parents=True)
    configuration = folder / "scu.cfg"
    configuration.write_text(_CONFIGURATION.format(folder=folder, port=port))
    return configuration


def _dcmtk(folder: Path, peer: FilmPeer, box: Box) -> Callable[[], None]:
    """dcmpsprt lays the film out, dcmprscu prints it."""
    configuration = print_configuration(folder, peer.running.peer.port)
    files = sorted(box.spool.root.rglob("*.dcm"))[:_SLICES]

    def run() -> None:
        before = set((folder / "database").glob("SP_*.dcm"))
        lay_out = [
            program("dcmpsprt", "dcmtk"), "-c", configuration, "-p", "FILM", "-s",
            "-l", "3", "4", "--filmsize", "14INX17IN", "--identity", *files,
        ]  # fmt: skip
        subprocess.run([str(part) for part in lay_out], check=True, capture_output=True)
        (stored,) = set((folder / "database").glob("SP_*.dcm")) - before
        send = [program("dcmprscu", "dcmtk"), "-c", configuration, "-p", "FILM", stored]
        subprocess.run([str(part) for part in send], check=True, capture_output=True)

    return run


def _apart(state_dir: Path, exam_id: str) -> tuple[float, float]:
    """Seconds and megabytes for a whole sheet in bands, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_sheet, (state_dir, exam_id))


def _sheet(state_dir: Path, exam_id: str) -> tuple[float, float]:
    from services.printing.printers import PrinterKind
    from services.printing.profile import load_profile
    from tests.peers.process import local_peer

    box = make_box(state_dir)
    printer = Printer(
        "film", PrinterKind.CUPS, local_peer("film", "FILM", 1),
        load_profile("generic-grey-12", dpi=_DPI),
    )  # fmt: skip
    box = replace(box, printers=(printer,))
    film = drafts.propose(box, exam_id, display_format="3x4")
    (work,) = works_of(box, exam_id, printer, film)
    list(render_sheet(work, 30.0))  # fonts and libraries are loaded
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    before = _peak()
    began = time.perf_counter()
    for _ in render_sheet(work, _DPI):
        pass
    return time.perf_counter() - began, _peak() - before


def _peak() -> float:
    """Megabytes; what the kernel reports of a child otherwise begins at its parent's."""
    status = Path("/proc/self/status").read_text()
    return float(status.partition("VmHWM:")[2].split()[0]) / 1024
