"""``/api/preview``: the newest picture of a source, as fast as the page draws and never faster.

A page gets one picture and asks for the next when it has drawn it, so that a slow browser sees
fewer pictures and makes nobody keep old ones: one is on its way, whatever happens.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from services.console.answers import allow
from services.console.context import Context
from services.console.live_routes import session_now
from services.console.people import Role
from services.console.problems import Problem
from services.live.client import open_link
from services.live.words import MOST_TOLD, BrokenWords, Shown, Unpacker, pack

NEXT = "n"
"""What the page says when it has drawn a picture."""

LARGEST = 4096
_HANG_UPS = (WebSocketDisconnect, OSError, RuntimeError)
"""Starlette has RuntimeError for a socket that is closed already."""

_POLICY, _TRY_AGAIN, _TOO_MUCH = 1008, 1013, 1009
_READ = 256 * 1024


def routes(context: Context) -> list[BaseRoute]:
    path = context.box.live_socket

    async def preview(socket: WebSocket) -> None:
        await serve(socket, path, context)

    return [WebSocketRoute("/api/preview", preview)]


async def serve(socket: WebSocket, path: Path, context: Context) -> None:
    """Show a page the source that it names, or the one of the open exam."""
    source = socket.query_params.get("source", "")
    sides = [_side(socket.query_params.get(key, "")) for key in ("w", "h")]
    role = Role.TECHNICIAN if source else Role.OPERATOR
    try:
        allow(socket.scope["gantry.session"], role)
    except Problem:
        await socket.close(_POLICY)
        return
    await socket.accept()
    try:
        reader, writer = await open_link(path)
    except OSError:
        await socket.close(_TRY_AGAIN)
        return
    try:
        asked = {"id": 1, "do": "preview", "source": source, "width": sides[0], "height": sides[1]}
        writer.write(pack(asked))
        await _run(
            _to_page(reader, socket),
            _from_page(socket, writer, lambda: allow(session_now(socket, context), role)),
        )
    finally:
        writer.close()


async def _run(*parts: Coroutine[Any, Any, None]) -> None:
    """Until the first of them ends; what it met beside a hang-up is raised."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for task in tasks:
        failure = None if task.cancelled() else task.exception()
        if failure is not None and not isinstance(failure, _HANG_UPS):
            raise failure


async def _to_page(reader: asyncio.StreamReader, socket: WebSocket) -> None:
    unpacker = Unpacker(MOST_TOLD)
    while data := await reader.read(_READ):
        try:
            messages = unpacker.feed(data)
        except BrokenWords:
            break
        for message in messages:
            if isinstance(message, Shown):
                await socket.send_bytes(packed(message))
            elif message.get("id") == 1 and not message.get("ok"):
                await socket.send_bytes(packed(Shown({"state": "", **message}, b"")))
    with contextlib.suppress(RuntimeError):
        await socket.close(_TRY_AGAIN)


async def _from_page(
    socket: WebSocket, writer: asyncio.StreamWriter, still_allowed: Callable[[], None]
) -> None:
    more = pack({"do": "preview_next"})
    while True:
        said = await socket.receive_text()
        if said != NEXT:
            await socket.close(_TOO_MUCH)
            return
        try:
            still_allowed()
        except Problem:  # signed out meanwhile
            await socket.close(_POLICY)
            return
        writer.write(more)
        await writer.drain()


def packed(shown: Shown) -> bytes:
    """A picture for the page: the length of its header (2 bytes, big-endian), header, JPEG."""
    header = json.dumps(shown.header, ensure_ascii=False).encode()
    return len(header).to_bytes(2, "big") + header + shown.data


def _side(text: str) -> int:
    return max(1, min(LARGEST, int(text))) if text.isdecimal() and len(text) < 6 else 800
