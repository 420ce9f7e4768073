"""Pictures that are none: flat ones, bars, and what a grabber was seen to show without a cable."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.video.freeze import FreezeGuard
from drivers.video.signal import SignalState, Signature, judge, learn

RANDOM = np.random.default_rng(3)


def flat(*colour: int) -> Any:
    return np.full((96, 128, 3), colour, np.uint8)


def noisy(picture: Any, deviation: float = 2.0) -> Any:
    grain = RANDOM.normal(0, deviation, picture.shape)
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def bars() -> Any:
    colours = [(235, 235, 235), (235, 235, 16), (16, 235, 235), (16, 235, 16),
               (235, 16, 235), (235, 16, 16), (16, 16, 235), (16, 16, 16)]  # fmt: skip
    return np.repeat(np.array(colours, np.uint8)[np.newaxis], 96, axis=0).repeat(16, axis=1)


def card(left: int = 40) -> Any:
    picture = flat(0, 0, 90)
    picture[40:60, left : left + 50] = (240, 240, 240)
    return picture


def grey_ramp() -> Any:
    line = np.linspace(0, 255, 128).astype(np.uint8)
    return np.repeat(np.repeat(line[np.newaxis, :, np.newaxis], 96, axis=0), 3, axis=2)


def black_with_text() -> Any:
    """A console's dark screen with one line of a patient's data."""
    picture = flat(16, 16, 16)
    picture[4:10, 4:60:2] = 235
    return picture


@pytest.mark.parametrize("picture", [flat(0, 0, 255), flat(16, 16, 16), flat(0, 0, 0), bars()])
def test_flat_pictures_and_bars_are_no_signal(picture: Any) -> None:
    assert judge(picture, (), True) is SignalState.NO_SIGNAL
    assert judge(noisy(picture), (), True) is SignalState.NO_SIGNAL
    assert judge(picture, (), False) is SignalState.LIVE


@pytest.mark.parametrize("picture", [card(), grey_ramp(), black_with_text(), bars()[:, ::-1] // 9])
def test_other_pictures_are_live(picture: Any) -> None:
    assert judge(picture, (), True) is SignalState.LIVE
    assert judge(noisy(picture), (), True) is SignalState.LIVE


def test_a_learnt_picture_is_recognised_under_noise_and_others_are_not() -> None:
    signature = learn([noisy(card()) for _ in range(5)])
    assert judge(noisy(card()), (signature,), True) is SignalState.NO_SIGNAL
    for other in (card(60), grey_ramp(), black_with_text(), flat(0, 0, 90)):
        assert not signature.matches(other)


def test_a_learnt_black_screen_does_not_swallow_one_with_a_line_of_text() -> None:
    signature = learn([noisy(flat(16, 16, 16)) for _ in range(5)])
    assert signature.matches(noisy(flat(16, 16, 16)))
    assert not signature.matches(noisy(black_with_text()))
    one_dot = flat(16, 16, 16)
    one_dot[4:7, 4] = 235  # hardly brighter on average, but no longer even
    assert not signature.matches(noisy(one_dot))


def test_a_learnt_warning_stands_for_protected_content() -> None:
    signature = learn([card()], SignalState.PROTECTED)
    assert judge(card(), (signature,), True) is SignalState.PROTECTED


def test_the_size_of_the_picture_does_not_matter() -> None:
    signature = learn([card()])
    assert signature.matches(card()[::2, ::2])


def test_moving_pictures_cannot_be_learnt() -> None:
    with pytest.raises(ValueError, match="still plugged in"):
        learn([card(10), card(70)])
    with pytest.raises(ValueError, match="no picture"):
        learn([])
    with pytest.raises(ValueError, match="cannot stand for live"):
        learn([card()], SignalState.LIVE)


CELLS = st.binary(min_size=144, max_size=144)
STATES = st.sampled_from([SignalState.NO_SIGNAL, SignalState.PROTECTED])


@given(CELLS, CELLS, st.integers(0, 255), STATES)
def test_a_signature_survives_a_configuration_file(
    means: bytes, deviations: bytes, tolerance: int, state: SignalState
) -> None:
    signature = Signature(state, means, deviations, tolerance)
    text = signature.text
    assert Signature.parse(text) == signature
    assert not set(text) & set("\"'\\\n")


@given(st.text(max_size=500))
def test_any_other_text_is_refused(text: str) -> None:
    for begin in ("", "no_signal:4:", "live:4:"):
        with pytest.raises(ValueError):
            Signature.parse(begin + text)


def push(guard: FreezeGuard[int], data: bytes, number: int, at_ns: int) -> list[int]:
    return guard.push(guard.digest(data), number, at_ns)


def test_repeats_are_held_until_something_changes() -> None:
    guard: FreezeGuard[int] = FreezeGuard(1.0)
    assert push(guard, b"a", 0, 0) == [0]
    assert push(guard, b"a", 1, 400_000_000) == []
    assert push(guard, b"a", 2, 800_000_000) == []
    assert guard.held == 2
    assert push(guard, b"b", 3, 900_000_000) == [1, 2, 3]
    assert not guard.frozen


def test_after_its_time_a_repeat_is_frozen_until_something_changes() -> None:
    guard: FreezeGuard[int] = FreezeGuard(1.0)
    push(guard, b"a", 0, 0)
    push(guard, b"a", 1, 500_000_000)
    push(guard, b"a", 2, 1_000_000_000)
    assert guard.frozen
    assert guard.discard() == 2
    assert push(guard, b"a", 3, 1_100_000_000) == []
    assert guard.discard() == 1
    assert push(guard, b"b", 4, 1_200_000_000) == [4]
    assert not guard.frozen


def test_without_a_limit_everything_passes() -> None:
    guard: FreezeGuard[int] = FreezeGuard(0)
    assert [push(guard, b"a", n, n) for n in range(3)] == [[0], [1], [2]]


def test_the_same_picture_need_not_be_decoded_again() -> None:
    guard: FreezeGuard[int] = FreezeGuard(1.0)
    assert guard.same(guard.digest(b"a")) is None
    push(guard, b"a", 7, 0)
    assert guard.same(guard.digest(b"a")) == 7
    assert guard.same(guard.digest(b"b")) is None
    guard.restart()
    assert guard.same(guard.digest(b"a")) is None
