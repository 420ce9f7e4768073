"""What the technician is told about a peer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.dicom.capabilities import ProbeLine, probe
from services.dicom.peers import Service
from tests.peers.process import RunningPeer, free_port, local_peer

pytestmark = pytest.mark.peer


def by_service(lines: list[ProbeLine]) -> dict[str, ProbeLine]:
    return {line.service: line for line in lines}


def test_orthanc(orthanc: RunningPeer) -> None:
    lines = by_service(probe(orthanc.peer, "BOX"))
    assert next(iter(lines)) == "verification"
    assert {name for name, line in lines.items() if line.ok} == {
        *("verification", "worklist", "store", "commit", "query")
    }
    assert "CT Image Storage: Explicit VR Little Endian" in lines["store"].what
    assert "AE title BOX" in lines["mpps"].advice


def test_storescp_takes_only_objects(storescp: RunningPeer) -> None:
    peer = replace(storescp.peer, services=frozenset({Service.STORE, Service.WORKLIST}))
    lines = by_service(probe(peer, "BOX"))
    assert (lines["store"].ok, lines["worklist"].ok) == (True, False)
    assert set(lines) == {"verification", "store", "worklist"}


def test_wlmscpfs_answers_one_row(wlmscpfs: RunningPeer) -> None:
    line = by_service(probe(wlmscpfs.peer, "BOX"))["worklist"]
    assert line.ok
    assert "character set" in line.what


def test_a_peer_that_is_not_there_is_one_line() -> None:
    lines = probe(local_peer("gone", "GONE", free_port()), "BOX")
    assert [line.service for line in lines] == ["verification"]
    assert not lines[0].ok
    assert lines[0].advice
