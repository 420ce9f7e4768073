"""A service class user on pynetdicom for the tests of the simulated hospital."""

from __future__ import annotations

import queue
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_FIND, C_STORE

from tests.peers.process import program

MWL = "1.2.840.10008.5.1.4.31"
MPPS = "1.2.840.10008.3.1.2.3.3"
COMMIT = "1.2.840.10008.1.20.1"
COMMIT_INSTANCE = "1.2.840.10008.1.20.1.1"
STUDY_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
VERIFICATION = "1.2.840.10008.1.1"
CT = "1.2.840.10008.5.1.4.1.1.2"


@contextmanager
def associated(
    entity, *sop_classes, calling="BOX", syntax=None, handlers=()
) -> Iterator[Association]:
    ae = AE(ae_title=calling)
    ae.acse_timeout = ae.dimse_timeout = ae.connection_timeout = 10
    syntaxes = [syntax] if syntax else [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
    for sop_class in sop_classes or (VERIFICATION,):
        ae.add_requested_context(sop_class, syntaxes)
    association = ae.associate(
        "127.0.0.1", entity.port, ae_title=entity.ae_title, evt_handlers=list(handlers)
    )
    assert association.is_established, "the association was not accepted"
    try:
        yield association
    finally:
        if association.is_established:
            association.release()


def is_accepted(entity, calling="BOX", called=None, timeout=10.0) -> bool:
    ae = AE(ae_title=calling)
    ae.acse_timeout = timeout
    ae.add_requested_context(VERIFICATION)
    association = ae.associate("127.0.0.1", entity.port, ae_title=called or entity.ae_title)
    if not association.is_established:
        return False
    association.release()
    return True


def worklist_keys(step=None, **keys) -> Dataset:
    """A query that returns names, IDs and what the step needs; keywords give the keys."""
    identifier = Dataset()
    identifier.SpecificCharacterSet = "ISO_IR 192"
    for keyword in ("PatientName", "PatientID", "AccessionNumber"):
        setattr(identifier, keyword, "")
    for keyword, value in keys.items():
        setattr(identifier, keyword, value)
    item = Dataset()
    item.ScheduledProcedureStepID = ""
    item.ScheduledProcedureStepStatus = ""
    for keyword, value in (step or {}).items():
        setattr(item, keyword, value)
    identifier.ScheduledProcedureStepSequence = [item]
    return identifier


def find(association, identifier, model=MWL) -> tuple[list[Dataset], list[int]]:
    """Answers, and the status of each response."""
    answers, statuses = [], []
    for status, answer in association.send_c_find(identifier, model):
        statuses.append(status.get("Status"))
        if answer is not None:
            answers.append(answer)
    return answers, statuses


def find_raw(association, identifier: bytes) -> int:
    """C-FIND with any bytes as identifier; the status of the only response."""
    request = C_FIND()
    request.MessageID = 1
    request.AffectedSOPClassUID = MWL
    request.Priority = 2
    request.Identifier = BytesIO(identifier)
    return _exchange(association, request).Status


def store_raw(association, sop_class, sop_instance, encoded: bytes) -> int:
    """C-STORE of exactly these bytes."""
    request = C_STORE()
    request.MessageID = 1
    request.AffectedSOPClassUID = sop_class
    request.AffectedSOPInstanceUID = sop_instance
    request.Priority = 2
    request.DataSet = BytesIO(encoded)
    return _exchange(association, request).Status


def _exchange(association, request):
    context = association.accepted_contexts[0]
    association._reactor_checkpoint.clear()
    association.dimse.send_msg(request, context.context_id)
    _, response = association.dimse.get_msg(block=True)
    association._reactor_checkpoint.set()
    assert response is not None, "no response"
    return response


class CommitmentListener:
    """A modality's listener: takes commitment reports and keeps them in a queue."""

    def __init__(self, ae_title="BOX", port=0, with_role=True):
        self.reports: queue.Queue[tuple[int, Dataset]] = queue.Queue()
        self._ae = AE(ae_title=ae_title)
        role = True if with_role else None
        self._ae.add_supported_context(COMMIT, scu_role=role, scp_role=role)
        self._server = self._ae.start_server(
            ("127.0.0.1", port), block=False, evt_handlers=self.handlers()
        )
        self.port = self._server.server_address[1]

    def handlers(self):
        return [(evt.EVT_N_EVENT_REPORT, self._take)]

    def _take(self, event):
        self.reports.put((event.event_type, event.event_information))
        return 0x0000, None

    def next(self, timeout=10.0) -> tuple[int, Dataset]:
        return self.reports.get(timeout=timeout)

    def stop(self):
        self._ae.shutdown()


def ask_commitment(association, references, transaction=None) -> tuple[int, str]:
    request = Dataset()
    request.TransactionUID = transaction or generate_uid()
    request.ReferencedSOPSequence = []
    for sop_class, sop_instance in references:
        item = Dataset()
        item.ReferencedSOPClassUID = sop_class
        item.ReferencedSOPInstanceUID = sop_instance
        request.ReferencedSOPSequence.append(item)
    status, _ = association.send_n_action(request, 1, COMMIT, COMMIT_INSTANCE)
    return status.Status, request.TransactionUID


def ct_slice(number=1, rows=16) -> Dataset:
    """A small CT data set, enough for an archive."""
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.SOPClassUID = CT
    dataset.SOPInstanceUID = f"1.2.826.0.1.3680043.10.1.4.{number}"
    dataset.StudyDate = "20260105"
    dataset.StudyTime = "101500"
    dataset.Modality = "CT"
    dataset.PatientName = "Müller^Jörg"
    dataset.PatientID = "SECRET-4711"
    dataset.StudyInstanceUID = "1.2.826.0.1.3680043.10.1.2"
    dataset.SeriesInstanceUID = f"1.2.826.0.1.3680043.10.1.3.{number % 2 + 1}"
    dataset.SeriesNumber = number % 2 + 1
    dataset.InstanceNumber = number
    dataset.Rows, dataset.Columns = rows, rows
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.SamplesPerPixel, dataset.PixelRepresentation = 15, 1, 0
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.PixelData = bytes(range(256)) * (rows * rows * 2 // 256 + 1)
    dataset.PixelData = dataset.PixelData[: rows * rows * 2]
    return dataset


def dcmtk(name: str, *arguments: object, timeout=30) -> subprocess.CompletedProcess[str]:
    """One of DCMTK's programs with its output."""
    return subprocess.run(
        [program(name, "dcmtk"), *(str(part) for part in arguments)],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout,
        check=False,
    )
