"""Stages for printing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.printing.printers import Printer
from tests.services.printing.stage import PrintStage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Callable[..., PrintStage]]:
    """Make a box with these printers."""
    made: list[PrintStage] = []

    def make(*printers: Printer) -> PrintStage:
        made.append(PrintStage(tmp_path / "box", printers))
        return made[-1]

    yield make
    for each in made:
        each.close()
