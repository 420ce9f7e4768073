"""A running hospital for each test, in the test's own folder."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from services.hospital import Hospital

TODAY = date(2026, 1, 5)


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Hospital]:
    with Hospital(tmp_path / "hospital") as running:
        running.load_schedule(TODAY, "BOX")
        yield running
