"""Delivering commitment requests, and waiting for the archive's promise."""

from __future__ import annotations

from device.commitment import request_dataset
from services.dicom.commitment import request_commitment
from services.dicom.outcome import Disposition, commit_request_outcome
from services.dispatcher.errand import Errand
from services.outbox import commitments
from services.outbox.model import Delivery, Kind


def deliver(errand: Errand) -> None:
    """Ask for every exam whose images the archive has stored; one transaction an exam."""
    while claimed := errand.claim([Kind.COMMIT]):
        for delivery in claimed:
            with errand.carrying(delivery):
                _ask(errand, delivery)


def _ask(errand: Errand, delivery: Delivery) -> None:
    box, peer = errand.box, errand.peer
    transaction_uid = box.uids()
    references = commitments.begin(box.catalog, delivery, transaction_uid, at=box.wall())
    if not references:
        return
    reply = request_commitment(
        peer,
        errand.calling_ae_title,
        request_dataset(transaction_uid, references),
        on_report=errand.desk.take,
        wait=peer.commitment_wait,
        answered=lambda: commitments.is_answered(box.catalog, transaction_uid),
    )
    outcome = commit_request_outcome(reply.status, reply.error_comment)
    if outcome.disposition in (Disposition.DONE, Disposition.DONE_WITH_WARNING):
        with box.catalog.writing() as db:
            commitments.await_report(
                db, delivery, transaction_uid, at=box.wall(), timeout=peer.commitment_timeout
            )
        return
    errand.settle(delivery, outcome)
