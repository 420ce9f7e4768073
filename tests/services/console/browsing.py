"""A browser at the console, without a network: the address and headers of our own page."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from services.box import Box
from services.console.app import make_app
from services.console.options import Options

ADDRESS = "http://127.0.0.1:8080"

PAGE = {"X-Gantry": "1", "Origin": ADDRESS, "Sec-Fetch-Site": "same-origin"}
"""Headers of what our own page sends when it changes something."""


def browse(
    box: Box,
    options: Options | None = None,
    *,
    address: str = ADDRESS,
    raise_server_exceptions: bool = True,
    **given: Any,
) -> TestClient:
    """The kiosk's page of a box; ``given`` goes into the console's context.

    With an ``address`` that begins with https it is somebody on the network.
    """
    return TestClient(
        make_app(box, options, **given),
        base_url=address,
        raise_server_exceptions=raise_server_exceptions,
    )
