"""Delivering images: many objects over one association, each accounted for on its own."""

from __future__ import annotations

import logging

from services.catalog.database import Row
from services.dicom.outcome import Disposition, Outcome, store_outcome
from services.dicom.store import StoreSession
from services.dispatcher.errand import OWN_FAULT, Errand, refused
from services.errors import ContextRefused, PeerError, PeerUnreachable
from services.outbox import checks, commitments, queue
from services.outbox.meter import Meter
from services.outbox.model import OPEN, Delivery, Kind

_Context = tuple[str, str]
"""SOP class and transfer syntax."""

_log = logging.getLogger(__name__)

BATCH = 16
"""Objects that are claimed, and whose answers are written down, in one step."""

_REFUSALS_IN_A_ROW = 3
"""Temporary refusals after which the archive is left alone for a while."""

_GONE = Outcome(
    Disposition.HOLD,
    -1,
    "the file is gone from the card",
    "The image was acquired but its file cannot be found. Call service before the card is used on",
)


def deliver(errand: Errand) -> None:
    """Every image that is due at this archive, until none is left or the archive fails.

    An association is good for the classes that were owed when it was opened; an image of another
    one that comes meanwhile ends it, and gets the next.
    """
    again = True
    while again and not errand.stopping():
        wanted = _wanted(errand)
        if not wanted:
            return
        try:
            with StoreSession(errand.peer, errand.calling_ae_title, wanted) as session:
                again = _send_all(errand, session, frozenset(wanted))
        except ContextRefused as error:
            errand.hold_all([Kind.STORE], error)
            return


def _send_all(errand: Errand, session: StoreSession, wanted: frozenset[_Context]) -> bool:
    """Send what is due; True when something is left that this association is not open for."""
    refusals = 0
    while claimed := errand.claim([Kind.STORE], BATCH):
        instances = _instances(errand, claimed)
        fitting = [d for d in claimed if _context(instances, d) in (None, *wanted)]
        others = [delivery for delivery in claimed if delivery not in fitting]
        # first of all, since sending may break off: what is not given back stays leased
        if others:
            _write_down(errand, [], others)
        refusals = _send_batch(errand, session, fitting, instances, refusals)
        if refusals >= _REFUSALS_IN_A_ROW:
            raise PeerUnreachable(
                errand.peer.name,
                f"the archive refused {refusals} images in a row for the time being",
                "Ask the PACS administrator whether its disk is full",
            )
        if others:
            return True
    return False


def _context(instances: dict[str, Row], delivery: Delivery) -> _Context | None:
    row = instances.get(str(delivery.sop_instance_uid))
    return (row["sop_class_uid"], row["transfer_syntax_uid"]) if row else None


def _wanted(errand: Errand) -> list[_Context]:
    """SOP class and transfer syntax of everything that is owed here."""
    rows = errand.box.catalog.rows(
        "SELECT DISTINCT sop_class_uid, transfer_syntax_uid FROM delivery"  # noqa: S608 -- constants only
        " JOIN instance USING (sop_instance_uid)"
        f" WHERE {OPEN} AND peer = ? AND kind = 'store' AND state IN ('waiting', 'sending')",
        [errand.peer.name],
    )
    return [(row["sop_class_uid"], row["transfer_syntax_uid"]) for row in rows]


def _send_batch(
    errand: Errand,
    session: StoreSession,
    claimed: list[Delivery],
    instances: dict[str, Row],
    refusals: int,
) -> int:
    """Send a batch and write all its answers down in one step, also when the peer breaks off."""
    answers: list[tuple[Delivery, Outcome]] = []
    recalled: list[Delivery] = []
    broken: PeerError | None = None
    for delivery in claimed:
        if broken or errand.stopping() or refusals >= _REFUSALS_IN_A_ROW:
            break
        if _is_discarded(errand, delivery):
            recalled.append(delivery)
            continue
        try:
            with Meter(errand.box, delivery.id) as meter:
                instance = instances.get(str(delivery.sop_instance_uid))
                outcome = _send(errand, session, instance, meter)
        except PeerError as error:
            broken = error
            outcome = Outcome(Disposition.RETRY, -1, str(error), "")
        except Exception as error:  # noqa: BLE001 -- logged, and held for a person
            _log.exception("delivery %d could not be prepared", delivery.id)
            outcome = Outcome(Disposition.HOLD, -1, f"{type(error).__name__}: {error}", OWN_FAULT)
        refusals = refusals + 1 if outcome.disposition is Disposition.RETRY else 0
        answers.append((delivery, outcome))
    unsent = recalled + claimed[len(answers) + len(recalled) :]
    _write_down(errand, answers, unsent)
    if broken:
        raise broken
    return refusals


def _is_discarded(errand: Errand, delivery: Delivery) -> bool:
    """Whether the image was discarded after it was claimed, before a byte of it went out."""
    row = errand.box.catalog.row(
        "SELECT discarded FROM instance WHERE sop_instance_uid = ?", [delivery.sop_instance_uid]
    )
    return row is not None and row["discarded"] is not None


def _send(errand: Errand, session: StoreSession, instance: Row | None, meter: Meter) -> Outcome:
    path = errand.box.spool.absolute(instance["path"]) if instance else None
    if instance is None or path is None or not path.is_file():
        return _GONE
    try:
        reply = session.send(path, meter)
    except ContextRefused as error:
        return refused(error)
    return store_outcome(reply.status, reply.error_comment)


def _instances(errand: Errand, claimed: list[Delivery]) -> dict[str, Row]:
    marks = ", ".join("?" for _ in claimed)
    rows = errand.box.catalog.rows(
        "SELECT sop_instance_uid, path, sop_class_uid, transfer_syntax_uid FROM instance"  # noqa: S608 -- marks only
        f" WHERE sop_instance_uid IN ({marks})",
        [delivery.sop_instance_uid for delivery in claimed],
    )
    return {row["sop_instance_uid"]: row for row in rows}


def _write_down(
    errand: Errand, answers: list[tuple[Delivery, Outcome]], unsent: list[Delivery]
) -> None:
    box, peer = errand.box, errand.peer
    at, when = box.wall(), box.clock.now().isoformat()
    with box.catalog.writing() as db:
        for delivery, outcome in answers:
            if outcome.disposition is Disposition.HOLD:
                queue.hold(
                    db, delivery, status=outcome.status, text=outcome.text, advice=outcome.advice
                )
                continue
            if outcome.disposition is Disposition.RETRY:
                queue.retry(
                    db, delivery, at=at, status=outcome.status, text=outcome.text,
                    advice=outcome.advice,
                )  # fmt: skip
                continue
            queue.finish(db, delivery, at=at, status=outcome.status, text=outcome.text)
            db.conn.execute(
                "UPDATE archived SET stored = ? WHERE sop_instance_uid = ? AND peer = ?",
                [when, delivery.sop_instance_uid, peer.name],
            )
            if peer.commitment_required:
                commitments.owe(db, peer.name, delivery.exam_id, at=at)
            elif peer.instance_check:
                checks.owe(db, peer.name, delivery.exam_id, at=at)
        for delivery in unsent:
            queue.give_back(db, delivery, "put down before it was sent")
    _tell(errand, answers)


def _tell(errand: Errand, answers: list[tuple[Delivery, Outcome]]) -> None:
    """One line for all that went well, and one for each that did not."""
    stored = [outcome for _, outcome in answers if outcome.disposition is Disposition.DONE]
    if stored:
        _log.info("%s: %d images stored", errand.peer.name, len(stored))
    for delivery, outcome in answers:
        if outcome.disposition is not Disposition.DONE:
            errand.report(delivery, outcome)
