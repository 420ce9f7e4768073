"""What every request must pass: known names, our own pages, a person; and what every answer says.

A page of another site must not drive the box through a browser that may reach it. So a request
names the box by an address or a name it goes by (a foreign name that was pointed at the box is
refused), what changes something comes from a page of the same origin and carries a header that
forms cannot send, and WebSockets are opened by such pages alone.
"""

from __future__ import annotations

import ipaddress
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.console.options import Options
from services.console.people import People
from services.console.problems import Problem

CONSENT = "x-gantry"
"""A header that every request carries which changes something."""

_POLICY = "; ".join(
    (
        "default-src 'self'",
        "connect-src 'self'",
        "img-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
_STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")


class Gate:
    """Middleware around the whole application.

    Parameters
    ----------
    app : ASGIApp
        What lies behind.
    options : Options
        Names of the box, and whether it is served over the network.
    people : People
        Tells from the session's token who asks.
    """

    def __init__(self, app: ASGIApp, options: Options, people: People) -> None:
        self._app = app
        self._names = frozenset(name.casefold() for name in ("localhost", *options.host_names))
        self._people = people

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not (self._knows_host(headers) and self._is_ours(scope, headers)):
            await self._refuse(scope, receive, send)
            return
        kiosk = not over_network(scope)
        token = token_of(headers, kiosk)
        scope["gantry.token"] = token
        scope["gantry.session"] = self._people.session(token, kiosk=kiosk)
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, _with_headers(send, over_network(scope)))

    def _knows_host(self, headers: Headers) -> bool:
        name = _host_name(headers.get("host", ""))
        if name.casefold() in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def _is_ours(self, scope: Scope, headers: Headers) -> bool:
        origin = headers.get("origin")
        same = origin is None or origin.partition("://")[2] == headers.get("host")
        if scope["type"] == "websocket":
            return origin is not None and same
        if scope["method"] in ("GET", "HEAD"):
            return True
        site = headers.get("sec-fetch-site", "same-origin")
        return same and site == "same-origin" and headers.get(CONSENT) == "1"

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        refusal = JSONResponse(Problem("G-9005").as_plain(), status_code=403)
        await refusal(scope, receive, _with_headers(send, over_network(scope)))


def _with_headers(send: Send, network: bool) -> Send:
    extra = (*HEADERS, _STRICT_TRANSPORT) if network else HEADERS

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            said = {name for name, _ in message["headers"]}
            new = [header for header in extra if header[0] not in said]
            message["headers"] = [*message["headers"], *new]
        await send(message)

    return send_with_headers


def over_network(scope: Scope) -> bool:
    """Whether a request came from another machine: those come over TLS, and only those."""
    return scope.get("scheme") in ("https", "wss")


def cookie_name(kiosk: bool) -> str:
    """Name of the cookie that carries a session's token; over TLS one that needs TLS."""
    return "gantry" if kiosk else "__Host-gantry"


def token_of(headers: Headers, kiosk: bool) -> str:
    """The session's token that a request carries; empty when there is none."""
    try:
        cookies = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return ""
    name = cookie_name(kiosk)
    return cookies[name].value if name in cookies else ""


def _host_name(host: str) -> str:
    """Name or address without the port and without the brackets of an IPv6 address."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
