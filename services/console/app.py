"""The console as a web application: one module for each area, put together here."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from device.worklist import QueryKeys
from services import worklist as worklists
from services.box import Box
from services.console import (
    acquire_routes,
    exam_routes,
    film_routes,
    finish_routes,
    frame_routes,
    identity_routes,
    image_routes,
    live_routes,
    match_routes,
    outbox_routes,
    people_routes,
    preview_routes,
    print_routes,
    technician_routes,
    technician_tests_routes,
    worklist_routes,
)
from services.console.context import Context
from services.console.gate import Gate
from services.console.options import Options
from services.console.people import People
from services.console.preferences import Backlight, Preferences
from services.dicom.peers import Service

_log = logging.getLogger(__name__)

REFRESH_SECONDS = 120.0
"""How often today's list is asked for while the console runs."""

_AREAS: tuple[Callable[[Context], list[BaseRoute]], ...] = (
    exam_routes.routes,
    match_routes.routes,
    outbox_routes.routes,
    worklist_routes.routes,
    identity_routes.routes,
    acquire_routes.routes,
    preview_routes.routes,
    technician_routes.routes,
    technician_tests_routes.routes,
    image_routes.routes,
    finish_routes.routes,
    print_routes.routes,
    film_routes.routes,
    # the frame's own addresses come last: theirs are the more general ones
    people_routes.routes,
    frame_routes.routes,
)


def make_app(
    box: Box, options: Options | None = None, *, backlight: Backlight | None = None, **given: Any
) -> Starlette:
    """The application for one box; what else is ``given`` goes into its :class:`Context`."""
    chosen = options or Options()
    context = Context(
        box,
        chosen,
        People(box, chosen),
        Preferences(box.catalog, chosen, backlight),
        **given,
    )
    hub = live_routes.Hub()
    areas = [route for area in _AREAS for route in area(context)]
    static = StaticFiles(directory=Path(__file__).parent / "static")
    return Starlette(
        routes=[*live_routes.routes(context, hub), *areas, Mount("/static", static)],
        middleware=[Middleware(Gate, options=chosen, people=context.people)],
        lifespan=_lifespan(context, hub),
    )


def _lifespan(
    context: Context, hub: live_routes.Hub
) -> Callable[[Starlette], contextlib.AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        context.preferences.restore()
        beside = (
            asyncio.create_task(_keep_fresh(context.box)),
            asyncio.create_task(identity_routes.attend(context)),
        )
        try:
            async with live_routes.running(context, hub):
                yield
        finally:
            for task in beside:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

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
