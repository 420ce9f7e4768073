"""The simulated archive: Storage, Storage Commitment, Study Root Query/Retrieve."""

from __future__ import annotations

import logging
import os
import struct
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import (
    HEVCMP51,
    HTJ2K,
    JPEG2000,
    MPEG2MPML,
    MPEG4HP41,
    MPEG4HP42STEREO,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)
from pynetdicom import StoragePresentationContexts, build_context, evt
from pynetdicom.pdu import P_DATA_TF
from pynetdicom.presentation import PresentationContext

from services.hospital.commitment import CommitmentReporter, read_request
from services.hospital.encoding import DECODE_ERRORS, decoded, encode_dataset
from services.hospital.entity import (
    Entity,
    Handler,
    affected_uid,
    caller_of,
    failure,
    reset_connection,
    sop_class_uid,
)
from services.hospital.faults import CommitmentMode
from services.hospital.records import StoredInstance
from services.hospital.retrieve import find_matches, move_matches
from services.hospital.sop_classes import (
    StorageCommitmentPushModel,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)
from services.hospital.store import HospitalStore

_log = logging.getLogger(__name__)

Targets = Mapping[str, tuple[str, int]]
"""AE title to host and port."""

_ANY: list[str | UID] = [
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
    RLELossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    JPEG2000Lossless,
    JPEG2000,
    HTJ2KLossless,
    HTJ2K,
    MPEG2MPML,
    MPEG4HP41,
    MPEG4HP42STEREO,
    HEVCMP51,
]
_PLAIN: list[str | UID] = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
_LONGEST_HEADER_VALUE = 1024
_HALF_A_PDU = struct.pack(">BBL", 0x04, 0, 256) + bytes(40)
_OUT_OF_RESOURCES = 0xA700
_DOES_NOT_MATCH = 0xA900
_CANNOT_UNDERSTAND = 0xC000


class Pacs(Entity):
    """The archive.

    Parameters
    ----------
    folder : Path
        Where instances are written, as ``STUDY/SERIES/INSTANCE.dcm``, bytes as received.
    commitment_targets : mapping of str to (str, int)
        Where each requestor of a commitment listens for the report. One that is not listed gets
        its report on the requesting association.
    move_targets : mapping of str to (str, int), optional
        Where C-MOVE may send to; the commitment targets unless given.
    """

    def __init__(
        self,
        store: HospitalStore,
        folder: Path,
        ae_title: str = "PACS",
        bind: str = "127.0.0.1",
        port: int = 0,
        commitment_targets: Targets | None = None,
        move_targets: Targets | None = None,
        *,
        max_associations: int = 25,
    ) -> None:
        super().__init__(store, ae_title, bind, port, max_associations=max_associations)
        self.folder = folder
        self.commitment_targets = dict(commitment_targets or {})
        self.move_targets = dict(move_targets or self.commitment_targets)
        self._stored_since_cut = 0
        self._cut_lock = threading.Lock()
        self._reporter: CommitmentReporter | None = None

    def contexts(self) -> list[PresentationContext]:
        storage = [
            build_context(str(context.abstract_syntax), _ANY)
            for context in StoragePresentationContexts
        ]
        others = (
            Verification,
            StorageCommitmentPushModel,
            StudyRootQueryRetrieveInformationModelFind,
            StudyRootQueryRetrieveInformationModelMove,
        )
        return storage + [build_context(uid, _PLAIN) for uid in others]

    def handlers(self) -> list[Handler]:
        return [
            (evt.EVT_PDU_RECV, self._on_pdu),
            (evt.EVT_C_STORE, self._on_store),
            (evt.EVT_N_ACTION, self._on_commit),
            (evt.EVT_C_FIND, self._on_find),
            (evt.EVT_C_MOVE, self._on_move),
        ]

    def start(self) -> None:
        """Listen, and report the commitments that were still owed."""
        if self.running:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        super().start()
        self._reporter = CommitmentReporter(
            self.store, self.ae_title, self.commitment_targets, self.faults
        )
        self._reporter.resume()

    def on_stopped(self) -> None:
        if self._reporter is not None:
            self._reporter.stop()

    def _on_pdu(self, event: evt.Event) -> None:
        """The ``abort_mid_pdu`` fault on an object that comes in several PDUs."""
        if not isinstance(event.pdu, P_DATA_TF) or not _more_data_follows(event.pdu):
            return
        if self._cut_is_due():
            self._cut(event, b"")

    def _cut_is_due(self) -> bool:
        limit = self.faults().abort_mid_pdu
        with self._cut_lock:
            return limit > 0 and self._stored_since_cut >= limit

    def _cut(self, event: evt.Event, last_words: bytes) -> None:
        with self._cut_lock:
            self._stored_since_cut = 0
        _log.info("%s cut a connection: fault", self.ae_title)
        reset_connection(event.assoc, last_words)

    def _on_store(self, event: evt.Event) -> int | Dataset:
        self.hold_up()
        if self._cut_is_due():
            self._cut(event, _HALF_A_PDU)
            return _OUT_OF_RESOURCES
        status = self.store.spend("store_status", self.ae_title)
        if status is not None:
            return failure(status, "fault")
        answer = self._keep(event)
        if answer == 0x0000:
            with self._cut_lock:
                self._stored_since_cut += 1
        return answer

    def _keep(self, event: evt.Event) -> int | Dataset:
        """Write the instance durably, then enter it."""
        part10 = event.encoded_dataset()
        try:
            header = _header(part10)
        except DECODE_ERRORS:
            return failure(_CANNOT_UNDERSTAND, "the data set cannot be decoded")
        wrong = _inconsistency(event, header)
        if wrong:
            return failure(_DOES_NOT_MATCH, wrong)
        study, series = str(header.StudyInstanceUID), str(header.SeriesInstanceUID)
        uid = affected_uid(event)
        path = self.folder / study / series / f"{uid}.dcm"
        try:
            write_durably(path, part10)
        except OSError as error:
            _log.error("%s cannot write an instance: %s", self.ae_title, error.strerror)
            return failure(_OUT_OF_RESOURCES, "the archive cannot write")
        instance = StoredInstance(
            sop_instance_uid=uid,
            sop_class_uid=sop_class_uid(event),
            study_instance_uid=study,
            series_instance_uid=series,
            patient_id=str(header.get("PatientID") or ""),
            path=path,
            received_at=datetime.now(UTC),
            times_received=1,
            calling_ae=caller_of(event),
        )
        old = self.store.archive.add(
            instance, str(event.context.transfer_syntax), encode_dataset(header)
        )
        if old is not None:
            old.unlink(missing_ok=True)
        return 0x0000

    def _on_commit(self, event: evt.Event) -> tuple[int | Dataset, None]:
        self.hold_up()
        if event.action_type != 1:
            return failure(0x0123, "no such action"), None
        try:
            request = read_request(decoded(event.action_information))
        except DECODE_ERRORS:
            return failure(0x0115, "not a storage commitment request"), None
        transaction_uid, references = request
        caller = caller_of(event)
        never = self.faults().commitment is CommitmentMode.NEVER
        state = "never" if never else "pending"
        self.store.archive.open_commitment(transaction_uid, caller, references, state)
        _log.info("%s: commitment of %d asked by %s", self.ae_title, len(references), caller)
        if self._reporter is not None and not never:
            self._reporter.owe(transaction_uid, caller, event.assoc)
        return 0x0000, None

    def _on_find(self, event: evt.Event) -> object:
        self.hold_up()
        return find_matches(event, self.store.archive, self.ae_title)

    def _on_move(self, event: evt.Event) -> object:
        self.hold_up()
        return move_matches(event, self.store.archive, self.move_targets)


def write_durably(path: Path, content: bytes) -> None:
    """All of the file or none of it, whatever happens to the power."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{threading.get_ident()}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _header(part10: bytes) -> Dataset:
    """What queries are answered from: short standard attributes, no sequences, no pixels."""
    dataset = decoded(dcmread(BytesIO(part10), stop_before_pixels=True))
    header = Dataset()
    for element in dataset:
        if element.tag.is_private or element.VR in ("SQ", "OB", "OW", "OF", "OD", "UN"):
            continue
        if len(str(element.value)) <= _LONGEST_HEADER_VALUE:
            header.add(element)
    return header


def _inconsistency(event: evt.Event, header: Dataset) -> str:
    """Why the data set is not the instance that the command announces, or empty text."""
    for keyword, announced in (
        ("SOPInstanceUID", affected_uid(event)),
        ("SOPClassUID", sop_class_uid(event)),
    ):
        if str(header.get(keyword) or "") != announced:
            return f"{keyword} differs from the command"
    for keyword in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        if not UID(str(header.get(keyword) or "")).is_valid:
            return f"{keyword} is missing or no UID"
    return ""


def _more_data_follows(pdu: P_DATA_TF) -> bool:
    """Whether the PDU carries a fragment of a data set that is not the last one."""
    headers = (item.message_control_header_byte for item in pdu.presentation_data_value_items)
    return any(int(header, 2) & 0b11 == 0 for header in headers)
