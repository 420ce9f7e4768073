"""``/api/live``: what happens on the box, as it happens, to every open page."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from services.console.answers import allow
from services.console.context import Context, Push
from services.console.people import Role, Session
from services.console.problems import Problem

POLL_SECONDS = 0.2
"""How often the catalog is asked whether somebody changed it."""

BEAT_SECONDS = 0.5
"""A page that hears nothing for a few beats knows that the box does not answer."""

_UNSENT = 64
_CHANGED: Push = {"push": "changed", "what": ["worklist", "exams", "outbox"]}


class Hub:
    """Hands what is pushed to every page; one that does not read is cut off and comes back."""

    def __init__(self) -> None:
        self._pages: set[asyncio.Queue[Push | None]] = set()

    def push(self, message: Push) -> None:
        """Send a message to every page; in the event loop's thread."""
        for page in tuple(self._pages):
            if page.full():
                self._pages.discard(page)
                page.get_nowait()
                page.put_nowait(None)
                continue
            page.put_nowait(message)

    @contextlib.contextmanager
    def subscribed(self) -> Iterator[asyncio.Queue[Push | None]]:
        """A queue of what is pushed; None ends it."""
        page: asyncio.Queue[Push | None] = asyncio.Queue(_UNSENT)
        self._pages.add(page)
        try:
            yield page
        finally:
            self._pages.discard(page)


def routes(context: Context, hub: Hub) -> list[BaseRoute]:
    async def live(socket: WebSocket) -> None:
        await _serve(socket, context, hub)

    return [WebSocketRoute("/api/live", live)]


@contextlib.asynccontextmanager
async def running(context: Context, hub: Hub) -> AsyncIterator[None]:
    """Watch the catalog and the acquisition service for the time of the block."""
    loop = asyncio.get_running_loop()
    stop = threading.Event()

    def changed() -> None:
        with contextlib.suppress(RuntimeError):  # the loop ends before the thread does
            loop.call_soon_threadsafe(hub.push, _CHANGED)

    watching = asyncio.create_task(
        asyncio.to_thread(watch, context.box.catalog.path, changed, stop)
    )
    link = context.live
    silence = link.listen(hub.push) if link else None
    linking = asyncio.create_task(link.run()) if link else None
    try:
        yield
    finally:
        stop.set()
        if silence:
            silence()
        if linking:
            linking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await linking
        await watching


def watch(catalog: Path, changed: Callable[[], None], stop: threading.Event) -> None:
    """Call ``changed`` whenever anybody committed to the catalog, until told to stop.

    On a connection of its own, so that commits of this process are seen as well, and so that a
    long query of a page never delays it.
    """
    connection = sqlite3.connect(f"file:{catalog}?mode=ro", uri=True, timeout=1)
    try:
        known = _version(connection)
        while not stop.wait(POLL_SECONDS):
            now = _version(connection)
            if now != known:
                known = now
                changed()
    finally:
        connection.close()


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


async def _serve(socket: WebSocket, context: Context, hub: Hub) -> None:
    try:
        allow(socket.scope["gantry.session"], Role.OPERATOR)
    except Problem:
        await socket.close(1008)
        return
    await socket.accept()
    with hub.subscribed() as page:
        reading = asyncio.create_task(_read(socket))
        try:
            await _write(socket, page, reading, context)
        except (WebSocketDisconnect, RuntimeError):
            return  # the page went away
        except Problem:
            await socket.close(1008)  # signed out meanwhile
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
                await reading


async def _write(
    socket: WebSocket,
    page: asyncio.Queue[Push | None],
    reading: asyncio.Task[None],
    context: Context,
) -> None:
    while not reading.done():
        try:
            message = await asyncio.wait_for(page.get(), BEAT_SECONDS)
        except TimeoutError:
            link = context.live
            message = {"push": "beat", "acquisition": bool(link and link.connected)}
        # however much there is to tell: whoever was signed out meanwhile hears none of it
        allow(session_now(socket, context), Role.OPERATOR)
        if message is None:
            await socket.close(1013)
            return
        await socket.send_json(message)


def session_now(socket: WebSocket, context: Context) -> Session:
    """Who listens by now; they may have been signed out since they came."""
    kiosk = socket.scope["gantry.session"].kiosk
    return context.people.session(socket.scope["gantry.token"], kiosk=kiosk)


async def _read(socket: WebSocket) -> None:
    """Nothing is expected from a page; its end is."""
    while True:
        await socket.receive_text()
