"""Knowing at once that something was plugged in or pulled.

The kernel tells it by udev where pyudev is installed; elsewhere the folders of sysfs are looked at
twice a second.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

SUBSYSTEMS = ("video4linux", "tty", "usb", "gpio", "input")
"""Of everything that the box can be connected to."""

POLL_SECONDS = 0.5

SETTLE_SECONDS = 0.2
"""One plug brings a dozen events; the device is usable a little after the last."""

_FOLDERS = ("class/video4linux", "class/tty", "bus/usb/devices", "bus/gpio/devices", "class/input")


class HotPlug(Protocol):
    """Waits for a change of what is plugged in."""

    def wait(self, seconds: float) -> bool:
        """Whether something changed since the last call, or within ``seconds``."""
        ...


def watch(sysfs: Path = Path("/sys"), nap: Callable[[float], object] | None = None) -> HotPlug:
    """The best way there is on this machine; ``sysfs`` and ``nap`` are for tests."""
    monitor = _monitor() if sysfs == Path("/sys") else None
    if monitor is not None:
        return ByUdev(monitor)
    return ByPolling(sysfs, nap)


def _monitor() -> Any | None:
    """A running monitor of udev's, or None where there is none to be had."""
    try:
        import pyudev

        monitor = pyudev.Monitor.from_netlink(pyudev.Context())
    except (ImportError, OSError):
        return None
    for subsystem in SUBSYSTEMS:
        monitor.filter_by(subsystem)
    monitor.start()
    return monitor


class ByUdev:
    """Listens to udev.

    Parameters
    ----------
    monitor : pyudev.Monitor
        Started already.
    """

    def __init__(self, monitor: Any) -> None:
        self._monitor = monitor

    def wait(self, seconds: float) -> bool:
        """Whether something changed since the last call, or within ``seconds``."""
        if self._monitor.poll(seconds) is None:
            return False
        while self._monitor.poll(SETTLE_SECONDS) is not None:
            continue
        return True


class ByPolling:
    """Compares what sysfs shows.

    Parameters
    ----------
    sysfs : Path
        Where it is.
    nap : callable or None
        Waits so many seconds; None for the machine's own way.
    """

    def __init__(self, sysfs: Path, nap: Callable[[float], object] | None = None) -> None:
        from time import sleep

        self._folders = [sysfs / folder for folder in _FOLDERS]
        self._nap = nap or sleep
        self._seen = self._look()

    def wait(self, seconds: float) -> bool:
        """Whether something changed since the last call, or within ``seconds``."""
        deadline = monotonic() + seconds
        while True:
            now = self._look()
            if now != self._seen:
                self._seen = now
                return True
            left = deadline - monotonic()
            if left <= 0:
                return False
            self._nap(min(POLL_SECONDS, left))

    def _look(self) -> frozenset[str]:
        return frozenset(
            str(entry) for folder in self._folders if folder.is_dir() for entry in folder.iterdir()
        )
