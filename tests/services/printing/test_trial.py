"""Trying printers out: what is asked, what is said, and the test film."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.cups.simulated import SimulatedQueue
from firmware.paper import QueuePrinter
from services.dicom.peers import Peer, Service
from services.printing import trial
from services.printing.printers import Printer, PrinterKind
from services.printing.profile import load_profile
from tests.peers.printers import StartPrinter
from tests.services.printing.imager import imager_printer
from tests.services.printing.stage import PrintStage

MakeStage = Callable[..., PrintStage]


@pytest.mark.peer
def test_a_film_printer_is_asked_and_prints_the_test_film(
    start_dcmprscp: StartPrinter, stage: MakeStage
) -> None:
    peer = start_dcmprscp()
    printer = peer.printer(dpi=60.0)
    lines = trial.run(stage(printer).box, printer, film=True)
    assert [(line.what, line.ok) for line in lines] == [
        ("verification", True), ("state", True), ("configuration", True), ("test film", True),
    ]  # fmt: skip
    (film,) = peer.films()
    assert len(film.boxes) == 1


def test_a_printer_that_is_away_is_one_line_with_a_reason(stage: MakeStage) -> None:
    printer = imager_printer(9)
    lines = trial.run(stage(printer).box, printer, film=True)
    assert [(line.what, line.ok) for line in lines] == [("verification", False)]
    assert "nothing listens" in lines[0].said


def test_a_paper_printer_is_asked_and_prints_the_test_film(stage: MakeStage) -> None:
    peer = Peer("paper", "", "", 0, frozenset({Service.PRINT}))
    profile = load_profile("generic-grey-8", film_sizes=("A4",))
    printer = Printer("paper", PrinterKind.CUPS, peer, profile, queue="paper")
    queue = SimulatedQueue()
    box = replace(stage(printer).box, find_paper=lambda _: QueuePrinter(queue))
    lines = trial.run(box, printer, film=True)
    assert [(line.what, line.ok) for line in lines] == [("state", True), ("test film", True)]
    assert "100 mm" in lines[1].said
    assert not Path(box.state_dir / "test-film.pdf").exists()
