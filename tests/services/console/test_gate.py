"""Who gets through to the console: names, origins, people; and what every answer carries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from services.box import Box
from services.console.options import Options
from tests.services.boxes import HandClock, archive, make_box, ris
from tests.services.console.browsing import ADDRESS, PAGE, browse

NETWORK = "https://192.0.2.7:8443"
FROM_NETWORK = {**PAGE, "Origin": NETWORK}
PIN = "482910"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = make_box(tmp_path, [ris(), archive()], HandClock())
    with made.catalog:
        yield made


def code(answer: object) -> str:
    return str(answer.json()["error"]["code"])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "192.0.2.7", "CT-box"]
)
def test_the_box_answers_to_its_addresses_and_names(box: Box, host: str) -> None:
    browser = browse(box, Options(host_names=("ct-box",)))
    assert browser.get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", ""],
)
def test_a_foreign_name_that_was_pointed_at_the_box_is_refused(box: Box, host: str) -> None:
    answer = browse(box).get("/api/overview", headers={"Host": host})
    assert answer.status_code == 403
    assert code(answer) == "G-9005"
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize(
    "change",
    [
        {"X-Gantry": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_only_our_own_pages_change_anything(box: Box, change: dict[str, str]) -> None:
    browser = browse(box)
    answer = browser.post("/api/preferences", json={"theme": "light"}, headers={**PAGE, **change})
    assert (answer.status_code, code(answer)) == (403, "G-9005")
    assert browser.get("/api/frame").json()["preferences"]["theme"] == "dark"
    good = browser.post("/api/preferences", json={"theme": "light"}, headers=PAGE)
    assert good.json()["theme"] == "light"


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://evil.example"}, {"Origin": "null"}])
def test_a_foreign_page_opens_no_socket(box: Box, headers: dict[str, str]) -> None:
    browser = browse(box)
    with (
        pytest.raises(WebSocketDisconnect),
        browser.websocket_connect("/api/live", headers={"Host": "127.0.0.1:8080", **headers}),
    ):
        pass


def test_our_page_hears_the_box(box: Box) -> None:
    with (
        browse(box) as browser,
        browser.websocket_connect(
            "/api/live", headers={"Host": "127.0.0.1:8080", "Origin": ADDRESS}
        ) as socket,
    ):
        first = {socket.receive_json()["push"] for _ in range(4)}
        assert "beat" in first
        with box.catalog.writing() as db:
            db.conn.execute("INSERT INTO preference VALUES ('somebody', 'theme', 'light')")
        pushes = [socket.receive_json() for _ in range(3)]
        assert {"push": "changed", "what": ["worklist", "exams", "outbox"]} in pushes


def test_over_the_network_everything_needs_somebody_signed_in(box: Box) -> None:
    browser = browse(box, address=NETWORK)
    for path in ("/api/overview", "/api/status", "/api/exams/1", "/api/people"):
        answer = browser.get(path)
        assert (answer.status_code, code(answer)) == (401, "G-9101"), path
    facts = browser.get("/api/frame").json()
    assert (facts["role"], facts["kiosk"]) == ("nobody", False)
    assert browser.get("/api/session").json()["names"] == [], "names are for the box's own screen"
    change = browser.post("/api/preferences", json={"theme": "light"}, headers=FROM_NETWORK)
    assert change.status_code == 401
    with (
        pytest.raises(WebSocketDisconnect),
        browser.websocket_connect("wss://192.0.2.7:8443/api/live", headers={"Origin": NETWORK}),
    ):
        pass


def test_the_first_technician_is_never_made_over_the_network(box: Box) -> None:
    browser = browse(box, address=NETWORK)
    answer = browser.post(
        "/api/session/first", json={"name": "Eve", "pin": PIN}, headers=FROM_NETWORK
    )
    assert code(answer) == "G-9105"
    assert browser.get("/api/session").json()["first"] is False


def test_a_session_of_the_network_is_a_secret_cookie_that_no_script_reads(box: Box) -> None:
    kiosk = browse(box)
    kiosk.post("/api/session/first", json={"name": "Ada", "pin": PIN}, headers=PAGE)
    browser = browse(box, address=NETWORK)
    answer = browser.post(
        "/api/session/sign-in", json={"name": "Ada", "pin": PIN}, headers=FROM_NETWORK
    )
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("__host-gantry=")
    for part in ("httponly", "secure", "samesite=strict", "path=/"):
        assert part in cookie
    assert "strict-transport-security" in answer.headers
    assert browser.get("/api/overview").status_code == 200
    signed_out = browser.post("/api/session/sign-out", headers=FROM_NETWORK)
    assert signed_out.status_code == 200
    assert browser.get("/api/overview").status_code == 401


def test_a_token_of_the_kiosk_is_worth_nothing_over_the_network(box: Box) -> None:
    kiosk = browse(box)
    kiosk.post("/api/session/first", json={"name": "Ada", "pin": PIN}, headers=PAGE)
    token = kiosk.cookies["gantry"]
    browser = browse(box, address=NETWORK)
    for name in ("gantry", "__Host-gantry"):
        answer = browser.get("/api/overview", headers={"Cookie": f"{name}={token}"})
        assert answer.status_code == 401


@pytest.mark.parametrize(
    "cookie", ["gantry=", "gantry=x", "a=b; gantry=\x00", "=;;;=", "gantry=" + "x" * 4000]
)
def test_a_broken_cookie_is_nobody(box: Box, cookie: str) -> None:
    answer = browse(box, Options(operator_sign_in=True)).get(
        "/api/overview", headers={"Cookie": cookie}
    )
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"[]", 400), (b"[" * 60000, 400), (b'{"theme": "' + b"x" * 70000, 413)],
)
def test_what_is_no_request_is_refused_in_words(box: Box, body: bytes, status: int) -> None:
    answer = browse(box).post("/api/preferences", content=body, headers=PAGE)
    assert (answer.status_code, code(answer)) == (status, "G-9003")


def test_where_operators_sign_in_the_kiosk_shows_nothing_before(box: Box) -> None:
    browser = browse(box, Options(operator_sign_in=True))
    assert browser.get("/api/overview").status_code == 401
    assert browser.get("/api/frame").json()["role"] == "nobody"
    assert browser.get("/").status_code == 200


def test_the_page_is_the_same_for_everybody_and_holds_no_patient(box: Box) -> None:
    network: TestClient = browse(box, address=NETWORK)
    assert network.get("/").text == browse(box).get("/").text
