"""A device is known by its port or serial number, wherever its node is this time."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.errors import SourceUnavailable
from drivers.video.discovery import Roots, factory, find, list_devices


class Machine:
    """A tree like ``/sys`` with grabbers in it."""

    def __init__(self, root: Path) -> None:
        self.roots = Roots(root / "sys", root / "dev")
        (root / "dev").mkdir()
        (root / "sys" / "class" / "video4linux").mkdir(parents=True)
        self._sys = root / "sys"

    def usb(self, node: str, port: str, serial: str = "", index: int = 0, bus: int = 1) -> None:
        controller = self._sys / "devices" / "pci0000:00" / "0000:01:00.0"
        device = controller / f"usb{bus}" / f"{bus}-{port}"
        interface = device / f"{bus}-{port}:1.0"
        interface.mkdir(parents=True, exist_ok=True)
        (device / "idVendor").write_text("534d\n")
        (device / "idProduct").write_text("2109\n")
        if serial:
            (device / "serial").write_text(serial + "\n")
        self._node(node, interface, "usb", "uvcvideo", "USB Video", index)

    def platform(self, node: str, name: str, index: int = 0) -> None:
        device = self._sys / "devices" / "platform" / name
        device.mkdir(parents=True, exist_ok=True)
        self._node(node, device, "platform", "vivid", "vivid-000-vid-cap", index)

    def unplug(self, node: str) -> None:
        (self._sys / "class" / "video4linux" / node).unlink()

    def _node(self, node: str, parent: Path, bus: str, driver: str, name: str, index: int) -> None:
        for link, target in (("subsystem", bus), ("driver", driver)):
            if not (parent / link).is_symlink():
                (parent / link).symlink_to(self._sys / "bus" / target)
        folder = parent / "video4linux" / node
        folder.mkdir(parents=True)
        (folder / "name").write_text(name + "\n")
        (folder / "index").write_text(f"{index}\n")
        (folder / "device").symlink_to(parent)
        (self._sys / "class" / "video4linux" / node).symlink_to(folder)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_usb_grabber_is_named_by_controller_and_port(machine: Machine) -> None:
    machine.usb("video0", "1.3", serial="20210621")
    machine.usb("video1", "1.3", serial="20210621", index=1)
    first, second = list_devices(machine.roots)
    assert first.path == second.path == "usb-0000:01:00.0-1.3"
    assert (first.vendor, first.product, first.serial) == ("534d", "2109", "20210621")
    assert (first.index, second.index) == (0, 1)
    assert (first.card, first.driver) == ("USB Video", "uvcvideo")
    assert first.node == str(machine.roots.nodes / "video0")


def test_it_keeps_its_name_when_nodes_and_bus_numbers_change(machine: Machine) -> None:
    machine.usb("video0", "1.3")
    before = find("usb-0000:01:00.0-1.3", machine.roots)
    machine.unplug("video0")
    machine.usb("video7", "1.3", bus=2)
    after = find("usb-0000:01:00.0-1.3", machine.roots)
    assert before.path == after.path
    assert after.node.endswith("video7")


def test_other_buses_are_named_too(machine: Machine) -> None:
    machine.platform("video2", "vivid.0")
    assert find("platform-vivid.0", machine.roots).driver == "vivid"


def test_the_first_node_is_meant_unless_another_is_named(machine: Machine) -> None:
    machine.usb("video4", "2", index=1)
    machine.usb("video5", "2", index=0)
    assert find("usb-0000:01:00.0-2", machine.roots).node.endswith("video5")
    assert find("usb-0000:01:00.0-2#1", machine.roots).node.endswith("video4")
    with pytest.raises(SourceUnavailable):
        find("usb-0000:01:00.0-2#2", machine.roots)


def test_a_serial_number_finds_it_at_any_port(machine: Machine) -> None:
    machine.usb("video0", "1", serial="A")
    machine.usb("video1", "2", serial="B")
    assert find("B", machine.roots).node.endswith("video1")


def test_a_serial_number_that_several_share_is_refused_with_their_paths(machine: Machine) -> None:
    machine.usb("video0", "1", serial="20210621")
    machine.usb("video1", "2", serial="20210621")
    with pytest.raises(SourceUnavailable, match=r"2 devices .*00\.0-1, usb-0000:01:00\.0-2"):
        find("20210621", machine.roots)


def test_a_missing_device_is_told_with_those_that_are_there(machine: Machine) -> None:
    with pytest.raises(SourceUnavailable, match="there is: none"):
        find("usb-1", machine.roots)
    machine.usb("video0", "1")
    with pytest.raises(SourceUnavailable, match=r"not plugged in.*there is: usb-0000:01:00\.0-1"):
        find("usb-9", machine.roots)
    with pytest.raises(SourceUnavailable):
        find("", machine.roots)


def test_a_machine_without_video_has_none(tmp_path: Path) -> None:
    assert list_devices(Roots(tmp_path, tmp_path)) == []


def test_a_device_that_vanishes_while_we_look_is_not_listed(machine: Machine) -> None:
    machine.usb("video0", "1")
    (machine.roots.sysfs / "class" / "video4linux" / "video1").symlink_to("/nonexistent")
    assert len(list_devices(machine.roots)) == 1


def test_the_factory_looks_anew_each_time(machine: Machine) -> None:
    make = factory("A", machine.roots)
    with pytest.raises(SourceUnavailable):
        make()
    machine.usb("video3", "1", serial="A")
    assert make().identity.node.endswith("video3")


def test_a_node_that_is_no_grabber_is_refused_in_words(machine: Machine, tmp_path: Path) -> None:
    machine.usb("video3", "1", serial="A")
    device = factory("A", machine.roots)()
    with pytest.raises(SourceUnavailable, match=r"cannot be used \(No such file"):
        device.open()
    (machine.roots.nodes / "video3").write_bytes(b"")
    with pytest.raises(OSError):
        device.open()
    device.close()
    device.close()
