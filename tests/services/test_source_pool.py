"""A device is opened once for everybody, and closed when nobody is left."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from services import armed_source
from services.armed_source import LIVE, NO_DEVICE, ArmedSource
from services.source_pool import SourcePool
from tests.services.live_source import LiveSource


def until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_two_share_a_source_and_the_last_one_closes_it() -> None:
    made: list[LiveSource] = []

    def make(name: str) -> LiveSource:
        made.append(LiveSource(name))
        return made[-1]

    pool = SourcePool(make)
    first, second = pool.take("grabber"), pool.take("grabber")
    assert first is second
    pool.give_back(first)
    assert made[0].closed == 0
    pool.give_back(second)
    assert made[0].closed == 1
    third = pool.take("grabber")
    assert third is not first
    pool.give_back(third)
    assert [source.closed for source in made] == [1, 1]


def test_a_source_that_is_not_there_is_refused_or_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(armed_source, "REOPEN", 0.01)
    live = LiveSource()
    live.refuse_open = OSError("grabber: not there")
    pool = SourcePool(lambda _: live)
    with pytest.raises(OSError, match="not there"):
        pool.take("grabber")
    source = pool.take("grabber", wait=False)
    until(lambda: source.state == NO_DEVICE)
    assert source.reason == "grabber: not there"
    live.refuse_open = None
    until(lambda: source.state == LIVE)
    shown = live.show()
    assert source.fresh(0, 2.0) is shown
    pool.give_back(source)


def test_a_fault_of_ours_in_any_of_them_is_told() -> None:
    live = LiveSource()
    live.read = lambda timeout: 1 / 0  # type: ignore[assignment, method-assign, return-value]
    pool = SourcePool(lambda _: live)
    source = pool.take("grabber")

    def told() -> bool:
        try:
            pool.check()
        except ZeroDivisionError:
            return True
        return False

    until(told)
    with pytest.raises(ZeroDivisionError):
        source.fresh(0, 1.0)
    pool.give_back(source)
    pool.check()


def test_looking_takes_nothing_away() -> None:
    live = LiveSource()
    armed = ArmedSource(live)
    armed.open()
    shown = live.show(at=100)
    assert armed.newer(None, 2.0) is shown
    assert armed.newest is shown
    assert armed.fresh(100, 2.0) is shown
    assert armed.newest is shown, "what was captured can still be seen"
    assert armed.newer(shown, 0.05) is None
    assert armed.frames == 1
    armed.close()


def test_a_picture_from_before_is_no_fresh_look() -> None:
    live = LiveSource()
    armed = ArmedSource(live)
    armed.open()
    live.show(at=100)
    assert armed.newer(None, 2.0) is not None
    assert armed.fresh_look(101, 0.1) is None
    later = live.show(at=102)
    assert armed.fresh_look(101, 2.0) is later
    armed.close()


def test_a_source_that_goes_away_shows_nothing_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(armed_source, "REOPEN", 10.0)
    live = LiveSource()
    armed = ArmedSource(live)
    armed.open()
    live.show()
    assert armed.newer(None, 2.0) is not None
    live.give(OSError("unplugged"))
    until(lambda: armed.state == NO_DEVICE)
    assert armed.newest is None
    armed.close()
