"""Two fields into one picture, and what movement between them looks like."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.video import fields
from drivers.video.device import FieldOrder, Layout
from drivers.video.sim_pictures import Scene

PAL = Layout("UYVY", 720, 576, 1440, 829440, FieldOrder.INTERLACED, standard="PAL")


def moving(number: int, combed: bool) -> Any:
    return Scene(256, 192).moving(number, combed).luma


def test_fields_one_below_the_other_are_woven() -> None:
    lines = np.arange(12, dtype=np.uint8)[:, np.newaxis].repeat(3, axis=1)
    top_first = np.concatenate([lines[0::2], lines[1::2]])
    assert (fields.woven(top_first, FieldOrder.SEQUENTIAL_TOP) == lines).all()
    bottom_first = np.concatenate([lines[1::2], lines[0::2]])
    assert (fields.woven(bottom_first, FieldOrder.SEQUENTIAL_BOTTOM) == lines).all()
    assert fields.woven(lines, FieldOrder.INTERLACED) is lines


@given(st.integers(2, 40), st.booleans(), st.booleans(), st.booleans())
@settings(deadline=None)
def test_one_field_doubled_keeps_its_lines_and_takes_nothing_of_the_other(
    rows: int, top: bool, colour: bool, deep: bool
) -> None:
    shape = (rows, 4, 3) if colour else (rows, 4)
    kind = np.uint16 if deep and not colour else np.uint8
    picture = np.random.default_rng(rows).integers(0, np.iinfo(kind).max, shape, dtype=kind)
    kept = 0 if top else 1
    other = picture.copy()
    other[1 - kept :: 2] = 0
    result = fields.doubled(picture, keep_top=top)
    assert (result[kept::2] == picture[kept::2]).all()
    assert (result == fields.doubled(other, keep_top=top)).all()
    assert result.dtype == kind
    low, high = picture[kept::2].min(), picture[kept::2].max()
    assert result.min() >= low
    assert result.max() <= high


def test_combs_are_found_where_something_moved_and_only_there() -> None:
    assert fields.comb(moving(5, combed=True)) > fields.COMBED
    assert fields.comb(moving(5, combed=False)) < fields.COMBED / 10


@pytest.mark.parametrize("deviation", [1.0, 2.0, 3.0])
def test_noise_is_no_comb(deviation: float) -> None:
    still = Scene(256, 192, noise=deviation).moving(5).luma
    assert fields.comb(still) < fields.COMBED


def test_text_and_edges_are_no_comb() -> None:
    picture = np.zeros((64, 64), np.uint8)
    picture[20:30, 10:50] = 255
    picture[40, :] = 255
    picture[50:60:3] = 200
    assert fields.comb(picture) == 0


def test_movement_is_found_in_deep_and_in_colour_pictures() -> None:
    luma = moving(5, combed=True)
    deep = luma.astype(np.uint16) << 4
    assert fields.comb(deep, 12) == pytest.approx(fields.comb(luma), rel=0.1)
    assert fields.comb(np.stack([luma] * 3, axis=2)) == fields.comb(luma)


def test_tiny_pictures_have_no_comb() -> None:
    assert fields.comb(np.zeros((4, 4), np.uint8)) == 0


def test_the_first_field_follows_the_standard_where_the_driver_leaves_it_open() -> None:
    assert fields.is_top_first(PAL)
    ntsc = Layout("UYVY", 720, 480, 1440, 691200, FieldOrder.INTERLACED, standard="NTSC-M")
    assert not fields.is_top_first(ntsc)
    told = Layout("UYVY", 720, 480, 1440, 691200, FieldOrder.INTERLACED_TOP, standard="NTSC")
    assert fields.is_top_first(told)
    other = Layout("UYVY", 720, 576, 1440, 829440, FieldOrder.SEQUENTIAL_BOTTOM, standard="PAL")
    assert not fields.is_top_first(other)


@pytest.mark.parametrize("kind", ["grey", "deep", "colour"])
def test_bwdif_takes_the_comb_away_and_leaves_still_parts_alone(kind: str) -> None:
    deinterlacer = fields.Deinterlacer(top_first=True)
    out = []
    for number in range(4):
        luma = moving(number, combed=True)
        luma[120:] = moving(0, combed=False)[120:]
        shaped = {
            "grey": luma,
            "deep": luma.astype(np.uint16) << 8,
            "colour": np.stack([luma] * 3, axis=2),
        }[kind]
        done = deinterlacer.push(shaped)
        if done is not None:
            out.append(done)
            last = shaped
    assert len(out) == 3
    result = out[-1]
    assert result.dtype == last.dtype
    assert result.shape == last.shape
    bits = 16 if kind == "deep" else 8
    assert fields.comb(result, bits) < fields.COMBED < fields.comb(last, bits)
    still = np.abs(result[130:-6].astype(int) - last[130:-6].astype(int))
    assert still.max() <= (1 << bits) // 128
