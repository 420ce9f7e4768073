"""The very image, started in an emulated machine; for ``make test-image`` only."""

from __future__ import annotations

import time

from tests.image.conftest import Note
from tests.image.machine import Machine

SERVICES = ("console", "dispatcher", "listener", "capture")
PAGE = "python3 -c 'import urllib.request as u; r=u.urlopen(\"http://127.0.0.1:8080{}\"); \
print(r.status, len(r.read()))'"


def test_the_console_is_reached(box: Machine, note: Note) -> None:
    deadline = time.monotonic() + 600
    while (said := box.run(PAGE.format("/"))).code:
        assert time.monotonic() < deadline, said.out + box.run("journalctl -b -u 'gantry*'").out
        time.sleep(2)
    note("seconds from power-on to the console's page", round(box.age))
    assert said.out.startswith("200 ")
    box.check(PAGE.format("/health"))


def test_every_unit_is_green(box: Machine, note: Note) -> None:
    state = box.run("systemctl is-system-running --wait", timeout=600).out.strip()
    failed = box.check("systemctl list-units --failed --no-legend --plain")
    assert (state, failed) == ("running", ""), box.run(
        "for unit in $(systemctl list-units --failed --no-legend --plain | cut -d' ' -f1); do"
        " systemctl status --no-pager --lines=30 $unit; done; journalctl -b -p warning"
    ).out
    for name in SERVICES:
        shown = box.check(f"systemctl show gantry-{name} -p ActiveState,NRestarts,StatusErrno")
        assert "ActiveState=active" in shown
        assert "NRestarts=0" in shown
    note("systemd's own figures", box.check("systemd-analyze time").splitlines()[0])


def test_the_memory_in_use_after_the_start(box: Machine, note: Note) -> None:
    rows = box.check("free -m").splitlines()
    note("memory in use, MiB", int(rows[1].split()[2]))
    for name in SERVICES:
        used = int(box.check(f"systemctl show -P MemoryCurrent gantry-{name}"))
        note(f"memory of {name}, MiB", round(used / 2**20, 1))


def test_the_system_is_read_only_and_data_is_on_its_own(box: Machine) -> None:
    assert box.check("findmnt -no FSTYPE,OPTIONS /").startswith("squashfs ro")
    assert box.run("touch /usr/bin/new").code
    options = box.check("findmnt -no FSTYPE,OPTIONS /data")
    assert options.startswith("ext4 rw")
    assert {"nosuid", "nodev", "noexec"} <= set(options.split()[1].split(","))
    for place in ("/var/lib/gantry", "/etc/gantry", "/var/log/journal"):
        assert "ext4" in box.check(f"findmnt -no FSTYPE {place}")
    assert len(box.check("cat /etc/machine-id")) == 32


def test_the_data_partition_has_grown_to_the_card(box: Machine) -> None:
    assert int(box.check("df -B1M --output=size /data | tail -1")) > 1900
    assert "repaired" not in box.check("cat /run/initramfs/fsck.log")


def test_each_service_has_its_own_account_and_shares_the_state(box: Machine) -> None:
    for name in SERVICES:
        pid = box.check(f"systemctl show -P MainPID gantry-{name}")
        assert box.check(f"stat -c %U:%G /proc/{pid}") == f"gantry-{name}:gantry"
    listed = box.check(
        "find /var/lib/gantry -maxdepth 1 -name 'catalog.sqlite*' -printf '%m %g %f\\n'"
    )
    names = {line.split()[2]: line.split()[:2] for line in listed.splitlines()}
    assert {"catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm"} <= set(names)
    assert all(mode == ["660", "gantry"] for mode in names.values()), names


def test_only_configured_ports_are_open(box: Machine) -> None:
    assert "policy drop" in box.check("nft list chain inet gantry input")
    assert "4006" in box.check("nft list set inet gantry open_tcp")
    assert "8080" not in box.check("nft list set inet gantry open_tcp")


def test_the_configuration_is_good(box: Machine) -> None:
    box.check("gantry check --config /etc/gantry/gantry.toml")
