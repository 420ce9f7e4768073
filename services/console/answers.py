"""From a plain function to an answer of the console: who asks, what came, what goes wrong."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from device.errors import DeviceError
from services.console.people import NOBODY, Role, Session, needed_by
from services.console.problems import Problem
from services.errors import NotFound, ServiceError, StorageFull

_log = logging.getLogger(__name__)

LONGEST_BODY = 64 * 1024
"""Bytes of JSON that a request may bring."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request as a handler sees it.

    Attributes
    ----------
    path : mapping
        The parts of the address that are variable, by name.
    query : mapping
        What stands behind the question mark; the last value counts.
    body : mapping
        The JSON object of a POST, else empty.
    session : Session
        Who asks; its role was checked already.
    token : str
        The session's own secret; empty where nobody is signed in.
    """

    path: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    session: Session = NOBODY
    token: str = ""

    def text(self, key: str, longest: int = 1024) -> str:
        """A text of the body, stripped; empty when it is not there.

        Raises
        ------
        Problem
            G-9003 when it is no text, or too long.
        """
        value = self.body.get(key, "")
        if not isinstance(value, str) or len(value) > longest:
            raise Problem("G-9003", {"words": f"{key} must be a text of at most {longest}"})
        return value.strip()


Handler = Callable[[Call], Any] | Callable[[Call], Awaitable[Any]]


def answer(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint for a handler: a function runs in a thread, a coroutine where it is.

    The handler takes a :class:`Call` and returns what JSON can hold, or a ready ``Response``. What
    it raises becomes an explained refusal: :class:`Problem` as it is, errors that speak to a person
    with their own words, anything else as a fault of the box whose details only the log has.
    """
    role = needed_by(handler)

    async def endpoint(request: Request) -> Response:
        try:
            call = await _call(request, role)
            if inspect.iscoroutinefunction(handler):
                content = await handler(call)
            else:
                content = await asyncio.to_thread(handler, call)
        except Problem as problem:
            return JSONResponse(problem.as_plain(), status_code=problem.status)
        except Exception as error:  # noqa: BLE001 -- becomes an explained answer
            found = _problem_of(error)
            return JSONResponse(found.as_plain(), status_code=found.status)
        return content if isinstance(content, Response) else JSONResponse(content)

    return endpoint


def session_of(request: Request) -> Session:
    """Who asks, as the gate found out."""
    found = request.scope.get("gantry.session", NOBODY)
    assert isinstance(found, Session)
    return found


def allow(session: Session, role: Role) -> None:
    """Let somebody with this role pass.

    Raises
    ------
    Problem
        G-9101 for somebody who is not signed in, G-9102 for somebody whose role is too low.
    """
    if session.role >= role:
        return
    if session.role is Role.NOBODY:
        raise Problem("G-9101")
    raise Problem("G-9102", {"role": role.word})


async def _call(request: Request, role: Role) -> Call:
    session = session_of(request)
    allow(session, role)
    body = await _body(request) if request.method == "POST" else {}
    token = str(request.scope.get("gantry.token", ""))
    return Call(request.path_params, dict(request.query_params), body, session, token)


async def _body(request: Request) -> Mapping[str, Any]:
    text = bytearray()
    async for chunk in request.stream():
        text += chunk
        if len(text) > LONGEST_BODY:
            raise Problem("G-9003", {"words": "it is too long"}, 413)
    try:
        body = json.loads(bytes(text) or b"{}")
    except (ValueError, RecursionError):
        raise Problem("G-9003", {"words": "it is no JSON"}) from None
    if not isinstance(body, dict):
        raise Problem("G-9003", {"words": "it is no JSON object"})
    return body


def _problem_of(error: Exception) -> Problem:
    if isinstance(error, NotFound):
        return Problem("G-9002", {"words": str(error)})
    if isinstance(error, StorageFull):
        return Problem("G-9004", {"words": str(error)})
    if isinstance(error, (ServiceError, DeviceError)):
        return Problem("G-9001", {"words": str(error)})
    # what it says may hold a patient's data: where it happened is enough to find it
    where = traceback.extract_tb(error.__traceback__)
    trail = " < ".join(f"{each.name} ({each.filename}:{each.lineno})" for each in reversed(where))
    _log.error("a request could not be answered: %s in %s", type(error).__name__, trail)
    _log.debug("what could not be answered", exc_info=error)
    return Problem("G-9000")
