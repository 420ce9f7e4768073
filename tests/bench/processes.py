"""Start-up time and memory of each process of the box."""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.compare import medians
from tests.peers.process import free_port

_PATIENCE = 30.0

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
    seconds: dict[str, list[float]] = {name: [] for name in ready}
    memory: dict[str, float] = {}
    for _ in range(runs):
        for name, works in ready.items():
            log.write_text("")
            with _started(name, config, log) as process:
                began = time.perf_counter()
                _await(works, process, log)
                seconds[name].append(time.perf_counter() - began)
                memory[name] = _resident_megabytes(process.pid)
    bare = medians({"python": lambda: subprocess.run([sys.executable, "-c", ""], check=True)}, runs)
    return {
        "bare_python_start_seconds": bare["python"],
        **{f"{name}_start_seconds": statistics.median(each) for name, each in seconds.items()},
        **{f"{name}_memory_megabytes": value for name, value in memory.items()},
    }


@contextmanager
def _started(name: str, config: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "firmware", name, "--config", str(config)]
    with log.open("ab") as output:
        process = subprocess.Popen(command, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _await(works: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not works():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.005)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _resident_megabytes(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmRSS")
