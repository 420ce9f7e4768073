"""``make bench``: how fast the box is beside programs that are not ours, in the same run.

Prints a table and writes ``bench.json``. Figures are medians of interleaved runs on loopback, and
ratios are what travels from one machine to another.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from firmware.assembly import prepare_libraries
from tests.bench import (
    building,
    console,
    pedal,
    preview,
    printing,
    processes,
    reception,
    storing,
    worklist,
)
from tests.peers.process import Stable


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="interleaved runs of each figure")
    parser.add_argument("--objects", type=int, default=500, help="CT slices to store")
    parser.add_argument("--out", type=Path, default=Path("bench.json"))
    options = parser.parse_args()
    prepare_libraries()
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="gantry-bench-") as name:
        folder = Path(name)
        stable = Stable(folder)
        try:
            figures |= storing.measure(stable, folder, options.objects, options.runs)
            figures |= building.measure(folder, options.runs)
            figures |= worklist.measure(stable, folder, options.runs)
            figures |= printing.measure(stable, folder, options.runs)
            figures |= reception.measure(stable, folder, options.runs)
            figures |= processes.measure(folder, options.runs)
            figures |= pedal.measure(folder)
            figures |= preview.measure(folder)
            figures |= console.measure(folder)
        finally:
            stable.end()
    for key, value in figures.items():
        print(f"{key:45s} {value:12.3f}")
    options.out.write_text(json.dumps(figures, indent=2) + "\n")
    print(f"written to {options.out}")


if __name__ == "__main__":
    main()
