"""A card in a machine that QEMU emulates, and a hand inside that runs commands."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from image import card

AGENT = Path(__file__).with_name("agent.py")
_SECTOR = 512
_UNIT = """\
[Unit]
DefaultDependencies=no
After=systemd-udevd.service
[Service]
ExecStart=/bin/sh -c 'until [ -b /dev/vdb ]; do sleep 0.2; done; \
exec /usr/bin/python3 -I /dev/vdb'
Restart=on-failure
"""


@dataclass(frozen=True, slots=True)
class Said:
    """What a command in the guest answered."""

    code: int
    out: str
    seconds: float


class Card:
    """A flashed card: the image, copied and as large as a card of that size.

    Parameters
    ----------
    image
        The uncompressed image; it is not changed.
    folder
        Where the copy and what is taken out of it lie.
    """

    def __init__(self, image: Path, folder: Path, size_mib: int = 4096) -> None:
        self.folder = folder
        self.file = folder / "card.img"
        subprocess.run(["cp", "--sparse=always", image, self.file], check=True)
        with self.file.open("ab") as file:
            file.truncate(size_mib * card.MIB)

    def take(self, name: str) -> Path:
        """A file of the boot partition, such as ``A/vmlinuz``."""
        target = self.folder / name.replace("/", "-")
        source = f"{self.file}@@{card.partitions(1)[0].start_mib}M"
        subprocess.run(["mcopy", "-n", "-o", "-i", source, f"::{name}", target], check=True)
        return target

    def put(self, source: Path, name: str) -> None:
        """Put a file on the boot partition, as a technician's PC does."""
        partition = f"{self.file}@@{card.partitions(1)[0].start_mib}M"
        subprocess.run(["mcopy", "-o", "-i", partition, source, f"::{name}"], check=True)


class Machine:
    """One start of a card, from power-on to power-off.

    Parameters
    ----------
    inserted
        The card.
    forwards
        Ports of this machine's loopback that lead to ports of the guest.
    extra
        More words for QEMU.
    words
        More words for the kernel.
    """

    def __init__(
        self,
        inserted: Card,
        forwards: dict[int, int] | None = None,
        *,
        memory_mib: int = 1024,
        extra: Sequence[str] = (),
        words: str = "",
    ) -> None:
        self.folder = inserted.folder
        self.console = self.folder / "console.log"
        for left in ("console.log", "qmp", "agent"):
            (self.folder / left).unlink(missing_ok=True)
        script = self.folder / "agent.raw"
        text = AGENT.read_bytes()
        script.write_bytes(text + b"\n" * (-len(text) % _SECTOR))
        unit = base64.b64encode(_UNIT.encode()).decode()
        append = (
            f"{inserted.take('A/cmdline.txt').read_text().strip()} console=ttyAMA0 {words}"
            f" systemd.set_credential_binary=systemd.extra-unit.agent.service:{unit}"
            " systemd.wants=agent.service systemd.journald.forward_to_console=0"
        )
        forwarding = "".join(
            f",hostfwd=tcp:127.0.0.1:{host}-:{guest}" for host, guest in (forwards or {}).items()
        )
        command = [
            *("qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a53", "-smp", "2"),
            *("-m", str(memory_mib), "-accel", "tcg,thread=multi", "-nodefaults"),
            *("-display", "none", "-no-reboot"),
            *("-kernel", inserted.take("A/vmlinuz"), "-initrd", inserted.take("A/initrd.img")),
            *("-append", append, "-serial", f"file:{self.console}"),
            *("-qmp", f"unix:{self.folder / 'qmp'},server=on,wait=off"),
            *_disk("card", inserted.file),
            *_disk("agent", script, readonly=True),
            *("-device", "virtio-serial-pci", "-device", "virtio-rng-pci"),
            *("-chardev", f"socket,id=agent,path={self.folder / 'agent'},server=on,wait=off"),
            *("-device", "virtserialport,chardev=agent,name=gantry.agent"),
            *("-nic", f"user,model=virtio-net-pci{forwarding}"),
            *extra,
        ]
        self.started = time.monotonic()
        self._log = (self.folder / "qemu.log").open("wb")
        self._process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self._agent: socket.socket | None = None
        self._heard = b""
        self._number = 0

    @property
    def age(self) -> float:
        """Seconds since power-on."""
        return time.monotonic() - self.started

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def wait_for_agent(self, timeout: float = 400) -> dict[str, Any]:
        """The first word of the agent; the system's own start may go on for a while.

        Raises
        ------
        TimeoutError
            With the last lines of the console.
        """
        deadline = time.monotonic() + timeout
        self._agent = self._connect("agent", deadline)
        return self._next(deadline)

    def run(self, command: str, timeout: float = 120) -> Said:
        """Run a command as root in the guest's shell."""
        assert self._agent is not None, "the agent was not waited for"
        self._number += 1
        request = {"id": self._number, "command": command, "timeout": timeout}
        self._agent.sendall(json.dumps(request).encode() + b"\n")
        deadline = time.monotonic() + timeout + 60
        while (answer := self._next(deadline)).get("id") != self._number:
            continue
        return Said(answer["code"], answer["out"], answer["seconds"])

    def check(self, command: str, timeout: float = 120) -> str:
        """Run a command that must succeed; what it printed."""
        said = self.run(command, timeout)
        assert said.code == 0, f"{command}: exit status {said.code}\n{said.out}"
        return said.out.strip()

    def monitor(self, command: str, **arguments: Any) -> Any:
        """Give a QMP command and return its answer."""
        link = self._connect("qmp", time.monotonic() + 20)
        with link, link.makefile("rw", encoding="utf-8") as lines:
            lines.readline()
            for order in (
                {"execute": "qmp_capabilities"},
                {"execute": command, "arguments": arguments},
            ):
                lines.write(json.dumps(order) + "\n")
                lines.flush()
                answer = json.loads(lines.readline())
                while "event" in answer:
                    answer = json.loads(lines.readline())
        if "error" in answer:
            raise RuntimeError(f"QEMU refused {command}: {answer['error']['desc']}")
        return answer["return"]

    def pull_the_plug(self) -> None:
        """End the machine at once, as a power cut does."""
        if self.running:
            self._process.kill()
        self._close()

    def power_off(self, timeout: float = 120) -> float:
        """Let the system end itself; the seconds it took."""
        began = time.monotonic()
        self.run("systemctl poweroff --no-block")
        self._process.wait(timeout)
        self._close()
        return time.monotonic() - began

    def last_words(self) -> str:
        """The end of the console, and what QEMU had to say."""
        said = (self.folder / "qemu.log").read_text(errors="replace")
        shown = self.console.read_text(errors="replace") if self.console.exists() else ""
        return f"{said}\n{shown[-4000:]}"

    def _next(self, deadline: float) -> dict[str, Any]:
        assert self._agent is not None
        while b"\n" not in self._heard:
            left = deadline - time.monotonic()
            if left <= 0 or not self.running:
                why = "nothing was heard in time" if self.running else "QEMU ended"
                raise TimeoutError(f"{why}:\n{self.last_words()}")
            self._agent.settimeout(min(left, 2.0))
            try:
                block = self._agent.recv(65536)
            except TimeoutError:
                continue
            if not block:
                time.sleep(0.1)
            self._heard += block
        line, _, self._heard = self._heard.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _connect(self, name: str, deadline: float) -> socket.socket:
        while True:
            link = socket.socket(socket.AF_UNIX)
            try:
                link.connect(str(self.folder / name))
            except OSError as refusal:
                link.close()
                if not self.running or time.monotonic() > deadline:
                    raise RuntimeError(f"QEMU did not start: {self.last_words()}") from refusal
                time.sleep(0.05)
            else:
                return link

    def _close(self) -> None:
        self._process.wait()
        self._log.close()
        if self._agent is not None:
            self._agent.close()


def _disk(name: str, file: Path, *, readonly: bool = False) -> list[str]:
    only = ",readonly=on" if readonly else ""
    # what the guest has synced must be in the file when the plug is pulled
    return [
        *("-drive", f"file={file},format=raw,if=none,id={name},cache=writethrough{only}"),
        *("-device", f"virtio-blk-pci,drive={name},serial={name}"),
    ]


def available() -> bool:
    """Whether this machine has what a start needs."""
    return all(shutil.which(name) for name in ("qemu-system-aarch64", "mcopy"))
