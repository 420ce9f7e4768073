"""A service that starts anew when its configuration has changed, and only then."""

from __future__ import annotations

import os
import threading
import urllib.request
from pathlib import Path

import pytest

from firmware.reload import CHANGED, Reload, nobody_at_hand, started_anew
from services.catalog import at_hand
from tests.end_to_end.cli import Gantry, until
from tests.peers.process import free_port
from tests.services.boxes import begin, make_box

GOOD = '[station]\nae_title = "ONE"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "gantry.toml"
    path.write_text(GOOD)
    return path


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


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
        assert not reload.changed
        free.set()
        assert ended.wait(10)
        assert reload.changed
    finally:
        reload.stop()


def test_a_block_that_ended_because_of_it_says_so(file: Path) -> None:
    ended = threading.Event()

    def serve() -> None:
        with started_anew(file, ended.set):
            replace(file, GOOD.replace("ONE", "TWO"))
            assert ended.wait(10)

    with pytest.raises(SystemExit) as caught:
        serve()
    assert caught.value.code == CHANGED
    with started_anew(file, ended.set):
        pass


def test_an_exam_at_hand_holds_it_back(tmp_path: Path) -> None:
    box = make_box(tmp_path)
    assert nobody_at_hand(box)
    exam = begin(box)
    assert not nobody_at_hand(box)
    begin(box, 2)
    assert nobody_at_hand(box)
    with box.catalog.writing() as db:
        at_hand.set(db, exam.exam_id, "", box.clock.now())
    assert not nobody_at_hand(box)


def test_the_running_box_takes_a_change_by_itself(tmp_path: Path) -> None:
    """A box without protocols gets its first: everything starts anew, and pictures too."""
    port = free_port()
    box = Gantry(tmp_path)
    text = (
        f'[station]\nstate_dir = "state"\n[console]\nport = {port}\n'
        f'[listener]\nport = {free_port()}\nbind = "127.0.0.1"\n'
    )
    box.config.write_text(text)
    with box.running("run", ready=lambda: answers(port)) as service:
        assert len(service.process_ids("console")) == 1
        assert not service.process_ids("acquisition")
        replace(
            box.config,
            text + '[[sources]]\nname = "s"\nkind = "pattern"\n'
            '[[protocols]]\nname = "p"\nsource = "s"\nobject = "SC"\n',
        )
        until(lambda: bool(service.process_ids("acquisition")), 40, service.text)
        until(lambda: answers(port), 40, service.text)
        assert service.process_ids("console")[-1] != service.process_ids("console")[0]
