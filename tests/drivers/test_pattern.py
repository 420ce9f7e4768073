"""The test pattern: full depth, numbered frames, faults on purpose."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import SourceTimeout, SourceUnavailable
from drivers.pattern import DEFAULT_RATE, PatternFaults, PatternSource
from drivers.pattern_counter import draw_counter, read_counter
from tests.drivers.media import FakeClock, drain


@pytest.mark.parametrize("bits", range(8, 17))
def test_ramp_uses_the_whole_depth_and_no_more(bits: int) -> None:
    source = PatternSource("p", 0, rows=200, columns=300, bits=bits, frames=1)
    source.open()
    frame = source.read(1)
    assert frame.bits_stored == bits
    assert frame.pixels.shape == (200, 300)
    assert frame.pixels.dtype == (np.uint8 if bits == 8 else np.uint16)
    assert (frame.pixels.min(), frame.pixels.max()) == (0, 2**bits - 1)
    assert len(np.unique(frame.pixels)) > min(2**bits, 60_000) * 0.8


@pytest.mark.parametrize("colour", [False, True])
def test_every_frame_carries_its_number_and_differs(colour: bool) -> None:
    source = PatternSource("p", 0, rows=64, columns=80, colour=colour, frames=130)
    source.open()
    frames = drain(source)
    assert [read_counter(frame.pixels) for frame in frames] == list(range(130))
    assert len({frame.pixels.tobytes() for frame in frames}) == 130
    body = [frame.pixels[20:, :].tobytes() for frame in frames[:64]]
    assert len(set(body)) == 64


def test_the_same_seed_gives_the_same_pictures_and_another_gives_others() -> None:
    def first(seed: int) -> bytes:
        source = PatternSource("p", 0, rows=64, columns=64, seed=seed)
        source.open()
        return source.read(1).pixels.tobytes()

    assert first(3) == first(3)
    assert first(3) != first(4)


@given(
    number=st.integers(0, 2**32 - 1),
    rows=st.integers(32, 200),
    columns=st.integers(32, 200),
    white=st.sampled_from([255, 1023, 4095, 65535]),
    colour=st.booleans(),
)
def test_counter_survives_noise(
    number: int, rows: int, columns: int, white: int, colour: bool
) -> None:
    shape = (rows, columns, 3) if colour else (rows, columns)
    pixels = np.zeros(shape, dtype=np.int64)
    draw_counter(pixels, number, white)
    noise = np.random.default_rng(1).integers(-white // 5, white // 5, shape)
    assert read_counter(pixels + noise) == number


@pytest.mark.parametrize(
    "pixels", [np.zeros((64, 64)), np.full((64, 64), 9), np.zeros((8, 8)), np.zeros(100)]
)
def test_a_picture_without_number_is_not_read_as_one(pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="number"):
        read_counter(pixels)


def test_a_damaged_number_is_noticed() -> None:
    pixels = np.zeros((64, 64), dtype=np.uint8)
    draw_counter(pixels, 1000, 255)
    pixels[4:8, 12:16] = 255 - pixels[4:8, 12:16]
    with pytest.raises(ValueError, match="damaged"):
        read_counter(pixels)


def test_dropouts_leave_gaps_in_number_sequence_and_time() -> None:
    clock = FakeClock()
    faults = PatternFaults(drop_every=3)
    source = PatternSource(
        "p", 10, rows=32, columns=32, frames=9, faults=faults, timing=clock.timing
    )
    source.open()
    frames = drain(source)
    assert [frame.sequence for frame in frames] == [0, 1, 3, 4, 6, 7]
    assert [read_counter(frame.pixels) for frame in frames] == [0, 1, 3, 4, 6, 7]
    begin = frames[0].monotonic_ns
    assert [(frame.monotonic_ns - begin) // 10**8 for frame in frames] == [0, 1, 3, 4, 6, 7]
    assert source.dropped == 3


def test_a_stall_times_out_and_goes_on() -> None:
    clock = FakeClock()
    faults = PatternFaults(stall_at=2, stall_seconds=5)
    source = PatternSource("p", 0, rows=32, columns=32, faults=faults, timing=clock.timing)
    source.open()
    assert [source.read(1).sequence for _ in range(2)] == [0, 1]
    for _ in range(4):
        with pytest.raises(SourceTimeout):
            source.read(1)
    assert source.read(1.5).sequence == 2


def test_a_stall_for_good_only_ever_times_out() -> None:
    clock = FakeClock()
    faults = PatternFaults(stall_at=0, stall_seconds=math.inf)
    source = PatternSource("p", 25, rows=32, columns=32, faults=faults, timing=clock.timing)
    source.open()
    for _ in range(5):
        with pytest.raises(SourceTimeout):
            source.read(1000)


def test_unplugged_stays_unplugged_until_opened_anew() -> None:
    source = PatternSource("p", 0, rows=32, columns=32, faults=PatternFaults(unplug_at=2))
    source.open()
    assert [source.read(1).sequence for _ in range(2)] == [0, 1]
    for _ in range(2):
        with pytest.raises(SourceUnavailable, match="gone"):
            source.read(1)
    source.close()
    source.open()
    assert source.read(1).sequence == 0


def test_an_absent_rate_is_that_of_video() -> None:
    assert PatternSource("p").frame_time_ms == 1000 / DEFAULT_RATE
    assert PatternSource("p", 0).frame_time_ms is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"rows": 31},
        {"columns": 65536},
        {"bits": 7},
        {"bits": 17},
        {"bits": 12, "colour": True},
        {"frames": -1},
        {"rate": -1.0},
        {"rate": math.nan},
    ],
)
def test_impossible_pictures_are_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match=r"^p: "):
        PatternSource("p", **wrong)


def test_errors_cross_process_borders() -> None:
    error = pickle.loads(pickle.dumps(SourceUnavailable("grabber", "gone", "Plug it in.")))
    assert isinstance(error, SourceUnavailable)
    assert str(error) == "grabber: gone. Plug it in."
