"""The box's units, as systemd itself reads and rates them."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

SYSTEMD = Path(__file__).parents[2] / "systemd"
UNITS = SYSTEMD / "units"
NAMES = sorted(file.name for file in UNITS.glob("gantry-*.*") if file.is_file())
SERVICES = [name for name in NAMES if name.endswith(".service")]
LONG_RUNNING = ("console", "dispatcher", "listener", "capture")
HIGHEST_EXPOSURE = 2.0

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="needs Debian's package systemd"
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A system with our units, the host's targets, and a stub of every program that we start."""
    made = tmp_path_factory.mktemp("root")
    units = made / "usr/lib/systemd/system"
    shutil.copytree(UNITS, units)
    for pattern in ("*.target", "*.slice"):
        for file in Path("/usr/lib/systemd/system").glob(pattern):
            shutil.copy(file, units)
    # what an image has besides, and this machine perhaps not
    for name in ("chrony", "nftables", "seatd"):
        (units / f"{name}.service").write_text("[Service]\nExecStart=/bin/true\n")
    shutil.copytree(SYSTEMD / "files", made, dirs_exist_ok=True)
    for unit in UNITS.glob("*.service"):
        for program in re.findall(r"^Exec\w+=[-+!:]*(/\S+)", unit.read_text(), re.MULTILINE):
            stub = made / program[1:]
            stub.parent.mkdir(parents=True, exist_ok=True)
            stub.write_text("#!/bin/true\n")
            stub.chmod(0o755)
    (made / "bin").mkdir(exist_ok=True)
    (made / "bin/true").touch(0o755)
    return made


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False)


def settings(name: str) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNITS / f"gantry-{name}.service")
    return parser["Service"]


@needs_systemd
@pytest.mark.parametrize("name", NAMES)
def test_systemd_has_nothing_to_say_against_the_unit(root: Path, name: str) -> None:
    done = analyze("verify", "--man=no", f"--root={root}", name)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_systemd
@pytest.mark.parametrize("name", SERVICES)
def test_no_service_is_more_exposed_than_it_may_be(root: Path, name: str) -> None:
    done = analyze("security", "--offline=true", f"--root={root}", name)
    found = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    assert float(found[1]) <= HIGHEST_EXPOSURE


@needs_systemd
def test_the_rating_notices_a_unit_without_confinement(root: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(root, bare)
    shutil.rmtree(bare / "usr/lib/systemd/system/gantry-.service.d")
    threshold = ("--threshold=20", "--offline=true", f"--root={bare}")
    assert analyze("security", *threshold, "gantry-listener.service").returncode != 0


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_a_service_is_watched_restarted_and_alone_in_its_account(name: str) -> None:
    service = settings(name)
    assert service["Type"] == "notify"
    assert int(service["WatchdogSec"]) <= 60
    assert service["Restart"] == "always"
    assert service["User"] == f"gantry-{name}"
    assert service["Group"] == "gantry"
    text = (UNITS / f"gantry-{name}.service").read_text()
    assert "StartLimitBurst=" in text


def test_every_account_has_a_number_that_stays() -> None:
    """The data partition is read by both slots, which were made at different times."""
    lines = (SYSTEMD / "files/usr/lib/sysusers.d/gantry.conf").read_text().splitlines()
    entries = [line.split() for line in lines if line.startswith(("u ", "g "))]
    numbers = [entry[2].partition(":")[0] for entry in entries]
    assert all(number.isdecimal() for number in numbers)
    assert len(set(numbers)) == len(numbers)
    users = {entry[1] for entry in entries if entry[0] == "u"}
    assert users >= {f"gantry-{name}" for name in (*LONG_RUNNING, "kiosk")}


def test_only_what_takes_pictures_and_the_screen_reach_a_device() -> None:
    texts = {name: needs(name) + (UNITS / name).read_text() for name in SERVICES}
    with_devices = {
        name
        for name, text in texts.items()
        if "DeviceAllow=" in text or "PrivateDevices=no" in text
    }
    updates = {"gantry-update-fetch.service", "gantry-update-stick.service"}
    assert with_devices == {"gantry-capture.service", "gantry-kiosk.service", *updates}


def needs(name: str) -> str:
    file = UNITS / f"{name}.d" / "20-needs.conf"
    return file.read_text() if file.exists() else ""


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_unit_gets_back_is_said_where_it_counts(name: str) -> None:
    """A drop-in counts more than its unit: what all are denied is given back in another one."""
    denied = keys((UNITS / "gantry-.service.d/10-confinement.conf").read_text())
    assert not denied & keys((UNITS / name).read_text())


def keys(text: str) -> set[str]:
    return set(re.findall(r"^(\w+)=", text, re.MULTILINE))


@needs_systemd
def test_the_firewall_has_the_one_capability_that_it_needs(root: Path) -> None:
    done = analyze("security", "--offline=true", f"--root={root}", "gantry-firewall.service")
    (line,) = [line for line in done.stdout.splitlines() if "CAP_NET_ADMIN" in line]
    assert line.startswith("✗")


@pytest.mark.skipif(
    shutil.which("nft", path="/usr/sbin:/usr/bin:/sbin") is None, reason="needs nftables"
)
def test_nftables_reads_the_standing_rules_and_the_configured_ports(tmp_path: Path) -> None:
    from firmware.firewall import rules

    nft = shutil.which("nft", path="/usr/sbin:/usr/bin:/sbin")
    assert nft
    both = tmp_path / "both.nft"
    both.write_text((SYSTEMD / "files/etc/nftables.conf").read_text() + rules((104, 8443)))
    done = subprocess.run([nft, "--check", "--file", both], capture_output=True, text=True)
    if "Operation not permitted" in done.stderr:
        pytest.skip("the kernel checks rules only for those who may set them")
    assert (done.returncode, done.stderr) == (0, "")
