"""A service that starts anew when its configuration has changed, and only then."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from firmware.reload import CHANGED, Reload

GOOD = '[station]\nae_title = "ONE"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "gantry.toml"
    path.write_text(GOOD)
    return path


def replace(file: Path, text: str) -> None:
    """As editors and this box do it: another file takes the name."""
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)


def test_nothing_is_due_before_a_change(file: Path) -> None:
    assert not Reload(file).due()
    assert not Reload(None).due()


def test_a_new_sound_file_is_due(file: Path) -> None:
    reload = Reload(file)
    replace(file, GOOD.replace("ONE", "TWO"))
    assert reload.due()
    assert reload.due()


def test_a_touch_a_copy_and_a_faulty_file_are_not(file: Path) -> None:
    reload = Reload(file)
    os.utime(file, ns=(1, 1))
    assert not reload.due()
    replace(file, GOOD)
    assert not reload.due()
    replace(file, "[station]\nae_title = 3\n")
    assert not reload.due()
    file.unlink()
    assert not reload.due()
    replace(file, GOOD.replace("ONE", "TWO"))
    assert reload.due()


def test_changed_back_before_the_exam_ended_is_no_change(file: Path) -> None:
    at_hand = True
    reload = Reload(file, lambda: not at_hand)
    replace(file, GOOD.replace("ONE", "TWO"))
    assert not reload.due()
    replace(file, GOOD)
    at_hand = False
    assert not reload.due()


def test_the_service_ends_once_it_may(file: Path) -> None:
    asked, free, ended = threading.Event(), threading.Event(), threading.Event()

    def may_end() -> bool:
        asked.set()
        return free.is_set()

    reload = Reload(file, may_end)
    reload.start(ended.set)
    try:
        replace(file, GOOD.replace("ONE", "TWO"))
        assert asked.wait(10)
        assert not ended.is_set()
        assert reload.exit_code == 0
        free.set()
        assert ended.wait(10)
        assert reload.exit_code == CHANGED
    finally:
        reload.stop()
