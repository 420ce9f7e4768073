"""The console's server and the service manager."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from firmware.notified_server import NotifiedServer
from firmware.notify import Notifier


def test_the_manager_hears_of_the_page_only_when_it_can_be_had(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(10)
        page = socket.create_server(("127.0.0.1", 0))
        notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "500000"})
        server = NotifiedServer(uvicorn.Config(Starlette(), log_config=None), notifier)

        async def serve() -> list[str]:
            running = asyncio.create_task(server.serve(sockets=[page]))
            heard = [await asyncio.to_thread(manager.recv, 4096)]
            _, writer = await asyncio.open_connection(*page.getsockname())
            writer.close()
            heard += [await asyncio.to_thread(manager.recv, 4096) for _ in range(3)]
            server.should_exit = True
            await running
            return [word.decode() for word in heard]

        assert asyncio.run(serve()) == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]
        assert manager.recv(4096) == b"STOPPING=1"
