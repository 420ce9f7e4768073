"""What the service manager hears from us."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.notify import Notifier


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours:
        ours.bind(str(tmp_path / "notify"))
        ours.settimeout(5)
        yield ours


def heard(manager: socket.socket) -> str:
    return manager.recv(4096).decode()


def nothing_more(manager: socket.socket) -> bool:
    manager.setblocking(False)
    try:
        manager.recv(4096)
    except BlockingIOError:
        return True
    return False


def test_readiness_is_followed_by_the_first_sign_of_life(manager: socket.socket) -> None:
    notifier = Notifier(
        {
            "NOTIFY_SOCKET": manager.getsockname(),
            "WATCHDOG_USEC": "30000000",
            "WATCHDOG_PID": str(os.getpid()),
        }
    )
    notifier.ready()
    assert heard(manager) == "READY=1"
    assert heard(manager) == "WATCHDOG=1"
    assert notifier.interval == pytest.approx(12)


def test_a_loop_that_turns_fast_does_not_flood_the_manager(manager: socket.socket) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "30000000"})
    for _ in range(100):
        notifier.alive()
    assert heard(manager) == "WATCHDOG=1"
    assert nothing_more(manager)


def test_a_watchdog_meant_for_our_parent_is_not_fed(manager: socket.socket) -> None:
    notifier = Notifier(
        {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}
    )
    notifier.alive()
    assert notifier.interval is None
    assert nothing_more(manager)


def test_an_abstract_socket_is_reached(tmp_path: Path) -> None:
    name = f"gantry-test-{os.getpid()}-{tmp_path.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours:
        ours.bind("\0" + name)
        ours.settimeout(5)
        Notifier({"NOTIFY_SOCKET": "@" + name}).stopping()
        assert heard(ours) == "STOPPING=1"


def test_on_a_laptop_nothing_happens() -> None:
    notifier = Notifier({})
    notifier.ready()
    notifier.stopping()
    assert notifier.interval is None


def test_a_manager_that_is_gone_does_not_end_the_service(tmp_path: Path) -> None:
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).ready()
