"""The kernel's virtual devices: a grabber with four inputs (vivid) and a GPIO chip (gpio-sim)."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from tests.hardware.guest.digitiser_gadget import SERIAL_NUMBER

GRABBER_DRIVER = Path("/sys/bus/platform/drivers/vivid")
GRABBER = "vivid.0"
LINES = 28
"""As many as the header of a Pi has."""

_CONFIGURED = Path("/sys/kernel/config/gpio-sim/panel")


def appear() -> dict[str, str]:
    """Load the drivers.

    Returns
    -------
    dict
        The environment in which the tests find the devices.
    """
    # 0x1: capture only. Inputs: webcam, television, S-Video, HDMI.
    _modprobe("vivid", "n_devs=1", "node_types=0x1", "num_inputs=4", "input_types=0xe4")
    for driver in ("gpio-sim", "uinput", "evdev"):
        _modprobe(driver)
    bank = _CONFIGURED / "bank0"
    bank.mkdir(parents=True)
    (bank / "num_lines").write_text(str(LINES))
    (bank / "label").write_text("pinctrl-bcm2835")
    (_CONFIGURED / "live").write_text("1")
    chip = (bank / "chip_name").read_text().strip()
    _plug_digitiser()
    _udev_settles()
    return {
        "GANTRY_HARDWARE": "guest",
        "GANTRY_VIDEO_DEVICE": str(video_node()),
        "GANTRY_GPIO_MODULE": "RPi.GPIO",
        "GANTRY_GPIO_LINES": str(_lines()),
        "GANTRY_USB_DIGITISER": f"serial:{SERIAL_NUMBER}",
        "GANTRY_TTY_DEVICE": "serial:CABLE1",
        "GANTRY_TTY_PEER": str(next(Path("/dev/serial/by-id").glob("*CABLE2*"))),
        "RPI_LGPIO_CHIP": chip.removeprefix("gpiochip"),
        # A Pi 3 B: rpi-lgpio asks which board it is on.
        "RPI_LGPIO_REVISION": "a02082",
    }


def video_node() -> Path:
    """The node of vivid's capture side.

    Raises
    ------
    FileNotFoundError
        There is none: vivid is unbound, or still on its way.
    """
    for entry in sorted(Path("/sys/class/video4linux").glob("video*")):
        if (entry / "name").read_text().startswith("vivid"):
            return Path("/dev") / entry.name
    raise FileNotFoundError("vivid has no capture node")


def unplug_grabber() -> None:
    (GRABBER_DRIVER / "unbind").write_text(GRABBER)


def replug_grabber() -> None:
    (GRABBER_DRIVER / "bind").write_text(GRABBER)
    _udev_settles()


def appears(path: Path, seconds: float = 30) -> Path:
    """Wait until a node is there.

    Raises
    ------
    TimeoutError
        It did not come.
    """
    deadline = time.monotonic() + seconds
    while not path.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{path} did not appear within {seconds} s")
        time.sleep(0.05)
    _udev_settles()
    return path


def leaves(path: Path, seconds: float = 30) -> None:
    """Wait until a node is gone.

    Raises
    ------
    TimeoutError
        It stayed.
    """
    deadline = time.monotonic() + seconds
    while path.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{path} did not leave within {seconds} s")
        time.sleep(0.05)


def _plug_digitiser() -> None:
    """Let the digitiser be there for as long as the guest runs."""
    command = [sys.executable, "-m", "tests.hardware.guest.digitiser_gadget"]
    gadget = subprocess.Popen(command)
    deadline = time.monotonic() + 60
    while not any(
        name.read_text().strip() == SERIAL_NUMBER
        for name in Path("/sys/bus/usb/devices").glob("*/serial")
    ):
        if gadget.poll() is not None or time.monotonic() > deadline:
            raise TimeoutError("the simulated digitiser did not appear on the USB bus")
        time.sleep(0.1)


def _lines() -> Path:
    return next(Path("/sys/devices/platform").glob("gpio-sim.*/gpiochip*/sim_gpio0")).parent


def _modprobe(*words: str) -> None:
    subprocess.run(["modprobe", *words], check=True)


def _udev_settles() -> None:
    subprocess.run(["udevadm", "settle"], check=True)
