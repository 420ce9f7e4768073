"""The box is killed at every step of receiving a film: pictures once, paper once or held."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom.config
import pytest
from pydicom import dcmread

from device.uids import random_uid
from drivers.cups import Document, Job, Options, Submitted
from drivers.cups.simulated import SimulatedQueue
from firmware.paper import QueuePrinter
from services import recovery
from services.box import Box
from services.catalog import at_hand, exams, received_sheets
from services.catalog.received_sheets import Images, Paper
from services.film_reception.cabinet import Cabinet, Orders
from services.film_reception.intake import Intake
from services.film_reception.jobs import Jobs
from services.film_reception.paper import PaperDesk
from services.film_reception.pictures import Taken
from services.film_reception.server import FilmReception
from services.film_reception.service import FilmWork
from services.film_reception.words import Abilities, Sheet
from tests.faults.test_matching_kill import Connection, Fate
from tests.services.boxes import CAPTURE, begin, make_box

pytestmark = pytest.mark.fault

FORK = multiprocessing.get_context("fork")
LIMIT = 150
GREYS = (10, 20)


class KeptQueue(SimulatedQueue):
    """A print server that outlives the box: what it has is in a file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        if path.exists():
            self._jobs, self._waiting, self.printed = pickle.loads(path.read_bytes())
            for _ in range(len(self._jobs)):
                next(self._numbers)

    def keep(self) -> None:
        self._path.write_bytes(pickle.dumps((self._jobs, self._waiting, self.printed)))

    def submit(
        self,
        document: Document,
        options: Options,
        ticket: str,
        note: Callable[[Submitted], None],
        before: Submitted | None = None,
    ) -> Job:
        def kept(made: Submitted) -> None:
            self.keep()
            note(made)

        try:
            return super().submit(document, options, ticket, kept, before)
        finally:
            self.keep()

    def job(self, number: int) -> Job:
        try:
            return super().job(number)
        finally:
            self.keep()


class Reception:
    """Everything behind the network."""

    def __init__(self, folder: Path) -> None:
        self.box: Box = make_box(folder)
        self.cabinet = Cabinet(self.box, Orders(Images.WAITING, "film"))
        self.queue = KeptQueue(folder / "queue")
        jobs = Jobs(self.box.catalog)
        reception = FilmReception(
            Abilities(("8INX10IN",)), self.cabinet, jobs, lambda: ("NORMAL", "NORMAL"), random_uid
        )
        desk = PaperDesk(self.box, self.cabinet, lambda _: QueuePrinter(self.queue))
        intake = Intake(self.box, self.cabinet, CAPTURE)
        self.work = FilmWork(self.box, self.cabinet, jobs, reception, intake, desk)

    def order(self) -> None:
        """A film of two pictures, as the desk orders it."""
        self.cabinet.open()
        drawer = self.cabinet.drawer()
        pictures = tuple(
            drawer.picture(Taken(np.full((8, 8), grey, np.uint8), 8, False, 1.0, None, ""))
            for grey in GREYS
        )
        drawer.order(
            [
                Sheet(
                    caller="OLDCT", copies=1, priority="MED", label="",
                    display_format="STANDARD\\2,1", film_size="8INX10IN", orientation="PORTRAIT",
                    magnification="REPLICATE", border="BLACK", empty="BLACK", trim=False,
                    colour=False, lut="", notes=(), pictures=pictures, luts={},
                )
            ]
        )  # fmt: skip


def receive_and_die(folder: Path, last: int, after: bool) -> None:
    pydicom.config.settings.writing_validation_mode = pydicom.config.RAISE
    connect = sqlite3.connect
    sqlite3.connect = lambda *a, **k: connect(*a, **{**k, "factory": Connection})  # type: ignore
    here = Reception(folder)
    fate = Fate(last, after=after)
    fate.around(os, "fsync")
    fate.around(Path, "rename")
    fate.around(Path, "hardlink_to")
    fate.around(Connection, "_commit")
    here.order()
    (folder / "answered").touch()
    for _ in range(3):
        here.work.look()
    os._exit(0)


def killed(folder: Path, last: int, after: bool) -> bool:
    child = FORK.Process(target=receive_and_die, args=(folder, last, after))
    child.start()
    child.join(60)
    assert child.exitcode in (0, -signal.SIGKILL)
    return child.exitcode != 0


def check(folder: Path) -> str:
    """Start again, and see to it that nothing is missing or doubled; how the paper stands."""
    here = Reception(folder)
    with here.box.catalog:
        recovery.recover(here.box)
        here.cabinet.open()
        for _ in range(3):
            here.work.look()
        sheets = received_sheets.recent(here.box.catalog)
        assert len(sheets) == 1 or (not sheets and not (folder / "answered").exists())
        assert len(list(here.cabinet.root.iterdir())) == len(sheets) + 1
        rows = exams.instances_of(here.box.catalog, only_exam(here.box))
        greys = [int(dcmread(here.box.spool.root / row["path"]).pixel_array[0, 0]) for row in rows]
        assert sorted(greys) == (list(GREYS) if sheets else [])
        assert not list(here.box.spool.quarantine.glob("*"))
        if not sheets:
            assert not here.queue.printed
            return "none"
        assert sheets[0].images is Images.TAKEN, sheets[0].words
        assert sheets[0].paper in (Paper.DONE, Paper.HELD)
        assert len(here.queue.printed) <= 1
        assert len(here.queue.printed) == 1 or sheets[0].paper is Paper.HELD
        return sheets[0].paper.value


def only_exam(box: Box) -> str:
    (row,) = box.catalog.rows("SELECT exam_id FROM exam")
    return str(row["exam_id"])


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_every_sheet_comes_once(tmp_path: Path, after: bool) -> None:
    seen: set[Any] = set()
    for last in range(1, LIMIT):
        folder = tmp_path / str(last)
        box = make_box(folder)
        with box.catalog:
            exam = begin(box)
            now = box.clock.now()
            with box.catalog.writing() as db:
                at_hand.set(db, exam.exam_id, "", now, since=now)
        alive = not killed(folder, last, after)
        seen.add(check(folder))
        if alive:
            break
    assert alive, f"there are more than {LIMIT} steps"
    assert last > 15, "the steps of receiving a film were not met"
    assert {"none", "done"} <= seen
