"""A web server that tells the service manager when its page can be had, and that its loop turns."""

from __future__ import annotations

import socket

import uvicorn

from firmware.notify import Notifier


class NotifiedServer(uvicorn.Server):
    """uvicorn's server; it is ready when its sockets are served and the application has begun.

    Parameters
    ----------
    config
        As uvicorn takes it.
    notifier
        The way to the service manager.
    """

    def __init__(self, config: uvicorn.Config, notifier: Notifier) -> None:
        super().__init__(config)
        self._notifier = notifier

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._notifier.ready()

    async def on_tick(self, counter: int) -> bool:
        self._notifier.alive()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._notifier.stopping()
        await super().shutdown(sockets)
