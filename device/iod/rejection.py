"""Rejection notes: Key Object Selection Documents that say which images were discarded.

An archive that does IHE RAD Imaging Object Change Management hides what a note refers to
(IHE RAD TF-3 4.66.4.1.3); the document itself is PS3.3 A.35.4 after PS3.16 TID 2010.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.uid import KeyObjectSelectionDocumentStorage

from device.discard_reasons import DiscardReason
from device.exam import Exam, InstanceReference, Series
from device.iod.assemble import add_file_meta, assemble
from device.iod.modules import (
    GENERAL_EQUIPMENT,
    GENERAL_STUDY,
    PATIENT,
    PATIENT_STUDY,
    SOP_COMMON,
    module,
)
from device.iod.sequences import reference
from device.iod.supply import station_values, study_values, worklist_values
from device.iod.tables import Iod
from device.mpps import MPPS_SOP_CLASS_UID
from device.provenance import Source
from device.reasons import Code
from device.station import Station

_GENERATED: Final = (Source.GENERATED,)
_MODIFIER: Final = Code("113011", "DCM", "Document Title Modifier")

KEY_OBJECT_SELECTION: Final = Iod(
    "Key Object Selection Document",
    "A.35.4",
    KeyObjectSelectionDocumentStorage,
    (
        PATIENT,
        GENERAL_STUDY,
        PATIENT_STUDY,
        module(
            "Key Object Document Series",
            "C.17.6.1",
            ("Modality", "1", _GENERATED),
            ("SeriesInstanceUID", "1", _GENERATED),
            ("SeriesNumber", "1", _GENERATED),
            ("SeriesDate", "3", _GENERATED),
            ("SeriesTime", "3", _GENERATED),
            ("ReferencedPerformedProcedureStepSequence", "2", _GENERATED),
        ),
        GENERAL_EQUIPMENT,
        module(
            "Key Object Document",
            "C.17.6.2",
            ("InstanceNumber", "1", _GENERATED),
            ("ContentDate", "1", _GENERATED),
            ("ContentTime", "1", _GENERATED),
            ("ReferencedRequestSequence", "1C", (Source.WORKLIST,)),
            ("CurrentRequestedProcedureEvidenceSequence", "1", _GENERATED),
        ),
        module(
            "SR Document Content",
            "C.17.3",
            ("ValueType", "1", _GENERATED),
            ("ConceptNameCodeSequence", "1", _GENERATED),
            ("ContinuityOfContent", "1", _GENERATED),
            ("ContentTemplateSequence", "1C", _GENERATED),
            ("ContentSequence", "1C", _GENERATED),
        ),
        SOP_COMMON,
    ),
)


@dataclass(frozen=True, slots=True)
class Rejected:
    """One discarded instance and the series that it is in."""

    series_instance_uid: str
    reference: InstanceReference


@dataclass(frozen=True, slots=True)
class RejectionContext:
    """What a note is made for: an exam, a series of its own, and the moment (aware)."""

    exam: Exam
    series: Series
    station: Station
    sop_instance_uid: str
    created: datetime


def build_rejection(
    context: RejectionContext, reason: DiscardReason, rejected: Sequence[Rejected]
) -> Dataset:
    """Build a rejection note; ready for :func:`device.iod.encode`.

    Parameters
    ----------
    context : RejectionContext
        Patient and study are those of the exam.
    reason : DiscardReason
        Its title is what the archive acts upon.
    rejected : sequence of Rejected
        At least one; all of the exam's study.

    Raises
    ------
    ValueError
        Nothing is rejected.
    CharacterSetError, InvalidIdentity
        As for :func:`device.iod.build_image`.
    """
    if not rejected:
        raise ValueError("a rejection note names at least one instance")
    exam = context.exam
    worklist = worklist_values(exam)
    requests = _requests(exam, worklist)
    supply = {
        Source.WORKLIST: {**worklist, "ReferencedRequestSequence": requests or None},
        Source.STATION: station_values(context.station),
        Source.GENERATED: {
            **study_values(exam, worklist),
            **_values(context, reason, rejected),
        },
    }
    dataset, _ = assemble(KEY_OBJECT_SELECTION, {each: supply.get(each, {}) for each in Source})
    add_file_meta(dataset, context.station.ae_title)
    return dataset


def _values(
    context: RejectionContext, reason: DiscardReason, rejected: Sequence[Rejected]
) -> dict[str, Any]:
    exam, series = context.exam, context.series
    created = context.created.astimezone(exam.started.tzinfo)
    return {
        "SOPInstanceUID": context.sop_instance_uid,
        "InstanceCreationDate": f"{created:%Y%m%d}",
        "InstanceCreationTime": f"{created:%H%M%S}",
        "TimezoneOffsetFromUTC": f"{exam.started:%z}"[:5],
        "Modality": "KO",
        "SeriesInstanceUID": series.series_instance_uid,
        "SeriesNumber": series.series_number,
        "SeriesDate": f"{created:%Y%m%d}",
        "SeriesTime": f"{created:%H%M%S}",
        "ReferencedPerformedProcedureStepSequence": [reference(MPPS_SOP_CLASS_UID, exam.mpps_uid)],
        "InstanceNumber": 1,
        "ContentDate": f"{created:%Y%m%d}",
        "ContentTime": f"{created:%H%M%S}",
        "CurrentRequestedProcedureEvidenceSequence": [_evidence(exam, rejected)],
        "ValueType": "CONTAINER",
        "ConceptNameCodeSequence": [reason.title.to_item()],
        "ContinuityOfContent": "SEPARATE",
        "ContentTemplateSequence": [_template()],
        "ContentSequence": _content(reason, rejected),
    }


def _evidence(exam: Exam, rejected: Sequence[Rejected]) -> Dataset:
    """Hierarchical references (PS3.3 table C.17-3): study, series, instances."""
    by_series: dict[str, list[InstanceReference]] = {}
    for one in rejected:
        by_series.setdefault(one.series_instance_uid, []).append(one.reference)
    study = Dataset()
    study.StudyInstanceUID = exam.study_instance_uid
    study.ReferencedSeriesSequence = []
    for uid, references in by_series.items():
        series = Dataset()
        series.SeriesInstanceUID = uid
        series.ReferencedSOPSequence = [
            reference(one.sop_class_uid, one.sop_instance_uid) for one in references
        ]
        study.ReferencedSeriesSequence.append(series)
    return study


def _content(reason: DiscardReason, rejected: Sequence[Rejected]) -> list[Dataset]:
    content = []
    if reason.modifier is not None:
        modifier = Dataset()
        modifier.RelationshipType = "HAS CONCEPT MOD"
        modifier.ValueType = "CODE"
        modifier.ConceptNameCodeSequence = [_MODIFIER.to_item()]
        modifier.ConceptCodeSequence = [reason.modifier.to_item()]
        content.append(modifier)
    for one in rejected:
        image = Dataset()
        image.RelationshipType = "CONTAINS"
        image.ValueType = "IMAGE"
        image.ReferencedSOPSequence = [
            reference(one.reference.sop_class_uid, one.reference.sop_instance_uid)
        ]
        content.append(image)
    return content


def _template() -> Dataset:
    item = Dataset()
    item.MappingResource = "DCMR"
    item.TemplateIdentifier = "2010"
    return item


def _requests(exam: Exam, worklist: Mapping[str, Any]) -> list[Dataset]:
    """What was requested (PS3.3 C.17.6.2), where an order stands behind the exam.

    Every attribute of an item is type 1 or 2, so an unknown one is there and empty.
    """
    found = []
    for request in worklist.get("RequestAttributesSequence") or ():
        item = Dataset()
        item.StudyInstanceUID = exam.study_instance_uid
        item.ReferencedStudySequence = request.get("ReferencedStudySequence") or []
        item.AccessionNumber = request.get("AccessionNumber") or ""
        item.PlacerOrderNumberImagingServiceRequest = ""
        item.FillerOrderNumberImagingServiceRequest = ""
        item.RequestedProcedureID = request.get("RequestedProcedureID") or ""
        item.RequestedProcedureDescription = request.get("RequestedProcedureDescription") or ""
        item.RequestedProcedureCodeSequence = request.get("RequestedProcedureCodeSequence") or []
        found.append(item)
    return found
