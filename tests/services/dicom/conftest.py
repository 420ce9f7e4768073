"""Fixtures of the DICOM tests."""

from __future__ import annotations

import pytest

from tests.services.dicom.certificates import Authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.create(tmp_path_factory.mktemp("tls") / "ca")


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that nobody trusts."""
    return Authority.create(tmp_path_factory.mktemp("tls-stranger") / "ca")
