"""``gantry peers test`` against programs that are not ours, a refusing peer, and nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from services.hospital import Faults, HospitalStore, Ris
from tests.end_to_end.cli import Gantry
from tests.end_to_end.settings import Settings
from tests.peers.process import RunningPeer, free_port

pytestmark = pytest.mark.peer

REAL = ("orthanc", "storescp", "ris", "mpps")


@pytest.fixture(scope="module")
def gantry(
    tmp_path_factory: pytest.TempPathFactory,
    orthanc: RunningPeer,
    storescp: RunningPeer,
    wlmscpfs: RunningPeer,
    mpps_scp: RunningPeer,
) -> Gantry:
    settings = Settings()
    settings.peer(
        "orthanc", "ORTHANC", orthanc.peer.port, "store", "commit", "query", commitment="required"
    )
    settings.peer("storescp", "STORESCP", storescp.peer.port, "store")
    settings.peer("ris", "RIS", wlmscpfs.peer.port, "worklist")
    settings.peer("mpps", "JSRIS", mpps_scp.peer.port, "mpps")
    settings.peer("dead", "DEAD", free_port(), "store")
    settings.peer("wrong", "STORESCP", storescp.peer.port, "worklist")
    return settings.write(tmp_path_factory.mktemp("peers"))


def test_real_peers_answer_for_every_configured_service(gantry: Gantry) -> None:
    for name in REAL:
        told = gantry("peers", "test", name, "--json").good().json()
        assert list(told) == [name]
        assert all(line["ok"] for line in told[name]), told
    lines = gantry("peers", "test", "orthanc", "--json").json()["orthanc"]
    assert {line["service"] for line in lines} == {"verification", "store", "commit", "query"}
    (store,) = (line["what"] for line in lines if line["service"] == "store")
    assert "CT Image Storage" in store


def test_everybody_is_asked_and_one_that_fails_decides(gantry: Gantry) -> None:
    answer = gantry("peers", "test", "--json")
    assert answer.code == 1
    answer.no_traceback()
    told: dict[str, list[dict[str, Any]]] = answer.json()
    assert set(told) == {*REAL, "dead", "wrong"}
    failing = {name for name, lines in told.items() if not all(line["ok"] for line in lines)}
    assert failing == {"dead", "wrong"}
    for name in failing:
        assert all(line["advice"] for line in told[name] if not line["ok"])


def test_a_dead_peer_comes_with_advice(gantry: Gantry) -> None:
    answer = gantry("peers", "test", "dead")
    answer.no_traceback()
    assert answer.code == 1
    assert "FAIL" in answer.out
    assert "Check that the peer runs" in answer.out


def test_a_refusing_peer_is_told_from_a_dead_one(tmp_path: Path) -> None:
    with HospitalStore(tmp_path / "hospital.db") as store:
        store.set_faults(Faults(refuse_associations=True))
        ris = Ris(store)
        ris.start()
        try:
            gantry = Settings().peer("ris", "RIS", ris.port, "worklist").write(tmp_path)
            answer = gantry("peers", "test", "--json")
            gantry("worklist", "--refresh").refused("ris", "--cached")
        finally:
            ris.stop()
    assert answer.code == 1
    (line,) = answer.json()["ris"]
    assert "nothing listens" not in line["what"]
    assert line["advice"]
