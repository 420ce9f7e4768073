"""The listener as configured, and the one that a drain brings along."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from firmware.assembly import open_box
from firmware.config import Configuration, load
from firmware.listening import CannotListen, listener_unless_running, start_listener
from services.box import Box
from services.dicom.echo import echo
from services.dicom.peers import Peer
from services.errors import PeerError, PeerUnreachable
from tests.end_to_end.settings import Settings
from tests.peers.process import local_peer


def assemble(folder: Path, listener: str = "") -> tuple[Configuration, Box]:
    settings = Settings()
    gantry = settings.write(folder)
    text = gantry.config.read_text()
    gantry.config.write_text(text.replace("[listener]\n", f"[listener]\n{listener}\n"))
    configuration = load(gantry.config)
    return configuration, open_box(configuration)


def ourselves(configuration: Configuration) -> Peer:
    return local_peer("box", "BOX", configuration.listener.port)


def test_it_answers_verification_at_the_configured_port(tmp_path: Path) -> None:
    configuration, box = assemble(tmp_path)
    server = start_listener(configuration, box)
    try:
        assert echo(ourselves(configuration), "ANYBODY").milliseconds > 0
    finally:
        server.stop()
    with pytest.raises(PeerUnreachable):
        echo(ourselves(configuration), "ANYBODY")


def test_it_lets_only_the_allowed_callers_in(tmp_path: Path) -> None:
    configuration, box = assemble(tmp_path, 'allowed_callers = ["ARCHIVE"]')
    server = start_listener(configuration, box)
    try:
        echo(ourselves(configuration), "ARCHIVE")
        with pytest.raises(PeerError, match=r"(?i)calling"):
            echo(ourselves(configuration), "STRANGER")
    finally:
        server.stop()


def test_a_drain_listens_for_its_own_time(tmp_path: Path) -> None:
    configuration, box = assemble(tmp_path)
    with listener_unless_running(configuration, box) as note:
        assert note == ""
        echo(ourselves(configuration), "ARCHIVE")
    with pytest.raises(PeerUnreachable):
        echo(ourselves(configuration), "ARCHIVE")


def test_a_drain_leaves_a_running_listener_alone(tmp_path: Path) -> None:
    configuration, box = assemble(tmp_path)
    server = start_listener(configuration, box)
    try:
        with listener_unless_running(configuration, box) as note:
            assert str(configuration.listener.port) in note
            echo(ourselves(configuration), "ARCHIVE")
        echo(ourselves(configuration), "ARCHIVE")
    finally:
        server.stop()


def test_a_taken_port_is_told_from_a_foreign_address(tmp_path: Path) -> None:
    configuration, box = assemble(tmp_path)
    with socket.create_server(("127.0.0.1", configuration.listener.port)):
        with pytest.raises(CannotListen, match=r"another listener") as refusal:
            start_listener(configuration, box)
        assert refusal.value.taken


def test_a_foreign_address_is_no_running_listener(tmp_path: Path) -> None:
    _, box = assemble(tmp_path)
    elsewhere = tmp_path / "elsewhere.toml"
    text = (tmp_path / "gantry.toml").read_text()
    elsewhere.write_text(text.replace('bind = "127.0.0.1"', 'bind = "192.0.2.1"'))
    with (
        pytest.raises(CannotListen, match=r"address of this machine"),
        listener_unless_running(load(elsewhere), box),
    ):
        pass
