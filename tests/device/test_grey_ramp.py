"""Golden ramps: whole, squeezed once and twice, clipped, folded, and none at all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from device.errors import InvalidCalibration
from device.grey_ramp import measure_ramp


def ramp(black: float, white: float, columns: int = 512, dtype: Any = np.uint8) -> NDArray[Any]:
    way = np.linspace(black, white, columns).round()
    return np.tile(way, (64, 1)).astype(dtype)


@pytest.mark.parametrize(
    ("ends", "meaning"),
    [
        ((0, 255), "full range"),
        ((16, 235), "limited range"),
        ((30, 218), "applied twice"),
    ],
)
def test_the_known_ranges_are_named(ends: tuple[int, int], meaning: str) -> None:
    measured = measure_ramp(ramp(*ends), 8)

    assert measured.of_8_bits == pytest.approx(ends, abs=2)
    assert measured.sound
    assert any(meaning in finding for finding in measured.findings)


def test_direction_and_side_do_not_matter() -> None:
    picture = ramp(20, 200)

    turned = [picture, picture[:, ::-1], picture.T, picture.T[::-1]]

    assert len({measure_ramp(one, 8) for one in turned}) == 1


def test_colour_is_measured_by_its_luma() -> None:
    grey = ramp(16, 235)

    assert measure_ramp(np.stack([grey] * 3, axis=2), 8) == measure_ramp(grey, 8)


def test_deep_samples_are_told_in_8_bits_too() -> None:
    measured = measure_ramp(ramp(256, 3760, dtype=np.uint16), 12)

    assert (measured.full_scale, measured.of_8_bits) == (4095, pytest.approx((16, 234), abs=2))


@pytest.mark.parametrize(
    ("low", "high", "black", "white"),
    [(0.1, 1.0, True, False), (0.0, 0.9, False, True), (0.2, 0.8, True, True)],
)
def test_lost_greys_are_noticed(low: float, high: float, black: bool, white: bool) -> None:
    way = (np.linspace(0, 1, 512) - low) / (high - low)
    picture = np.tile((way.clip(0, 1) * 255).round(), (64, 1)).astype(np.uint8)

    measured = measure_ramp(picture, 8)

    assert (measured.clipped_black, measured.clipped_white) == (black, white)
    assert not measured.sound
    assert any("are lost" in finding for finding in measured.findings)


def test_a_folded_ramp_is_noticed() -> None:
    way = np.linspace(0, 255, 512)
    way[200:260] = way[200:260][::-1]

    measured = measure_ramp(np.tile(way, (64, 1)).astype(np.uint8), 8)

    assert not measured.monotonic


def test_noise_is_no_fold() -> None:
    noise = np.random.default_rng(3).normal(0, 4, (64, 512))

    assert measure_ramp((ramp(20, 220) + noise).clip(0, 255).astype(np.uint8), 8).sound


@pytest.mark.parametrize(
    "picture",
    [
        np.full((64, 512), 128, np.uint8),
        ramp(100, 140),
        ramp(0, 255, columns=16)[:8],
        np.random.default_rng(1).integers(0, 256, (64, 64)).astype(np.uint8),
    ],
)
def test_a_picture_without_a_ramp_measures_nothing(picture: NDArray[Any]) -> None:
    with pytest.raises(InvalidCalibration, match="no ramp"):
        measure_ramp(picture, 8)


@given(black=st.integers(0, 80), white=st.integers(160, 255), columns=st.integers(128, 800))
def test_the_ends_are_found(black: int, white: int, columns: int) -> None:
    measured = measure_ramp(ramp(black, white, columns), 8)

    assert abs(measured.black - black) <= 0.02 * (white - black) + 1
    assert abs(measured.white - white) <= 0.02 * (white - black) + 1
    assert measured.sound
