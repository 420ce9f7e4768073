"""A step and a picture that nobody can take for a patient's, to try peers out with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from pydicom.dataset import Dataset

from device.exam import Exam, ExamState, InstanceReference, Series
from device.iod import ObjectContext, build_secondary_capture, encode
from device.mpps import create_dataset, set_dataset
from device.protocol import ObjectKind, Protocol
from device.reasons import Code
from device.worklist import WorklistItem
from drivers.pattern import PatternSource
from services.box import Box

PATIENT_NAME: Final = "GANTRY^TEST"
PATIENT_ID: Final = "GANTRY-TEST"
_WORDS: Final = "TEST OBJECT, NO PATIENT"
_REASON: Final = Code("110513", "DCM", "Discontinued for unspecified reason")
_SIDE: Final = 128
_PROTOCOL: Final = Protocol(
    name=_WORDS,
    source="test",
    object=ObjectKind.SC,
    modality="OT",
    series_description=_WORDS,
    burned_in_annotation=False,
)


@dataclass(frozen=True, slots=True)
class TestExam:
    """One exam that never was: its two MPPS data sets and its one object.

    Attributes
    ----------
    begun, ended : Dataset
        For N-CREATE and N-SET; it is discontinued.
    data : bytes
        The object as a DICOM file.
    """

    mpps_uid: str
    study_uid: str
    begun: Dataset
    ended: Dataset
    reference: InstanceReference
    transfer_syntax: str
    data: bytes


def make_test_exam(box: Box) -> TestExam:
    """A test exam of now, with UIDs of its own, named so that everybody sees what it is."""
    now = box.clock.now()
    study = box.uids()
    item = WorklistItem.unscheduled(
        patient_id=PATIENT_ID,
        patient_name=PATIENT_NAME,
        study_instance_uid=study,
        study_description=_WORDS,
    )
    exam = Exam(
        exam_id="TEST",
        mpps_uid=box.uids(),
        study_instance_uid=study,
        study_id="TEST",
        performed_procedure_step_id="TEST",
        items=(item,),
        modality="OT",
        state=ExamState.IN_PROGRESS,
        started=now,
        character_set=(),
    )
    series = Series(box.uids(), 1, "OT", _WORDS, _WORDS, box.uids(), now)
    source = PatternSource("test", rows=_SIDE, columns=_SIDE, frames=1)
    source.open()
    try:
        frame = source.read(5.0)
    finally:
        source.close()
    assert frame is not None, "the pattern has one frame"
    context = ObjectContext(
        exam, series, box.station, _PROTOCOL, 1, box.uids(), now, box.software_version
    )
    dataset = build_secondary_capture(context, frame).dataset
    reference = InstanceReference(str(dataset.SOPClassUID), str(dataset.SOPInstanceUID))
    begun = create_dataset(exam, box.station)
    done = replace(exam, state=ExamState.DISCONTINUED, ended=now, discontinuation_reason=_REASON)
    ended = set_dataset(done, [replace(series, instances=(reference,))], box.station)
    syntax = str(dataset.file_meta.TransferSyntaxUID)
    return TestExam(exam.mpps_uid, study, begun, ended, reference, syntax, encode(dataset))
