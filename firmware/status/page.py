"""``/metrics`` of the console."""

from __future__ import annotations

import asyncio
import time

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from firmware.config import Configuration
from firmware.status import metrics
from firmware.status.collect import collect
from services.box import Box
from services.console.gate import over_network

_FRESH = 5.0
"""Seconds for which an answer is given again: several may ask, and a Pi is small."""


def metrics_route(configuration: Configuration, box: Box) -> Route:
    """For Prometheus on this machine, and on others where the configuration lets them."""
    page = _Page(configuration, box)
    return Route("/metrics", page.answer)


class _Page:
    def __init__(self, configuration: Configuration, box: Box) -> None:
        self._configuration = configuration
        self._box = box
        self._alone = asyncio.Lock()
        self._said = b""
        self._at = float("-inf")

    async def answer(self, request: Request) -> Response:
        if over_network(request.scope) and not self._configuration.console.metrics_on_network:
            return PlainTextResponse(
                "console.metrics_on_network of gantry.toml opens this to other machines\n",
                status_code=403,
            )
        async with self._alone:
            if time.monotonic() - self._at > _FRESH:
                self._said = await asyncio.to_thread(self._collect)
                self._at = time.monotonic()
        return Response(self._said, media_type=metrics.CONTENT_TYPE)

    def _collect(self) -> bytes:
        return metrics.render(collect(self._configuration, self._box))
