"""``gantry devices``: what is there or missing, what comes and goes, and what is simulated."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from drivers.tty.load import find_model
from drivers.tty.model import LineModel
from drivers.tty.port import SerialPort
from firmware.capture import hotplug
from firmware.capture.hotplug import ByPolling, ByUdev
from firmware.capture.inventory import Device, list_devices
from tests.end_to_end.cli import Gantry, run
from tests.end_to_end.settings import Settings

SIMULATED_SECONDS = "2.5"


def write(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    """A machine with a digitiser, a hub, a GPIO chip, a pedal and a mouse without keys."""
    root = tmp_path / "sys"
    digitiser = root / "bus/usb/devices/1-1.2"
    for name, text in (
        ("idVendor", "1209"),
        ("idProduct", "0001"),
        ("bDeviceClass", "00"),
        ("manufacturer", "Maker"),
        ("product", "Thing"),
        ("serial", "SN1"),
    ):
        write(digitiser / name, text)
    write(root / "bus/usb/devices/1-1/idVendor", "1d6b")
    write(root / "bus/usb/devices/1-1/idProduct", "0002")
    write(root / "bus/usb/devices/1-1/bDeviceClass", "09")
    (root / "bus/usb/devices/1-1.2:1.0").mkdir()
    chip = root / "devices/platform/soc/fe200000.gpio/gpiochip0"
    write(chip / "label", "pinctrl-bcm2711")
    (root / "bus/gpio/devices").mkdir(parents=True)
    (root / "bus/gpio/devices/gpiochip0").symlink_to(chip)
    for number, (name, keys) in enumerate((("Pedal", "1 0"), ("Pedal", "2"), ("Sensor", "0"))):
        device = root / f"class/input/event{number}/device"
        write(device / "phys", f"usb-0000:01:00.0-1.3/input{number}")
        write(device / "uniq")
        write(device / "name", name)
        write(device / "id/vendor", "3553")
        write(device / "id/product", "b001")
        write(device / "capabilities/key", keys)
        write(device / "capabilities/abs", "0")
    return root


def by_kind(devices: list[Device], kind: str) -> list[Device]:
    return [device for device in devices if device.kind == kind]


def test_every_device_is_named_by_what_stays_the_same(sysfs: Path) -> None:
    devices = list_devices(sysfs)
    (usb,) = by_kind(devices, "usb")
    assert (usb.identity, usb.serial_number, usb.name) == ("usb:1-1.2", "SN1", "Maker Thing")
    assert usb.state == "present"
    (gpio,) = by_kind(devices, "gpio")
    assert (gpio.identity, gpio.name, gpio.node) == (
        "fe200000.gpio",
        "pinctrl-bcm2711",
        "gpiochip0",
    )
    (pedal,) = by_kind(devices, "hid")
    assert pedal.identity == "3553:b001@usb-0000:01:00.0-1.3"
    assert not by_kind(devices, "video")


def test_a_machine_that_shows_nothing_has_no_devices(tmp_path: Path) -> None:
    assert {device.kind for device in list_devices(tmp_path)} <= {"serial"}


def test_without_udev_a_plug_and_an_unplug_are_seen(sysfs: Path) -> None:
    naps: list[float] = []
    plug = sysfs / "bus/usb/devices/1-1.4"

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 2:
            plug.mkdir()

    polling = ByPolling(sysfs, nap)
    assert polling.wait(60)
    assert len(naps) == 2
    assert not polling.wait(0)
    plug.rmdir()
    assert polling.wait(0)


def test_a_configured_device_that_is_missing_is_listed_as_no_device(tmp_path: Path) -> None:
    settings = Settings().table(
        "sources", name="ct", kind="v4l2", device="usb-nowhere", profile="hdmi-csi"
    )
    settings.table(
        "sources", name="generator", kind="serial", device="serial:X", driver="xray-generator"
    )
    gantry = settings.write(tmp_path)
    rows = {row["source"]: row for row in gantry("devices", "--json").good().json()}
    assert rows["ct"]["state"] == rows["generator"]["state"] == "no device"
    assert rows["ct"]["identity"] == "usb-nowhere"
    table = gantry("devices").good().out
    assert re.search(r"video +no device +usb-nowhere", table)


def test_probing_says_what_state_each_configured_device_is_in(tmp_path: Path) -> None:
    settings = Settings()
    settings.table("sources", name="good", kind="simulated")
    settings.table("sources", name="dark", kind="simulated", faults=["no-signal@1+100000"])
    settings.table("sources", name="gone", kind="usb", device="serial:NOWHERE")
    rows = settings.write(tmp_path)("devices", "--json", "--probe").good().json()
    states = {row["source"]: row["state"] for row in rows if row["source"]}
    assert states == {"good": "live", "dark": "no signal", "gone": "no device"}


def test_the_shipped_profiles_are_listed() -> None:
    rows = run("devices", "--presets", "--json").good().json()
    assert {"hdmi-usb-still", "composite-pal"} <= {row["name"] for row in rows}
    assert all(row["lossy"] is (row["pixel_format"] == "MJPG") for row in rows)


@contextmanager
def started(gantry: Gantry, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = gantry.start(*arguments)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in (0, -signal.SIGTERM)
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, "it ended"
    return line


def test_watching_begins_with_what_is_there(tmp_path: Path) -> None:
    settings = Settings().table("sources", name="good", kind="simulated")
    with started(settings.write(tmp_path), "devices", "--watch", "--json") as process:
        found = [json.loads(line_of(process))]
        while found[-1]["source"] != "good":
            found.append(json.loads(line_of(process)))
        assert {row["change"] for row in found} == {"there"}


def test_a_simulated_serial_device_speaks_at_a_port_that_others_open(tmp_path: Path) -> None:
    gantry = Settings().write(tmp_path)
    words = ("devices", "simulate", "xray-generator", "--interval", "0.1")
    with started(gantry, *words) as process:
        path = line_of(process).split()[-1]
        model: LineModel = find_model("xray-generator")
        port = SerialPort("generator", path, model.line)
        heard = b""
        deadline = time.monotonic() + 60
        while len(heard) < 20 and time.monotonic() < deadline:
            heard += port.read()
        port.close()
        assert len(heard) >= 20
    assert not Path(path).exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("grabber",), ("live", "pictures, 0 dropped")),
        (("analogue", "--fault", "no-signal@20"), ("live", "no signal", "no signal")),
        (("grabber", "--fault", "unplug@10+0.5"), ("no device", "the device is gone")),
        (("digitiser", "--fault", "freeze@10"), ("live", "frozen")),
        (("panel", "--interval", "0.1", "--fault", "bounce"), ("panel  press", "panel  short")),
        (("pedal", "--interval", "0.1", "--fault", "unplug"), ("pedal  short", "no device")),
        (("scanner", "--interval", "0.1"), ("scanner  scan  SIM-0001",)),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_every_simulated_device_runs_by_hand(
    arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    said = run("devices", "simulate", *arguments, "--seconds", SIMULATED_SECONDS).good().out
    for word in words:
        assert word in said


@pytest.mark.parametrize("name", ["grabber", "xray-generator", "pedal"])
def test_a_fault_that_cannot_be_is_refused_with_those_that_can(name: str) -> None:
    run("devices", "simulate", name, "--fault", "explode").refused("explode", "unplug")


def test_a_device_that_cannot_be_simulated_is_refused_with_those_that_can() -> None:
    run("devices", "simulate", "toaster").refused("toaster", "grabber", "xray-generator", "pedal")


def test_every_fault_is_explained() -> None:
    text = run("devices", "simulate", "--list-faults").good().out
    for word in ("unplug", "noise", "no-signal", "freeze", "corrupt", "wrong-size", "bounce"):
        assert re.search(rf"^  {word} +\S+", text, re.MULTILINE), word


class Netlink:
    """A monitor of udev's that has heard so many events of one plug."""

    def __init__(self, events: int) -> None:
        self.events = events
        self.waited: list[float] = []

    def poll(self, seconds: float) -> object | None:
        self.waited.append(seconds)
        if not self.events:
            return None
        self.events -= 1
        return object()


def test_the_many_events_of_one_plug_are_one_change() -> None:
    monitor = Netlink(12)
    plugs = ByUdev(monitor)
    assert plugs.wait(1.0)
    assert monitor.events == 0
    assert not plugs.wait(0.5)
    assert monitor.waited[-1] == 0.5


def test_this_machine_can_be_watched() -> None:
    assert not hotplug.watch().wait(0)
