"""``gantry printers`` with a real print server: how a printer is, and a test film on it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.cli import Gantry, until
from tests.end_to_end.settings import Settings
from tests.peers.cups import QUEUE, PrintServer
from tests.peers.pdf import page_size
from tests.peers.process import program

pytestmark = pytest.mark.peer


@pytest.fixture
def gantry(tmp_path: Path, print_server: PrintServer) -> Gantry:
    settings = Settings()
    settings.pattern("picture").protocol("picture", "SC")
    settings.table("printers", name="paper", kind="cups", queue=QUEUE, film_sizes=["8INX10IN"])
    made = settings.write(tmp_path)
    made.environment["CUPS_SERVER"] = print_server.address
    return made


def test_a_printer_says_how_it_is_and_prints_a_test_film(
    gantry: Gantry, print_server: PrintServer
) -> None:
    assert "ready" in gantry("printers").good().out
    answer = gantry("printers", "test", "paper", "--film").good()
    assert "100 mm" in answer.out
    until(lambda: bool(print_server.printed()), 30, print_server.log.read_text)
    (path,) = print_server.printed()
    assert page_size(path) == pytest.approx((576, 720), abs=0.01)


def test_why_a_printer_does_not_print_is_said_in_words(
    gantry: Gantry, print_server: PrintServer
) -> None:
    print_server.flag("no-media")
    gantry("printers", "test", "paper", "--film").good()
    until(
        lambda: "There is no film or paper left: load some." in gantry("printers").good().out,
        30,
        lambda: gantry("printers").out,
    )
    (row,) = gantry("printers", "--json").good().json()
    assert row["health"]["condition"] == "failure"
    assert row["health"]["reasons"] == ["media_empty"]
    tried = gantry("printers", "test", "paper")
    assert tried.code == 1
    assert "load some" in tried.out
    print_server.flag("no-media", False)


def test_a_print_server_that_is_away_is_said_to_be(
    gantry: Gantry, print_server: PrintServer
) -> None:
    print_server.process.terminate()
    print_server.process.wait(20)
    assert "away" in gantry("printers").good().out
    assert gantry("printers", "test", "paper").code == 1


def test_a_queue_that_somebody_paused_is_said_to_be(
    gantry: Gantry, print_server: PrintServer
) -> None:
    disable = program("cupsdisable", "cups-client")
    subprocess.run([disable, "-h", print_server.address, QUEUE], check=True)
    assert "The printer is paused" in gantry("printers").good().out
