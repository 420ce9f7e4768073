"""A long object tells how far it has got while it is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.dicom.store import StoreSession
from tests.peers.process import RunningPeer
from tests.services.dicom.objects import EXPLICIT, SECONDARY_CAPTURE, data_set_bytes, write_object

pytestmark = pytest.mark.peer


def test_bytes_that_have_left_are_told_and_grow(storescp: RunningPeer, tmp_path: Path) -> None:
    path = write_object(tmp_path, 1, rows=60_000, study=31)
    told: list[int] = []
    with StoreSession(storescp.peer, "BOX", [(SECONDARY_CAPTURE, EXPLICIT)]) as session:
        assert session.send(path, told.append).status == 0
    whole = len(data_set_bytes(path))
    assert len(told) >= 1
    assert told == sorted(told)
    assert 0 < told[0] < whole
    assert told[-1] <= whole * 1.01
