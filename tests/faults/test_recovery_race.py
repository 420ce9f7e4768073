"""Recovery in one process while retention deletes in another."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from firmware.assembly import open_box
from firmware.config import load
from services import recovery
from services.box import Box
from services.spool import Spool
from tests.end_to_end.cli import Gantry
from tests.end_to_end.settings import Settings

pytestmark = pytest.mark.fault


class InterruptedSpool(Spool):
    """A spool in which something happens just before its files are listed."""

    def __init__(self, root: Path, happens: Callable[[], None]) -> None:
        super().__init__(root)
        self._happens = happens

    def files(self) -> Iterator[Path]:
        self._happens()
        return super().files()


@pytest.fixture
def box(tmp_path: Path) -> Box:
    """A box with one completed exam of one image."""
    settings = Settings()
    settings.peer("pacs", "PACS", 1, "store", commitment="none")
    settings.pattern("small", rate=0, rows=64, columns=64, frames=1)
    settings.protocol("small", "SC", modality="OT")
    gantry: Gantry = settings.write(tmp_path)
    gantry("exam", "start", "--unscheduled", "--patient-id", "R1").good()
    gantry("exam", "acquire", "1", "--protocol", "small").good()
    gantry("exam", "complete", "1").good()
    return open_box(load(gantry.config))


def path_of_the_image(box: Box) -> str:
    row = box.catalog.row("SELECT path FROM instance")
    assert row is not None
    return str(row["path"])


def test_an_image_that_retention_lets_go_meanwhile_is_not_missed(
    box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    relative = path_of_the_image(box)

    def retention_lets_go() -> None:
        with box.catalog.writing() as db:
            db.conn.execute("UPDATE instance SET removed = '2026-01-01T00:00:00+00:00'")
        box.spool.remove(relative)

    with caplog.at_level(logging.WARNING):
        watching = replace(box, spool=InterruptedSpool(box.spool.root, retention_lets_go))
        report = recovery.recover(watching)
    assert report.missing == 0
    assert box.catalog.rows("SELECT missing FROM instance") == [{"missing": None}]
    assert not [record for record in caplog.records if record.levelno >= logging.CRITICAL]


def test_an_image_that_somebody_deleted_is_missed_and_its_delivery_held(
    box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    relative = path_of_the_image(box)
    box.spool.absolute(relative).unlink()
    with caplog.at_level(logging.WARNING):
        report = recovery.recover(box)
    assert report.missing == 1
    (row,) = box.catalog.rows("SELECT missing FROM instance")
    assert row["missing"]
    (store,) = box.catalog.rows("SELECT state, advice FROM delivery WHERE kind = 'store'")
    assert store["state"] == "held"
    assert "service" in store["advice"]
    assert [record for record in caplog.records if record.levelno == logging.CRITICAL]


def test_a_whole_file_without_a_row_is_taken_in_and_owed(box: Box) -> None:
    """As a kill between the file and its row leaves it; the exam was still open then."""
    relative = path_of_the_image(box)
    with box.catalog.writing() as db:
        db.conn.execute("DELETE FROM delivery")
        db.conn.execute("DELETE FROM archived")
        db.conn.execute("DELETE FROM instance")
        db.conn.execute("UPDATE exam SET state = 'IN PROGRESS', ended = NULL")
    part = box.spool.absolute(relative).with_suffix(".dcm.part")
    part.write_bytes(b"half an image")
    report = recovery.recover(box)
    assert (report.adopted, report.unfinished, report.quarantined) == (1, 1, 0)
    assert path_of_the_image(box) == relative
    assert box.catalog.rows("SELECT kind, state FROM delivery") == [
        {"kind": "store", "state": "waiting"}
    ]
    assert box.catalog.rows("SELECT object FROM instance") == [{"object": "SC"}]
    assert not part.exists()


def test_a_file_that_belongs_to_nobody_is_set_aside_not_deleted(box: Box) -> None:
    stray = box.spool.root / "1" / "stray.dcm"
    stray.write_bytes(b"whatever this is")
    report = recovery.recover(box)
    assert report.quarantined == 1
    assert (box.spool.quarantine / "stray.dcm").read_bytes() == b"whatever this is"
