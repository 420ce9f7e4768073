"""Delivering instance checks to archives that give no commitment."""

from __future__ import annotations

from services.dicom.outcome import Disposition, Outcome
from services.dicom.query import instances_present
from services.dispatcher.errand import Errand
from services.errors import (
    ContextRefused,
    PeerAborted,
    PeerError,
    PeerRejected,
    PeerTimeout,
    PeerUnreachable,
)
from services.outbox import checks
from services.outbox.model import Delivery, Kind

_PATIENCE = 6
"""Checks after which an image that cannot be found is a person's business."""

_LOOKS_AGAIN = "The box looks again by itself."


def deliver(errand: Errand) -> None:
    """Look for every exam's images at the archive."""
    while claimed := errand.claim([Kind.CHECK]):
        for delivery in claimed:
            with errand.carrying(delivery):
                _look(errand, delivery)


def _look(errand: Errand, delivery: Delivery) -> None:
    box, peer = errand.box, errand.peer
    with box.catalog.writing() as db:
        wanted = checks.unproven(db, peer.name, delivery.exam_id)
    row = box.catalog.row(
        "SELECT study_instance_uid FROM exam WHERE exam_id = ?", [delivery.exam_id]
    )
    assert row is not None, "a delivery's exam is kept by a foreign key"
    try:
        present = instances_present(
            peer, errand.calling_ae_title, row["study_instance_uid"], wanted
        )
    except (PeerUnreachable, PeerRejected, PeerAborted, PeerTimeout):
        raise
    except PeerError as error:
        # it answers, but not this query: images still go there meanwhile
        errand.settle(delivery, _judge_refusal(delivery, error))
        return
    with box.catalog.writing() as db:
        checks.note_present(db, peer.name, present & set(wanted))
    errand.settle(delivery, _judge(delivery, len(set(wanted) - present)))


def _judge(delivery: Delivery, missing: int) -> Outcome:
    if not missing:
        return Outcome(Disposition.DONE, 0x0000, "seen at the archive (query, no commitment)", "")
    text = f"{missing} images that the archive took are not found there by query"
    if delivery.attempts < _PATIENCE:
        return Outcome(Disposition.RETRY, -1, text, _LOOKS_AGAIN)
    advice = "Ask the PACS administrator, then resend the exam's images."
    return Outcome(Disposition.HOLD, -1, text, advice)


def _judge_refusal(delivery: Delivery, error: PeerError) -> Outcome:
    if delivery.attempts < _PATIENCE and not isinstance(error, ContextRefused):
        return Outcome(Disposition.RETRY, -1, error.reason, _LOOKS_AGAIN)
    return Outcome(Disposition.HOLD, -1, error.reason, error.advice)
