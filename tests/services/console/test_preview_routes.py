"""The preview's socket: a picture for each that was drawn, and nothing for strangers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from services.box import Box
from services.catalog import people
from services.live.server import Client, LiveServer
from services.live.words import Shown, Words
from tests.services.boxes import make_box
from tests.services.console.browsing import ADDRESS, PAGE, browse


class Pictures:
    """Sends one picture, and another for each that is asked for."""

    def __init__(self) -> None:
        self.asked: list[Words] = []
        self.count = 0

    def take(self, client: Client, asked: Words) -> None:
        self.asked.append(asked)
        if asked["do"] == "preview":
            client.tell({"id": asked["id"], "ok": True})
            client.tell({"push": "state"})
        self.count += 1
        client.tell(Shown({"push": "preview", "n": self.count}, b"\xff\xd8" + bytes([self.count])))


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = make_box(tmp_path)
    with made.catalog:
        yield made


@pytest.fixture
def pictures(box: Box) -> Iterator[Pictures]:
    made = Pictures()
    server = LiveServer(box.live_socket, made.take)
    server.open()
    yield made
    server.close()


@contextmanager
def watching(box: Box, query: str = "?w=640&h=360", origin: str = ADDRESS) -> Iterator[Any]:
    browser: TestClient = browse(box)
    headers = {"Host": "127.0.0.1:8080", "Origin": origin}
    with browser.websocket_connect(f"/api/preview{query}", headers=headers) as socket:
        yield socket


def picture(socket: Any) -> tuple[Words, bytes]:
    data = socket.receive_bytes()
    end = 2 + int.from_bytes(data[:2], "big")
    return json.loads(data[2:end]), data[end:]


def test_a_picture_comes_for_each_that_was_drawn(box: Box, pictures: Pictures) -> None:
    with watching(box) as socket:
        assert picture(socket) == ({"push": "preview", "n": 1}, b"\xff\xd8\x01")
        socket.send_text("n")
        assert picture(socket)[0]["n"] == 2
    assert pictures.asked[0]["source"] == ""
    assert (pictures.asked[0]["width"], pictures.asked[0]["height"]) == (640, 360)
    assert pictures.count == 2


@pytest.mark.parametrize("query", ["", "?w=-1&h=x", "?w=99999999999&h=0", "?w=²&h=1e3"])
def test_any_size_is_made_a_sensible_one(box: Box, pictures: Pictures, query: str) -> None:
    with watching(box, query) as socket:
        picture(socket)
    for side in ("width", "height"):
        assert 0 < pictures.asked[0][side] <= 4096


def test_a_page_that_talks_nonsense_is_hung_up_on(box: Box, pictures: Pictures) -> None:
    with watching(box) as socket:
        picture(socket)
        socket.send_text("give me everything")
        with pytest.raises(WebSocketDisconnect):
            picture(socket)


def test_without_the_service_the_page_is_told_to_come_back(box: Box) -> None:
    with watching(box) as socket, pytest.raises(WebSocketDisconnect) as ended:
        picture(socket)
    assert ended.value.code == 1013


def test_a_named_source_is_for_technicians(box: Box, pictures: Pictures) -> None:
    with pytest.raises(WebSocketDisconnect), watching(box, "?source=grabber&w=1&h=1") as socket:
        picture(socket)
    assert pictures.asked == []


def test_another_site_sees_nothing(box: Box, pictures: Pictures) -> None:
    with pytest.raises(WebSocketDisconnect), watching(box, origin="http://evil.test") as socket:
        picture(socket)
    assert pictures.asked == []


def test_who_is_signed_out_sees_no_more(box: Box, pictures: Pictures) -> None:
    address = "https://192.0.2.7:8443"
    origin = {"Origin": address}
    people.add(box.catalog, "Ada", "operator", "482910", made=box.clock.now())
    browser: TestClient = browse(box, address=address)
    signed = browser.post(
        "/api/session/sign-in",
        json={"name": "Ada", "pin": "482910"},
        headers={**PAGE, **origin},
    )
    assert signed.status_code == 200
    cookie = f"__Host-gantry={browser.cookies['__Host-gantry']}"
    with browser.websocket_connect(
        "wss://192.0.2.7:8443/api/preview?w=64&h=36", headers={**origin, "Cookie": cookie}
    ) as socket:
        picture(socket)
        socket.send_text("n")
        assert picture(socket)[0]["n"] == 2
        browser.post("/api/session/sign-out", headers={**PAGE, **origin})
        socket.send_text("n")
        with pytest.raises(WebSocketDisconnect) as ended:
            picture(socket)
    assert ended.value.code == 1008
