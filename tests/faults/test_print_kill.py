"""A box that is killed while it prints: the film comes out once, or a person is asked."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from services.hospital import HospitalStore
from services.hospital.printer import FilmPrinter
from services.outbox.model import State
from tests.services.printing.imager import imager_printer
from tests.services.printing.stage import PrintStage

pytestmark = pytest.mark.fault


@pytest.mark.parametrize(
    ("where", "films_then", "state", "films_at_last"),
    [
        ("while sending", 0, State.DONE, 2),
        ("before the action", 0, State.HELD, 0),
        ("after the action", 1, State.HELD, 1),
        ("after it was noted", 1, State.DONE, 2),
    ],
)
def test_no_film_comes_out_twice(
    tmp_path: Path, where: str, films_then: int, state: State, films_at_last: int
) -> None:
    with (
        HospitalStore(tmp_path / "hospital.db") as store,
        FilmPrinter(store, tmp_path / "films") as entity,
    ):
        here = PrintStage(tmp_path / "box", [imager_printer(entity.port)])
        job = here.order(here.exam(2), display_format="1x1")
        ended = subprocess.run(
            [sys.executable, "-m", "tests.services.printing.print_worker",
             str(tmp_path / "box"), str(entity.port), where],
            timeout=60, check=False,
        )  # fmt: skip
        assert ended.returncode == -signal.SIGKILL
        assert len(store.films()) == films_then
        here.print()
        assert here.job(job).state is state
        assert bool(here.job(job).no_return) is (state is State.HELD)
        assert len(store.films()) == films_at_last
        here.close()
