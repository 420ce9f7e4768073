"""The console as a web application; it only reads, and refreshes the worklist."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, select_autoescape
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from device.worklist import QueryKeys
from services import exam_view
from services import worklist as worklists
from services.box import Box
from services.catalog import exams
from services.catalog import worklist as cache
from services.dicom.peers import Service
from services.errors import NotFound
from services.outbox import operator, peer_state

_log = logging.getLogger(__name__)

REFRESH_SECONDS = 120.0
"""How often today's list is asked for while the console runs."""

_HERE = Path(__file__).parent
_HEADERS = (
    (b"content-security-policy", b"default-src 'self'; frame-ancestors 'none'; base-uri 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)


def make_app(box: Box) -> Starlette:
    """The application for one box."""
    templates = Environment(
        loader=PackageLoader("services.console"), autoescape=select_autoescape()
    )

    async def page(_: Request) -> Response:
        text = templates.get_template("overview.html").render(station=box.station)
        return HTMLResponse(text)

    return Starlette(
        routes=[
            Route("/", page),
            Route("/health", _answer(box, _health)),
            Route("/api/overview", _answer(box, _overview)),
            Route("/api/exams/{exam_id}", _answer(box, _exam)),
            Mount("/static", StaticFiles(directory=_HERE / "static")),
        ],
        middleware=[Middleware(_SecurityHeaders)],
        lifespan=_lifespan(box),
    )


class _SecurityHeaders:
    """Adds the security headers to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_HEADERS]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _answer(box: Box, build: Callable[[Box, Request], dict[str, Any]]) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        try:
            content = await asyncio.to_thread(build, box, request)
        except NotFound as error:
            return JSONResponse({"error": str(error)}, status_code=404)
        return JSONResponse(content)

    return endpoint


def _health(box: Box, _: Request) -> dict[str, Any]:
    usage = box.spool.usage()
    return {
        "station": box.station.ae_title,
        "software_version": box.software_version,
        "disk_percent": round(usage.percent, 1),
        "accepts_exams": usage.percent < box.retention.high_water_percent,
    }


def _overview(box: Box, _: Request) -> dict[str, Any]:
    today = box.clock.now().date()
    entries = cache.items(box.catalog, QueryKeys(date=today))
    return {
        "worklist": [worklists.as_plain(box, entry, today) for entry in entries],
        "freshness": [worklists.age_of(box, fresh) for fresh in cache.freshness(box.catalog)],
        "exams": [exam_view.exam_as_plain(box, exam) for exam in exams.recent(box.catalog, 50)],
        "owed": [
            exam_view.delivery_as_plain(delivery)
            for delivery in operator.deliveries(box.catalog, limit=200)
        ],
        "peers": [_peer(box, peer.name) for peer in box.peers],
        "health": _health(box, _),
    }


def _peer(box: Box, name: str) -> dict[str, Any]:
    state = peer_state.get(box.catalog, name)
    return {
        "name": name,
        "last_contact": state.last_contact,
        "fault": state.last_error,
        "owed": sum(operator.owed(box.catalog, name).values()),
    }


def _exam(box: Box, request: Request) -> dict[str, Any]:
    return exam_view.exam_in_detail(box, exams.load(box.catalog, request.path_params["exam_id"]))


def _lifespan(box: Box) -> Callable[[Starlette], contextlib.AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        refreshing = asyncio.create_task(_keep_fresh(box))
        try:
            yield
        finally:
            refreshing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await refreshing

    return lifespan


async def _keep_fresh(box: Box) -> None:
    """Ask for today's list again and again; a RIS that is down leaves the cache as it is."""
    if not box.offering(Service.WORKLIST):
        return
    while True:
        keys = QueryKeys(date=box.clock.now().date())
        try:
            await asyncio.to_thread(worklists.refresh, box, keys)
        except Exception:  # noqa: BLE001 -- logged; the list stays as it is, and its age says so
            _log.exception("the worklist could not be refreshed; trying again later")
        await asyncio.sleep(REFRESH_SECONDS)
