"""A door in the network: what connects to it reaches a peer while it is open, nobody while shut."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Gate:
    """Listens on a loopback port of its own and passes bytes on to ``target``.

    Shut, it refuses connections as a switched-off machine's neighbour does, keeps its port, and
    cuts what was connected.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._socket = _bound(0)
        self.port = int(self._socket.getsockname()[1])
        self._open = False
        self._passing: list[socket.socket] = []
        self._lock = threading.Lock()

    def open(self) -> None:
        self._socket.listen(64)
        self._open = True
        threading.Thread(target=self._accept, args=(self._socket,), daemon=True).start()

    def shut(self) -> None:
        """Refuse everybody from now on, and reset the connections that there are."""
        if self._open:
            self._open = False
            self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
            self._socket = _bound(self.port)
        with self._lock:
            passing, self._passing = self._passing, []
        for each in passing:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.shut()
        self._socket.close()

    def _accept(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listening.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                with self._lock:
                    self._passing += [near, far]
                for one, other in ((near, far), (far, near)):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    threading.Thread(target=_pump, args=(one, other), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _bound(port: int) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    return listening
