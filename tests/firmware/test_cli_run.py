"""The whole box as one command: up, its page, a death in the family, down."""

from __future__ import annotations

import json
import os
import signal
import socket
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.dicom.echo import echo
from tests.end_to_end.cli import Gantry, Service, answers, until
from tests.end_to_end.settings import Settings
from tests.peers.process import local_peer

SERVICES = ("listener", "dispatcher", "console")


@dataclass
class Box:
    gantry: Gantry
    settings: Settings
    service: Service

    def page(self, path: str) -> bytes:
        url = f"http://127.0.0.1:{self.settings.console}{path}"
        with urllib.request.urlopen(url, timeout=10) as reply:
            return bytes(reply.read())


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    settings = Settings()
    gantry = settings.write(tmp_path)
    with gantry.running(
        "run", ready=lambda: answers(settings.listener) and answers(settings.console)
    ) as service:
        yield Box(gantry, settings, service)


def test_it_runs_comes_back_and_ends_cleanly(box: Box) -> None:
    assert json.loads(box.page("/health"))["station"] == "BOX"
    assert b"BOX" in box.page("/")
    echo(local_peer("box", "BOX", box.settings.listener), "ANYBODY")

    (console,) = box.service.process_ids("console")
    os.kill(console, signal.SIGKILL)
    until(lambda: len(box.service.process_ids("console")) == 2, 20, box.service.text)
    until(lambda: answers(box.settings.console), 20, box.service.text)
    assert json.loads(box.page("/health"))["station"] == "BOX"
    assert len(box.service.process_ids("listener")) == 1

    pids = [box.service.process_ids(name)[-1] for name in SERVICES]
    assert box.service.stop() == 0
    for pid in pids:
        assert not Path(f"/proc/{pid}").exists()
    assert not answers(box.settings.listener)
    assert not answers(box.settings.console)
    assert "Traceback" not in box.service.text()


@pytest.mark.parametrize("name", ["listener", "dispatcher", "console"])
def test_each_service_runs_alone_and_ends_when_told(tmp_path: Path, name: str) -> None:
    settings = Settings()
    gantry = settings.write(tmp_path)
    words = {
        "listener": f"port {settings.listener}",
        "dispatcher": "dispatcher runs",
        "console": "startup complete",
    }
    with gantry.running(name, ready=lambda: words[name] in log(gantry, name)) as service:
        code = service.stop()
    # uvicorn ends itself with the signal that asked it to
    assert code in (0, -signal.SIGTERM)
    assert "Traceback" not in service.text()


@pytest.mark.parametrize("name", ["listener", "console"])
def test_a_taken_port_is_explained(tmp_path: Path, name: str) -> None:
    settings = Settings()
    gantry = settings.write(tmp_path)
    port = getattr(settings, name)
    with socket.create_server(("127.0.0.1", port)):
        gantry(name).refused(str(port), "in use", f"{name}.port")


def log(gantry: Gantry, name: str) -> str:
    return (gantry.folder / f"{name}.log").read_text()


def test_nobody_is_left_when_the_supervisor_is_killed(box: Box) -> None:
    pids = [box.service.process_ids(name)[-1] for name in SERVICES]
    box.service.process.kill()
    box.service.process.wait()
    until(lambda: not any(_runs(pid) for pid in pids), 30, box.service.text)
    assert not answers(box.settings.listener)
    assert not answers(box.settings.console)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
