"""Ages as people say them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.age import age_on

DAY = date(2026, 3, 4)


@pytest.mark.parametrize(
    ("born", "age"),
    [
        ("20260304", {"days": 0}),
        ("20260215", {"days": 17}),
        ("20251231", {"months": 2}),
        ("20240305", {"months": 23}),
        ("20240304", {"years": 2}),
        ("19700305", {"years": 55}),
        ("19700304", {"years": 56}),
        ("20260305", None),
        ("", None),
        ("1970", None),
    ],
)
def test_ages(born: str, age: dict[str, int] | None) -> None:
    assert age_on(born, DAY) == age


@given(st.dates(date(1900, 1, 1), DAY))
def test_years_grow_on_the_birthday(born: date) -> None:
    age = age_on(f"{born:%Y%m%d}", DAY)
    assert age is not None
    if "years" in age:
        had = (DAY.month, DAY.day) >= (born.month, born.day)
        assert age["years"] == DAY.year - born.year - (not had)
