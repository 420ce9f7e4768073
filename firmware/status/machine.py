"""The computer that the box runs on, as the kernel's files tell it; no program of the vendor's."""

from __future__ import annotations

import platform
import re
from pathlib import Path

from firmware.status.model import Machine

_SLOT = re.compile(r"\bgantry\.slot=(\S+)")
_VOLTAGE = "rpi_volt"
_KIB = 1024


def read_machine(root: Path = Path("/")) -> Machine:
    """What can be told; ``root`` holds the machine's ``proc`` and ``sys``."""
    memory = dict(_memory(root))
    return Machine(
        model=_text(root / "proc/device-tree/model").strip("\0\n ") or platform.machine(),
        kernel=platform.release(),
        slot=slot(root),
        temperature=_temperature(root),
        under_voltage=_under_voltage(root),
        uptime=_number(_text(root / "proc/uptime").partition(" ")[0]),
        memory_available=memory.get("MemAvailable"),
        memory_total=memory.get("MemTotal"),
    )


def slot(root: Path = Path("/")) -> str:
    """``A`` or ``B``: which system of the card was started; empty where there is but one."""
    found = _SLOT.search(_text(root / "proc/cmdline"))
    return found[1] if found else ""


def _temperature(root: Path) -> float | None:
    """The hottest zone: a Pi has but one."""
    zones = sorted((root / "sys/class/thermal").glob("thermal_zone*/temp"))
    found = [number for zone in zones if (number := _number(_text(zone))) is not None]
    return max(found) / 1000.0 if found else None


def _under_voltage(root: Path) -> bool | None:
    """The alarm of the kernel's driver raspberrypi-hwmon."""
    for folder in sorted((root / "sys/class/hwmon").glob("hwmon*")):
        if _text(folder / "name").strip() == _VOLTAGE:
            alarm = _number(_text(folder / "in0_lcrit_alarm"))
            return None if alarm is None else alarm > 0
    return None


def _memory(root: Path) -> list[tuple[str, int]]:
    found = []
    for line in _text(root / "proc/meminfo").splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if words and words[0].isdecimal():
            found.append((name, int(words[0]) * _KIB))
    return found


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _text(file: Path) -> str:
    """Empty where there is no such file, or the driver behind it refuses."""
    try:
        return file.read_text("utf-8", "replace")
    except OSError:
        return ""
