"""The ``gantry`` command as a person runs it: a process, its words and its exit code."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
START_SECONDS = 120.0
# how much longer anything may take on a machine that has other work
PATIENCE = 4


@dataclass(frozen=True)
class Answer:
    """What one call said and how it ended."""

    command: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err

    def json(self) -> Any:
        return json.loads(self.out)

    def good(self) -> Answer:
        assert self.code == 0, f"gantry {' '.join(self.command)} ended with {self.code}:\n{self}"
        self.no_traceback()
        return self

    def refused(self, *words: str) -> Answer:
        """It failed with one message for a person, in which all ``words`` occur."""
        assert self.code != 0, f"gantry {' '.join(self.command)} should have failed:\n{self}"
        self.no_traceback()
        assert self.err.strip(), "it failed without a word"
        for word in words:
            assert word.casefold() in self.err.casefold(), f"{word!r} is not in:\n{self.err}"
        return self

    def no_traceback(self) -> None:
        assert "Traceback" not in self.text, self.text

    def __str__(self) -> str:
        return f"{self.out}\n--- stderr ---\n{self.err}"


@dataclass
class Service:
    """A long-running command and its log."""

    process: subprocess.Popen[bytes]
    log: Path

    def text(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def process_ids(self, name: str) -> list[int]:
        """Process ids that ``gantry run`` told for one of its services, oldest first."""
        found = re.findall(rf"{name} runs as process (\d+)", self.text())
        return [int(number) for number in found]

    def stop(self, seconds: float = 90.0) -> int:
        """Ask it to end, as the system does, and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"it did not end in {seconds} s:\n{self.text()}") from None


@dataclass
class Gantry:
    """A box in a folder: its ``gantry.toml`` and the command."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.folder / "gantry.toml"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def argv(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "firmware", *arguments, "--config", str(self.config)]

    def __call__(self, *arguments: str, timeout: float = 150.0) -> Answer:
        """Run one command to its end."""
        return run(*self.argv(*arguments)[3:], timeout=timeout, environment=self.environment)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Begin one command, to be watched or killed while it runs."""
        return subprocess.Popen(
            self.argv(*arguments),
            cwd=REPOSITORY,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @contextmanager
    def running(self, *arguments: str, ready: Callable[[], bool]) -> Iterator[Service]:
        """A service for the time of the block, from the moment when it is ready."""
        log = self.folder / f"{arguments[0]}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                self.argv(*arguments),
                cwd=REPOSITORY,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        service = Service(process, log)
        try:
            until(
                lambda: ready() or process.poll() is not None,
                START_SECONDS,
                lambda: f"gantry {arguments[0]} is not ready:\n{service.text()}",
            )
            assert process.poll() is None, service.text()
            yield service
        finally:
            service.stop()


def run(
    *arguments: str, timeout: float = 150.0, environment: dict[str, str] | None = None
) -> Answer:
    """Run ``gantry`` with exactly these arguments."""
    done = subprocess.run(
        [sys.executable, "-m", "firmware", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Answer(arguments, done.returncode, done.stdout, done.stderr)


def until(
    met: Callable[[], bool], seconds: float, otherwise: Callable[[], str] = lambda: "too late"
) -> None:
    """Return when ``met`` is true; fail with the words of ``otherwise`` when it never is.

    ``seconds`` are those of an idle machine.
    """
    deadline = time.monotonic() + seconds * PATIENCE
    while not met():
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.05)


def answers(port: int) -> bool:
    """Whether somebody listens at a loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
