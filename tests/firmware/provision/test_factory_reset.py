"""A box is given away: nothing of its patients stays, and nothing unsent is lost by mistake."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from firmware.cli import main
from firmware.provision import Outcome, Places, provision
from services.catalog import Catalog
from tests.firmware.provision.cards import NOW, make_places, put, report


def owing(folder: Path) -> Places:
    """A box that has something left to send."""
    places = make_places(folder)
    with Catalog(places.state / "catalog.sqlite") as catalog, catalog.writing() as db:
        db.conn.execute(
            "INSERT INTO delivery (kind, peer, created) VALUES ('mpps-create', 'ris', 0)"
        )
    return places


def test_what_is_owed_is_lost_only_on_a_word(tmp_path: Path) -> None:
    places = owing(tmp_path)
    put(places, "factory-reset.txt", "please\r\n")
    assert provision(places, NOW).outcome is Outcome.REFUSED
    assert "1 deliveries have not reached" in report(places)
    assert (places.state / "catalog.sqlite").exists()
    put(places, "factory-reset.txt", "EVERYTHING\r\n")
    assert provision(places, NOW).outcome is Outcome.RESET
    assert not (places.state / "catalog.sqlite").exists()
    assert provision(places, NOW).outcome is Outcome.NOTHING


def test_files_are_overwritten_before_they_are_removed(tmp_path: Path) -> None:
    places = make_places(tmp_path)
    image = places.state / "spool/exam/a.dcm"
    image.parent.mkdir(parents=True)
    image.write_bytes(b"DOE^JANE" * 300_000)
    blocks = tmp_path / "blocks"
    blocks.hardlink_to(image)
    put(places, "factory-reset", "")
    assert provision(places, NOW).outcome is Outcome.RESET
    assert set(blocks.read_bytes()) == {0}
    assert "laboratory" in report(places)


def test_a_link_out_of_the_data_is_removed_and_not_followed(tmp_path: Path) -> None:
    places = make_places(tmp_path)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("kept")
    (places.state / "link").symlink_to(outside)
    (places.state / "file").symlink_to(outside / "file")
    put(places, "factory-reset.txt", "")
    provision(places, NOW)
    assert (outside / "file").read_text() == "kept"
    assert list(places.state.iterdir()) == []


@pytest.mark.parametrize("word", [[], ["--everything"]])
def test_the_command_asks_for_it_at_the_next_start(tmp_path: Path, word: list[str]) -> None:
    places = owing(tmp_path)
    where = ["--root", str(tmp_path / "root"), "--card", str(places.card)]
    refused = CliRunner().invoke(main, ["factory-reset", *where], input="n\n")
    assert refused.exit_code == 1
    assert provision(places, NOW).outcome is Outcome.NOTHING
    assert CliRunner().invoke(main, ["factory-reset", "--yes", *word, *where]).exit_code == 0
    result = CliRunner().invoke(main, ["first-boot", *where])
    assert result.exit_code == 0
    assert (places.state / "catalog.sqlite").exists() is (word == [])
