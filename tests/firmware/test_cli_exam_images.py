"""``gantry exam discard`` and ``restore``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.cli import Gantry
from tests.end_to_end.settings import Settings
from tests.peers.process import free_port


@pytest.fixture
def gantry(tmp_path: Path) -> Gantry:
    """A box with an open exam of two images and an archive that is away."""
    settings = Settings()
    settings.peer("pacs", "PACS", free_port(), "store", commitment="none", rejection_notes=True)
    settings.pattern("small", rate=0, rows=32, columns=32, frames=2)
    settings.protocol("small", "SC", modality="OT")
    made = settings.write(tmp_path)
    made("exam", "start", "--unscheduled", "--patient-id", "R1").good()
    made("exam", "acquire", "1", "--protocol", "small").good()
    return made


def uids(gantry: Gantry) -> list[str]:
    shown = gantry("exam", "show", "1", "--json").good().json()
    return [image["sop_instance_uid"] for image in shown["images"]]


def test_discard_and_restore(gantry: Gantry) -> None:
    first, second = uids(gantry)
    gantry("exam", "discard", first, "--reason", "111210").good()
    assert "discarded" in str(gantry("exam", "show", "1").good())
    owed = gantry("outbox", "--json").good().json()
    assert {each["sop_instance_uid"] for each in owed} == {second}
    gantry("exam", "restore", first).good()
    owed = gantry("outbox", "--json").good().json()
    assert {each["sop_instance_uid"] for each in owed} == {first, second}


def test_what_cannot_be_is_explained(gantry: Gantry) -> None:
    first, _ = uids(gantry)
    gantry("exam", "discard", first, "--reason", "110500").refused("111210")
    gantry("exam", "discard", "1.2.3", "--reason", "111210").refused("no image")
    gantry("exam", "complete", "1").good()
    gantry("exam", "discard", first, "--reason", "111210").refused("has ended")
    gantry("exam", "restore", first).refused("has ended")
