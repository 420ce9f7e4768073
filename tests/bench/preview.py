"""The live picture: its age when it reaches the page's socket, what it costs, and a touch's way.

One acquisition service as a process, with a simulated grabber in a process of its own, asked over
the live socket as the console asks it.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from services.catalog import at_hand
from services.live.place import connect
from tests.end_to_end.settings import Settings
from tests.services.boxes import begin, make_box
from tests.services.live.talk import Talk

SECONDS = 10.0
TOUCHES = 40
_PANEL = (752, 658)
_PROFILES = {
    "PAL": {"pixel_format": "YUYV", "columns": 720, "rows": 576, "rate": 25.0},
    "1080p": {"pixel_format": "YUYV", "columns": 1920, "rows": 1080, "rate": 30.0},
}


def measure(folder: Path) -> dict[str, float]:
    """Ages in milliseconds, processor in percent of one core, pictures a second."""
    figures: dict[str, float] = {}
    for name, profile in _PROFILES.items():
        figures |= _of(folder / f"preview {name}", name, profile)
    return figures


def _of(folder: Path, name: str, profile: dict[str, object]) -> dict[str, float]:
    settings = Settings()
    settings.table("profiles", name="screen", **profile)
    settings.table("sources", name="grabber", kind="simulated", model="grabber", profile="screen")
    settings.protocol("Screen", "SC", source="grabber", modality="ES")
    gantry = settings.write(folder)
    box = make_box(gantry.state)
    exam_id = begin(box).exam_id
    with box.catalog.writing() as db:
        at_hand.set(db, exam_id, "", datetime.now(UTC))
    with gantry.running("acquisition", ready=lambda: _answers(box.live_socket)) as service:
        pid = service.process.pid
        with Talk(box.live_socket) as talk:
            talk.pushed("state", lambda s: (s["source"] or {}).get("state") == "live")
            time.sleep(2)
            idle = _share(pid)
            ages, rate, busy = _watch(talk, pid)
            touches = sorted(float(talk.ask("capture")["durable_ms"]) for _ in range(TOUCHES))
    box.catalog.close()
    ages.sort()
    return {
        f"preview age at the socket, {name}, median ms": statistics.median(ages),
        f"preview age at the socket, {name}, p95 ms": ages[int(0.95 * len(ages))],
        f"preview pictures a second, {name}": rate,
        f"acquisition service while nobody watches, {name}, % of a core": idle,
        f"acquisition service with a preview, {name}, % of a core": busy,
        f"touch to durable object, {name}, median ms": statistics.median(touches),
        f"touch to durable object, {name}, p95 ms": touches[int(0.95 * len(touches))],
    }


def _watch(talk: Talk, pid: int) -> tuple[list[float], float, float]:
    width, height = _PANEL
    talk.ask("preview", source="", width=width, height=height)
    ages, began, before = [], time.monotonic(), cpu_seconds(pid)
    while (passed := time.monotonic() - began) < SECONDS:
        shown = talk.picture()
        if shown.data:
            ages.append(time.monotonic() * 1000 - shown.header["taken_ms"])
        talk.say("preview_next")
    busy = 100 * (cpu_seconds(pid) - before) / passed
    talk.ask("preview_off")
    return ages, len(ages) / passed, busy


def _share(pid: int) -> float:
    before = cpu_seconds(pid)
    time.sleep(5)
    return 100 * (cpu_seconds(pid) - before) / 5


def cpu_seconds(pid: int) -> float:
    """Of the service itself; the grabber's own process counts for itself."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _answers(path: Path) -> bool:
    try:
        connect(path, 1).close()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="gantry-preview-") as name:
        for key, value in measure(Path(name)).items():
            print(f"{key:70s} {value:10.2f}")
