"""What every application entity of the simulated hospital has: a port, limits, and faults."""

from __future__ import annotations

import logging
import socket
import struct
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from socketserver import BaseServer
from types import TracebackType
from typing import Any, Self

from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import ThreadedAssociationServer

from services.dicom import guards
from services.hospital.faults import Faults
from services.hospital.store import HospitalStore

_log = logging.getLogger(__name__)

Handler = tuple[evt.EventType, Callable[[evt.Event], Any]]

MAX_PDU = 131072
"""Longest PDU that the hospital takes, in bytes."""

_CONGESTION = (0x02, 0x03, 0x01)
_LIMIT_EXCEEDED = (0x02, 0x03, 0x02)
_GRACE = 1.0


class _Listener(ThreadedAssociationServer):
    """pynetdicom's server with a short way out and room for a burst of connections."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def serve_forever(self, poll_interval: float = 0.05) -> None:
        super().serve_forever(poll_interval)

    def service_actions(self) -> None:
        """Nothing: the interpreter collects ended associations without being forced to."""

    def shutdown(self) -> None:
        BaseServer.shutdown(self)
        self.server_close()


class Entity(ABC):
    """One application entity with a listening port.

    Parameters
    ----------
    store : HospitalStore
        Where it remembers, and where its fault switches are.
    ae_title : str
        Its AE title; associations called otherwise are rejected.
    bind : str
        Address to listen on.
    port : int
        Port, 0 for any free one; a restart takes the same again.
    max_associations : int
        Simultaneous associations, all callers together.
    max_per_caller : int or None
        Simultaneous associations of one calling AE title; None does not limit.
    """

    def __init__(
        self,
        store: HospitalStore,
        ae_title: str,
        bind: str,
        port: int,
        *,
        max_associations: int = 25,
        max_per_caller: int | None = None,
    ) -> None:
        self.store = store
        self.ae_title = ae_title
        self._address = bind
        self._port = port
        self._max_associations = max_associations
        self._max_per_caller = max_per_caller
        self._server: _Listener | None = None
        self._ae: AE | None = None
        self._stopping = threading.Event()
        self._live: dict[Association, str] = {}
        self._live_lock = threading.Lock()

    @abstractmethod
    def contexts(self) -> list[PresentationContext]:
        """The presentation contexts that it accepts."""

    @abstractmethod
    def handlers(self) -> list[Handler]:
        """What it does on which request."""

    @property
    def port(self) -> int:
        """The port it listens on; the one asked for while it is stopped."""
        return self._port

    @property
    def running(self) -> bool:
        return self._server is not None

    def start(self) -> None:
        """Listen; OSError when the port is taken."""
        if self._server is not None:
            return
        guards.install()
        logging.getLogger("pynetdicom").setLevel(logging.WARNING)
        self._stopping = threading.Event()
        ae = AE(ae_title=self.ae_title)
        ae.maximum_pdu_size = MAX_PDU
        ae.maximum_associations = 1000
        ae.require_called_aet = True
        ae.acse_timeout = 15
        ae.dimse_timeout = 30
        ae.network_timeout = 120
        own: list[Handler] = [
            (evt.EVT_CONN_OPEN, self._on_open),
            (evt.EVT_REQUESTED, self._on_requested),
            (evt.EVT_C_ECHO, self._on_echo),
        ]
        server = _Listener(
            ae,
            (self._address, self._port),
            self.ae_title,
            self.contexts(),
            evt_handlers=[*own, *self.handlers()],
        )
        self._ae, self._server = ae, server
        self._port = server.server_address[1]
        threading.Thread(
            target=server.serve_forever, name=f"{self.ae_title} listener", daemon=True
        ).start()
        _log.info("%s listens on %s:%d", self.ae_title, self._address, self._port)

    def stop(self) -> None:
        """Give the port free at once and abort what is connected."""
        server, ae, self._server, self._ae = self._server, self._ae, None, None
        if server is None or ae is None:
            return
        self._stopping.set()
        server.shutdown()
        live = list(ae.active_associations)
        established = [association for association in live if association.is_established]
        aborts = [threading.Thread(target=each.abort, daemon=True) for each in established]
        for thread in aborts:
            thread.start()
        deadline = time.monotonic() + _GRACE
        for thread in aborts:
            thread.join(max(0.0, deadline - time.monotonic()))
        for association in live:
            reset_connection(association)
        self.on_stopped()
        _log.info("%s stopped", self.ae_title)

    def on_stopped(self) -> None:  # noqa: B027 - most entities have nothing left to end
        """Called after the last association is gone."""

    def faults(self) -> Faults:
        """The fault switches that concern this entity, as they are now."""
        return self.store.faults_for(self.ae_title)

    def hold_up(self) -> None:
        """Wait as long as the ``stall_seconds`` fault says; ends early when stopped."""
        seconds = self.faults().stall_seconds
        if seconds:
            self._stopping.wait(seconds)

    def _on_open(self, event: evt.Event) -> None:
        """The ``silent`` fault: the association's thread starts only when it is turned off."""
        while self.faults().silent:
            if self._stopping.wait(0.05):
                reset_connection(event.assoc)
                return

    def _on_requested(self, event: evt.Event) -> None:
        """Reject by fault or by limit, before anything is negotiated."""
        association: Association = event.assoc
        if self.faults().refuse_associations:
            _reject(association, _CONGESTION)
            _log.info("%s refused an association: fault", self.ae_title)
            return
        request = association.requestor.primitive
        caller = str(request.calling_ae_title).strip() if request is not None else ""
        with self._live_lock:
            self._live = {one: title for one, title in self._live.items() if _is_live(one)}
            of_caller = sum(title == caller for title in self._live.values())
            full = len(self._live) >= self._max_associations
            if self._max_per_caller is not None and of_caller >= self._max_per_caller:
                full = True
            if not full:
                self._live[association] = caller
        if full:
            _reject(association, _LIMIT_EXCEEDED)
            _log.info("%s refused an association of %s: limit", self.ae_title, caller)

    def _on_echo(self, event: evt.Event) -> int:  # noqa: ARG002
        self.hold_up()
        return 0x0000

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def caller_of(event: evt.Event) -> str:
    """The calling AE title of the association that an event belongs to."""
    return str(event.assoc.requestor.ae_title).strip()


def affected_uid(event: evt.Event) -> str:
    """Affected SOP Instance UID of the request, empty where the SCU left the choice to us."""
    return str(getattr(event.request, "AffectedSOPInstanceUID", None) or "")


def requested_uid(event: evt.Event) -> str:
    """Requested SOP Instance UID of the request."""
    return str(getattr(event.request, "RequestedSOPInstanceUID", None) or "")


def requested_class(event: evt.Event) -> str:
    """Requested SOP Class UID of the request."""
    return str(getattr(event.request, "RequestedSOPClassUID", None) or "")


def sop_class_uid(event: evt.Event) -> str:
    """Affected SOP Class UID of the request."""
    return str(getattr(event.request, "AffectedSOPClassUID", None) or "")


def failure(status: int, comment: str = "", error_id: int | None = None) -> Dataset:
    """A response status with its explanation (PS3.7 annex C); never a patient's value in it."""
    answer = Dataset()
    answer.Status = status
    if comment:
        answer.ErrorComment = comment[:64]
    if error_id is not None:
        answer.ErrorID = error_id
    return answer


def reset_connection(association: Association, last_words: bytes = b"") -> None:
    """Break a connection off with a TCP reset, perhaps after a piece of a PDU."""
    wrapper = association.dul.socket
    connection = wrapper.socket if wrapper is not None else None
    if connection is None:
        return
    with suppress(OSError):
        if last_words:
            connection.sendall(last_words)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _reject(association: Association, reason: tuple[int, int, int]) -> None:
    """Answer A-ASSOCIATE-RJ, and wait until it is out: what follows closes the connection."""
    association.acse.send_reject(*reason)
    association.kill()


def _is_live(association: Association) -> bool:
    ended = association.is_released or association.is_aborted or association.is_rejected
    return not ended and association.is_alive()
