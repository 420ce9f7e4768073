"""The acquisition service's end of the live link: threads, so that nobody waits for anybody."""

from __future__ import annotations

import itertools
import logging
import os
import socket
from collections import deque
from collections.abc import Callable
from pathlib import Path
from threading import Condition, Lock, Thread

from services.errors import ServiceError
from services.live.place import address_of, connect
from services.live.words import MOST_ASKED, BrokenWords, Message, Unpacker, Words, pack

_log = logging.getLogger(__name__)

MOST_CLIENTS = 32
MOST_WAITING = 1024 * 1024
"""Bytes of messages that wait for a client; one that lets more pile up is hung up on."""

SEND_SECONDS = 5.0
"""A client that takes nothing for so long is hung up on."""

_MODE = 0o660
_READ = 64 * 1024


class Client:
    """One connection: what is told it waits in a bounded line, whoever tells it goes on at once."""

    def __init__(self, number: int, connection: socket.socket) -> None:
        self.number = number
        self._connection = connection
        self._news = Condition()
        self._line: deque[bytes] = deque()
        self._waiting = 0
        self._closed = False

    def tell(self, message: Message) -> None:
        """Let this be sent; a client that does not keep up is hung up on."""
        data = pack(message)
        with self._news:
            if self._closed:
                return
            if self._line and self._waiting + len(data) > MOST_WAITING:
                _log.warning("live client %d does not keep up, and is hung up on", self.number)
                self._hang_up()
                return
            self._line.append(data)
            self._waiting += len(data)
            self._news.notify_all()

    def close(self) -> None:
        """Hang up."""
        with self._news:
            self._hang_up()

    def send_all(self) -> None:
        """Send what waits until the connection ends; the body of the client's own thread."""
        while True:
            with self._news:
                self._news.wait_for(lambda: self._line or self._closed)
                if self._closed:
                    return
                data = self._line.popleft()
                self._waiting -= len(data)
            try:
                self._connection.sendall(data)
            except OSError:
                self.close()
                return

    def receive_all(self, take: Callable[[Client, Words], None]) -> None:
        """Hand every request to ``take`` until the connection ends; the body of a thread."""
        unpacker = Unpacker(MOST_ASKED)
        while True:
            try:
                data = self._connection.recv(_READ)
            except TimeoutError:
                continue
            except OSError:
                return
            if not data:
                return
            try:
                for message in unpacker.feed(data):
                    if not isinstance(message, dict):
                        raise BrokenWords("a picture was sent to the service")
                    take(self, message)
            except BrokenWords as error:
                _log.warning("live client %d is hung up on: %s", self.number, error)
                return

    def _hang_up(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._line.clear()
        self._waiting = 0
        try:
            self._connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            # it is gone already
            return
        finally:
            self._news.notify_all()


class LiveServer:
    """Listens at the live socket.

    Parameters
    ----------
    path
        Of the socket; one that nobody listens at any more is replaced.
    take
        Told of every request, in the thread of its client; one client's requests come in order.
    gone
        Told of a client that hung up.
    """

    def __init__(
        self,
        path: Path,
        take: Callable[[Client, Words], None],
        gone: Callable[[Client], None] = lambda _: None,
    ) -> None:
        self._path = path
        self._take = take
        self._gone = gone
        self._lock = Lock()
        self._clients: dict[int, Client] = {}
        self._numbers = itertools.count(1)
        self._listener: socket.socket | None = None
        self._thread: Thread | None = None

    def open(self) -> None:
        """Begin to listen.

        Raises
        ------
        ServiceError
            Another acquisition service listens there.
        OSError
            The folder cannot be written to.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._remove_a_dead_one()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with address_of(self._path) as address:
                listener.bind(address)
            self._path.chmod(_MODE)
            listener.listen(MOST_CLIENTS)
        except BaseException:
            listener.close()
            raise
        self._listener = listener
        self._thread = Thread(target=self._accept, args=(listener,), name="live", daemon=True)
        self._thread.start()

    def push(self, said: Words) -> None:
        """Tell every client."""
        for client in self.clients:
            client.tell(said)

    @property
    def clients(self) -> tuple[Client, ...]:
        with self._lock:
            return tuple(self._clients.values())

    def close(self) -> None:
        """Hang up on everybody, and listen no more."""
        listener, self._listener = self._listener, None
        if listener is None:
            return
        listener.shutdown(socket.SHUT_RDWR)
        if self._thread is not None:
            self._thread.join()
        listener.close()
        for client in self.clients:
            client.close()
        self._path.unlink(missing_ok=True)

    def _remove_a_dead_one(self) -> None:
        try:
            connect(self._path, 1.0).close()
        except OSError:
            self._path.unlink(missing_ok=True)
            return
        raise ServiceError(
            f"another acquisition service listens at {os.fspath(self._path)}: end it first"
        )

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                full = len(self._clients) >= MOST_CLIENTS
            if full:
                _log.warning("a live client is turned away: %d are there already", MOST_CLIENTS)
                connection.close()
                continue
            connection.settimeout(SEND_SECONDS)
            client = Client(next(self._numbers), connection)
            with self._lock:
                self._clients[client.number] = client
            Thread(target=client.send_all, name=f"live-{client.number}-out", daemon=True).start()
            Thread(
                target=self._serve,
                args=(client, connection),
                name=f"live-{client.number}-in",
                daemon=True,
            ).start()

    def _serve(self, client: Client, connection: socket.socket) -> None:
        try:
            client.receive_all(self._take)
        finally:
            with self._lock:
                self._clients.pop(client.number, None)
            client.close()
            self._gone(client)
            connection.close()
