"""Every address of the console: who may call it, and that no question makes the box stumble."""

from __future__ import annotations

import itertools
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from services import exams as lives
from services.box import Box
from services.catalog import people
from services.console.app import make_app
from services.console.people import Role
from tests.services.boxes import HandClock, archive, item, make_box, ris
from tests.services.console.browsing import ADDRESS, PAGE

NETWORK = "https://192.0.2.7:8443"
FROM_NETWORK = {**PAGE, "Origin": NETWORK}
PIN = "482910"

OPEN = {
    "/", "/health", "/api/frame", "/api/locale/{language}", "/api/session",
    "/api/session/sign-in", "/api/session/first", "/api/session/sign-out", "/api/session/touch",
}  # fmt: skip
"""What a page needs before anybody has signed in; no patient in any of it."""

OF_TECHNICIANS = {"/api/people", "/api/people/add", "/api/people/remove", "/api/audit"}
OF_SUPERVISORS = {
    f"/api/exams/{{exam_id}}/reconciliation/{step}" for step in ("confirm", "done", "withdraw")
}

NASTY = (
    "",
    "0",
    "-1",
    "1e400",
    "nan",
    "²",
    "٣",
    "9" * 40,
    "9" * 5000,
    "../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "\0",
    "' OR 1=1 --",
    "\N{RIGHT-TO-LEFT OVERRIDE}x",
    "2026-02-30",
    "A" * 3000,
)
VALUES = (None, True, -1, 10**400, 1.5, float("inf"), "", "x" * 2000, "9" * 50, [], [[]], {}, "²")
KEYS = (
    *("text", "keys", "confirmed", "token", "exam", "protocol", "names", "patient_id", "number"),
    *("birth_date", "sex", "reason", "key", "seal", "peer", "name", "pin", "role", "edits", "from"),
    *("language", "volume", "brightness", "source", "points", "identifiers", "preset", "to"),
)
QUERY = ("page", "size", "filter", "state", "preset", "from", "to", "known", "wc", "ww", "form")


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = make_box(tmp_path, [ris(), archive()], HandClock())
    with made.catalog:
        lives.start(made, [item()])
        people.add(made.catalog, "Olga", "operator", PIN, made=made.clock.now())
        people.add(made.catalog, "Tess", "technician", PIN, made=made.clock.now())
        yield made


@pytest.fixture
def app(box: Box) -> Starlette:
    return make_app(box)


def routes(app: Starlette) -> list[tuple[str, str]]:
    """Method and address of everything that answers."""
    found = []
    for route in app.routes:
        if isinstance(route, Route):
            methods = (route.methods or set()) - {"HEAD"}
            found += [(method, route.path) for method in sorted(methods)]
        else:
            assert isinstance(route, Mount | WebSocketRoute)
    return found


def filled(path: str, value: str = "1") -> str:
    return re.sub(r"{\w+(:\w+)?}", lambda part: "1" if part[1] else value, path)


def role_of(path: str) -> Role:
    """Who may call it, by this file's own list."""
    if path in OPEN:
        return Role.NOBODY
    if path in OF_TECHNICIANS or path.startswith("/api/technician/"):
        return Role.TECHNICIAN
    return Role.SUPERVISOR if path in OF_SUPERVISORS else Role.OPERATOR


def asked(browser: TestClient, method: str, path: str, headers: dict[str, str]) -> int:
    if method == "GET":
        return browser.get(path, headers=headers).status_code
    return browser.post(path, json={}, headers=headers).status_code


def test_a_stranger_on_the_network_gets_nothing(app: Starlette) -> None:
    stranger = TestClient(app, base_url=NETWORK)
    for method, path in routes(app):
        status = asked(stranger, method, filled(path), FROM_NETWORK)
        assert (status == 401) == (role_of(path) is not Role.NOBODY), f"{method} {path}: {status}"


def test_a_role_that_is_too_low_is_refused(app: Starlette) -> None:
    operator = TestClient(app, base_url=NETWORK)
    signed = operator.post(
        "/api/session/sign-in", json={"name": "Olga", "pin": PIN}, headers=FROM_NETWORK
    )
    assert signed.status_code == 200
    for method, path in routes(app):
        if path == "/api/session/sign-out":
            continue
        status = asked(operator, method, filled(path), FROM_NETWORK)
        assert status != 401, f"{method} {path}"
        if role_of(path) > Role.OPERATOR:
            assert status == 403, f"{method} {path}: {status}"


def test_nothing_is_changed_by_a_get_or_without_consent(app: Starlette) -> None:
    browser = TestClient(app, base_url=ADDRESS)
    posts = {path for method, path in routes(app) if method == "POST"}
    gets = {path for method, path in routes(app) if method == "GET"}
    for path in posts:
        if path not in gets:
            assert browser.get(filled(path)).status_code in (404, 405), path
        refused = browser.post(filled(path), json={})
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "G-9005"), path


@pytest.mark.parametrize("path", ["/api/live", "/api/preview"])
def test_no_stranger_listens(app: Starlette, path: str) -> None:
    stranger = TestClient(app, base_url=NETWORK)
    with (
        pytest.raises(WebSocketDisconnect),
        stranger.websocket_connect(
            f"wss://192.0.2.7:8443{path}", headers={"Origin": NETWORK}
        ) as socket,
    ):
        socket.receive_text()


def technician(app: Starlette) -> TestClient:
    browser = TestClient(app, base_url=ADDRESS, raise_server_exceptions=False)
    signed = browser.post("/api/session/sign-in", json={"name": "Tess", "pin": PIN}, headers=PAGE)
    assert signed.status_code == 200
    return browser


def test_no_address_makes_the_box_stumble(app: Starlette, caplog: pytest.LogCaptureFixture) -> None:
    browser = technician(app)
    stumbled = []
    for (method, path), value in itertools.product(routes(app), NASTY):
        address = filled(path, quote(value or " ", safe=""))
        if method == "GET":
            query = dict.fromkeys(QUERY, value)
            status = browser.get(address, params=query).status_code
        elif "{" in path:
            status = browser.post(address, json={}, headers=PAGE).status_code
        else:
            continue
        if status == 500:
            stumbled.append(f"{method} {path} {value[:40]!r}")
    assert stumbled == [], _said(caplog)


def test_no_body_makes_the_box_stumble(app: Starlette, caplog: pytest.LogCaptureFixture) -> None:
    browser = technician(app)
    stumbled = []
    for method, path in routes(app):
        if method != "POST" or path.startswith("/api/session/"):
            continue
        for value in VALUES:
            body = json.dumps(dict.fromkeys(KEYS, value))
            answer = browser.post(filled(path), content=body, headers=PAGE)
            if answer.status_code == 500:
                stumbled.append(f"{path} {str(value)[:40]!r}")
    assert stumbled == [], _said(caplog)


def _said(caplog: pytest.LogCaptureFixture) -> str:
    faults = [each for each in caplog.records if each.levelno >= logging.ERROR and each.exc_info]
    return "\n".join(sorted({repr(each.exc_info[1]) for each in faults if each.exc_info}))
