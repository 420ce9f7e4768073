"""What a log line may say."""

from __future__ import annotations

import logging

import pytest

from firmware import logs

NAME = "Distinctive^Patient"


def test_an_exception_is_logged_by_place_and_type_and_never_by_its_text(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.begin()
    try:
        raise ValueError(f"{NAME} does not fit")
    except ValueError:
        logging.getLogger("services.somewhere").exception("delivery 7 could not be prepared")
    said = capsys.readouterr().err
    assert "delivery 7 could not be prepared" in said
    assert "test_logs.py" in said
    assert "ValueError" in said
    assert NAME not in said
