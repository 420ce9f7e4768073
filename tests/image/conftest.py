"""The emulated box and what lies around it, for ``make test-image``."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from firmware.assembly import prepare_libraries
from services.hospital import Hospital
from tests.image.machine import Card, Machine
from tests.peers.process import free_port

IMAGE = "GANTRY_IMAGE"
"""Environment variable that names the uncompressed image."""

HOST = "10.0.2.2"
"""Where the guest finds this machine's loopback."""

Note = Callable[[str, object], None]


@pytest.fixture(scope="session")
def note() -> Iterator[Note]:
    """Keep a figure; all of them are in ``figures.json`` beside the image at the end."""
    figures: dict[str, object] = {}

    def keep(name: str, value: object) -> None:
        figures[name] = value
        print(f"\n  {name}: {value}", flush=True)

    yield keep
    image = Path(os.environ[IMAGE])
    (image.parent / f"{image.stem}.figures.json").write_text(json.dumps(figures, indent=2) + "\n")


@pytest.fixture(scope="session")
def inserted(tmp_path_factory: pytest.TempPathFactory) -> Card:
    return Card(Path(os.environ[IMAGE]), tmp_path_factory.mktemp("card"))


@pytest.fixture(scope="session")
def page_port() -> int:
    return free_port()


@pytest.fixture(scope="session")
def box(inserted: Card, note: Note, page_port: int, listener_port: int) -> Iterator[Machine]:
    machine = Machine(inserted, {page_port: 8443, listener_port: 4006})
    try:
        hello = machine.wait_for_agent()
        note("kernel", hello["hello"])
        note("seconds from power-on to the first command", round(machine.age))
        yield machine
    finally:
        machine.pull_the_plug()


@pytest.fixture(scope="session")
def listener_port() -> int:
    return free_port()


@pytest.fixture(scope="session")
def hospital(tmp_path_factory: pytest.TempPathFactory, listener_port: int) -> Iterator[Hospital]:
    """A RIS and a PACS on this machine; the PACS reports to the box through the forwarded port."""
    folder = tmp_path_factory.mktemp("hospital")
    prepare_libraries()
    targets = {"GANTRY": ("127.0.0.1", listener_port)}
    with Hospital(folder, commitment_targets=targets) as running:
        running.load_schedule(datetime.now(UTC).date())
        yield running
