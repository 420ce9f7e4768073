"""Storage Commitment Push as SCU: the request, and a report on the same association (PS3.4 J)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.events import EventHandlerType
from pynetdicom.pdu import P_DATA_TF

from services.dicom.association import associate, reply_of, require_context
from services.dicom.dimse import DimseReply
from services.dicom.peers import Peer
from services.dicom.reports import CommitmentReceiver, receive_report
from services.dicom.sop_classes import STORAGE_COMMITMENT_PUSH, STORAGE_COMMITMENT_PUSH_INSTANCE

_REQUEST_ACTION = 1
_TAKEN = (0x0000, 0x0001, 0x0107, 0x0116)
_GLANCE = 0.1
"""Seconds between two looks at whether the report came by another way."""


def request_commitment(
    peer: Peer,
    calling_ae: str,
    data_set: Dataset,
    on_report: CommitmentReceiver,
    wait: float,
    answered: Callable[[], bool],
) -> DimseReply:
    """Ask the archive to take responsibility, and stay a while for its report.

    The transaction must be on record before the call: the report may come before the answer to
    the request, here or at our listener.

    Parameters
    ----------
    peer, calling_ae
        The archive and our AE title.
    data_set : Dataset
        Action Information (PS3.4 table J.3-1).
    on_report : callable
        Takes a report that comes on this association, as for the listener; it runs in another
        thread.
    wait : float
        Seconds to keep the association open after the answer, 0 or more.
    answered : callable
        True once the report has come by any way; ends the wait.

    Raises
    ------
    PeerError
        The request could not be made or was not answered.
    """
    report_answered = threading.Event()
    handled = threading.Event()

    def take(event: evt.Event) -> tuple[int, None]:
        try:
            return receive_report(event, peer.ae_title, on_report), None
        finally:
            handled.set()

    def note_sent(event: evt.Event) -> None:
        if handled.is_set() and isinstance(event.pdu, P_DATA_TF):
            report_answered.set()

    handlers: list[EventHandlerType] = [
        (evt.EVT_N_EVENT_REPORT, take),
        (evt.EVT_PDU_SENT, note_sent),
    ]
    with associate(peer, calling_ae, [STORAGE_COMMITMENT_PUSH], handlers) as association:
        require_context(peer, association, STORAGE_COMMITMENT_PUSH)
        begun = time.monotonic()
        status, _ = association.send_n_action(
            data_set, _REQUEST_ACTION, STORAGE_COMMITMENT_PUSH, STORAGE_COMMITMENT_PUSH_INSTANCE
        )
        reply = reply_of(peer, association, begun, status)
        if reply.status in _TAKEN:
            _linger(association, wait, report_answered, answered)
        return reply


def _linger(
    association: Association,
    wait: float,
    report_answered: threading.Event,
    answered: Callable[[], bool],
) -> None:
    deadline = time.monotonic() + wait
    while association.is_established and not report_answered.is_set():
        left = deadline - time.monotonic()
        if left <= 0 or answered():
            return
        report_answered.wait(min(left, _GLANCE))
