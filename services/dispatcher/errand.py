"""What every kind of delivery needs to know, and how its outcome is written down."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from services.box import Box
from services.dicom.outcome import Disposition, Outcome
from services.dicom.peers import Peer
from services.errors import ContextRefused, PeerError
from services.outbox import queue
from services.outbox.model import Delivery, Kind
from services.reports import ReportDesk

_log = logging.getLogger(__name__)

OWN_FAULT = "The box could not send this by a fault of its own. Keep it, and tell service"


@dataclass(frozen=True, slots=True)
class Errand:
    """One worker's standing order: for which box, to which peer, under which lease name."""

    box: Box
    peer: Peer
    owner: str
    desk: ReportDesk
    stopping: Callable[[], bool]

    @property
    def calling_ae_title(self) -> str:
        return self.box.calling_ae_title(self.peer)

    def claim(self, kinds: Sequence[Kind], limit: int = 1) -> list[Delivery]:
        """The next deliveries that are due here, leased to this worker."""
        if self.stopping():
            return []
        return queue.claim(
            self.box.catalog,
            self.peer.name,
            kinds,
            self.owner,
            at=self.box.wall(),
            limit=limit,
        )

    def settle(self, delivery: Delivery, outcome: Outcome) -> None:
        """Write down what the peer's answer means for the delivery."""
        at = self.box.wall()
        with self.box.catalog.writing() as db:
            if outcome.disposition in (Disposition.DONE, Disposition.DONE_WITH_WARNING):
                queue.finish(db, delivery, at=at, status=outcome.status, text=outcome.text)
            elif outcome.disposition is Disposition.HOLD:
                queue.hold(
                    db,
                    delivery,
                    status=outcome.status,
                    text=outcome.text,
                    advice=outcome.advice,
                )
            else:
                queue.retry(
                    db,
                    delivery,
                    at=at,
                    status=outcome.status,
                    text=outcome.text,
                    advice=outcome.advice,
                )
        self.report(delivery, outcome)

    def report(self, delivery: Delivery, outcome: Outcome) -> None:
        """One log line without patient data."""
        level = logging.INFO if outcome.disposition is Disposition.DONE else logging.WARNING
        known = outcome.status is not None and outcome.status >= 0
        _log.log(
            level,
            "%s: %s of exam %s (delivery %d): %s%s",
            self.peer.name,
            delivery.kind,
            delivery.exam_id,
            delivery.id,
            outcome.disposition.name.lower().replace("_", " "),
            f", status {outcome.status:04X}" if known else "",
        )
        # the peer's own words may name the patient: the operator reads them in the outbox
        _log.debug("delivery %d: %s", delivery.id, outcome.text)

    @contextmanager
    def carrying(self, delivery: Delivery) -> Iterator[None]:
        """Around the sending of one delivery.

        A peer that breaks off counts the attempt and makes it due again. One that does not do
        this service at all, and a fault of our own, hold this delivery for a person, so that it
        cannot stop the others.
        """
        try:
            yield
        except ContextRefused as error:
            self.settle(delivery, refused(error))
        except PeerError as error:
            with self.box.catalog.writing() as db:
                queue.retry(db, delivery, at=self.box.wall(), status=None, text=str(error))
            raise
        except Exception as error:  # noqa: BLE001 -- logged, and held for a person
            _log.exception("delivery %d could not be prepared", delivery.id)
            with self.box.catalog.writing() as db:
                queue.hold(
                    db,
                    delivery,
                    status=None,
                    text=f"{type(error).__name__}: {error}",
                    advice=OWN_FAULT,
                )

    def hold_all(self, kinds: Sequence[Kind], error: ContextRefused) -> None:
        """The peer does none of these services: a person must know, and nothing else waits."""
        while claimed := self.claim(kinds):
            for delivery in claimed:
                self.settle(delivery, refused(error))


def refused(error: ContextRefused) -> Outcome:
    """What a presentation context that the peer does not accept means for a delivery."""
    return Outcome(Disposition.HOLD, -1, error.reason, error.advice)
