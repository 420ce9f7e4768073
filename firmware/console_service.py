"""The console as a process: what the firmware gives it, and the sockets that it is served at."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import uvicorn

from firmware.config import Configuration, ConsoleSettings
from firmware.notified_server import NotifiedServer
from firmware.notify import Notifier
from firmware.reload import nobody_at_hand, started_anew
from services.box import Box
from services.console import make_app
from services.console.context import FilmDesk
from services.console.options import Options
from services.errors import ServiceError

if TYPE_CHECKING:
    from starlette.applications import Starlette

_BACKLOG = 128

_FAREWELL = 3
"""Seconds that open pages are given when the service ends."""


class CannotServe(ServiceError):
    """The page cannot be served as configured; the text says why and what to do."""


def serve(configuration: Configuration, box: Box) -> None:
    """Serve the page until a signal ends it.

    The box's own screen is always served on the loopback interface; other machines over TLS where
    that is configured.

    Raises
    ------
    CannotServe
        An address or port is not to be had, or the certificate is not usable.
    """
    settings = configuration.console
    app = make_console(configuration, box)
    config: dict[str, Any] = {
        "log_config": None,
        "access_log": False,
        "server_header": False,
        # who comes from the network is told by the socket itself, never by what they say of it
        "proxy_headers": False,
        # a page says a few words at a time
        "ws_max_size": 64 * 1024,
        # pictures are compressed already: to do it again costs more than it saves
        "ws_per_message_deflate": False,
    }
    screen = NotifiedServer(uvicorn.Config(app, **config), Notifier())
    sockets = [_listening(settings.screen_bind, settings.port, "console.port")]

    def end() -> None:
        screen.should_exit = True

    with started_anew(configuration.file, end, lambda: nobody_at_hand(box)):
        _run(app, screen, sockets, settings, config)


def _run(
    app: Starlette,
    screen: NotifiedServer,
    sockets: list[socket.socket],
    settings: ConsoleSettings,
    config: dict[str, Any],
) -> None:
    if not settings.networked:
        screen.run(sockets=sockets)
        return
    tls = uvicorn.Config(
        app,
        lifespan="off",
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
        **config,
    )
    _load(tls, settings)
    outside = _Beside(tls)
    beside = [_listening(settings.bind, settings.network_port, "console.network_port")]
    _Both(screen, outside).run(sockets, beside)


def make_console(configuration: Configuration, box: Box) -> Starlette:
    """The application with everything that the firmware gives it."""
    from drivers.backlight import find_backlight
    from firmware.clock_trust import clock_trust
    from firmware.status.page import metrics_route
    from firmware.triggers import make_reader
    from firmware.workshop import make_workshop
    from services.live.client import LiveLink

    app = make_app(
        box,
        console_options(configuration.console),
        backlight=find_backlight(),
        live=LiveLink(box.live_socket),
        clock_trust=clock_trust,
        read_scan=make_reader(configuration).read,
        workshop=make_workshop(configuration, box),
        films=lambda: _film_desk(configuration, box),
    )
    app.router.routes.insert(0, metrics_route(configuration, box))
    return app


def _film_desk(configuration: Configuration, box: Box) -> FilmDesk:
    # large, and needed only where films are received
    from firmware.film_reception import make_intake, open_cabinet

    cabinet = open_cabinet(configuration, box)
    return FilmDesk(cabinet, make_intake(configuration, box, cabinet))


def console_options(settings: ConsoleSettings) -> Options:
    """What the console's services need of the configuration."""
    own = (socket.gethostname(), f"{socket.gethostname()}.local")
    return Options(
        language=settings.language,
        name_representation=settings.name_representation,
        hand=settings.hand,
        theme=settings.theme,
        panel_width_mm=settings.panel_width_mm,
        host_names=(*own, *settings.host_names),
        operator_sign_in=settings.operator_sign_in,
        sign_out_minutes=settings.sign_out_minutes,
        emergency_prefix=settings.emergency_prefix,
        ask_again_hours=settings.ask_again_hours,
        ask_after_idle_minutes=settings.ask_after_idle_minutes,
    )


class _Beside(uvicorn.Server):
    """A second server in the same loop: signals are the first one's business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Both:
    """Two servers of one application that end together."""

    def __init__(self, screen: uvicorn.Server, outside: uvicorn.Server) -> None:
        self._screen = screen
        self._outside = outside

    def run(self, sockets: list[socket.socket], beside: list[socket.socket]) -> None:
        import asyncio

        async def both() -> None:
            outside = asyncio.create_task(self._outside.serve(sockets=beside))
            try:
                await self._screen.serve(sockets=sockets)
            finally:
                self._outside.should_exit = True
                await outside

        asyncio.run(both())


def _load(config: uvicorn.Config, settings: ConsoleSettings) -> None:
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise CannotServe(
            f"the certificate {settings.tls_certificate} with the key {settings.tls_key} cannot be "
            f"used for the console's page: {error}. Correct console.tls_certificate and "
            f"console.tls_key, or set console.bind to 127.0.0.1"
        ) from error


def _listening(bind: str, port: int, key: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    try:
        return socket.create_server((bind, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise CannotServe(
            f"cannot serve the console's page at {bind}:{port}: "
            f"{os.strerror(error.errno or 0)}. Does another program use the port? "
            f"Choose another as {key}"
        ) from error
