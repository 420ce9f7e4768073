"""Start-up time and memory of each process of the box."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.compare import medians
from tests.peers.process import free_port

_CONFIGURATION = """\
[station]
state_dir = "{state}"
[listener]
bind = "127.0.0.1"
port = {listener}
[console]
port = {console}
"""


def measure(folder: Path, runs: int) -> dict[str, float]:
    """Seconds until each service works, and its resident memory in megabytes when idle."""
    listener, console = free_port(), free_port()
    config = folder / "processes.toml"
    config.write_text(
        _CONFIGURATION.format(state=folder / "processes", listener=listener, console=console)
    )
    log = folder / "processes.log"
    ready: dict[str, Callable[[], bool]] = {
        "listener": lambda: _answers(listener),
        "console": lambda: _answers(console),
        "dispatcher": lambda: "the dispatcher runs" in log.read_text(),
    }
    memory: dict[str, float] = {}

    def start(name: str) -> Callable[[], None]:
        def run() -> None:
            log.write_text("")
            with log.open("ab") as output:
                command = [sys.executable, "-m", "firmware", name, "--config", str(config)]
                process = subprocess.Popen(command, stderr=output)
            try:
                while not ready[name]():
                    assert process.poll() is None, log.read_text()
                    time.sleep(0.005)
                memory[name] = _resident_megabytes(process.pid)
            finally:
                process.terminate()
                process.wait()

        return run

    seconds = medians({name: start(name) for name in ready}, runs)
    bare = medians({"python": lambda: subprocess.run([sys.executable, "-c", ""])}, runs)
    return {
        "bare_python_start_seconds": bare["python"],
        **{f"{name}_start_seconds": value for name, value in seconds.items()},
        **{f"{name}_memory_megabytes": value for name, value in memory.items()},
    }


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _resident_megabytes(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmRSS")
