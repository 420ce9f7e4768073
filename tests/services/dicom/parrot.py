"""A peer that says exactly the bytes it was told to."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType

from services.dicom.peers import Peer, Service, Timeouts

ABORT = bytes((7, 0, 0, 0, 0, 4, 0, 0, 2, 6))
RELEASE = bytes((5, 0, 0, 0, 0, 4, 0, 0, 0, 0))

Script = Callable[["Parrot", socket.socket], None]


class Parrot:
    """Listens on loopback and runs ``script`` on the first connection; a context manager."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._run)
        self.finished = threading.Event()
        self.port = int(self._listener.getsockname()[1])

    def peer(self, dimse: float = 1.0) -> Peer:
        timeouts = Timeouts(connect=2.0, acse=1.0, dimse=dimse)
        return Peer(
            "parrot", "PARROT", "127.0.0.1", self.port, frozenset(Service), timeouts=timeouts
        )

    def __enter__(self) -> Parrot:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.finished.set()
        self._listener.close()
        self._thread.join(5)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        with connection:
            try:
                self._script(self, connection)
            except ConnectionError:
                return


def pdu(kind: int, body: bytes) -> bytes:
    return struct.pack(">BBL", kind, 0, len(body)) + body


def item(kind: int, value: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(value)) + value


def accept(contexts: dict[int, str], max_pdu: int = 16384) -> bytes:
    """Write an A-ASSOCIATE-AC that accepts the given contexts."""
    body = struct.pack(">HH", 1, 0) + b"PARROT".ljust(16) + b"BOX".ljust(16) + bytes(32)
    body += item(0x10, b"1.2.840.10008.3.1.1.1")
    for context_id, syntax in contexts.items():
        body += item(0x21, bytes((context_id, 0, 0, 0)) + item(0x40, syntax.encode()))
    body += item(0x50, item(0x51, struct.pack(">L", max_pdu)) + item(0x52, b"1.2.3"))
    return pdu(2, body)


def response(field: int, message_id: int, status: int, context_id: int = 1) -> bytes:
    """Write a DIMSE response without a data set."""
    elements = b"".join(
        struct.pack("<HHLH", 0, number, 2, value)
        for number, value in (
            (0x0100, field),
            (0x0120, message_id),
            (0x0800, 0x0101),
            (0x0900, status),
        )
    )
    command = struct.pack("<HHLL", 0, 0, 4, len(elements)) + elements
    return pdu(4, struct.pack(">LBB", len(command) + 2, context_id, 3) + command)


def read_exactly(connection: socket.socket, wanted: int) -> bytes:
    received = b""
    while len(received) < wanted:
        piece = connection.recv(wanted - len(received))
        if not piece:
            raise ConnectionError("the caller went away")
        received += piece
    return received


def read_pdu(connection: socket.socket) -> tuple[int, bytes]:
    header = read_exactly(connection, 6)
    return header[0], read_exactly(connection, int.from_bytes(header[2:], "big"))


def read_message(connection: socket.socket, *, with_data_set: bool) -> bytes:
    """Read one message and return the bytes of its data set."""
    data_set = b""
    while True:
        _, body = read_pdu(connection)
        position = 0
        while position < len(body):
            length = int.from_bytes(body[position : position + 4], "big")
            flags = body[position + 5]
            if not flags & 1:
                data_set += body[position + 6 : position + 4 + length]
            if flags & 2 and (not flags & 1 or not with_data_set):
                return data_set
            position += 4 + length
