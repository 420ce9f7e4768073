"""The alert rules that come with the image speak of figures that a box gives."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from firmware.status import metrics
from firmware.status.model import (
    Clock,
    Disk,
    Machine,
    PeerContact,
    Service,
    Signal,
    Status,
    Waiting,
)
from tests.peers.process import program

FLEET = Path(__file__).parents[3] / "image" / "fleet"
EVERYTHING = Status(
    at="2031-05-06T07:08:00",
    station="CT 1",
    software_version="1",
    machine=Machine("Pi", "6.12", "A", 50.0, False, 1.0, 1, 2),
    disk=Disk(1, 1, 50.0, 85),
    clock=Clock("synchronised", "ntp", 0.1),
    services=(Service("console", "active", 0),),
    peers=(PeerContact("pacs", 1.0, "", 0),),
    queue=(Waiting("held", 0, 0.0),),
    signals=(Signal("grabber", "live", ""),),
    exams_open=0,
    card="applied",
    update="good",
)


def test_every_figure_of_the_rules_is_one_that_a_box_gives() -> None:
    given = set(re.findall(r"^(gantry_\w+)", metrics.render(EVERYTHING).decode(), re.MULTILINE))
    expressions = re.findall(r"expr: (.+)", (FLEET / "alerts.yml").read_text())
    named = set(re.findall(r"gantry_\w+", " ".join(expressions)))
    assert len(expressions) >= 10
    assert named <= given, named - given


@pytest.mark.peer
def test_promtool_agrees() -> None:
    promtool = program("promtool", "prometheus")
    subprocess.run([promtool, "test", "rules", "alerts_test.yml"], cwd=FLEET, check=True)
