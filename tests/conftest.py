"""What every test shares: guarded libraries and the real peers of ``tests/peers``."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pydicom.config
import pytest
from hypothesis import settings

from services.dicom import guards

# a busy machine is slow, not wrong; what hangs meets pytest's own time limit
settings.register_profile("gantry", deadline=None)
settings.load_profile("gantry")

pytest_plugins = ("tests.peers.fixtures", "tests.peers.cups", "tests.peers.printers")


@pytest.fixture(scope="session", autouse=True)
def _as_on_the_box() -> Iterator[None]:
    """Set the library globals that the box sets at boot."""
    guards.install()
    before = pydicom.config.settings.writing_validation_mode
    pydicom.config.settings.writing_validation_mode = pydicom.config.RAISE
    yield
    pydicom.config.settings.writing_validation_mode = before


@pytest.fixture(autouse=True)
def _root_logger_as_before() -> Iterator[None]:
    """Commands that run in our own process set the root logger up for themselves."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    root.setLevel(level)
    root.handlers[:] = handlers
