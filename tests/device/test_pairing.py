"""Readings find their picture, or none."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.pairing import (
    IDENTITY,
    MOST_PENDING,
    PairedValue,
    PendingReadings,
    pair,
)

SECOND = 1_000_000_000


@dataclass(frozen=True)
class Reading:
    source: str
    keyword: str
    value: str | int | float | None
    raw: str
    monotonic_ns: int


KV = Reading("generator", "KVP", 81.0, "GX081", 10 * SECOND)

READINGS = st.lists(
    st.builds(
        Reading,
        st.sampled_from(["generator", "printer"]),
        st.sampled_from(["KVP", "Exposure", "PatientID", "PatientName"]),
        st.one_of(st.none(), st.integers(0, 3)),
        st.text(max_size=3),
        st.integers(0, 20),
    ),
    max_size=12,
)


def test_a_reading_belongs_to_the_picture_that_follows_within_the_window() -> None:
    assert pair(11 * SECOND, [KV], 2 * SECOND) == {"KVP": PairedValue(81.0, "GX081", "generator")}


@pytest.mark.parametrize("at", [10 * SECOND - 1, 12 * SECOND + 1])
def test_a_picture_before_the_reading_or_after_the_window_stays_without(at: int) -> None:
    assert pair(at, [KV], 2 * SECOND) == {}


def test_the_last_exposure_before_the_picture_counts() -> None:
    later = replace(KV, value=60.0, monotonic_ns=KV.monotonic_ns + 1)
    assert pair(11 * SECOND, [KV, later], 2 * SECOND)["KVP"].value == 60.0
    assert pair(11 * SECOND, [later, KV], 2 * SECOND)["KVP"].value == 60.0


def test_a_telegram_that_could_not_be_read_takes_back_the_one_before() -> None:
    garbled = replace(KV, value=None, monotonic_ns=KV.monotonic_ns + 1)
    assert pair(11 * SECOND, [KV, garbled], 2 * SECOND) == {}


def test_two_sources_that_contradict_each_other_leave_the_attribute_empty() -> None:
    other = replace(KV, source="printer", value=80.0)
    assert pair(11 * SECOND, [KV, other], 2 * SECOND) == {}
    assert pair(11 * SECOND, [KV, replace(other, value=81.0)], 2 * SECOND)["KVP"].value == 81.0


@given(READINGS, st.integers(0, 25), st.integers(0, 10))
def test_every_paired_value_was_said_in_the_window_and_is_the_sources_last_word(
    readings: list[Reading], frame: int, window: int
) -> None:
    paired = pair(frame, readings, window)
    assert not IDENTITY & paired.keys()
    for keyword, value in paired.items():
        heard = [
            reading
            for reading in readings
            if reading.keyword == keyword and 0 <= frame - reading.monotonic_ns <= window
        ]
        own = [reading for reading in heard if reading.source == value.source]
        latest = max(reading.monotonic_ns for reading in own)
        last = [reading for reading in own if reading.monotonic_ns == latest][-1]
        assert (last.value, last.raw) == (value.value, value.raw)


@given(READINGS, st.integers(0, 25), st.integers(0, 10))
def test_one_source_that_only_ever_says_one_thing_is_believed(
    readings: list[Reading], frame: int, window: int
) -> None:
    said = [
        replace(reading, source="one", value=7)
        for reading in readings
        if reading.keyword not in IDENTITY
    ]
    inside = {r.keyword for r in said if 0 <= frame - r.monotonic_ns <= window}
    assert pair(frame, said, window).keys() == inside


@given(READINGS, st.lists(st.integers(0, 25), min_size=1, max_size=6), st.integers(1, 10))
def test_no_reading_is_given_to_two_pictures(
    readings: list[Reading], frames: list[int], window: int
) -> None:
    numbered = [replace(reading, raw=str(index)) for index, reading in enumerate(readings)]
    pending = PendingReadings(window)
    pending.add(numbered)
    given_out: list[str] = []
    for frame in sorted(frames):
        given_out += [value.raw for value in pending.take(frame).values()]
        assert len(pending) == sum(reading.monotonic_ns > frame for reading in numbered)
    assert len(given_out) == len(set(given_out))


def test_waiting_readings_are_bounded_and_the_newest_stay() -> None:
    pending = PendingReadings(10 * SECOND)
    pending.add(replace(KV, value=number) for number in range(MOST_PENDING + 50))
    assert len(pending) == MOST_PENDING
    assert pending.take(KV.monotonic_ns)["KVP"].value == MOST_PENDING + 49


def test_a_window_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than nothing"):
        PendingReadings(0)
