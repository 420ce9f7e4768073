"""Closes the holes of the pinned pynetdicom, once per process.

pynetdicom waits for ever for the rest of a PDU, takes PDUs of any length, shakes TLS hands inside
its accept loop, measures its timers on the wall clock, leaves a connection open for ever when what
came over it cannot be decoded, gets stuck when a report comes while something is asked for, and
leaves Nagle's algorithm and delayed acknowledgements on. :func:`install` replaces the few private
methods concerned; the tests of this module fail when another version of the library needs other
guards.
"""

from __future__ import annotations

import logging
import select
import socket
import ssl
import threading
import time
from typing import Any, Final, cast

import pynetdicom
from pynetdicom import evt, timer
from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dul import DULServiceProvider
from pynetdicom.transport import (
    T_CONNECT,
    AddressInformation,
    AssociationServer,
    AssociationSocket,
)

from services.dicom.discretion import keep_discreet
from services.dicom.sockets import prompt, quick_ack

log = logging.getLogger(__name__)

PDU_DEADLINE: Final = 15.0
"""Seconds for one whole PDU, from its first byte."""

SEND_DEADLINE: Final = 30.0
"""Seconds for handing one PDU to the operating system."""

MAX_PDU_LENGTH: Final = 1 << 20
"""Longest PDU taken, in bytes; we never announce as much."""

_GUARDED_VERSION = "3.0"
_LIBRARY_REACTOR: Final = DULServiceProvider.run_reactor
_LIBRARY_SEND: Final = DIMSEServiceProvider.send_msg
_ABORT: Final = bytes((7, 0, 0, 0, 0, 4, 0, 0, 2, 0))
"""A-ABORT by the service provider, for no reason that could be told (PS3.8 9.3.8)."""

_HEADER_LENGTH = 6


class _MonotonicTime:
    """Stands in for the ``time`` module inside ``pynetdicom.timer``."""

    @staticmethod
    def time() -> float:
        return time.monotonic()


def install() -> None:
    """Guard pynetdicom for this process. Idempotent.

    Raises
    ------
    RuntimeError
        The installed pynetdicom is of another series than the one that the guards fit.
    """
    if not pynetdicom.__version__.startswith(_GUARDED_VERSION):
        raise RuntimeError(
            f"pynetdicom {pynetdicom.__version__} is installed, the guards fit "
            f"{_GUARDED_VERSION}: install the pinned version"
        )
    keep_discreet()
    guarded: tuple[tuple[object, str, object], ...] = (
        (timer, "time", _MonotonicTime),
        (DULServiceProvider, "run_reactor", _run_reactor),
        (DIMSEServiceProvider, "send_msg", _send_message),
        (Association, "_is_paused", property(_paused, _set_paused)),
        (AssociationSocket, "connect", _connect),
        (AssociationSocket, "ready", property(_ready)),
        (AssociationSocket, "recv", _recv),
        (AssociationSocket, "send", _send),
        (AssociationServer, "get_request", _get_request),
        (AssociationServer, "request_queue_size", 64),
    )
    for owner, name, guard in guarded:
        setattr(owner, name, guard)


def connect_failure(association_socket: object) -> OSError | None:
    """Return why a guarded client socket did not connect, None where it did."""
    return cast("OSError | None", getattr(association_socket, "connect_failure", None))


def _connect(self: Any, primitive: T_CONNECT) -> None:
    """Connect as the library does, but keep the reason of a failure and tune the socket."""
    limit = self.assoc.connection_timeout
    try:
        self.socket = _connected(self.socket, self.tls_args, primitive.address_info, limit)
    except OSError as error:
        log.info("no connection: %s", type(error).__name__)
        self.connect_failure = error
        self.socket = None
        primitive.result = "Evt17"
    else:
        self.assoc.requestor.address_info = AddressInformation.from_tuple(self.socket.getsockname())
        self._is_connected = True
        evt.trigger(self.assoc, evt.EVT_CONN_OPEN, {"address": primitive.address_info.as_tuple})
        primitive.result = "Evt2"
    finally:
        self.provider_queue.put(primitive)
        self._ready.set()


def _run_reactor(self: Any) -> None:
    """Run as the library does; what cannot be decoded ends the association and its connection."""
    try:
        _LIBRARY_REACTOR(self)
    except Exception as error:  # noqa: BLE001 - whatever a peer sends must not leave a dead thread
        log.warning(
            "%s sent what cannot be understood (%s): its association is ended",
            str(self.assoc.remote["ae_title"]).strip() or "a caller",
            type(error).__name__,
        )
        if self.socket is not None:
            self.socket.send(_ABORT)
        self.assoc.is_aborted = True
        self.assoc.is_established = False
        self.assoc._kill = True
    if self.assoc.is_aborted and self.socket is not None and self.socket.socket is not None:
        address = self.assoc.remote["address"], self.assoc.remote["port"]
        self.socket.close()
        evt.trigger(self.assoc, evt.EVT_CONN_CLOSE, {"address": address})


def _send_message(self: Any, primitive: Any, context_id: int) -> None:
    """Send a message whole: a report is answered in a thread of its own, between any two parts."""
    lock: threading.Lock = self.__dict__.setdefault("_whole_messages", threading.Lock())
    with lock:
        _LIBRARY_SEND(self, primitive, context_id)


def _paused(self: Any) -> bool:
    return bool(self.__dict__.get("_reactor_paused", False))


def _set_paused(self: Any, value: bool) -> None:
    """Let only the association's own thread say that it pauses, or whoever ends it.

    The thread that answers an N-EVENT-REPORT says so too, and a request that is waiting for the
    pause then waits for ever.
    """
    if threading.current_thread() is self or self.__dict__.get("_kill"):
        self.__dict__["_reactor_paused"] = value


def _connected(
    plain: socket.socket,
    tls: tuple[ssl.SSLContext, str] | None,
    address: AddressInformation,
    limit: float | None,
) -> socket.socket:
    connection = plain
    try:
        plain.settimeout(limit)
        plain.connect(address.as_tuple)
        prompt(plain)
        if tls is not None:
            context, hostname = tls
            connection = context.wrap_socket(plain, server_hostname=hostname)
        connection.settimeout(None)
    except OSError:
        connection.close()
        raise
    return connection


def _ready(self: Any) -> bool:
    """Say whether a PDU has begun to arrive.

    On TLS a readable socket may hold nothing but handshake records or session tickets, and a read
    would block the reactor: one byte is tried without waiting and kept for ``recv``.
    """
    if self.socket is None or not self._is_connected:
        return False
    if getattr(self, "_first_byte", None):
        return True
    try:
        readable = select.select([self.socket], [], [], 0)[0]
        if not isinstance(self.socket, ssl.SSLSocket):
            return bool(readable)
        if not readable and not self.socket.pending():
            return False
        return _tls_ready(self)
    except (OSError, ValueError) as error:
        if isinstance(error, ssl.SSLError):
            log.warning("TLS connection refused: %s", error.reason or type(error).__name__)
        self.event_queue.put("Evt17")
        return False


def _tls_ready(self: Any) -> bool:
    before = self.socket.gettimeout()
    self.socket.setblocking(False)
    try:
        self._first_byte = self.socket.recv(1)
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return False
    finally:
        self.socket.settimeout(before)
    return True


def _recv(self: Any, nr_bytes: int) -> bytearray:
    """Read exactly ``nr_bytes`` unless the peer closes, within the deadline of the whole PDU."""
    if nr_bytes > MAX_PDU_LENGTH:
        raise OSError(f"a PDU of {nr_bytes} bytes is more than the {MAX_PDU_LENGTH} allowed")
    deadline = getattr(self, "_pdu_deadline", None)
    is_header = deadline is None
    if deadline is None:
        deadline = time.monotonic() + _pdu_patience(self)
        self._pdu_deadline = deadline
    received = bytearray(self.__dict__.pop("_first_byte", b""))
    connection = self.socket
    before = connection.gettimeout()
    try:
        _fill(connection, received, nr_bytes, deadline)
    finally:
        if not is_header or len(received) < _HEADER_LENGTH:
            self._pdu_deadline = None
        connection.settimeout(before)
    return received


def _pdu_patience(self: Any) -> float:
    """Return the seconds a PDU may take; less before a caller is known."""
    limit = self.assoc.acse_timeout
    if self.assoc.is_acceptor and not self.assoc.is_established and limit is not None:
        return min(PDU_DEADLINE, float(limit))
    return PDU_DEADLINE


def _fill(source: socket.socket, received: bytearray, wanted: int, deadline: float) -> None:
    while len(received) < wanted:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the rest of the PDU did not come in time")
        source.settimeout(left)
        piece = source.recv(min(wanted - len(received), 65536))
        quick_ack(source)
        if not piece:
            return
        received += piece


def _send(self: Any, bytestream: bytes) -> None:
    """Send one PDU; a peer that stops reading loses the association instead of holding it."""
    connection = self.socket
    if connection is None:
        return
    deadline = time.monotonic() + SEND_DEADLINE
    before = connection.gettimeout()
    try:
        with memoryview(bytestream) as view:
            sent = 0
            while sent < len(view):
                connection.settimeout(max(0.001, deadline - time.monotonic()))
                sent += connection.send(view[sent:])
        connection.settimeout(before)
    except OSError as error:
        log.info("the connection broke while sending: %s", type(error).__name__)
        self.event_queue.put("Evt17")
        return
    evt.trigger(self.assoc, evt.EVT_DATA_SENT, {"data": bytestream})


def _get_request(self: Any) -> tuple[socket.socket, Any]:
    """Accept; the TLS handshake happens later, in the association's own thread."""
    connection, address = self.socket.accept()
    prompt(connection)
    if self.ssl_context is None:
        return connection, address
    try:
        wrapped = self.ssl_context.wrap_socket(
            connection, server_side=True, do_handshake_on_connect=False
        )
    except OSError:
        connection.close()
        raise
    return wrapped, address
