"""Real input devices, through evdev."""

from __future__ import annotations

import errno
import fcntl
import importlib
import struct
import time
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from drivers.errors import SourceUnavailable
from drivers.hid.identity import Identity
from drivers.hid.nodes import InputNode, KeyEvent, Keys, NodeInfo
from drivers.hid.sysfs import INPUT_CLASS, list_nodes

_SET_CLOCK = 0x400445A0
"""``EVIOCSCLOCKID`` of linux/input.h: which clock stamps the events; wall time by default."""

_EV_SYN, _EV_KEY = 0, 1
_SYN_REPORT, _SYN_DROPPED = 0, 3
_UP, _DOWN = 0, 1


class EvdevBus:
    """The input devices of this machine.

    Parameters
    ----------
    input_class : Path
        Where sysfs lists them.
    """

    def __init__(self, input_class: Path = INPUT_CLASS) -> None:
        self._input_class = input_class

    def nodes(self) -> list[NodeInfo]:
        return list_nodes(self._input_class)

    def open(self, node: NodeInfo) -> InputNode:
        """Open one, if it still is the device that was listed.

        Raises
        ------
        SourceUnavailable
            evdev is not installed.
        OSError
            ``ENODEV`` where another device has the path now; ``EACCES`` where it may not be read.
        """
        device = _evdev().InputDevice(node.path)
        try:
            port = device.phys.rpartition("/")[0] or device.phys
            found = Identity(device.info.vendor, device.info.product, device.uniq, port)
            if found != node.identity:
                raise OSError(errno.ENODEV, "another device has taken the place", node.path)
            fcntl.ioctl(device.fd, _SET_CLOCK, struct.pack("i", time.CLOCK_MONOTONIC))
        except BaseException:
            device.close()
            raise
        return _EvdevNode(node, device)


class _EvdevNode:
    def __init__(self, info: NodeInfo, device: Any) -> None:
        self._info = info
        self._device = device
        self._skipping = False

    @property
    def info(self) -> NodeInfo:
        return self._info

    def fileno(self) -> int:
        return int(self._device.fd)

    def grab(self) -> None:
        self._device.grab()

    def read(self) -> Keys:
        keys: list[KeyEvent] = []
        lost = False
        with suppress(BlockingIOError):
            for event in self._device.read():
                if event.type == _EV_SYN and event.code == _SYN_DROPPED:
                    # what follows up to the next report is incomplete (kernel event-codes.rst)
                    self._skipping = lost = True
                    keys.clear()
                elif event.type == _EV_SYN and event.code == _SYN_REPORT:
                    self._skipping = False
                elif event.type == _EV_KEY and event.value in (_UP, _DOWN) and not self._skipping:
                    at = event.sec * 1_000_000_000 + event.usec * 1000
                    keys.append(KeyEvent(event.code, event.value == _DOWN, at))
        return Keys(tuple(keys), lost)

    def close(self) -> None:
        """Closing lets go of the grab as well."""
        self._device.close()


def _evdev() -> ModuleType:
    try:
        return importlib.import_module("evdev")
    except ImportError as error:
        raise SourceUnavailable(
            "HID devices",
            "the Python module evdev is not installed",
            "Install the box with its extra 'hid', or Debian's python3-evdev.",
        ) from error
