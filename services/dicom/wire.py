"""Bytes to and from one peer: scatter-gather out, buffered in, monotonic deadlines throughout."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import time
from typing import Final

from services.dicom.pdu import Buffer
from services.dicom.peers import Peer
from services.dicom.refusal import unreachable
from services.dicom.sockets import prompt, quick_ack
from services.dicom.tls import client_context

_TLS_SLICE: Final = 1 << 16
_READ: Final = 1 << 16


class Wire:
    """One TCP or TLS connection that we opened.

    ``take`` and ``write`` raise ``TimeoutError`` at their deadline and another ``OSError`` when
    the connection is gone.
    """

    def __init__(self, peer: Peer) -> None:
        """Connect; raises ``PeerUnreachable`` or ``PeerTimeout``."""
        self._socket = _connect(peer)
        self._inbox = bytearray()

    def take(self, wanted: int, deadline: float) -> bytes:
        """Return exactly ``wanted`` bytes."""
        while len(self._inbox) < wanted:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._socket.settimeout(left)
            piece = self._socket.recv(_READ)
            quick_ack(self._socket)
            if not piece:
                raise ConnectionResetError("closed by the peer")
            self._inbox += piece
        taken = bytes(self._inbox[:wanted])
        del self._inbox[:wanted]
        return taken

    def write(self, batch: list[Buffer], deadline: float) -> None:
        """Send all buffers, without copying them unless TLS has to."""
        if isinstance(self._socket, ssl.SSLSocket):
            joined = memoryview(b"".join(batch))
            batch = [joined[at : at + _TLS_SLICE] for at in range(0, len(joined), _TLS_SLICE)]
        position = 0
        while position < len(batch):
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._socket.settimeout(left)
            position = _advance(batch, position, self._emit(batch, position))

    def _emit(self, batch: list[Buffer], position: int) -> int:
        if isinstance(self._socket, ssl.SSLSocket):
            return self._socket.send(batch[position])
        return self._socket.sendmsg(batch[position:] if position else batch)

    def peek(self) -> bytes | None:
        """Return the first byte that waits, empty at the end of the connection, None for none.

        On TLS only what was read already can be seen.
        """
        if self._inbox:
            return bytes(self._inbox[:1])
        if isinstance(self._socket, ssl.SSLSocket):
            return None
        waiting = select.poll()
        waiting.register(self._socket, select.POLLIN)
        return self._socket.recv(1, socket.MSG_PEEK) if waiting.poll(0) else None

    def close(self, last_words: bytes = b"") -> None:
        """Close at once; ``last_words`` leave if they can without waiting."""
        with contextlib.suppress(OSError):
            if last_words:
                self._socket.settimeout(0)
                self._socket.send(last_words)
        self._socket.close()


def _advance(batch: list[Buffer], position: int, sent: int) -> int:
    """Return the first buffer not wholly sent, cut to what is left of it."""
    while position < len(batch) and sent >= len(batch[position]):
        sent -= len(batch[position])
        position += 1
    if sent:
        batch[position] = memoryview(batch[position])[sent:]
    return position


def _connect(peer: Peer) -> socket.socket:
    context = client_context(peer)
    try:
        plain = socket.create_connection((peer.host, peer.port), peer.timeouts.connect)
    except OSError as error:
        raise unreachable(peer, error) from error
    try:
        prompt(plain)
        return context.wrap_socket(plain, server_hostname=peer.host) if context else plain
    except OSError as error:
        plain.close()
        raise unreachable(peer, error) from error
