"""From the first edge of a bouncing pedal to the durable object: median and 99th percentile."""

from __future__ import annotations

import random
import statistics
import time
from dataclasses import replace
from pathlib import Path
from queue import Queue
from threading import Event, Thread
from zoneinfo import ZoneInfo

from drivers.panel.contacts import Contact, Contacts
from drivers.panel.sim import SimulatedGpio
from drivers.pattern import PatternSource
from drivers.triggers import TriggerStream, action_map
from services.clock import SystemClock
from services.trigger_words import Outcome
from services.triggers import TriggerDesk
from tests.services.boxes import CAPTURE, archive, begin, make_box

PRESSES = 100
_PATIENCE = 10.0
_PIN = 17

_PICTURES = {"PAL 25 fps": (25.0, 576, 720), "1080p30": (30.0, 1080, 1920)}


def measure(folder: Path) -> dict[str, float]:
    """Milliseconds for colour pictures of two sizes, with the simulated pins and a real disk."""
    figures: dict[str, float] = {}
    for name, (rate, rows, columns) in _PICTURES.items():
        state = folder / f"pedal {rows}"
        state.mkdir()
        source = PatternSource("pattern", rate, rows=rows, columns=columns, bits=8, colour=True)
        times = sorted(_press(state, source))
        figures[f"pedal to durable object, {name}, median ms"] = statistics.median(times)
        figures[f"pedal to durable object, {name}, p99 ms"] = times[int(0.99 * len(times))]
    return figures


def _press(state: Path, source: PatternSource) -> list[float]:
    box = make_box(state, [archive()], SystemClock(ZoneInfo("UTC")))
    outcomes: Queue[Outcome] = Queue()
    desk = TriggerDesk(box, [replace(CAPTURE)], lambda _: source, report=outcomes.put)
    board = SimulatedGpio()
    stream = TriggerStream(
        [Contacts("panel", board, [Contact("pedal", _PIN)])],
        action_map({"pedal": {"press": "capture"}}),
    )
    stop = Event()
    server = Thread(target=_serve, args=(desk, stream, stop))
    stream.open()
    desk.arm(begin(box).exam_id)
    server.start()
    try:
        return [_one(board, outcomes) for _ in range(PRESSES)]
    finally:
        stop.set()
        stream.close()
        server.join()
        desk.close()


def _serve(desk: TriggerDesk, stream: TriggerStream, stop: Event) -> None:
    """As the acquisition service does."""
    while not stop.is_set():
        for trigger in stream.events(0.2):
            desk.handle(trigger)


def _one(board: SimulatedGpio, outcomes: Queue[Outcome]) -> float:
    """At a random moment between two pictures; milliseconds."""
    time.sleep(random.uniform(0.1, 0.2))
    board.press(_PIN)
    outcome = outcomes.get(timeout=_PATIENCE)
    board.release(_PIN)
    if outcome.durable_ms is None:
        raise RuntimeError(f"the press was refused: {outcome.refused}")
    return outcome.durable_ms
