"""What ends in the running image: a service that hangs, then the box itself."""

from __future__ import annotations

import time

from tests.image.conftest import Note
from tests.image.machine import Machine


def test_a_service_that_hangs_is_started_again(box: Machine) -> None:
    pid = box.check("systemctl show -P MainPID gantry-listener")
    box.check(f"kill -STOP {pid}")
    deadline = time.monotonic() + 300
    while box.check("systemctl show -P MainPID gantry-listener") in (pid, "0"):
        assert time.monotonic() < deadline, box.run("journalctl -b -u gantry-listener").out
        time.sleep(5)
    assert "watchdog" in box.check("journalctl -b -u gantry-listener -o cat").lower()


def test_the_box_ends_in_order(box: Machine, note: Note) -> None:
    note("seconds to power off", round(box.power_off(180)))
