"""``make test-hardware``: the drivers over the kernel's own devices, in a guest without hardware.

Builds the guest when needed, boots it, lets it run the tests over vivid, gpio-sim and QEMU's USB
devices, and brings the results back to ``build/hardware/results``. Words after ``--`` go to pytest.
"""

from __future__ import annotations

import argparse
import json
import platform
import select
import shutil
import sys
import tarfile
import time
from pathlib import Path
from xml.etree import ElementTree

from tests.hardware import image
from tests.hardware.hands import Hands
from tests.hardware.machine import Machine


def main() -> int:
    parser = argparse.ArgumentParser(prog="make test-hardware", description=__doc__)
    parser.add_argument("--minutes", type=float, default=15, help="for the guest, boot included")
    parser.add_argument("pytest", nargs="*", help="instead of the whole selection")
    options = parser.parse_args()
    if platform.machine() != "x86_64":
        print("make test-hardware builds its guest on amd64 only.", file=sys.stderr)
        return 2
    started = time.monotonic()
    disks = image.build(options.pytest)
    print(f"[{time.monotonic() - started:6.1f} s] the guest's disks are ready", flush=True)
    run = image.FOLDER / "run"
    run.mkdir(exist_ok=True)
    machine = Machine(disks, run)
    try:
        finished = _attend(machine, started, started + options.minutes * 60)
    finally:
        machine.kill()
    if not finished:
        print(f"The guest did not finish; its console is in {machine.console}", file=sys.stderr)
        return 1
    return _results(machine.results)


def _attend(machine: Machine, started: float, deadline: float) -> bool:
    """Serve the guest's wishes and show its console until it powers off or the time is over."""
    hands, pending, shown = Hands(machine), b"", 0
    while machine.running and time.monotonic() < deadline:
        if select.select([machine.hands], [], [], 0.2)[0]:
            pending += machine.hands.recv(65536)
            *lines, pending = pending.split(b"\n")
            for line in lines:
                machine.hands.sendall(hands.serve(line))
        shown = _show(machine.console, shown, started)
    _show(machine.console, shown, started)
    return not machine.running


def _show(console: Path, shown: int, started: float) -> int:
    with console.open("rb") as file:
        file.seek(shown)
        whole, newline, _ = file.read().rpartition(b"\n")
    for line in whole.decode("utf-8", "replace").splitlines() if newline else ():
        print(f"[{time.monotonic() - started:6.1f} s] {line.rstrip()}", flush=True)
    return shown + len(whole) + len(newline)


def _results(tar: Path) -> int:
    """Unpack what the guest sent; its exit status is ours."""
    folder = image.FOLDER / "results"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        with tarfile.open(tar) as archive:
            archive.extractall(folder, filter="data")
        outcome = json.loads((folder / "outcome.json").read_text())
        figures = ElementTree.parse(folder / "junit.xml").iter("property")
    except (tarfile.TarError, OSError, ElementTree.ParseError) as failure:
        print(f"The guest powered off without results: {failure}", file=sys.stderr)
        return 1
    for figure in figures:
        print(f"{figure.get('name')}: {figure.get('value')}")
    print(f"results in {folder}, exit status {outcome['status']}")
    return int(outcome["status"])


if __name__ == "__main__":
    sys.exit(main())
