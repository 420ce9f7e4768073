"""Services as child processes: started, restarted when they die, ended when told."""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from firmware import supervisor
from firmware.supervisor import Supervisor
from tests.end_to_end.cli import answers, until
from tests.end_to_end.settings import Settings

Start = tuple[str, int, float]


@dataclass
class Watched:
    """A supervisor in a thread, and every start that it told of."""

    log: Path
    starts: queue.Queue[Start] = field(default_factory=queue.Queue)

    def next(self) -> Start:
        return self.starts.get(timeout=20)


@contextmanager
def supervised(names: tuple[str, ...], config: Path | None, log: Path) -> Iterator[Watched]:
    stop = threading.Event()
    watched = Watched(log)
    boss = Supervisor(names, config, log)
    thread = threading.Thread(
        target=boss.run,
        args=(stop, lambda name, pid: watched.starts.put((name, pid, time.monotonic()))),
    )
    thread.start()
    try:
        yield watched
    finally:
        stop.set()
        thread.join()


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_killed_service_comes_back_and_ends_with_the_supervisor(tmp_path: Path) -> None:
    settings = Settings()
    config = settings.write(tmp_path).config
    with supervised(("listener",), config, tmp_path / "log") as watched:
        name, first, _ = watched.next()
        assert name == "listener"
        until(lambda: answers(settings.listener), 20)
        os.kill(first, signal.SIGKILL)
        _, second, _ = watched.next()
        assert second != first
        until(lambda: answers(settings.listener), 20)
    assert gone(second)
    assert not answers(settings.listener)


def test_each_dies_alone(tmp_path: Path) -> None:
    config = Settings().write(tmp_path).config
    with supervised(("listener", "dispatcher"), config, tmp_path / "log") as watched:
        pids = {name: pid for name, pid, _ in (watched.next(), watched.next())}
        os.kill(pids["dispatcher"], signal.SIGKILL)
        name, pid, _ = watched.next()
        assert name == "dispatcher"
        assert pid != pids["dispatcher"]
        assert not gone(pids["listener"])
    assert watched.starts.empty()


def test_one_that_keeps_dying_is_started_ever_more_seldom(tmp_path: Path) -> None:
    with supervised(("no-such-service",), None, tmp_path / "log") as watched:
        moments = [watched.next()[2] for _ in range(3)]
    first, second = (later - earlier for earlier, later in pairwise(moments))
    # each pause holds the start-up of a process that dies, so only the pauses' lower bound is sure
    assert first >= 0.5
    assert second >= 1.0
    assert "no-such-service" in (tmp_path / "log").read_text()


def test_one_that_does_not_listen_to_reason_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "_FAREWELL", 0.3)
    config = Settings().write(tmp_path).config
    with supervised(("listener",), config, tmp_path / "log") as watched:
        _, pid, _ = watched.next()
        os.kill(pid, signal.SIGSTOP)
    assert gone(pid)
