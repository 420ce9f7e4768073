"""One look at a box: what runs, what is owed, what is wrong; and nobody's name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from firmware.assembly import open_box
from firmware.cli import main
from firmware.config import Configuration, load
from firmware.console_service import make_console
from firmware.status import Status, Verdict, collect, metrics
from firmware.status.machine import read_machine
from firmware.status.model import Service
from firmware.status.processes import read_services
from services.box import Box
from services.outbox import peer_state

CONFIGURATION = """\
[station]
ae_title = "BOX"
state_dir = "state"
[[peers]]
name = "pacs"
ae_title = "PACS"
host = "127.0.0.1"
port = 104
services = ["store"]
"""
RUNNING = tuple(Service(name, "active", 0) for name in ("console", "dispatcher", "listener"))


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    file = tmp_path / "gantry.toml"
    file.write_text(CONFIGURATION)
    return load(file)


@pytest.fixture
def box(configuration: Configuration) -> Iterator[Box]:
    made = open_box(configuration)
    yield made
    made.catalog.close()


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A Pi's files, as far as they are read."""
    root = tmp_path / "root"
    files = {
        "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
        "proc/cmdline": "gantry.slot=B quiet\n",
        "proc/uptime": "3600.25 7000.00\n",
        "proc/meminfo": "MemTotal:  1000 kB\nMemFree:  1 kB\nMemAvailable:  400 kB\n",
        "sys/class/thermal/thermal_zone0/temp": "48312\n",
        "sys/class/hwmon/hwmon0/name": "cpu_thermal\n",
        "sys/class/hwmon/hwmon1/name": "rpi_volt\n",
        "sys/class/hwmon/hwmon1/in0_lcrit_alarm": "0\n",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def owe(box: Box, state: str, seconds_ago: float) -> None:
    with box.catalog.writing() as db:
        db.conn.execute(
            "INSERT INTO delivery (kind, peer, state, created) VALUES ('store', 'pacs', ?, ?)",
            [state, box.wall() - seconds_ago],
        )


def told(configuration: Configuration, box: Box, machine: Path) -> Status:
    return collect(configuration, box, root=machine, services=RUNNING)


def texts(status: Status) -> str:
    return "\n".join(each.text for each in status.findings if "time server" not in each.text)


def values(data: bytes) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(data.decode())
        for sample in family.samples
    }


def test_a_machine_tells_of_itself(machine: Path, tmp_path: Path) -> None:
    pi = read_machine(machine)
    assert (pi.model, pi.slot, pi.temperature) == ("Raspberry Pi 4 Model B Rev 1.4", "B", 48.312)
    assert (pi.under_voltage, pi.uptime, pi.memory_available) == (False, 3600.25, 400 * 1024)
    (machine / "sys/class/hwmon/hwmon1/in0_lcrit_alarm").write_text("1\n")
    assert read_machine(machine).under_voltage is True
    bare = read_machine(tmp_path / "nothing")
    assert (bare.temperature, bare.under_voltage, bare.slot) == (None, None, "")


def test_a_box_that_is_well_has_nothing_to_say(
    configuration: Configuration, box: Box, machine: Path
) -> None:
    status = told(configuration, box, machine)
    assert texts(status) == ""
    assert [peer.seconds_ago for peer in status.peers] == [None]


def test_what_is_wrong_is_found_and_judged(
    configuration: Configuration, box: Box, machine: Path
) -> None:
    owe(box, "held", 7200)
    owe(box, "waiting", 60)
    peer_state.note_contact(box.catalog, "pacs", at=box.wall() - 300)
    peer_state.pause(box.catalog, "pacs", "connection refused", at=box.wall())
    (machine / "sys/class/thermal/thermal_zone0/temp").write_text("83000\n")
    (machine / "sys/class/hwmon/hwmon1/in0_lcrit_alarm").write_text("1\n")
    (box.state_dir / "provisioning.json").write_text('{"outcome": "refused"}')
    (machine / "data/system").mkdir(parents=True)
    (machine / "data/system/update.json").write_text(
        '{"step": "fell-back", "slot": "B", "version": "2"}'
    )
    status = told(configuration, box, machine)
    assert status.verdict is Verdict.WARNING
    for said in ("83 degrees", "supply", "connection refused", "1 held", "card's", "went back"):
        assert said in texts(status)
    assert [each.seconds_ago for each in status.peers] == [pytest.approx(300, abs=5)]
    dead = collect(configuration, box, root=machine, services=(Service("console", "failed", 9),))
    assert dead.verdict is Verdict.FAULT
    found = values(metrics.render(status))
    assert found["gantry_queue_deliveries", "held"] == 1
    assert found["gantry_queue_oldest_seconds", "held"] == pytest.approx(7200, abs=5)
    assert found["gantry_queue_deliveries", "sending"] == 0
    assert found["gantry_peer_owed_deliveries", "pacs"] == 2
    assert found["gantry_peer_up", "pacs"] == 0
    assert found["gantry_under_voltage",] == 1
    assert found["gantry_temperature_celsius",] == 83
    assert found["gantry_service_up", "console"] == 1
    assert all(name[0].startswith("gantry") for name in found)


def test_what_a_machine_does_not_tell_is_absent(
    configuration: Configuration, box: Box, tmp_path: Path
) -> None:
    status = collect(configuration, box, root=tmp_path / "nothing", services=RUNNING)
    found = values(metrics.render(status))
    assert ("gantry_temperature_celsius",) not in found
    assert ("gantry_under_voltage",) not in found
    assert ("gantry_peer_last_contact_seconds", "pacs") not in found


def test_processes_are_found_by_their_configuration(
    configuration: Configuration, tmp_path: Path
) -> None:
    proc = tmp_path / "proc"
    for number, (name, file) in enumerate(
        [("console", "gantry.toml"), ("listener", "other.toml"), ("dispatcher", "gantry.toml")]
    ):
        (proc / str(number)).mkdir(parents=True)
        script = ["/venv/bin/gantry"] if name == "dispatcher" else ["-m", "firmware"]
        words = ["python", *script, name, "--config", file, ""]
        (proc / str(number) / "cmdline").write_text("\0".join(words))
        (proc / str(number) / "cwd").symlink_to(tmp_path)
    states = {each.name: each.state for each in read_services(configuration, proc)}
    assert states == {"console": "active", "dispatcher": "active", "listener": "inactive"}


def test_the_command_says_it_in_three_ways_and_by_its_exit_code(
    configuration: Configuration, box: Box, tmp_path: Path
) -> None:
    given = ["status", "--config", str(configuration.file)]
    person = CliRunner().invoke(main, given)
    assert person.exit_code == 2, "nothing runs"
    assert "listener inactive" in person.output
    scripted = CliRunner().invoke(main, [*given, "--json"])
    assert json.loads(scripted.stdout)["verdict"] == "fault"
    file = tmp_path / "gantry.prom"
    assert CliRunner().invoke(main, [*given, "--output", str(file)]).exit_code == 2
    assert values(file.read_bytes())["gantry_verdict",] == 2
    assert CliRunner().invoke(main, [*given, "--metrics"]).stdout_bytes.startswith(b"# HELP")


@pytest.mark.parametrize(
    ("base", "opened", "code"),
    [
        ("http://127.0.0.1", False, 200),
        ("https://127.0.0.1", False, 403),
        ("https://127.0.0.1", True, 200),
    ],
)
def test_the_page_is_for_this_machine_unless_the_configuration_says_otherwise(
    tmp_path: Path, base: str, opened: bool, code: int
) -> None:
    file = tmp_path / "gantry.toml"
    file.write_text(f"{CONFIGURATION}[console]\nmetrics_on_network = {str(opened).lower()}\n")
    configuration = load(file)
    made = open_box(configuration)
    answer = TestClient(make_console(configuration, made), base_url=base).get("/metrics")
    made.catalog.close()
    assert answer.status_code == code
    assert (b"gantry_verdict" in answer.content) is (code == 200)
