"""What the Cine module says must be what the time stamps say."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from device.errors import UnsuitableFrame
from device.iod.timeline import Timeline

LONGEST_VALUE = 2**16 - 2


def stamps(steps_ms: Sequence[float], first: int = 7_000_000_001) -> list[int]:
    return list(accumulate((round(step * 1e6) for step in steps_ms), initial=first))


def played_ms(values: dict[str, object], count: int) -> list[float]:
    """When a viewer shows each frame."""
    ds = Dataset()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    if ds.FrameIncrementPointer == Tag("FrameTime"):
        return [n * float(ds.FrameTime) for n in range(count)]
    assert ds.FrameIncrementPointer == Tag("FrameTimeVector")
    return list(accumulate(float(step) for step in ds.FrameTimeVector))


@given(
    st.sampled_from([16.683, 33.367, 40.0, 100.0]),
    st.lists(st.floats(0.001, 3.0), min_size=1, max_size=60),
)
def test_every_frame_is_played_when_it_was_taken(nominal: float, shares: list[float]) -> None:
    times = stamps([nominal * share for share in shares])
    values = Timeline.of(times, nominal).values()

    played = played_ms(values, len(times))

    even = "FrameTime" in values
    for at, time in zip(played, times, strict=True):
        late = abs(at - (time - times[0]) / 1e6)
        # even frames jitter about their beat, and the beat itself is right
        assert late <= (nominal * 0.1 * len(times) if even else 0.002)


@given(st.floats(-0.009, 0.009), st.integers(200, 3000))
def test_a_source_that_runs_fast_or_slow_gets_its_own_beat(drift: float, count: int) -> None:
    times = stamps([40.0 * (1 + drift)] * count)
    values = Timeline.of(times, 40.0).values()
    lasted = (times[-1] - times[0]) / 1e6
    assert played_ms(values, len(times))[-1] == pytest.approx(lasted, abs=4.0 + 0.001 * count)


def test_the_rates_are_those_of_the_frames() -> None:
    steady = Timeline.of(stamps([33.367] * 100), 33.367).values()
    assert (steady["CineRate"], steady["RecommendedDisplayFrameRate"]) == (30, 30)
    uneven = Timeline.of(stamps([40.0] * 50 + [400.0] + [40.0] * 50), 40.0).values()
    assert "FrameTimeVector" in uneven
    assert uneven["CineRate"] == 25
    slow = Timeline.of(stamps([5000.0] * 3), 5000.0).values()
    assert "CineRate" not in slow


def test_one_frame_and_pages_have_no_rate() -> None:
    assert Timeline.of([5], 40.0).values() == {"NumberOfFrames": 1}
    assert "CineRate" not in Timeline.of([5, 5, 5], None).values()


def test_ten_even_minutes_fit_into_one_object() -> None:
    timeline = Timeline.of(stamps([1000 / 60] * 36_000), 1000 / 60)
    assert len(timeline) == 36_001
    assert "FrameTime" in timeline.values()


def test_uneven_frames_are_taken_as_long_as_their_times_can_be_written() -> None:
    timeline = Timeline(40.0)
    at = 0
    while timeline.takes(at):
        timeline.add(at)
        at += 57_123_000
    vector = timeline.values()["FrameTimeVector"]
    length = len("\\".join(vector))
    assert LONGEST_VALUE - 16 < length <= LONGEST_VALUE
    with pytest.raises(UnsuitableFrame, match="more than one object can time"):
        Timeline.of([n * 57_123_000 for n in range(len(vector) + 1)], 40.0)


def test_a_hole_after_more_frames_than_a_vector_holds_begins_another_object() -> None:
    times = stamps([33.367] * 20_000)
    timeline, last = Timeline.of(times, 33.367), times[-1]
    assert timeline.takes(last + 33_367_000)
    assert not timeline.takes(last + 400_000_000)
    assert "FrameTime" in timeline.values()


def test_a_frame_from_the_past_begins_another_object() -> None:
    timeline = Timeline.of(stamps([40.0]), 40.0)
    assert not timeline.takes(0)


def test_the_first_frames_are_timed_as_if_they_were_all() -> None:
    times = stamps([40.0, 40.0, 500.0])
    assert Timeline.of(times, 40.0).first(3).values() == Timeline.of(times[:3], 40.0).values()
