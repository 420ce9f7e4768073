"""Print Management SCU: one association with a DICOM printer (PS3.4 annex H)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

from pydicom.dataset import Dataset
from pydicom.tag import BaseTag
from pydicom.uid import UID
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext, build_context

from services.dicom import print_uids as uids
from services.dicom.association import associate, reply_of, require_context
from services.dicom.crossing import serve_crossing_requests
from services.dicom.outcome import Disposition
from services.dicom.peers import Peer
from services.dicom.print_events import PrintEvents
from services.dicom.print_outcome import PrintOutcome, Step, print_outcome
from services.dicom.sop_classes import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from services.errors import PeerAborted

_JOB_SEQUENCE = 0x21000500
"""Referenced Print Job Sequence of the reply to N-ACTION (PS3.4 H.4.1.2.4); its keyword in
dictionaries is that of another element."""

_STATUS_TAGS = (
    0x21100010, 0x21100020, 0x21100030, 0x00080070, 0x00081090, 0x00181000, 0x00181020,
)  # fmt: skip
"""Printer Status, its Info, Printer Name, maker, model, serial number, software."""


class PrintRefused(Exception):
    """The printer refused a step; nothing of what follows was sent."""

    def __init__(self, outcome: PrintOutcome) -> None:
        self.outcome = outcome
        super().__init__(outcome.text)


@dataclass(frozen=True, slots=True)
class FilmBoxMade:
    """What the printer named: the film box and its image and annotation boxes, in order."""

    uid: str
    image_boxes: tuple[str, ...]
    annotation_boxes: tuple[str, ...]


@dataclass(slots=True)
class PrintAssociation:
    """An established association; every request raises PeerError where no answer came.

    ``warnings`` gathers what the printer took, but not as it was asked for.
    """

    peer: Peer
    association: Association
    colour: bool
    events: PrintEvents
    true_size: bool = False
    warnings: list[PrintOutcome] = field(default_factory=list)

    @property
    def _meta(self) -> UID:
        return UID(uids.COLOUR_META if self.colour else uids.GREY_META)

    def accepts(self, sop_class_uid: str) -> bool:
        accepted = self.association.accepted_contexts
        return any(str(context.abstract_syntax) == sop_class_uid for context in accepted)

    def require_open(self) -> None:
        """Raise ``PeerAborted`` unless the association still stands."""
        if not self.association.is_established:
            raise PeerAborted(
                self.peer.name,
                "the association ended before the next request",
                "The box tries again by itself; if it lasts, look into the printer's log",
            )

    def status(self) -> Dataset:
        """Printer status and description; printers that do not know a list are asked for all."""
        printer, instance = uids.PRINTER, uids.PRINTER_INSTANCE
        status, told = self._get(list(_STATUS_TAGS), printer, instance, self._meta)
        if status not in (0x0000, 0x0001, 0x0107) or "PrinterStatus" not in told:
            status, told = self._get([], printer, instance, self._meta)
        outcome = print_outcome(Step.STATUS, status)
        if outcome.disposition in (Disposition.HOLD, Disposition.RETRY):
            raise PrintRefused(outcome)
        return told

    def configuration(self) -> Dataset | None:
        """What Printer Configuration Retrieval gives; None where the printer does not do it."""
        if not self.accepts(uids.PRINTER_CONFIGURATION):
            return None
        status, told = self._get(
            [], uids.PRINTER_CONFIGURATION, uids.PRINTER_CONFIGURATION_INSTANCE, None
        )
        return told if status in (0x0000, 0x0001, 0x0107) else None

    def create_session(self, attributes: Dataset, uid: str) -> str:
        return self._create(Step.SESSION, attributes, uids.FILM_SESSION, uid)[0]

    def create_lut(self, attributes: Dataset, uid: str) -> str:
        return self._create(Step.LUT, attributes, uids.PRESENTATION_LUT, uid, meta=False)[0]

    def create_film_box(self, attributes: Dataset, uid: str) -> FilmBoxMade:
        made, reply = self._create(Step.FILM_BOX, attributes, uids.FILM_BOX, uid)
        return FilmBoxMade(
            made,
            _references(reply, "ReferencedImageBoxSequence"),
            _references(reply, "ReferencedBasicAnnotationBoxSequence"),
        )

    def set_image_box(self, attributes: Dataset, uid: str) -> None:
        sop_class = uids.COLOUR_IMAGE_BOX if self.colour else uids.GREY_IMAGE_BOX
        self._set(Step.IMAGE_BOX, attributes, sop_class, uid, self._meta)

    def set_annotation(self, attributes: Dataset, uid: str) -> None:
        self._set(Step.ANNOTATION, attributes, uids.ANNOTATION_BOX, uid, None)

    def print(self, sop_class_uid: str, uid: str) -> str:
        """The action after which there is no way back; the Print Job's UID where there is one."""
        self.require_open()
        begun = time.monotonic()
        status, reply = self.association.send_n_action(
            None, 1, UID(sop_class_uid), UID(uid), meta_uid=self._meta
        )
        answer = reply_of(self.peer, self.association, begun, status)
        self._judge(Step.ACTION, answer.status or 0, answer.error_comment)
        jobs = reply.get(_JOB_SEQUENCE) if reply is not None else None
        if not jobs or not jobs.value:
            return ""
        return str(jobs.value[0].get("ReferencedSOPInstanceUID") or "")

    def job_status(self, job_uid: str) -> Dataset | None:
        """The state of a Print Job; None where the printer has forgotten it."""
        status, told = self._get([], uids.PRINT_JOB, job_uid, None)
        return told if status in (0x0000, 0x0001, 0x0107) else None

    def delete_session(self, uid: str) -> None:
        """Let the printer tidy up; its answer changes nothing any more."""
        self.require_open()
        self.association.send_n_delete(UID(uids.FILM_SESSION), UID(uid), meta_uid=self._meta)

    def _get(
        self, tags: list[int], sop_class_uid: str, uid: str, meta: UID | None
    ) -> tuple[int, Dataset]:
        self.require_open()
        begun = time.monotonic()
        status, told = self.association.send_n_get(
            cast("list[BaseTag]", [BaseTag(tag) for tag in tags] or None),
            UID(sop_class_uid),
            UID(uid),
            meta_uid=meta,
        )
        answer = reply_of(self.peer, self.association, begun, status)
        return answer.status or 0, told if told is not None else Dataset()

    def _create(
        self, step: Step, attributes: Dataset, sop_class_uid: str, uid: str, *, meta: bool = True
    ) -> tuple[str, Dataset]:
        self.require_open()
        begun = time.monotonic()
        status, reply = self.association.send_n_create(
            attributes, UID(sop_class_uid), UID(uid), meta_uid=self._meta if meta else None
        )
        answer = reply_of(self.peer, self.association, begun, status)
        self._judge(step, answer.status or 0, answer.error_comment)
        made = reply if reply is not None else Dataset()
        return str(made.get("AffectedSOPInstanceUID") or uid), made

    def _set(
        self, step: Step, attributes: Dataset, sop_class_uid: str, uid: str, meta: UID | None
    ) -> None:
        self.require_open()
        begun = time.monotonic()
        status, _ = self.association.send_n_set(
            attributes, UID(sop_class_uid), UID(uid), meta_uid=meta
        )
        answer = reply_of(self.peer, self.association, begun, status)
        self._judge(step, answer.status or 0, answer.error_comment)

    def _judge(self, step: Step, status: int, comment: str) -> None:
        outcome = print_outcome(step, status, comment, true_size=self.true_size)
        if outcome.disposition is Disposition.DONE_WITH_WARNING:
            self.warnings.append(outcome)
        elif outcome.disposition is not Disposition.DONE:
            raise PrintRefused(outcome)


@contextmanager
def print_association(
    peer: Peer, calling_ae: str, *, colour: bool, true_size: bool = False
) -> Iterator[PrintAssociation]:
    """Open an association for printing.

    Raises
    ------
    PeerError
        It did not come about; ``ContextRefused`` when the printer does not print like this.
    """
    events = PrintEvents()
    handlers = [(evt.EVT_N_EVENT_REPORT, events.receive)]
    with associate(peer, calling_ae, _contexts(colour), evt_handlers=handlers) as association:
        require_context(peer, association, uids.COLOUR_META if colour else uids.GREY_META)
        serve_crossing_requests(association)
        yield PrintAssociation(peer, association, colour, events, true_size)


def _contexts(colour: bool) -> list[PresentationContext]:
    """Implicit VR stands in contexts of its own: old imagers refuse any that also names others."""
    classes = (
        uids.COLOUR_META if colour else uids.GREY_META,
        uids.PRESENTATION_LUT,
        uids.ANNOTATION_BOX,
        uids.PRINT_JOB,
        uids.PRINTER_CONFIGURATION,
    )
    return [
        build_context(UID(each), syntax)
        for each in classes
        for syntax in (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)
    ]


def _references(reply: Dataset, keyword: str) -> tuple[str, ...]:
    return tuple(str(item.ReferencedSOPInstanceUID) for item in reply.get(keyword) or ())
