"""The simulated radiology information system: worklist and performed procedure steps."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from io import BytesIO

from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import build_context, evt
from pynetdicom.dimse_primitives import C_FIND
from pynetdicom.presentation import PresentationContext

from services.hospital.encoding import DECODE_ERRORS, decoded
from services.hospital.entity import (
    Entity,
    Handler,
    affected_uid,
    caller_of,
    failure,
    requested_uid,
    sop_class_uid,
)
from services.hospital.matching import BadIdentifier
from services.hospital.mpps import create_step, set_step
from services.hospital.mpps_rules import MppsRefused, tag_of
from services.hospital.sop_classes import (
    ModalityPerformedProcedureStep,
    ModalityWorklistInformationModelFind,
    Verification,
)
from services.hospital.store import HospitalStore
from services.hospital.worklist import WorklistQuery

_log = logging.getLogger(__name__)

_TRANSFER_SYNTAXES: list[str | UID] = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
_CANCELLED = 0xFE00
_PENDING, _PENDING_UNSUPPORTED_KEYS = 0xFF00, 0xFF01


class Ris(Entity):
    """Verification, Modality Worklist and MPPS SCP as PS3.2 annex C.4 describes a RIS.

    Parameters
    ----------
    max_per_caller : int
        Simultaneous associations of one SCU.
    cancel_check_interval : int
        After how many answers it looks for a C-CANCEL.
    """

    def __init__(
        self,
        store: HospitalStore,
        ae_title: str = "RIS",
        bind: str = "127.0.0.1",
        port: int = 0,
        *,
        max_associations: int = 25,
        max_per_caller: int = 3,
        cancel_check_interval: int = 25,
    ) -> None:
        super().__init__(
            store,
            ae_title,
            bind,
            port,
            max_associations=max_associations,
            max_per_caller=max_per_caller,
        )
        self._cancel_check_interval = cancel_check_interval

    def contexts(self) -> list[PresentationContext]:
        classes = (
            Verification,
            ModalityWorklistInformationModelFind,
            ModalityPerformedProcedureStep,
        )
        return [build_context(uid, _TRANSFER_SYNTAXES) for uid in classes]

    def handlers(self) -> list[Handler]:
        return [
            (evt.EVT_C_FIND, self._on_find),
            (evt.EVT_N_CREATE, self._on_create),
            (evt.EVT_N_SET, self._on_set),
        ]

    def _on_find(self, event: evt.Event) -> Iterator[tuple[int | Dataset, None]]:
        """Send the answers already encoded; pynetdicom adds the final success."""
        self.hold_up()
        try:
            query = WorklistQuery.parse(decoded(event.identifier))
        except BadIdentifier as error:
            answer = failure(0xA900, error.comment)
            if error.tag is not None:
                answer.OffendingElement = error.tag
            yield answer, None
            return
        except DECODE_ERRORS:
            yield failure(0xC000, "the identifier cannot be decoded"), None
            return
        if self.faults().wrong_patients_in_worklist:
            query = query.without_patient()
        matches = query.find(self.store.schedule)
        _log.info(
            "%s: worklist query of %s, %d matches", self.ae_title, caller_of(event), len(matches)
        )
        if not self._send_matches(event, query, matches):
            yield _CANCELLED, None

    def _send_matches(self, event: evt.Event, query: WorklistQuery, matches: list[int]) -> bool:
        """Send the pending responses; False when the SCU cancelled."""
        implicit = event.context.transfer_syntax == ImplicitVRLittleEndian
        status = _PENDING_UNSUPPORTED_KEYS if query.unsupported else _PENDING
        for sent, entry in enumerate(self.store.schedule.encoded(matches, implicit=implicit), 1):
            response = C_FIND()
            response.MessageIDBeingRespondedTo = event.request.MessageID
            response.AffectedSOPClassUID = sop_class_uid(event)
            response.Status = status
            response.Identifier = BytesIO(query.answer(entry, implicit=implicit))
            event.assoc.dimse.send_msg(response, event.context.context_id)
            if sent % self._cancel_check_interval:
                continue
            if not self._drained(event):
                return True
            if event.is_cancelled:
                return False
        return True

    def _drained(self, event: evt.Event) -> bool:
        """Wait until the answers left, since nothing is read before; False when nobody listens."""
        provider = event.assoc.dul
        while not provider.to_provider_queue.empty():
            if self._stopping.is_set() or not provider.is_alive() or event.assoc.acse.is_aborted():
                return False
            time.sleep(0.0005)
        time.sleep(0.001)
        return True

    def _on_create(self, event: evt.Event) -> tuple[int | Dataset, Dataset | None]:
        self.hold_up()
        status = self.store.spend("mpps_status", self.ae_title)
        if status is not None:
            return failure(status, "fault"), None
        try:
            dataset = decoded(event.attribute_list)
        except DECODE_ERRORS:
            return failure(0x0110, "the attribute list cannot be decoded"), None
        uid = affected_uid(event)
        try:
            exceptions = create_step(self.store, uid, caller_of(event), dataset)
        except MppsRefused as refused:
            return self._refuse("N-CREATE", refused), None
        _log.info("%s: step created, %d exceptions", self.ae_title, exceptions)
        return 0x0000, None

    def _on_set(self, event: evt.Event) -> tuple[int | Dataset, Dataset | None]:
        self.hold_up()
        status = self.store.spend("mpps_status", self.ae_title)
        if status is not None:
            return failure(status, "fault"), None
        try:
            modifications = decoded(event.modification_list)
        except DECODE_ERRORS:
            return failure(0x0110, "the modification list cannot be decoded"), None
        uid = requested_uid(event)
        try:
            state = set_step(self.store, uid, modifications)
        except MppsRefused as refused:
            answer = self._refuse("N-SET", refused)
            tag = tag_of(refused.keyword)
            if tag is not None:
                answer.AttributeIdentifierList = tag
            return answer, None
        _log.info("%s: step is %s", self.ae_title, state)
        return 0x0000, None

    def _refuse(self, request: str, refused: MppsRefused) -> Dataset:
        _log.warning(
            "%s refused an %s with %04X: %s",
            self.ae_title,
            request,
            refused.status,
            refused.comment,
        )
        return failure(refused.status, refused.comment, refused.error_id)
