"""These tests need the guest's devices: outside of it they are not collected."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.hardware.guest.hands import Hands

collect_ignore_glob = [] if os.environ.get("GANTRY_HARDWARE") == "guest" else ["test_*.py"]


@pytest.fixture(scope="session")
def hands() -> Iterator[Hands]:
    hands = Hands()
    yield hands
    hands.close()
