"""The technician's addresses, on a real configuration file, a real catalog and a real peer."""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from firmware.assembly import open_box
from firmware.config import load
from firmware.workshop import make_workshop
from services.box import Box
from tests.peers.process import RunningPeer, free_port
from tests.services.console.browsing import PAGE, browse

FILE = """\
[station]
ae_title = "ROOM2" # agreed
state_dir = "state"
[[peers]]
name = "archive"
ae_title = "{ae_title}"
host = "127.0.0.1"
port = {port}
services = ["store"]
connect_timeout = 2
[[sources]]
name = "screen"
kind = "pattern"
"""
API = "/api/technician"


def write(folder: Path, ae_title: str = "ARCHIVE", port: int = 0) -> Box:
    file = folder / "gantry.toml"
    file.write_text(FILE.format(ae_title=ae_title, port=port or free_port()))
    return open_box(load(file))


def technician_at(box: Box, file: Path) -> TestClient:
    client = browse(box, workshop=make_workshop(load(file), box))
    signed = client.post(
        "/api/session/first", json={"name": "Tess", "pin": "48151623"}, headers=PAGE
    )
    assert signed.status_code == 200, signed.text
    return client


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return write(tmp_path)


@pytest.fixture
def client(box: Box, tmp_path: Path) -> Iterator[TestClient]:
    with technician_at(box, tmp_path / "gantry.toml") as client:
        yield client


def get(client: TestClient, path: str, status: int = 200) -> Any:
    answer = client.get(API + path)
    assert answer.status_code == status, answer.text
    return answer.json()


def post(client: TestClient, path: str, body: dict[str, Any], status: int = 200) -> Any:
    answer = client.post(API + path, json=body, headers=PAGE)
    assert answer.status_code == status, answer.text
    return answer.json()


def lines_of(client: TestClient, job: int) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        told = get(client, f"/jobs/{job}?after={len(lines)}")
        lines += told["lines"]
        if told["done"]:
            return lines
        time.sleep(0.05)
    raise AssertionError(f"the job goes on and on: {lines}")


def actions(client: TestClient) -> list[tuple[str, str]]:
    return [(event["action"], event["who"]) for event in client.get("/api/audit").json()]


def test_an_operator_gets_nothing_of_it(box: Box, tmp_path: Path) -> None:
    workshop = make_workshop(load(tmp_path / "gantry.toml"), box)
    with browse(box, workshop=workshop) as client:
        for path in ("/about", "/configuration", "/network", "/logs", "/support/bundle", "/peers"):
            answer = client.get(API + path)
            assert answer.status_code in (401, 403), path
        answer = client.post(
            f"{API}/configuration/save", json={"edits": [], "base": ""}, headers=PAGE
        )
        assert answer.status_code in (401, 403)


def test_without_a_workshop_it_says_so(box: Box) -> None:
    with browse(box) as client:
        client.post("/api/session/first", json={"name": "Tess", "pin": "48151623"}, headers=PAGE)
        assert get(client, "/about", 404)["error"]["code"] == "G-5001"


def test_the_form_the_values_and_a_change(client: TestClient, tmp_path: Path) -> None:
    sections = {each["section"] for each in get(client, "/form")["sections"]}
    assert {"station", "peers", "sources", "retention"} <= sections
    standing = get(client, "/configuration")
    assert standing["values"]["peers"][0]["name"] == "archive"
    edits = [{"do": "set", "path": ["peers", 0, "port"], "value": 11112}]
    proposal = post(client, "/configuration/propose", {"edits": edits})
    assert proposal["sound"]
    assert any("+port = 11112" in line for line in proposal["diff"])
    assert load(tmp_path / "gantry.toml").peers[0].port != 11112
    saved = post(client, "/configuration/save", {"edits": edits, "base": standing["base"]})
    assert saved["sound"]
    assert load(tmp_path / "gantry.toml").peers[0].port == 11112
    assert ("configuration-change", "Tess") in actions(client)
    again = post(client, "/configuration/save", {"edits": edits, "base": standing["base"]}, 409)
    assert again["error"]["code"] == "G-5104"
    versions = get(client, "/configuration/history")["versions"]
    assert versions[0]["by"] == "Tess"
    assert get(client, f"/configuration/history/{versions[0]['number']}")["diff"]
    back = post(client, "/configuration/roll-back", {"number": versions[1]["number"]})
    assert back["sound"]
    assert load(tmp_path / "gantry.toml").peers[0].port != 11112


def test_faults_come_all_at_once_and_change_nothing(client: TestClient, tmp_path: Path) -> None:
    before = (tmp_path / "gantry.toml").read_text()
    edits = [
        {"do": "set", "path": ["peers", 0, "port"], "value": 0},
        {"do": "set", "path": ["station", "modality"], "value": "x"},
    ]
    base = get(client, "/configuration")["base"]
    told = post(client, "/configuration/save", {"edits": edits, "base": base})
    assert not told["sound"]
    assert {fault["key"] for fault in told["faults"]} == {"peers[0].port", "station.modality"}
    assert (tmp_path / "gantry.toml").read_text() == before
    assert "configuration-change" not in [action for action, _ in actions(client)]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"edits": []},
        {"edits": "x"},
        {"edits": [{"do": "dance", "path": ["a"]}]},
        {"edits": [{"do": "set", "path": ["peers", True, "port"], "value": 1}]},
        {"edits": [{"do": "set", "path": ["peers", 0, "port"]}]},
        {"edits": [{"do": "add", "path": ["peers"], "value": 3}]},
        {"text": 3},
        {"text": "x" * 61500},
    ],
)
def test_what_is_no_change_is_refused(client: TestClient, body: dict[str, Any]) -> None:
    told = post(client, "/configuration/propose", body, 400)
    assert told["error"]["code"] == "G-9003"


def test_an_export_comes_back_as_an_import(client: TestClient, tmp_path: Path) -> None:
    exported = client.get(f"{API}/configuration/export")
    assert "attachment" in exported.headers["content-disposition"]
    text = exported.text.replace('"ROOM2"', '"ROOM3"')
    proposal = post(client, "/configuration/propose", {"text": text})
    assert [line for line in proposal["diff"] if line.startswith("+")] == [
        '+ae_title = "ROOM3" # agreed'
    ]
    saved = post(client, "/configuration/save", {"text": text, "base": proposal["base"]})
    assert saved["sound"]
    assert load(tmp_path / "gantry.toml").station.ae_title == "ROOM3"
    bad = post(client, "/configuration/propose", {"text": "[station\n"})
    assert not bad["sound"]


@pytest.mark.peer
def test_a_peer_is_tried_out_step_by_step(tmp_path: Path, storescp: RunningPeer) -> None:
    box = write(tmp_path, storescp.peer.ae_title, storescp.peer.port)
    with technician_at(box, tmp_path / "gantry.toml") as client:
        assert get(client, "/peers")["peers"][0]["name"] == "archive"
        job = post(client, "/peers/test", {"name": "archive", "objects": True})["job"]
        lines = lines_of(client, job)
        assert [line["what"] for line in lines] == ["verification", "store", "test object"]
        assert all(line["ok"] for line in lines)
        assert ("peer-test", "Tess") in actions(client)


def test_a_peer_that_is_not_there(client: TestClient) -> None:
    job = post(client, "/peers/test", {"name": "archive"})["job"]
    (line,) = lines_of(client, job)
    assert not line["ok"]
    assert line["advice"]
    post(client, "/peers/test", {"name": "nobody"}, 404)
    assert get(client, "/jobs/99", 404)["error"]["code"] == "G-5701"
    get(client, "/jobs/x", 400)


def test_a_ruler_on_a_frozen_picture(client: TestClient) -> None:
    assert any(row["source"] == "screen" for row in get(client, "/sources")["sources"])
    frozen = post(client, "/sources/freeze", {"source": "screen"})
    picture = client.get(f"{API}/frozen/{frozen['number']}")
    assert picture.headers["content-type"] == "image/png"
    measure = {
        "picture": frozen["number"], "start": [10, 10], "end": [210, 10], "length_mm": 100,
        "across": {"start": [10, 10], "end": [10, 210], "length_mm": 100}, "keep": True,
    }  # fmt: skip
    told = post(client, "/sources/ruler", measure)
    assert told["kept"]
    assert get(client, "/calibrations")["rulers"][0]["confirmed_by"] == "Tess"
    assert ("calibration", "Tess") in actions(client)
    gone = post(client, "/calibrations/withdraw", {"number": told["kept"]})
    assert gone["rulers"][0]["withdrawn"]
    post(client, "/sources/freeze", {"source": "nothing"}, 404)
    assert get(client, "/frozen/77", 404)["error"]["code"] == "G-5403"


def test_codes_are_understood_and_masked(client: TestClient) -> None:
    made = post(client, "/hands/mask", {"text": "P0815", "start": 1, "end": 5, "open_ended": True})
    rule = {"gives": "patient_id", "mask": made["mask"]}
    told = post(client, "/hands/understand", {"text": "P4711", "rules": [rule]})
    assert told["found"] == {"patient_id": "4711"}
    refused = post(client, "/hands/understand", {"text": "", "rules": []}, 409)
    assert refused["error"]["code"] == "G-5501"
    assert isinstance(get(client, "/hands")["devices"], list)


def test_network_and_clock_are_shown_and_refuse_what_they_cannot(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert get(client, "/network")["settable"]
    change = {"interface": "eth0", "method": "dhcp"}
    assert post(client, "/network/change", change, 409)["error"]["code"] == "G-5201"
    assert get(client, "/clock")["trust"] in ("never", "lost")
    told = post(client, "/clock/set", {"moment": "2026-07-01 12:00"}, 409)
    assert told["error"]["code"] == "G-5301"


def test_storage_logs_self_test_and_the_bundle(client: TestClient) -> None:
    assert get(client, "/storage")["owed"] == {"archive": 0}
    assert "lines" in get(client, "/logs?level=WARNING&words=x&limit=10")
    get(client, "/logs?limit=many", 400)
    assert {line["what"] for line in get(client, "/self-test")["lines"]} >= {"clock", "disk"}
    assert get(client, "/about")["software_version"]
    bundle = client.get(f"{API}/support/bundle")
    with tarfile.open(fileobj=io.BytesIO(bundle.content)) as archive:
        assert any(name.endswith("/catalog.json") for name in archive.getnames())
    assert ("support-bundle", "Tess") in actions(client)
    assert isinstance(get(client, "/support")["sticks"], list)
    told = post(client, "/support/stick", {"stick": "/etc"}, 404)
    assert told["error"]["code"] == "G-5601"


def test_printers_are_listed_and_tried(client: TestClient) -> None:
    assert get(client, "/printers")["printers"] == []
    post(client, "/printers/test", {"name": "none"}, 404)
