"""Services and an acquisition killed without warning during a run of two hundred objects."""

from __future__ import annotations

import os
import random
import re
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from services.hospital import HospitalStore
from tests.end_to_end.cli import Gantry, Service, answers, until
from tests.end_to_end.settings import Settings
from tests.peers.process import free_port

IMAGES = 200
RATE = 30
KILLS_OF_EACH = 2
SERVICES = ("dispatcher", "listener", "console")
QUIET_SECONDS = 45.0


@dataclass
class Campaign:
    """One run: the box, what the killed acquisition had promised, who was killed when."""

    gantry: Gantry
    hospital: Path
    seed: int
    exam: str = ""
    promised: set[str] = field(default_factory=set)
    killed: list[str] = field(default_factory=list)

    def rows(self, sql: str) -> list[tuple[str, ...]]:
        with closing(sqlite3.connect(self.gantry.state / "catalog.sqlite")) as catalog:
            return catalog.execute(sql).fetchall()

    def column(self, sql: str) -> list[str]:
        return [row[0] for row in self.rows(sql)]

    def owed(self) -> int:
        sql = "SELECT count(*) FROM delivery WHERE state NOT IN ('done', 'cancelled')"
        return int(self.column(sql)[0])


class Killer:
    """Kills each service so often, at moments that the seed decides, while the block lasts."""

    def __init__(self, service: Service, campaign: Campaign) -> None:
        self._service = service
        self._campaign = campaign
        self._random = random.Random(campaign.seed)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        victims = [name for name in SERVICES for _ in range(KILLS_OF_EACH)]
        self._random.shuffle(victims)
        thread = threading.Thread(target=self._kill_all, args=(victims,))
        thread.start()
        try:
            yield
        finally:
            thread.join()

    def _kill_all(self, victims: list[str]) -> None:
        began = time.monotonic()
        for name in victims:
            time.sleep(self._random.uniform(0.3, 1.6))
            pid = self._service.process_ids(name)[-1]
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue  # killed a moment ago and not back yet
            self._campaign.killed.append(f"{name} at {time.monotonic() - began:.2f} s")


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    folder = tmp_path_factory.mktemp("kill")
    ris, pacs, printer = free_port(), free_port(), free_port()
    settings = Settings()
    settings.peer("ris", "RIS", ris, "worklist", "mpps")
    settings.peer(
        "pacs", "PACS", pacs, "store", "commit", commitment="required", commitment_timeout=5
    )
    settings.pattern("small", rate=RATE, rows=64, columns=64)
    settings.protocol("small", "SC", modality="OT")
    campaign = Campaign(
        settings.write(folder), folder / "hospital", seed=random.SystemRandom().randrange(2**32)
    )
    print(f"seed {campaign.seed}")
    ports = ("--ris-port", str(ris), "--pacs-port", str(pacs), "--printer-port", str(printer))
    gantry = campaign.gantry
    with (
        gantry.running(
            "hospital", "--dir", str(campaign.hospital), *ports, ready=lambda: answers(pacs)
        ),
        gantry.running(
            "run", ready=lambda: answers(settings.listener) and answers(settings.console)
        ) as service,
    ):
        until(lambda: bool(service.process_ids("dispatcher")), 10)
        with Killer(service, campaign).at_work():
            _acquire(campaign)
        until(
            lambda: campaign.owed() == 0,
            QUIET_SECONDS,
            lambda: f"still owed with seed {campaign.seed}:\n{service.text()[-6000:]}",
        )
    print("\n".join(campaign.killed))
    return campaign


def _acquire(campaign: Campaign) -> None:
    gantry = campaign.gantry
    key = gantry("worklist", "--refresh", "--json").good().json()[0]["key"]
    campaign.exam = exam = gantry("exam", "start", "--item", key).good().out.strip()
    _kill_an_acquisition(campaign)
    rest = IMAGES - len(campaign.column("SELECT sop_instance_uid FROM instance"))
    gantry("exam", "acquire", exam, "--protocol", "small", "--frames", str(rest)).good()
    gantry("exam", "complete", exam).good()


def _kill_an_acquisition(campaign: Campaign) -> None:
    """Kill the process after a random number of images, somewhere inside the next one."""
    fate = random.Random(campaign.seed + 1)
    process = campaign.gantry.start("exam", "acquire", campaign.exam, "--protocol", "small")
    assert process.stdout is not None
    for _ in range(fate.randrange(20, 100)):
        line = process.stdout.readline()
        assert line, "the acquisition ended by itself"
        campaign.promised.add(line.split()[-1])
    time.sleep(fate.uniform(0, 1.5 / RATE))
    process.kill()
    rest, _ = process.communicate()
    campaign.promised |= {line.split()[-1] for line in rest.splitlines()}
    campaign.killed.append(f"acquisition after {len(campaign.promised)} images")


pytestmark = pytest.mark.fault


def test_services_died_and_came_back(campaign: Campaign) -> None:
    log = (campaign.gantry.folder / "run.log").read_text()
    for name in SERVICES:
        assert f"{name} ended with -9" in log
        assert len(re.findall(rf"{name} runs as process", log)) > 1


def test_nothing_that_was_promised_is_lost(campaign: Campaign) -> None:
    acquired = set(campaign.column("SELECT sop_instance_uid FROM instance"))
    assert campaign.promised <= acquired
    # the image in hand when the acquisition was killed may be whole, and is kept then
    assert IMAGES <= len(acquired) <= IMAGES + 1


def test_the_archive_holds_exactly_the_acquired_images_and_has_promised_them(
    campaign: Campaign,
) -> None:
    acquired = campaign.column("SELECT sop_instance_uid FROM instance")
    with HospitalStore(campaign.hospital / "hospital.db") as store:
        held = [instance.sop_instance_uid for instance in store.instances()]
    assert sorted(held) == sorted(acquired)
    assert len(held) == len(set(held))
    committed = campaign.column(
        "SELECT sop_instance_uid FROM archived WHERE committed IS NOT NULL AND stored IS NOT NULL"
    )
    assert sorted(committed) == sorted(acquired)


def test_the_spool_is_exactly_what_the_catalog_says(campaign: Campaign) -> None:
    spool = campaign.gantry.state / "spool"
    files = {path.relative_to(spool).as_posix() for path in spool.rglob("*") if path.is_file()}
    assert files == set(campaign.column("SELECT path FROM instance"))
    assert not (campaign.gantry.state / "quarantine").exists()
    assert not list(campaign.gantry.state.rglob("*.part"))
    assert campaign.column("SELECT count(*) FROM instance WHERE missing IS NOT NULL") == [0]


def test_the_ris_was_told_of_exactly_these_images(campaign: Campaign) -> None:
    with HospitalStore(campaign.hospital / "hospital.db") as store:
        (record,) = store.mpps_all()
    assert (record.status, record.updates) == ("COMPLETED", 1)
    reported = [
        image.ReferencedSOPInstanceUID
        for series in record.dataset.PerformedSeriesSequence
        for image in series.ReferencedImageSequence
    ]
    assert sorted(reported) == sorted(campaign.column("SELECT sop_instance_uid FROM instance"))


def test_the_database_is_sound(campaign: Campaign) -> None:
    assert campaign.column("PRAGMA integrity_check") == ["ok"]
    assert campaign.rows("PRAGMA foreign_key_check") == []
