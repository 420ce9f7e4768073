"""A machine that QEMU emulates, and the devices that are plugged into it while it runs."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.hardware.image import Image

CONSOLE = "console=ttyS0"
KERNEL = (
    f"{CONSOLE} root=/dev/vda rootfstype=squashfs ro init=/usr/sbin/gantry-guest"
    " quiet panic=-1 mitigations=off no_timer_check random.trust_cpu=on"
)


class Machine:
    """One guest from power-on to power-off, without a network.

    Parameters
    ----------
    image
        What it boots.
    folder
        Where its sockets, its console (``console.log``) and its results (``results.tar``) lie.
    """

    def __init__(self, image: Image, folder: Path) -> None:
        self.folder = folder
        self.console = folder / "console.log"
        self.results = folder / "results.tar"
        for left in (self.console, self.results, folder / "qmp", folder / "hands"):
            left.unlink(missing_ok=True)
        disks = (image.root, image.site, image.tree)
        command = [
            *("qemu-system-x86_64", "-M", "q35,i8042=off", "-accel", "tcg,thread=multi"),
            *("-cpu", "max", "-smp", "2", "-m", "2048", "-nodefaults", "-display", "none"),
            *("-no-reboot", "-nic", "none", "-kernel", image.kernel, "-initrd", image.initrd),
            *("-append", KERNEL, "-serial", f"file:{self.console}"),
            *("-qmp", f"unix:{folder / 'qmp'},server=on,wait=off"),
            *("-device", "virtio-rng-pci", "-device", "qemu-xhci,id=usb"),
            *("-device", "virtio-serial-pci"),
            *("-chardev", f"file,id=results,path={self.results}"),
            *("-device", "virtserialport,chardev=results,name=gantry.results"),
            *("-chardev", f"socket,id=hands,path={folder / 'hands'},server=on,wait=off"),
            *("-device", "virtserialport,chardev=hands,name=gantry.hands"),
        ]
        for number, disk in enumerate(disks):
            command += ["-drive", f"file={disk},format=raw,if=none,readonly=on,id=disk{number}"]
            command += ["-device", f"virtio-blk-pci,drive=disk{number}"]
        self._log = (folder / "qemu.log").open("wb")
        self._process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self.hands = self._connect("hands")
        self._qmp = self._connect("qmp").makefile("rw", encoding="utf-8")
        self._qmp.readline()
        self.ask("qmp_capabilities")

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def ask(self, command: str, **arguments: Any) -> Any:
        """Give a QMP command and return its answer.

        Raises
        ------
        RuntimeError
            QEMU refused it.
        """
        self._qmp.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self._qmp.flush()
        while line := self._qmp.readline():
            answer = json.loads(line)
            if "error" in answer:
                raise RuntimeError(f"QEMU refused {command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
        raise RuntimeError(f"QEMU ended while it was asked {command}.")

    def press(self, keys: Sequence[str]) -> None:
        """Press and release one key after the other on the keyboard that was plugged in last."""
        for key in keys:
            codes = [{"type": "qcode", "data": code} for code in key.split("-")]
            for down in (True, False):
                events = [
                    {"type": "key", "data": {"down": down, "key": code}}
                    for code in (codes if down else reversed(codes))
                ]
                self.ask("input-send-event", events=events)

    def kill(self) -> None:
        if self.running:
            self._process.kill()
        self._process.wait()
        self._log.close()

    def _connect(self, name: str) -> socket.socket:
        deadline = time.monotonic() + 20
        while True:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(str(self.folder / name))
            except OSError as refusal:
                connection.close()
                if not self.running or time.monotonic() > deadline:
                    words = (self.folder / "qemu.log").read_text()
                    raise RuntimeError(f"QEMU did not start: {words}") from refusal
                time.sleep(0.05)
            else:
                return connection
