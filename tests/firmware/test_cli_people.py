"""``gantry people`` as a person runs it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.end_to_end.cli import Gantry
from tests.end_to_end.settings import Settings

PIN = "482910"


@pytest.fixture
def gantry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gantry:
    monkeypatch.setitem(os.environ, "GANTRY_PIN", PIN)
    return Settings().write(tmp_path)


def test_people_come_change_their_pin_and_go(gantry: Gantry) -> None:
    assert "Nobody can sign in yet" in gantry("people", "list").good().out
    gantry("people", "add", "Ada", "--role", "technician").good()
    gantry("people", "add", "Bob", "--role", "operator").good()
    found = gantry("people", "list", "--json").good().json()
    assert [(each["name"], each["role"]) for each in found] == [
        ("Ada", "technician"),
        ("Bob", "operator"),
    ]
    gantry("people", "pin", "bob", "--pin", "775533").good()
    gantry("people", "remove", "Bob").good()
    gantry("people", "remove", "Ada").refused("last technician", "enter another")
    gantry("people", "remove", "Eve").refused("nobody called 'Eve'")
    gantry("people", "add", "ADA", "--role", "operator").refused("already")
    gantry("people", "add", "Eve", "--role", "operator", "--pin", "12").refused("4 to 12 digits")
    gantry("people", "add", "Eve", "--role", "boss").refused("boss")


def test_no_pin_is_ever_printed(gantry: Gantry) -> None:
    texts = [
        gantry("people", "add", "Ada", "--role", "technician").good().text,
        gantry("people", "pin", "Ada").good().text,
        gantry("people", "list", "--json").good().text,
    ]
    assert all(PIN not in text for text in texts)
