"""Stages, and delays that suit a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from services.dispatcher import service, worker
from services.hospital import commitment
from services.outbox import backoff, checks
from tests.services.dispatcher.stage import Stage


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rules in a hundredth of the time."""
    monkeypatch.setattr(backoff, "FIRST_DELAY", 0.04)
    monkeypatch.setattr(backoff, "LONGEST_DELAY", 0.3)
    monkeypatch.setattr(checks, "SETTLING_SECONDS", 0.0)
    monkeypatch.setattr(worker, "_SOONEST", 0.03)
    monkeypatch.setattr(service, "_LOOK", 0.02)
    monkeypatch.setattr(commitment, "_FIRST_RETRY", 0.05)


@pytest.fixture
def make_stage(tmp_path: Path) -> Iterator[Callable[..., Stage]]:
    with ExitStack() as undo:

        def make(*refused: str) -> Stage:
            stage = Stage(tmp_path, refused)
            undo.callback(stage.close)
            return stage

        yield make


@pytest.fixture
def stage(make_stage: Callable[..., Stage]) -> Stage:
    return make_stage()
