"""Delivering MPPS: N-CREATE before N-SET, each repeated until the RIS has it."""

from __future__ import annotations

from pynetdicom.association import Association

from services.dicom.association import associate, require_context
from services.dicom.mpps import n_create, n_set
from services.dicom.outcome import (
    Disposition,
    Outcome,
    mpps_create_outcome,
    mpps_set_outcome,
)
from services.dicom.sop_classes import MODALITY_PERFORMED_PROCEDURE_STEP
from services.dispatcher.errand import Errand
from services.errors import ContextRefused
from services.exams import decode
from services.outbox.model import Delivery, Kind

_KINDS = (Kind.MPPS_CREATE, Kind.MPPS_SET)

_RECREATIONS = 3
"""How often an N-SET may bring its forgotten N-CREATE back before a person is asked."""


def deliver(errand: Errand) -> None:
    """Everything of MPPS that is due at this RIS, over one association."""
    try:
        _deliver(errand)
    except ContextRefused as error:
        errand.hold_all(_KINDS, error)


def _deliver(errand: Errand) -> None:
    contexts = [MODALITY_PERFORMED_PROCEDURE_STEP]
    with associate(errand.peer, errand.calling_ae_title, contexts) as association:
        require_context(errand.peer, association, MODALITY_PERFORMED_PROCEDURE_STEP)
        while claimed := errand.claim(_KINDS):
            for delivery in claimed:
                with errand.carrying(delivery):
                    _send(errand, association, delivery)


def _send(errand: Errand, association: Association, delivery: Delivery) -> None:
    uid = _mpps_uid(errand, delivery)
    dataset = decode(delivery.payload or b"")
    earlier = delivery.attempts - 1
    if delivery.kind is Kind.MPPS_CREATE:
        reply = n_create(association, uid, dataset, errand.peer)
        outcome = mpps_create_outcome(reply.status, reply.error_comment, reply.error_id, earlier)
    else:
        reply = n_set(association, uid, dataset, errand.peer)
        outcome = mpps_set_outcome(reply.status, reply.error_comment, reply.error_id, earlier)
    if outcome.disposition is Disposition.RECREATE:
        outcome = _recreate(errand, delivery, outcome)
    errand.settle(delivery, outcome)


def _recreate(errand: Errand, delivery: Delivery, outcome: Outcome) -> Outcome:
    """The RIS does not know the step that it had taken: owe its N-CREATE once more first."""
    if delivery.attempts > _RECREATIONS:
        advice = "The RIS forgets this step again and again. Ask its administrator, then resend."
        return Outcome(Disposition.HOLD, outcome.status, outcome.text, advice)
    with errand.box.catalog.writing() as db:
        db.conn.execute(
            "UPDATE delivery SET state = 'waiting', next_attempt = 0, finished = NULL"
            " WHERE kind = 'mpps-create' AND exam_id = ? AND peer = ? AND state = 'done'",
            [delivery.exam_id, delivery.peer],
        )
    return Outcome(Disposition.RETRY, outcome.status, outcome.text, outcome.advice)


def _mpps_uid(errand: Errand, delivery: Delivery) -> str:
    row = errand.box.catalog.row("SELECT mpps_uid FROM exam WHERE exam_id = ?", [delivery.exam_id])
    assert row is not None, "a delivery's exam is kept by a foreign key"
    return str(row["mpps_uid"])
