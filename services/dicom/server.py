"""The box as SCP: Verification, and Storage Commitment reports (PS3.4 annexes A and J)."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydicom.uid import UID
from pynetdicom import evt
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.transport import ThreadedAssociationServer

from device.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from services.dicom import guards
from services.dicom.peers import TlsMaterial
from services.dicom.reports import CommitmentReceiver, receive_report
from services.dicom.sop_classes import STORAGE_COMMITMENT_PUSH, UNCOMPRESSED, VERIFICATION
from services.dicom.tls import server_context

_SUCCESS = 0x0000
_UNNEGOTIATED = 64
"""Connections beyond the associations, so that silent ones do not keep callers out."""

_REJECT_TRANSIENT, _BY_PROVIDER, _LIMIT_EXCEEDED = 0x02, 0x03, 0x02


Handler = tuple[evt.EventType, Callable[[evt.Event], Any]]


@dataclass(frozen=True, slots=True)
class ServerRole:
    """Services of an SCP: transfer syntaxes by SOP class, the preferred first, and what is done."""

    contexts: Mapping[str, Sequence[str]]
    handlers: Sequence[Handler]


class _BoundedServer(ThreadedAssociationServer):
    """Counts connections before anybody has said who calls."""

    most_connections = 0

    def verify_request(self, *_connection: Any) -> bool:
        return len(self.active_associations) < self.most_connections


class DicomServer:
    """Listens for peers; every association has a thread of its own.

    Parameters
    ----------
    ae_title : str
        Our AE title.
    bind : str
        Address to listen at, such as ``0.0.0.0``.
    port : int
        TCP port; 0 takes a free one, see :attr:`port`.
    allowed_callers : sequence of str
        AE titles that may call; empty lets everybody in.
    max_associations : int
        Associations at a time; one more is rejected as a local limit. Connections on which nobody
        has introduced himself do not count.
    max_pdu : int
        Longest PDU that we announce, in bytes, 4096 to 1048576.
    idle_timeout : float
        Seconds after which an association without traffic is ended.
    on_commitment_report : callable or None
        Called in the association's thread with Event Information, Event Type ID and the calling AE
        title; returns the DIMSE status to answer. None where no reports are awaited.
    tls : TlsMaterial, optional
        Speak mutual TLS only.
    strict_called_ae : bool
        Reject callers who call us by another AE title.
    negotiation_timeout : float
        Seconds that a connection may take to become an association.
    role : ServerRole
        What callers may ask for beyond verification and commitment reports.
    """

    def __init__(
        self,
        ae_title: str,
        bind: str,
        port: int,
        allowed_callers: Sequence[str],
        max_associations: int,
        max_pdu: int,
        idle_timeout: float,
        on_commitment_report: CommitmentReceiver | None,
        tls: TlsMaterial | None = None,
        *,
        strict_called_ae: bool = True,
        negotiation_timeout: float = 10.0,
        role: ServerRole | None = None,
    ) -> None:
        self._address = (bind, port)
        self._most = max_associations
        self._receiver = on_commitment_report
        self._tls = tls
        self._entity = entity = ApplicationEntity(ae_title)
        entity.implementation_class_uid = UID(IMPLEMENTATION_CLASS_UID)
        entity.implementation_version_name = IMPLEMENTATION_VERSION_NAME
        entity.maximum_associations = max_associations + _UNNEGOTIATED
        entity.maximum_pdu_size = max_pdu
        entity.network_timeout = idle_timeout
        entity.acse_timeout = negotiation_timeout
        entity.require_calling_aet = list(allowed_callers)
        entity.require_called_aet = strict_called_ae
        entity.add_supported_context(VERIFICATION, list(UNCOMPRESSED))
        self._handlers: list[Any] = [(evt.EVT_REQUESTED, self._limit), (evt.EVT_C_ECHO, _echo)]
        if on_commitment_report is not None:
            entity.add_supported_context(
                STORAGE_COMMITMENT_PUSH, list(UNCOMPRESSED), scu_role=True, scp_role=True
            )
            self._handlers.append((evt.EVT_N_EVENT_REPORT, self._report))
        for sop_class, syntaxes in role.contexts.items() if role else ():
            entity.add_supported_context(sop_class, list(syntaxes))
        self._handlers += role.handlers if role else ()
        self._server: _BoundedServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The TCP port listened at; only while started."""
        if self._server is None:
            raise RuntimeError("the DICOM server is not running")
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to listen.

        Raises
        ------
        OSError
            The address is taken or not ours, or the TLS files cannot be used.
        """
        guards.install()
        server = _BoundedServer(
            self._entity,
            self._address,
            self._entity.ae_title,
            self._entity.supported_contexts,
            ssl_context=server_context(self._tls) if self._tls is not None else None,
            evt_handlers=self._handlers,
        )
        server.most_connections = self._most + _UNNEGOTIATED
        self._entity._servers.append(server)
        self._thread = threading.Thread(
            target=server.serve_forever, args=(0.1,), name="dicom-listener", daemon=True
        )
        self._server = server
        self._thread.start()

    def stop(self, grace: float = 5.0) -> None:
        """Stop listening; live associations have ``grace`` seconds to end before they are cut.

        Cutting one at once would take our answer to a commitment report away from the archive.
        """
        server, self._server = self._server, None
        if server is None:
            return
        server.shutdown()
        if self._thread is not None:
            self._thread.join()
        deadline = time.monotonic() + grace
        for association in server.active_associations:
            if not association.is_established:
                _hang_up(association)
                continue
            association.join(max(0.0, deadline - time.monotonic()))
            if association.is_alive():
                association.abort()

    def _limit(self, event: evt.Event) -> None:
        """Reject the association that is one too many among those that exist."""
        server, ours = self._server, event.assoc
        if server is None:
            return
        others = [a for a in server.active_associations if a is not ours and a.is_established]
        if len(others) < self._most:
            return
        ours.acse.send_reject(_REJECT_TRANSIENT, _BY_PROVIDER, _LIMIT_EXCEEDED)
        ours.kill()

    def _report(self, event: evt.Event) -> tuple[int, None]:
        if self._receiver is None:
            raise RuntimeError("no reports are awaited")
        calling_ae = str(event.assoc.requestor.ae_title).strip()
        return receive_report(event, calling_ae, self._receiver), None


def _hang_up(association: Association) -> None:
    """Close a connection on which nobody has introduced himself: there is no answer to lose.

    pynetdicom's ``abort`` and ``kill`` are no use before a request has come; the first breaks its
    state machine, the second waits for ever.
    """
    transport = association.dul.socket
    if transport is not None and transport.socket is not None:
        with contextlib.suppress(OSError):  # it may have gone by itself meanwhile
            transport.socket.shutdown(socket.SHUT_RDWR)
    association.dul.kill_dul()


def _echo(_event: evt.Event) -> int:
    return _SUCCESS
