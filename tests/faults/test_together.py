"""Several processes at one box, and a card that takes no more: each gets an answer."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.end_to_end.cli import REPOSITORY, Answer, Gantry
from tests.end_to_end.settings import Settings

pytestmark = pytest.mark.fault

IMAGES = 60


@pytest.fixture
def gantry(tmp_path: Path) -> Gantry:
    settings = Settings().peer("pacs", "PACS", 1, "store", "commit", commitment="required")
    settings.pattern("small", rate=0, rows=64, columns=64)
    settings.pattern("large", rate=0, rows=1024, columns=1024, bits=16)
    settings.pattern("slow", rate=5, rows=64, columns=64)
    for name in ("small", "large", "slow"):
        settings.protocol(name, "SC", modality="OT")
    return settings.write(tmp_path)


def begin(gantry: Gantry) -> str:
    return gantry("exam", "start", "--unscheduled", "--patient-id", "T1").good().out.strip()


def acquire(gantry: Gantry, exam: str, protocol: str, frames: int) -> Answer:
    return gantry("exam", "acquire", exam, "--protocol", protocol, "--frames", str(frames))


def acquired(gantry: Gantry) -> dict[str, int]:
    exams = gantry("exam", "list", "--json").good().json()
    return {exam["exam"]: exam["acquired"] for exam in exams}


def test_two_acquisitions_readers_and_a_drain_do_not_disturb_each_other(gantry: Gantry) -> None:
    exams = [begin(gantry), begin(gantry)]
    for exam in exams:
        acquire(gantry, exam, "small", 1).good()
    with ThreadPoolExecutor() as pool:
        taking = [pool.submit(acquire, gantry, exam, "small", IMAGES) for exam in exams]
        reading = [pool.submit(gantry, "exam", "list", "--json") for _ in range(2)]
        draining = pool.submit(gantry, "outbox", "drain", "--timeout", "3")
        for each in (*taking, *reading):
            each.result().good()
        draining.result().refused("still owed")
    assert acquired(gantry) == dict.fromkeys(exams, IMAGES + 1)
    assert len(gantry("outbox", "--json").good().json()) == 2 * (IMAGES + 1)


def test_one_exam_is_acquired_by_one_process_at_a_time(gantry: Gantry) -> None:
    exam = begin(gantry)
    first = gantry.start("exam", "acquire", exam, "--protocol", "slow")
    try:
        assert first.stdout is not None
        assert first.stdout.readline()
        acquire(gantry, exam, "small", 1).refused(f"exam {exam}", "another process")
        gantry("exam", "complete", exam).refused(f"exam {exam}", "another process")
    finally:
        first.kill()
        first.communicate()
    acquire(gantry, exam, "small", 1).good()
    gantry("exam", "complete", exam).good()


def test_an_image_that_the_card_does_not_take_is_refused_and_the_rest_is_safe(
    gantry: Gantry,
) -> None:
    exam = begin(gantry)
    acquire(gantry, exam, "small", 2).good()
    limited = (
        "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20,) * 2);"
        " runpy.run_module('firmware', run_name='__main__', alter_sys=True)"
    )
    arguments = gantry.argv("exam", "acquire", exam, "--protocol", "large", "--frames", "1")[3:]
    done = subprocess.run(
        [sys.executable, "-c", limited, *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    refused = Answer(tuple(arguments), done.returncode, done.stdout, done.stderr)
    refused.refused("could not be written", "not acquired", "space")
    assert acquired(gantry) == {exam: 2}
    files = [path for path in (gantry.state / "spool").rglob("*") if path.is_file()]
    assert len(files) == 2
    acquire(gantry, exam, "large", 1).good()
    assert acquired(gantry) == {exam: 3}
