"""A source that is kept running: fresh pictures at once, clips whole, faults survived."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from threading import Timer

import pytest

from services import armed_source
from services.armed_source import ArmedSource
from tests.device.iod.factories import grey
from tests.services.live_source import LiveSource

NOW = 0


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.fixture
def live() -> LiveSource:
    return LiveSource()


@pytest.fixture
def armed(live: LiveSource) -> Iterator[ArmedSource]:
    made = ArmedSource(live)
    made.open()
    yield made
    made.close()


def test_the_first_picture_after_the_press_is_taken(live: LiveSource, armed: ArmedSource) -> None:
    show = Timer(0.1, lambda: [live.show(at=at) for at in (100, 200)])
    show.start()
    assert armed.fresh(150, 2.0).monotonic_ns == 200
    show.join()


def test_a_picture_from_before_the_press_is_never_taken(
    live: LiveSource, armed: ArmedSource
) -> None:
    live.show(at=100)
    with pytest.raises(TimeoutError, match="no picture came within"):
        armed.fresh(101, 0.2)
    shown = live.show(at=101)
    assert armed.fresh(101, 2.0) is shown


def test_the_latest_picture_is_at_hand_when_the_trigger_is_worked_on(
    live: LiveSource, armed: ArmedSource
) -> None:
    shown = live.show(at=500)
    until(lambda: not live.waiting)
    before = time.monotonic()
    assert armed.fresh(400, 2.0) is shown
    assert time.monotonic() - before < 1.0


def test_no_picture_is_taken_twice(live: LiveSource, armed: ArmedSource) -> None:
    live.show(at=500)
    armed.fresh(400, 2.0)
    with pytest.raises(TimeoutError):
        armed.fresh(400, 0.1)


def test_stills_are_read_only_when_one_is_wanted() -> None:
    live = LiveSource(paced=False)
    armed = ArmedSource(live)
    armed.open()
    first, second = live.show(at=1), live.show(at=2)
    time.sleep(0.1)
    assert armed.fresh(time.monotonic_ns(), 2.0) is first
    assert armed.fresh(time.monotonic_ns(), 2.0) is second
    armed.close()
    assert live.closed == 1


def test_a_source_that_ends_says_so(live: LiveSource, armed: ArmedSource) -> None:
    live.give(None)
    with pytest.raises(OSError, match="come to its end"):
        armed.fresh(NOW, 2.0)


def test_one_that_goes_away_is_opened_again(
    live: LiveSource, armed: ArmedSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(armed_source, "REOPEN", 0.02)
    live.give(OSError("unplugged"))
    with pytest.raises(OSError, match="unplugged"):
        armed.fresh(NOW, 2.0)
    until(lambda: live.opened == 2)
    shown = live.show()
    assert armed.fresh(NOW, 2.0) is shown


def test_one_that_cannot_be_opened_again_says_why(
    live: LiveSource, armed: ArmedSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(armed_source, "REOPEN", 0.02)
    live.refuse_open = OSError("no such device")
    live.give(OSError("unplugged"))
    until(lambda: live.opened > 2)
    with pytest.raises(OSError, match="no such device"):
        armed.fresh(NOW, 2.0)


def test_a_fault_of_ours_is_not_kept_quiet(live: LiveSource) -> None:
    live.read = lambda timeout: 1 / 0  # type: ignore[assignment, method-assign, return-value]
    armed = ArmedSource(live)
    armed.open()
    with pytest.raises(ZeroDivisionError):
        armed.fresh(NOW, 2.0)
    armed.close()


def test_closing_ends_waiting(live: LiveSource, armed: ArmedSource) -> None:
    closing = Timer(0.1, armed.close)
    closing.start()
    with pytest.raises(OSError, match="closed"):
        armed.fresh(NOW, 10.0)
    closing.join()


def test_a_clip_has_every_picture_from_the_first_on(live: LiveSource, armed: ArmedSource) -> None:
    first = grey(sequence=0)
    clip = armed.record(first)
    shown = [live.show() for _ in range(5)]
    taken = [clip.read(2.0) for _ in range(6)]
    assert taken == [first, *shown]
    with pytest.raises(TimeoutError):
        clip.read(0.05)


def test_a_stopped_clip_ends_with_what_has_come(live: LiveSource, armed: ArmedSource) -> None:
    clip = armed.record(grey(sequence=0))
    live.show()
    until(lambda: clip._bytes > grey().pixels.nbytes)
    clip.stop()
    live.show()
    assert [clip.read(1.0) is None for _ in range(4)] == [False, False, True, True]


def test_a_clip_ends_where_the_source_ends(live: LiveSource, armed: ArmedSource) -> None:
    clip = armed.record(grey(sequence=0))
    live.give(None)
    assert clip.read(2.0) is not None
    assert clip.read(2.0) is None


def test_a_clip_fails_where_the_source_fails(live: LiveSource, armed: ArmedSource) -> None:
    clip = armed.record(grey(sequence=0))
    live.show()
    live.give(OSError("unplugged"))
    assert clip.read(2.0) is not None
    assert clip.read(2.0) is not None
    with pytest.raises(OSError, match="unplugged"):
        clip.read(2.0)


def test_losses_are_counted_from_the_clips_beginning(
    live: LiveSource, armed: ArmedSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.dropped = 7
    first = grey(sequence=0)
    monkeypatch.setattr(armed_source, "CLIP_BUFFER", 2 * first.pixels.nbytes)
    clip = armed.record(first)
    assert clip.dropped == 0
    for _ in range(4):
        live.show()
    until(lambda: clip.dropped == 3)
    live.dropped = 9
    assert clip.dropped == 5
    clip.stop()
    live.dropped = 0  # opened again by somebody else
    assert clip.dropped == 5


def test_after_a_clip_a_still_can_be_taken(live: LiveSource, armed: ArmedSource) -> None:
    clip = armed.record(grey(sequence=0))
    clip.stop()
    clip.close()
    shown = live.show()
    assert armed.fresh(NOW, 2.0) is shown
