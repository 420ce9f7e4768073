"""Associations that we open through pynetdicom, as a context manager."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import evt
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.events import EventHandlerType
from pynetdicom.pdu_primitives import A_ABORT, A_ASSOCIATE, A_P_ABORT
from pynetdicom.presentation import PresentationContext, build_context

from device.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from services.dicom.dimse import DimseReply
from services.dicom.guards import connect_failure
from services.dicom.peers import Peer
from services.dicom.refusal import context_refused, rejected, unreachable
from services.dicom.sop_classes import UNCOMPRESSED
from services.dicom.tls import client_context
from services.errors import PeerAborted, PeerError, PeerTimeout

_AGAIN = "The box tries again by itself; if it lasts, look into the peer's log"


def proposal(sop_class_uid: str) -> PresentationContext:
    """Return a presentation context in the two uncompressed little-endian syntaxes."""
    return build_context(UID(sop_class_uid), list(UNCOMPRESSED))


@contextmanager
def associate(
    peer: Peer,
    calling_ae: str,
    contexts: Sequence[PresentationContext | str],
    evt_handlers: Sequence[EventHandlerType] = (),
    ext_neg: Sequence[Any] = (),
) -> Iterator[Association]:
    """Open an association; released when the block ends, aborted when it raises.

    Parameters
    ----------
    peer : Peer
        Whom to call.
    calling_ae : str
        Our AE title.
    contexts : sequence of PresentationContext or str
        1 to 128 contexts to propose; a SOP Class UID stands for :func:`proposal` of it.
    evt_handlers, ext_neg
        As for pynetdicom's ``AE.associate``.

    Raises
    ------
    PeerUnreachable, PeerRejected, PeerAborted, PeerTimeout
        The association did not come about.
    ContextRefused
        The peer accepted none of the contexts.
    """
    association = _open(peer, calling_ae, contexts, evt_handlers, ext_neg)
    try:
        yield association
    except BaseException:
        association.abort()
        raise
    if association.is_established:
        association.release()


def require_context(peer: Peer, association: Association, sop_class_uid: str) -> None:
    """Raise ``ContextRefused`` unless the peer accepted this SOP class."""
    accepted = {str(context.abstract_syntax) for context in association.accepted_contexts}
    if sop_class_uid not in accepted:
        raise context_refused(peer, str(association.requestor.ae_title), [sop_class_uid])


def reply_of(peer: Peer, association: Association, begun: float, status: Dataset) -> DimseReply:
    """Turn what a ``send_*`` method of pynetdicom returned into a reply.

    Parameters
    ----------
    begun : float
        Monotonic time just before the request was sent.
    status : Dataset
        First part of the method's result, empty where no valid answer came.

    Raises
    ------
    PeerTimeout, PeerAborted
        No valid answer came; the association is gone.
    """
    if "Status" in status:
        return DimseReply(
            status=int(status.Status),
            error_comment=str(status.get("ErrorComment") or ""),
            error_id=int(status.ErrorID) if status.get("ErrorID") is not None else None,
        )
    if association.is_established:
        association.abort()
    if time.monotonic() - begun >= peer.timeouts.dimse:
        raise PeerTimeout(peer.name, f"it gave no answer within {peer.timeouts.dimse:g} s", _AGAIN)
    raise PeerAborted(peer.name, "the association ended before it answered", _AGAIN)


def _open(
    peer: Peer,
    calling_ae: str,
    contexts: Sequence[PresentationContext | str],
    evt_handlers: Sequence[EventHandlerType],
    ext_neg: Sequence[Any],
) -> Association:
    received: list[object] = []
    handlers = [*evt_handlers, (evt.EVT_ACSE_RECV, _note_primitive, [received])]
    context = client_context(peer)
    try:
        association = _entity(peer, calling_ae).associate(
            peer.host,
            peer.port,
            contexts=[proposal(c) if isinstance(c, str) else c for c in contexts],
            ae_title=peer.ae_title,
            max_pdu=peer.max_pdu,
            ext_neg=list(ext_neg),
            tls_args=(context, peer.host) if context is not None else None,
            evt_handlers=handlers,
        )
    except OSError as error:
        raise unreachable(peer, error) from error
    if not association.is_established:
        raise _why_not(peer, calling_ae, association, received)
    return association


def _note_primitive(event: evt.Event, received: list[object]) -> None:
    received.append(getattr(event, "primitive", None))


def _entity(peer: Peer, calling_ae: str) -> ApplicationEntity:
    entity = ApplicationEntity(calling_ae)
    entity.implementation_class_uid = UID(IMPLEMENTATION_CLASS_UID)
    entity.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    entity.connection_timeout = peer.timeouts.connect
    entity.acse_timeout = peer.timeouts.acse
    entity.dimse_timeout = peer.timeouts.dimse
    entity.network_timeout = peer.timeouts.dimse + peer.timeouts.acse
    return entity


def _why_not(
    peer: Peer, calling_ae: str, association: Association, received: list[object]
) -> PeerError:
    failure = connect_failure(association.dul.socket)
    if failure is not None:
        return unreachable(peer, failure)
    # pynetdicom takes a peer that answers and closes at once for one that never connected, and
    # leaves its answer in the queue; receiving it there notes it here
    while association.dul.receive_pdu() is not None:
        continue
    answer = next((item for item in received if isinstance(item, A_ASSOCIATE)), None)
    if answer is not None and answer.result:
        source, diagnostic = cast(int, answer.result_source), cast(int, answer.diagnostic)
        return rejected(peer, calling_ae, answer.result, source, diagnostic)
    if answer is not None and not association.accepted_contexts:
        proposed = association.requestor.requested_contexts
        return context_refused(peer, calling_ae, [str(c.abstract_syntax) for c in proposed])
    if any(isinstance(item, A_ABORT | A_P_ABORT) for item in received):
        return PeerAborted(peer.name, "it broke off the association request", _AGAIN)
    return PeerTimeout(
        peer.name,
        f"no answer to the association request within {peer.timeouts.acse:g} s",
        "Check that a DICOM service listens there and is not overloaded",
    )
