"""Modality Performed Procedure Step SCU (PS3.4 F.7)."""

from __future__ import annotations

import time

from pydicom.dataset import Dataset
from pynetdicom.association import Association

from services.dicom.association import reply_of, require_context
from services.dicom.dimse import DimseReply
from services.dicom.peers import Peer
from services.dicom.sop_classes import MODALITY_PERFORMED_PROCEDURE_STEP


def n_create(association: Association, uid: str, data_set: Dataset, peer: Peer) -> DimseReply:
    """Report that a procedure step began.

    Parameters
    ----------
    association : Association
        Established, with the MPPS SOP class proposed.
    uid : str
        SOP Instance UID of the step; the same one at every repetition.
    data_set : Dataset
        The N-CREATE attributes.
    peer : Peer
        Whom the association is with.

    Raises
    ------
    ContextRefused
        The peer does not take MPPS.
    PeerTimeout, PeerAborted
        No valid answer came; the association is gone.
    """
    require_context(peer, association, MODALITY_PERFORMED_PROCEDURE_STEP)
    begun = time.monotonic()
    status, _ = association.send_n_create(data_set, MODALITY_PERFORMED_PROCEDURE_STEP, uid)
    return reply_of(peer, association, begun, status)


def n_set(association: Association, uid: str, data_set: Dataset, peer: Peer) -> DimseReply:
    """Report the step's end, or a change to it; parameters and errors as :func:`n_create`."""
    require_context(peer, association, MODALITY_PERFORMED_PROCEDURE_STEP)
    begun = time.monotonic()
    status, _ = association.send_n_set(data_set, MODALITY_PERFORMED_PROCEDURE_STEP, uid)
    return reply_of(peer, association, begun, status)
