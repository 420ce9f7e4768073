"""Both ends of the live socket: asked, answered, pushed, hung up on, found again."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.errors import ServiceError
from services.live import client as client_module
from services.live import server as server_module
from services.live.client import LiveAway, LiveLink, Unsure
from services.live.place import address_of
from services.live.server import Client, LiveServer
from services.live.words import Words, pack
from tests.services.live.talk import Talk


class Echo:
    """A service that answers everything, unless it is asked to keep silent."""

    def __init__(self, path: Path) -> None:
        self.gone: list[int] = []
        self.server = LiveServer(path, self.take, lambda client: self.gone.append(client.number))
        self.silent = threading.Event()

    def take(self, client: Client, asked: Words) -> None:
        if asked.get("do") == "hold":
            self.silent.wait(10)
        if asked.get("do") != "silence":
            client.tell({"id": asked.get("id"), "ok": True, "said": asked.get("do")})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    # as deep as a test's folder may be, and deeper than a socket's address may be long
    deep = tmp_path / ("a" * 60) / ("b" * 60)
    deep.mkdir(parents=True)
    return deep / "live.sock"


@pytest.fixture
def echo(path: Path) -> Iterator[Echo]:
    made = Echo(path)
    made.server.open()
    yield made
    made.silent.set()
    made.server.close()


def until(met: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_what_is_asked_is_answered_to_whoever_asked(path: Path, echo: Echo) -> None:
    with Talk(path) as one, Talk(path) as other:
        assert one.ask("capture")["said"] == "capture"
        assert other.ask("state")["said"] == "state"


def test_only_the_owner_and_the_group_may_talk(path: Path, echo: Echo) -> None:
    assert path.stat().st_mode & 0o777 == 0o660


def test_everybody_is_told(path: Path, echo: Echo) -> None:
    with Talk(path) as one, Talk(path) as other:
        until(lambda: len(echo.server.clients) == 2)
        echo.server.push({"push": "state", "n": 1})
        assert one.pushed("state")["n"] == 1
        assert other.pushed("state")["n"] == 1


def test_one_that_waits_keeps_nobody_else_waiting(path: Path, echo: Echo) -> None:
    with Talk(path) as slow, Talk(path) as other:
        slow.say("hold", id=1)
        began = time.monotonic()
        assert other.ask("state")["ok"]
        assert time.monotonic() - began < 1
        echo.silent.set()


def test_one_that_never_reads_is_hung_up_on_and_delays_nobody(
    path: Path, echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "MOST_WAITING", 64 * 1024)
    with Talk(path) as dead, Talk(path) as other:
        until(lambda: len(echo.server.clients) == 2)
        long = {"push": "state", "text": "x" * 20_000}
        began = time.monotonic()
        for _ in range(100):
            echo.server.push(long)
            other.pushed("state")
        assert time.monotonic() - began < 5
        until(lambda: len(echo.server.clients) == 1)
        assert dead.closed()


def test_a_second_service_is_refused_and_a_dead_one_replaced(path: Path, echo: Echo) -> None:
    with pytest.raises(ServiceError, match="another acquisition service"):
        LiveServer(path, echo.take).open()
    with Talk(path) as talk:
        assert talk.ask("state")["ok"]
    echo.server.close()
    left_behind = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with address_of(path) as address:
        left_behind.bind(address)
    left_behind.close()
    assert path.exists()
    echo.server.open()
    with Talk(path) as talk:
        assert talk.ask("state")["ok"]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(min_size=1, max_size=200))
def test_nonsense_ends_its_own_connection_only(path: Path, echo: Echo, nonsense: bytes) -> None:
    with Talk(path) as mad, Talk(path) as sane:
        mad.say_bytes(nonsense)
        assert sane.ask("state")["ok"]


def test_a_request_that_is_too_long_is_hung_up_on(path: Path, echo: Echo) -> None:
    with Talk(path) as talk:
        talk.say_bytes((100 * 1024).to_bytes(4, "big") + b"J")
        assert talk.closed()
    until(lambda: len(echo.gone) == 1)


def test_no_more_clients_than_there_is_room_for(
    path: Path, echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "MOST_CLIENTS", 1)
    with Talk(path) as first:
        assert first.ask("state")["ok"]
        with Talk(path) as second:
            assert second.closed()
        assert first.ask("state")["ok"]


def run(body: Callable[[LiveLink, list[Any]], Any], path: Path) -> None:
    async def whole() -> None:
        link, pushes = LiveLink(path), []
        link.listen(pushes.append)
        task = asyncio.create_task(link.run())
        try:
            async with asyncio.timeout(20):
                await body(link, pushes)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(whole())


async def wait_for(met: Callable[[], bool]) -> None:
    while not met():
        await asyncio.sleep(0.005)


def test_the_link_asks_and_hears_and_comes_back(
    path: Path, echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "RECONNECT", 0.02)

    async def body(link: LiveLink, pushes: list[Any]) -> None:
        await wait_for(lambda: link.connected)
        assert (await link.request("capture"))["said"] == "capture"
        echo.server.push({"push": "state", "exam": "1"})
        await wait_for(lambda: link.state is not None)
        await asyncio.to_thread(echo.server.close)
        await wait_for(lambda: not link.connected)
        assert link.state is None
        with pytest.raises(LiveAway):
            await link.request("capture")
        echo.server.open()
        await wait_for(lambda: link.connected)
        assert (await link.request("state"))["ok"]
        told = [push["connected"] for push in pushes if push["push"] == "link"]
        assert told == [True, False, True]

    run(body, path)


def test_an_answer_that_never_comes_leaves_it_open_and_says_so(
    path: Path, echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "ANSWER", 0.1)

    async def body(link: LiveLink, _: list[Any]) -> None:
        await wait_for(lambda: link.connected)
        with pytest.raises(Unsure):
            await link.request("silence")
        assert (await link.request("state"))["ok"]

    run(body, path)


def test_a_service_that_goes_away_in_mid_request_leaves_it_unsure(path: Path, echo: Echo) -> None:
    async def body(link: LiveLink, _: list[Any]) -> None:
        await wait_for(lambda: link.connected)
        asked = asyncio.create_task(link.request("silence"))
        await asyncio.sleep(0.05)
        await asyncio.to_thread(echo.server.close)
        with pytest.raises(Unsure):
            await asked

    run(body, path)


def test_a_service_that_hangs_counts_as_gone(
    path: Path, echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "SILENCE", 0.1)

    async def body(link: LiveLink, pushes: list[Any]) -> None:
        await wait_for(lambda: {"push": "link", "connected": False} in pushes)

    run(body, path)


def test_a_service_that_speaks_nonsense_is_left(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with address_of(path) as address:
        listener.bind(address)
    listener.listen(1)

    async def body(link: LiveLink, pushes: list[Any]) -> None:
        connection, _ = await asyncio.to_thread(listener.accept)
        connection.sendall(pack({"push": "state"}) + b"\xff" * 16)
        await wait_for(lambda: {"push": "link", "connected": False} in pushes)
        connection.close()

    run(body, path)
    listener.close()
    assert "nonsense" in caplog.text
