"""Running the box's services as child processes, each restarted when it dies."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from firmware.reload import CHANGED
from firmware.signals import PARENT

_log = logging.getLogger(__name__)

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
_STEADY = 60.0
"""Seconds after which a service counts as running well and its restarts are forgotten."""

_FAREWELL = 20.0
_GLANCE = 0.1


@dataclass(slots=True)
class _Child:
    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    not_before: float = 0.0


class Supervisor:
    """Keeps a set of services running until told to stop.

    Every service is a process of its own, so that each can hang, crash or be killed alone. One
    that dies is started again, after a pause that doubles while it keeps dying.

    Parameters
    ----------
    names
        Sub-commands of ``gantry``, such as ``listener`` or ``panel watch``.
    config_file
        Handed to each of them.
    log
        Where their log lines go; to our own standard error when None.
    """

    def __init__(
        self, names: Sequence[str], config_file: Path | None, log: Path | None = None
    ) -> None:
        self._log = log
        options = ["--config", str(config_file)] if config_file else []
        self._children = [
            _Child(name, [sys.executable, "-m", "firmware", *name.split(), *options])
            for name in names
        ]

    def run(
        self,
        stop: threading.Event,
        started: Callable[[str, int], None] = lambda _name, _pid: None,
    ) -> None:
        """Start everything, keep it running until ``stop`` is set, then end it in reverse order.

        ``started`` is told the name and process id of every start, restarts included.
        """
        try:
            while not stop.is_set():
                for child in self._children:
                    self._tend(child, started)
                stop.wait(_GLANCE)
        finally:
            for child in reversed(self._children):
                _end(child)

    def _tend(self, child: _Child, started: Callable[[str, int], None]) -> None:
        now = time.monotonic()
        if child.process is not None:
            code = child.process.poll()
            if code is None:
                if child.failures and now - child.started > _STEADY:
                    child.failures = 0
                return
            child.process = None
            if code == CHANGED:
                _log.info("%s starts anew with the changed configuration", child.name)
                child.failures = 0
            else:
                self._pause(child, code, now)
        if now < child.not_before:
            return
        child.process = self._spawn(child.command)
        child.started = now
        _log.info("%s runs as process %d", child.name, child.process.pid)
        started(child.name, child.process.pid)

    def _pause(self, child: _Child, code: int, now: float) -> None:
        """Have a service that died wait, longer each time."""
        child.failures += 1
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** (child.failures - 1))
        child.not_before = now + pause
        _log.error("%s ended with %d; starting it again in %.1f s", child.name, code, pause)

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        environment = {**os.environ, PARENT: str(os.getpid())}
        if self._log is None:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, env=environment)
        with self._log.open("ab") as log:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment
            )


def _end(child: _Child) -> None:
    if child.process is None:
        return
    child.process.terminate()
    try:
        child.process.wait(_FAREWELL)
    except subprocess.TimeoutExpired:
        _log.error("%s did not end in %.0f s and was killed", child.name, _FAREWELL)
        child.process.kill()
        child.process.wait()
