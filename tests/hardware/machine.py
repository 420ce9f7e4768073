"""A machine that QEMU emulates, and the devices that are plugged into it while it runs."""

from __future__ import annotations

import json
import socket
import subprocess
import time
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
        for left in ("console.log", "results.tar", "qmp", "hands", "cable", "serial"):
            (folder / left).unlink(missing_ok=True)
        disks = (image.root, image.site, image.tree)
        command = [
            *("qemu-system-x86_64", "-M", "q35,i8042=off", "-accel", "tcg,thread=multi"),
            *("-cpu", "max", "-smp", "2", "-m", "2048", "-nodefaults", "-display", "none"),
            *("-no-reboot", "-nic", "none", "-kernel", image.kernel, "-initrd", image.initrd),
            *("-append", KERNEL, "-serial", f"file:{self.console}"),
            *("-qmp", f"unix:{folder / 'qmp'},server=on,wait=off"),
            *("-device", "virtio-rng-pci", "-device", "qemu-xhci,id=usb"),
            # Two adapters at the two ends of a null-modem cable, on a controller of their own: on
            # QEMU's xHCI every second opening of a port that was waited on hears nothing.
            *("-device", "piix3-usb-uhci,id=cables"),
            *("-chardev", f"socket,id=cable,path={folder / 'cable'},server=on,wait=off"),
            *("-device", "usb-serial,bus=cables.0,chardev=cable,always-plugged=on,serial=CABLE1"),
            *("-chardev", f"socket,id=far,path={folder / 'cable'}"),
            *("-device", "usb-serial,bus=cables.0,chardev=far,always-plugged=on,serial=CABLE2"),
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
        self._deleted: list[str | None] = []
        self._hear()
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
        while True:
            answer = self._hear()
            if "error" in answer:
                raise RuntimeError(f"QEMU refused {command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def remove(self, device: str) -> None:
        """Pull a device and wait until QEMU has let go of what is behind it."""
        self.ask("device_del", id=device)
        while device not in self._deleted:
            self._hear()
        self._deleted.clear()

    def key(self, code: str, down: bool) -> None:
        """Press or release one key of the keyboard that was plugged in last."""
        event = {"type": "key", "data": {"down": down, "key": {"type": "qcode", "data": code}}}
        self.ask("input-send-event", events=[event])

    def kill(self) -> None:
        if self.running:
            self._process.kill()
        self._process.wait()
        self._log.close()

    def _hear(self) -> dict[str, Any]:
        """The next message of QEMU; what it says of removed devices is kept."""
        try:
            line = self._qmp.readline()
        except ConnectionError:
            line = ""
        if not line:
            raise RuntimeError(f"QEMU ended: {(self.folder / 'qemu.log').read_text()}")
        message: dict[str, Any] = json.loads(line)
        if message.get("event") == "DEVICE_DELETED":
            self._deleted.append(message["data"].get("device"))
        return message

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
