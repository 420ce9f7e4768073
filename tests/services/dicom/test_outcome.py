"""Statuses become dispositions by table, totally."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dicom.outcome import (
    Disposition,
    commit_request_outcome,
    mpps_create_outcome,
    mpps_set_outcome,
    store_outcome,
)

DONE, WARN = Disposition.DONE, Disposition.DONE_WITH_WARNING
RETRY, HOLD, RECREATE = Disposition.RETRY, Disposition.HOLD, Disposition.RECREATE


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (0x0000, DONE),
        (0xB000, WARN),
        (0xB006, WARN),
        (0xB007, WARN),
        (0xA700, RETRY),
        (0xA7FF, RETRY),
        (0xA900, HOLD),
        (0xA9FF, HOLD),
        (0xC000, HOLD),
        (0xCFFF, HOLD),
        (0x0110, RETRY),
        (0x0111, WARN),
        (0x0122, HOLD),
        (0x0124, HOLD),
        (0x0213, RETRY),
        (0x7777, RETRY),
        (None, RETRY),
    ],
)
def test_store(status: int | None, expected: Disposition) -> None:
    assert store_outcome(status, "").disposition is expected


@pytest.mark.parametrize(
    ("status", "error_id", "earlier", "expected"),
    [
        (0x0000, None, 0, DONE),
        (0x0001, None, 0, WARN),
        (0x0107, None, 0, WARN),
        (0x0116, None, 0, WARN),
        (0x0111, None, 0, HOLD),
        (0x0111, None, 1, DONE),
        (0x0105, None, 0, HOLD),
        (0x0106, None, 3, HOLD),
        (0x0120, None, 0, HOLD),
        (0x0121, None, 0, HOLD),
        (0x0112, None, 0, HOLD),
        (0x0110, None, 0, RETRY),
        (0x0110, 7, 2, RETRY),
        (0x0110, 0xA710, 0, HOLD),
        (0x0110, 0xA710, 1, DONE),
        (0x0213, None, 0, RETRY),
        (None, None, 5, RETRY),
    ],
)
def test_mpps_create(
    status: int | None, error_id: int | None, earlier: int, expected: Disposition
) -> None:
    assert mpps_create_outcome(status, "", error_id, earlier).disposition is expected


@pytest.mark.parametrize(
    ("status", "error_id", "earlier", "expected"),
    [
        (0x0000, None, 0, DONE),
        (0x0112, None, 0, RECREATE),
        (0x0112, None, 4, RECREATE),
        (0x0110, 42768, 0, HOLD),
        (0x0110, 42768, 1, DONE),
        (0x0110, None, 1, RETRY),
        (0x0111, None, 1, HOLD),
        (0x0105, None, 0, HOLD),
    ],
)
def test_mpps_set(status: int, error_id: int | None, earlier: int, expected: Disposition) -> None:
    assert mpps_set_outcome(status, "", error_id, earlier).disposition is expected


def test_a_known_transaction_is_asked_for_anew() -> None:
    assert commit_request_outcome(0x0131, "").disposition is RECREATE
    assert commit_request_outcome(0x0000, "").disposition is DONE


def test_the_peers_own_words_reach_the_operator() -> None:
    outcome = mpps_create_outcome(0x0120, "no StudyID ", None, 0)
    assert "0120" in outcome.text
    assert outcome.text.endswith("no StudyID")


@given(
    status=st.none() | st.integers(0, 0xFFFF),
    error_id=st.none() | st.integers(0, 0xFFFF),
    earlier=st.integers(0, 5),
    comment=st.text(max_size=64),
)
def test_every_status_has_a_sentence(
    status: int | None, error_id: int | None, earlier: int, comment: str
) -> None:
    for outcome in (
        store_outcome(status, comment),
        mpps_create_outcome(status, comment, error_id, earlier),
        mpps_set_outcome(status, comment, error_id, earlier),
        commit_request_outcome(status, comment),
    ):
        assert outcome.text
        assert outcome.advice.endswith(".")
        assert outcome.status == (-1 if status is None else status)
        if status is not None and status >> 8 in (0xA7, 0xA9, 0xC0):
            assert outcome.disposition not in (DONE, WARN)


@pytest.mark.parametrize(("earlier", "expected"), [(0, HOLD), (1, DONE)])
def test_a_final_step_is_told_by_the_comment_where_the_error_id_is_missing(
    earlier: int, expected: Disposition
) -> None:
    comment = "Performed Procedure Step Object may no longer be updated"
    assert mpps_set_outcome(0x0110, comment, None, earlier).disposition is expected
