"""Hands at the machine: what the tests in the guest ask of the outside while they run.

The guest writes one JSON object a line, gets one line back. `Hands` is the outside; the guest's
side is `tests.hardware.guest.hands`.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.hardware.machine import Machine

STICK_MEGABYTES = 16


class Hands:
    """Plugs and unplugs, types, and speaks into the far end of the serial line."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._line: socket.socket | None = None
        self._actions: dict[str, Callable[..., Any]] = {
            "plug": self.plug,
            "unplug": self.unplug,
            "key": machine.key,
            "say": self.say,
            "heard": self.heard,
        }

    def serve(self, request: bytes) -> bytes:
        """Do what one line asks for, and answer it."""
        words = json.loads(request)
        try:
            answer = {"done": self._actions[words.pop("do")](**words)}
        except (RuntimeError, OSError, KeyError, TypeError) as failure:
            answer = {"failed": f"{type(failure).__name__}: {failure}"}
        return json.dumps(answer).encode() + b"\n"

    def plug(self, device: str) -> None:
        """Plug in the ``keyboard``, the ``serial`` adapter or the ``storage`` stick."""
        ask, folder = self._machine.ask, self._machine.folder
        if device == "keyboard":
            ask("device_add", driver="usb-kbd", id=device, bus="usb.0", serial="PEDAL1")
        if device == "serial":
            path = folder / "serial"
            address = {"type": "unix", "data": {"path": str(path)}}
            backend = {"type": "socket", "data": {"addr": address, "server": True, "wait": False}}
            ask("chardev-add", id="line", backend=backend)
            self._line = socket.socket(socket.AF_UNIX)
            self._line.connect(str(path))
            options = {"chardev": "line", "always-plugged": True, "serial": "LINE1"}
            ask("device_add", driver="usb-serial", id=device, bus="usb.0", **options)
        if device == "storage":
            stick = {"driver": "file", "filename": str(_stick(folder))}
            ask("blockdev-add", driver="raw", file=stick, **{"node-name": "stick"})
            ask("device_add", driver="usb-storage", id=device, bus="usb.0", drive="stick")

    def unplug(self, device: str) -> None:
        """Pull it, without a word to the guest before."""
        self._machine.remove(device)
        if device == "serial" and self._line is not None:
            self._line.close()
            self._line = None
            self._machine.ask("chardev-remove", id="line")
        if device == "storage":
            self._machine.ask("blockdev-del", **{"node-name": "stick"})

    def say(self, text: str) -> None:
        """Send text from the far end of the serial line (characters below 256 are bytes)."""
        self._far_end().sendall(text.encode("latin-1"))

    def heard(self) -> str:
        """What came out of the guest's serial line since the last question."""
        self._far_end().settimeout(0.5)
        try:
            return self._far_end().recv(65536).decode("latin-1")
        except TimeoutError:
            return ""

    def _far_end(self) -> socket.socket:
        if self._line is None:
            raise RuntimeError("The serial adapter is not plugged in.")
        return self._line


def _stick(folder: Path) -> Path:
    """An empty stick with a FAT file system."""
    image = folder / "stick.img"
    image.unlink(missing_ok=True)
    with image.open("wb") as file:
        file.truncate(STICK_MEGABYTES << 20)
    path = {"PATH": os.environ["PATH"] + ":/usr/sbin"}
    command = ["mkfs.vfat", "-n", "STICK", str(image)]
    subprocess.run(command, env=path, check=True, capture_output=True)
    return image
