"""What goes wrong in a handler: an answer for the page, and nobody's name in the log."""

from __future__ import annotations

import logging

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from services.console.answers import Call, answer
from services.console.people import Role, needs


@needs(Role.NOBODY)
def broken(_: Call) -> None:
    raise ValueError("Doe^Jane was born 19700102")


def test_a_fault_of_ours_is_found_in_the_log_and_no_patient_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    browser = TestClient(Starlette(routes=[Route("/", answer(broken))]))
    with caplog.at_level(logging.INFO):
        said = browser.get("/")
    assert (said.status_code, said.json()["error"]["code"]) == (500, "G-9000")
    assert "Doe" not in said.text
    assert "Doe" not in caplog.text
    assert "ValueError in broken" in caplog.text
    assert __file__ in caplog.text
