"""What a page and the services need does not grow from exam to exam; the long form is soak.py."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from tests.browser.soak import Shift
from tests.browser.ward import Ward

OpenPage = Callable[..., Page]

_FIRST, _FURTHER = 5, 10
_MOST_KILOBYTES_AN_EXAM = 40


def test_a_shift_in_one_page_leaves_nothing_behind(ward: Ward, open_page: OpenPage) -> None:
    page = open_page(ward, route="#/worklist")
    shift = Shift(ward, page, _FIRST + _FURTHER)
    before, after = shift.work(_FIRST), shift.work(_FURTHER)
    assert after.listeners <= before.listeners + 10
    assert after.nodes <= before.nodes * 1.1
    assert after.heap - before.heap < _FURTHER * _MOST_KILOBYTES_AN_EXAM
