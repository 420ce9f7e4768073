"""Foreign DICOM programs as test peers: found, started on loopback, awaited, ended."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from services.dicom.peers import Peer, Service, Timeouts

HERE = Path(__file__).parent
READY_WITHIN = 90.0


@dataclass(frozen=True)
class RunningPeer:
    """A peer that answers.

    ``directory`` is where it keeps what it received, ``log`` what it wrote to its terminal and
    ``report_port`` where it expects our listener, 0 where it never calls us.
    """

    peer: Peer
    directory: Path
    log: Path
    process: subprocess.Popen[bytes] = field(repr=False)
    report_port: int = 0


def program(name: str, package: str) -> str:
    """Find a Debian program; pynetdicom installs scripts of the same names into every venv."""
    folders = [*os.environ.get("PATH", "").split(os.pathsep), "/usr/bin", "/usr/sbin"]
    for folder in folders:
        found = shutil.which(name, path=folder)
        if found and not _is_python_script(Path(found)):
            return found
    raise AssertionError(f"{name} is not installed: apt-get install {package}")


def _is_python_script(path: Path) -> bool:
    with path.open("rb") as file:
        first = file.readline(256)
    return first.startswith(b"#!") and b"python" in first


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def compile_shim(directory: Path) -> Path:
    shim = directory / "lobind.so"
    source = HERE / "lobind.c"
    subprocess.run(
        [program("gcc", "gcc"), "-shared", "-fPIC", "-O2", "-o", shim, source, "-ldl"], check=True
    )
    return shim


def local_peer(name: str, ae_title: str, port: int) -> Peer:
    """Return a peer on loopback that is asked for everything."""
    timeouts = Timeouts(connect=5.0, acse=10.0, dimse=20.0)
    return Peer(name, ae_title, "127.0.0.1", port, frozenset(Service), timeouts=timeouts)


class Stable:
    """Starts peers and ends them all."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._shim = compile_shim(directory)
        self._running: list[subprocess.Popen[bytes]] = []

    def start(
        self,
        name: str,
        ae_title: str,
        argv: Callable[[int, Path], Sequence[str | Path]],
        environment: Mapping[str, str] | None = None,
        report_port: int = 0,
    ) -> RunningPeer:
        """Start a program and return once it takes connections.

        ``argv`` gets the port to listen at and an empty directory of its own.
        """
        port = free_port()
        directory = self.directory / f"{name}-{port}"
        directory.mkdir()
        log = directory.with_suffix(".log")
        settings = {**os.environ, "LD_PRELOAD": str(self._shim), **(environment or {})}
        with log.open("wb") as output:
            process = subprocess.Popen(
                [str(part) for part in argv(port, directory)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=settings,
                cwd=directory,
            )
        self._running.append(process)
        peer = RunningPeer(local_peer(name, ae_title, port), directory, log, process, report_port)
        _await_listening(peer)
        return peer

    def end(self) -> None:
        for process in self._running:
            process.send_signal(signal.SIGTERM)
        for process in self._running:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await_listening(running: RunningPeer) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        if running.process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", running.peer.port), 1.0).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"{running.peer.name} did not start:\n{running.log.read_text('latin-1')}")
