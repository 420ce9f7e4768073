"""``gantry config set`` and its kin, and ``gantry support-bundle``: as a person types them."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from tests.end_to_end.cli import Gantry, run

FILE = """\
# room 2
[station]
ae_title = "ROOM2" # agreed
state_dir = "state"
[[sources]]
name = "screen"
kind = "pattern"
"""


@pytest.fixture
def gantry(tmp_path: Path) -> Gantry:
    made = Gantry(tmp_path)
    made.config.write_text(FILE)
    return made


def test_set_get_history_and_back(gantry: Gantry) -> None:
    told = gantry("config", "set", "station.station_name=CT 2", "sources[0].rows=256").good()
    assert "+rows = 256" in told.out
    assert "# agreed" in gantry.config.read_text()
    assert gantry("config", "get", "sources[0].rows").good().out.strip() == "256"
    assert gantry("config", "get", "station.station_name").good().out.strip() == "CT 2"
    versions = gantry("config", "history", "--json").good().json()
    assert [version["current"] for version in versions] == [True, False]
    gantry("config", "rollback", str(versions[1]["number"]), "--by", "Ada").good()
    assert gantry.config.read_text() == FILE
    assert "Ada" in gantry("config", "history").good().out


def test_faults_are_told_together_and_nothing_is_written(gantry: Gantry) -> None:
    gantry("config", "set", "sources[0].rows=1", "station.modality=x").refused(
        "rows", "modality", "nothing was changed"
    )
    gantry("config", "set", "nonsense").refused("KEY=VALUE")
    gantry("config", "set", "sources[9].rows=64").refused("sources[9].rows", "G-5101")
    gantry("config", "get", "station.nothing").refused("says nothing")
    assert gantry.config.read_text() == FILE


def test_a_dry_run_writes_nothing(gantry: Gantry) -> None:
    told = gantry("config", "set", "station.station_name=CT2", "--dry-run").good()
    assert "+station_name" in told.out
    assert gantry.config.read_text() == FILE


def test_a_broken_file_has_a_way_back(gantry: Gantry, tmp_path: Path) -> None:
    gantry("config", "set", "station.station_name=CT2").good()
    gantry.config.write_text(FILE + "[station\n")
    versions = gantry("config", "history", "--json").good().json()
    gantry("config", "rollback", str(versions[0]["number"])).good()
    assert gantry("check").good()


def test_an_export_is_imported_elsewhere(gantry: Gantry, tmp_path: Path) -> None:
    exported = tmp_path / "exported.toml"
    exported.write_text(gantry("config", "export").good().out.replace("ROOM2", "ROOM3"))
    told = gantry("config", "import", str(exported)).good()
    assert "ROOM3" in told.out
    assert gantry("config", "get", "station.ae_title").good().out.strip() == "ROOM3"


def test_without_a_file_it_says_what_to_do() -> None:
    run("config", "set", "station.station_name=x").refused("--config")


def test_a_support_bundle_is_written(gantry: Gantry, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.tar.gz"
    gantry("support-bundle", str(bundle)).good()
    with tarfile.open(bundle) as archive:
        assert any(name.endswith("/self-test.json") for name in archive.getnames())
