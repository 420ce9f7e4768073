"""What is pushed to pages: to every one that reads, and never at the cost of the others."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from services.catalog import Catalog, preferences
from services.console import live_routes
from services.console.live_routes import Hub, watch
from tests.services.boxes import HandClock, make_box
from tests.services.console.browsing import ADDRESS, PAGE, browse


def test_a_page_that_does_not_read_is_cut_off_and_the_others_miss_nothing() -> None:
    async def play() -> None:
        hub = Hub()
        with hub.subscribed() as slow, hub.subscribed() as quick:
            heard = []
            for number in range(200):
                hub.push({"push": "state", "number": number})
                heard.append((await quick.get() or {})["number"])
            assert heard == list(range(200))
            left = [slow.get_nowait() for _ in range(slow.qsize())]
            assert left[-1] is None, "it is told to come back"
            assert len(left) <= 64, "what it did not read does not pile up"

    asyncio.run(play())


def test_a_page_that_left_is_forgotten() -> None:
    hub = Hub()
    with hub.subscribed() as page:
        pass
    hub.push({"push": "state"})
    assert page.empty()


def test_commits_of_anybody_are_noticed_and_quiet_is_quiet(tmp_path: Path) -> None:
    with Catalog(tmp_path / "catalog.sqlite") as ours, Catalog(ours.path) as theirs:
        seen, stop = threading.Semaphore(0), threading.Event()
        thread = threading.Thread(target=watch, args=(ours.path, seen.release, stop))
        thread.start()
        try:
            # the first look may come after the first commit, so one is made until it is seen
            number = 0
            while not seen.acquire(timeout=live_routes.POLL_SECONDS * 3):
                number += 1
                preferences.put(ours, "", {"theme": f"{number}"})
                assert number < 50
            while seen.acquire(timeout=live_routes.POLL_SECONDS * 3):
                pass
            for catalog in (ours, theirs):
                preferences.put(catalog, "", {"hand": str(id(catalog))})
                assert seen.acquire(timeout=10)
            assert not seen.acquire(timeout=live_routes.POLL_SECONDS * 3), "once for one commit"
        finally:
            stop.set()
            thread.join(10)
        assert not thread.is_alive()


class Link:
    """An acquisition service that pushes what it is told to."""

    def __init__(self) -> None:
        self.connected = True
        self._take: Any = None
        self.listening = threading.Event()
        self.loop: Any = None

    def listen(self, take: Any) -> Any:
        self._take = self._take or take
        return lambda: None

    async def request(self, do: str, **_: Any) -> dict[str, Any]:
        raise AssertionError(do)

    async def run(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.listening.set()
        await asyncio.Event().wait()

    def push(self, message: dict[str, Any]) -> None:
        self.loop.call_soon_threadsafe(self._take, message)


def headers() -> dict[str, str]:
    return {"Host": ADDRESS.removeprefix("http://"), "Origin": ADDRESS}


def heard(socket: Any, push: str) -> dict[str, Any]:
    for _ in range(50):
        message: dict[str, Any] = socket.receive_json()
        if message["push"] == push:
            return message
    raise AssertionError(f"{push} was never pushed")


def test_what_the_acquisition_service_pushes_reaches_every_page(tmp_path: Path) -> None:
    box, link = make_box(tmp_path, clock=HandClock()), Link()
    with browse(box, live=link) as browser:
        assert link.listening.wait(60)
        with (
            browser.websocket_connect("/api/live", headers=headers()) as one,
            browser.websocket_connect("/api/live", headers=headers()) as other,
        ):
            assert heard(one, "beat")["acquisition"] is True
            assert heard(other, "beat")
            link.push({"push": "outcome", "uid": "1.2.3"})
            assert heard(one, "outcome")["uid"] == "1.2.3"
            assert heard(other, "outcome")["uid"] == "1.2.3"
            link.connected = False
            assert heard(one, "beat")["acquisition"] is False
    box.catalog.close()


@pytest.mark.parametrize("busy", [False, True])
def test_who_is_signed_out_hears_no_more(tmp_path: Path, busy: bool) -> None:
    address = "https://192.0.2.7:8443"
    origin = {"Origin": address}
    box, link, stop = make_box(tmp_path, clock=HandClock()), Link(), threading.Event()
    kiosk = browse(box)
    kiosk.post("/api/session/first", json={"name": "Ada", "pin": "482910"}, headers=PAGE)
    browser: TestClient

    def chatter() -> None:
        while busy and not stop.wait(live_routes.BEAT_SECONDS / 10):
            link.push({"push": "state"})

    talking = threading.Thread(target=chatter)
    with browse(box, address=address, live=link) as browser:
        assert link.listening.wait(60)
        talking.start()
        browser.post(
            "/api/session/sign-in",
            json={"name": "Ada", "pin": "482910"},
            headers={**PAGE, **origin},
        )
        with browser.websocket_connect(
            "wss://192.0.2.7:8443/api/live",
            headers={**origin, "Cookie": f"__Host-gantry={browser.cookies['__Host-gantry']}"},
        ) as socket:
            assert heard(socket, "state" if busy else "beat")
            browser.post("/api/session/sign-out", headers={**PAGE, **origin})
            last = socket.receive()
            for _ in range(20):
                if last["type"] != "websocket.send":
                    break
                last = socket.receive()
            assert (last["type"], last.get("code")) == ("websocket.close", 1008)
        stop.set()
        talking.join()
    box.catalog.close()
