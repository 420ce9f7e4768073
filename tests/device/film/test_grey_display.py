"""The Grayscale Standard Display Function against the standard's own numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.grey_display import (
    LightBox,
    identity_densities,
    jnd_index,
    linear_densities,
    luminance,
    seen,
)

TABLE = [(1, 0.0500), (1023, 3993.404)]
"""JND index and luminance, PS3.14 table B-1."""


@pytest.mark.parametrize(("index", "cd_m2"), TABLE)
def test_the_ends_of_the_standards_table(index: int, cd_m2: float) -> None:
    assert float(luminance(np.asarray(float(index)))) == pytest.approx(cd_m2, rel=1e-3)


@given(st.floats(1, 1023))
def test_index_and_luminance_are_each_others_reverse(index: float) -> None:
    assert float(jnd_index(luminance(np.asarray(index)))) == pytest.approx(index, abs=0.3)


def test_identity_is_seen_as_a_straight_line_and_linear_density_is_not() -> None:
    box = LightBox()
    even = np.linspace(0, 1, 64)
    identity = seen(identity_densities(64, 0.2, 3.0, box), 0.2, 3.0, box)
    linear = seen(linear_densities(64, 0.2, 3.0), 0.2, 3.0, box)
    assert np.abs(identity - even).max() < 0.002
    assert np.abs(linear - even).max() > 0.05
    assert (np.diff(linear) > 0).all()


def test_density_and_luminance_follow_the_light_box() -> None:
    box = LightBox(illumination=2000, reflected=10)
    assert float(box.luminance(np.asarray(1.0))) == pytest.approx(210)
    assert float(box.density(np.asarray(210.0))) == pytest.approx(1.0)
