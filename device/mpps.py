"""Modality Performed Procedure Step data sets (PS3.4 F.7.2, PS3.3 C.4.13 to C.4.15)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from itertools import chain
from typing import Final

from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset

from device.charset import transcode
from device.errors import DeviceError, IllegalTransition
from device.exam import Exam, ExamState, Series
from device.received import fault
from device.station import Station
from device.worklist import WorklistItem

MPPS_SOP_CLASS_UID: Final = "1.2.840.10008.3.1.2.3.3"
DETACHED_STUDY_SOP_CLASS_UID: Final = "1.2.840.10008.3.1.2.3.1"
"""Retired, and still what Referenced Study Sequence names (PS3.4 F.7.2.1.2 note 2)."""

_CODE_VALUES = ("CodeValue", "LongCodeValue", "URNCodeValue")


def create_dataset(exam: Exam, station: Station) -> Dataset:
    """Build the N-CREATE data set of an exam that has just begun.

    Everything that PS3.4 table F.7.2-1 marks type 2, and everything that the final N-SET may
    carry, is present from the start, since only created attributes can be set.

    Parameters
    ----------
    exam : Exam
        Its first item is the patient; every item becomes one Scheduled Step Attributes item.
    station : Station
        Who performs the step.

    Raises
    ------
    DeviceError
        A value is missing or cannot be written; the text names the attribute.
    """
    ds = Dataset()
    ds.ScheduledStepAttributesSequence = [_scheduled_step(exam, item) for item in exam.items]
    _add_patient(ds, exam.item)
    _add_step(ds, exam, station)
    _set(ds, "Modality", exam.modality, required=True)
    _set(ds, "StudyID", exam.study_id)
    ds.ProcedureCodeSequence = _distinct(
        codes(item.dataset, "RequestedProcedureCodeSequence") for item in exam.items
    )
    ds.PerformedProtocolCodeSequence = _distinct(
        codes(item.step, "ScheduledProtocolCodeSequence") for item in exam.items
    )
    ds.PerformedSeriesSequence = []
    ds.PerformedProcedureStepDiscontinuationReasonCodeSequence = []
    return transcode(ds, exam.character_set)


def set_dataset(
    exam: Exam, series: Sequence[Series], station: Station, retrieve_ae_title: str = ""
) -> Dataset:
    """Build the one N-SET data set, which ends the step.

    Parameters
    ----------
    exam : Exam
        Completed or discontinued.
    series : sequence of Series
        All of them with all of their instances, since sequences are sent whole; at least one even
        when no image was made.
    station : Station
        Named in errors only: N-SET may not repeat the station.
    retrieve_ae_title : str
        Where the images can be retrieved; empty where the site has not said.

    Raises
    ------
    IllegalTransition
        The exam is still in progress.
    DeviceError
        No series was given, or a value is missing or cannot be written.
    """
    if exam.state is ExamState.IN_PROGRESS or exam.ended is None:
        raise IllegalTransition(
            f"Exam {exam.exam_id} on {station.ae_title} is still in progress; its final MPPS is "
            f"not sent before it is completed or discontinued"
        )
    if not series:
        raise DeviceError(
            f"Exam {exam.exam_id} on {station.ae_title} cannot be reported: its final MPPS needs "
            f"one series, even without images"
        )
    ended = _in_zone_of(exam.ended, exam.started)
    ds = Dataset()
    _set(ds, "PerformedProcedureStepStatus", str(exam.state))
    _set(ds, "PerformedProcedureStepEndDate", f"{ended:%Y%m%d}")
    _set(ds, "PerformedProcedureStepEndTime", f"{ended:%H%M%S}")
    ds.PerformedSeriesSequence = [_performed_series(exam, one, retrieve_ae_title) for one in series]
    if exam.state is ExamState.DISCONTINUED and exam.discontinuation_reason is not None:
        reason = exam.discontinuation_reason.to_item()
        ds.PerformedProcedureStepDiscontinuationReasonCodeSequence = [reason]
    return transcode(ds, exam.character_set)


def codes(ds: Dataset, keyword: str) -> list[Dataset]:
    """Copy the usable items of a code sequence, without their empty members.

    Providers answer return keys that they do not know with empty values; an item without a value,
    a scheme or a meaning says nothing and is left out (PS3.3 section 8.8).
    """
    copied = []
    for item in ds.get(keyword) or ():
        code = _without_empty(item)
        values = [name for name in _CODE_VALUES if name in code]
        scheme = "CodingSchemeDesignator" in code or values == ["URNCodeValue"]
        if len(values) == 1 and scheme and "CodeMeaning" in code:
            copied.append(code)
    return copied


def references(ds: Dataset, keyword: str) -> list[Dataset]:
    """Copy the items of a reference sequence that name both SOP class and instance."""
    members = ("ReferencedSOPClassUID", "ReferencedSOPInstanceUID")
    found = []
    for item in ds.get(keyword) or ():
        if all(item.get(name) for name in members):
            found.append(_reference(*(str(item.get(name)) for name in members)))
    return found


def _scheduled_step(exam: Exam, item: WorklistItem) -> Dataset:
    """One Scheduled Step Attributes item; a typed entry gives the Study Instance UID alone."""
    step = Dataset()
    _set(step, "StudyInstanceUID", exam.study_instance_uid, required=True)
    step.ReferencedStudySequence = _referenced_studies(exam, item)
    _set(step, "AccessionNumber", item.accession_number)
    _set(step, "RequestedProcedureID", item.requested_procedure_id)
    _set(step, "RequestedProcedureDescription", item.requested_procedure_description)
    _set(step, "ScheduledProcedureStepID", item.scheduled_procedure_step_id)
    _set(step, "ScheduledProcedureStepDescription", item.scheduled_procedure_step_description)
    step.ScheduledProtocolCodeSequence = codes(item.step, "ScheduledProtocolCodeSequence")
    procedure = codes(item.dataset, "RequestedProcedureCodeSequence")
    if procedure:
        step.RequestedProcedureCodeSequence = procedure
    for keyword in (
        "PlacerOrderNumberImagingServiceRequest",
        "FillerOrderNumberImagingServiceRequest",
    ):
        _set_if_present(step, keyword, item.dataset)
    return step


def _referenced_studies(exam: Exam, item: WorklistItem) -> list[Dataset]:
    """The order's own studies, where the images of a group went into another one."""
    found = references(item.dataset, "ReferencedStudySequence")
    own = item.study_instance_uid
    named = {str(reference.ReferencedSOPInstanceUID) for reference in found}
    if item.scheduled and own and own != exam.study_instance_uid and own not in named:
        found.append(_reference(DETACHED_STUDY_SOP_CLASS_UID, own))
    return found


def _add_patient(ds: Dataset, item: WorklistItem) -> None:
    _set(ds, "PatientName", item.patient_name)
    _set(ds, "PatientID", item.patient_id)
    _set(ds, "PatientBirthDate", item.patient_birth_date)
    _set(ds, "PatientSex", item.patient_sex)
    ds.ReferencedPatientSequence = references(item.dataset, "ReferencedPatientSequence")
    _set_if_present(ds, "IssuerOfPatientID", item.dataset)
    _set_if_present(ds, "AdmissionID", item.dataset)


def _add_step(ds: Dataset, exam: Exam, station: Station) -> None:
    _set(ds, "PerformedProcedureStepID", exam.performed_procedure_step_id, required=True)
    _set(ds, "PerformedStationAETitle", station.ae_title, required=True)
    _set(ds, "PerformedStationName", station.station_name)
    _set(ds, "PerformedLocation", station.location)
    _set(ds, "PerformedProcedureStepStartDate", f"{exam.started:%Y%m%d}")
    _set(ds, "PerformedProcedureStepStartTime", f"{exam.started:%H%M%S}")
    _set(ds, "PerformedProcedureStepStatus", str(ExamState.IN_PROGRESS))
    _set(
        ds,
        "PerformedProcedureStepDescription",
        exam.item.scheduled_procedure_step_description or exam.item.requested_procedure_description,
    )
    _set(ds, "PerformedProcedureTypeDescription", "")
    _set(ds, "PerformedProcedureStepEndDate", "")
    _set(ds, "PerformedProcedureStepEndTime", "")
    offset = exam.started.strftime("%z")
    if offset:
        _set(ds, "TimezoneOffsetFromUTC", offset[:5])


def _performed_series(exam: Exam, series: Series, retrieve_ae_title: str) -> Dataset:
    item = Dataset()
    _set(item, "PerformingPhysicianName", exam.performing_physicians_name)
    _set(item, "ProtocolName", series.protocol_name, required=True)
    _set(item, "OperatorsName", exam.operators_name)
    _set(item, "SeriesInstanceUID", series.series_instance_uid, required=True)
    _set(item, "SeriesDescription", series.series_description)
    _set(item, "RetrieveAETitle", retrieve_ae_title)
    item.ReferencedImageSequence = [
        _reference(one.sop_class_uid, one.sop_instance_uid) for one in series.instances
    ]
    item.ReferencedNonImageCompositeSOPInstanceSequence = []
    return item


def _in_zone_of(ended: datetime, started: datetime) -> datetime:
    """Express the end in the offset that N-CREATE declared, also over a change of the clocks."""
    offset = started.utcoffset()
    if offset is None or ended.tzinfo is None:
        return ended
    return ended.astimezone(timezone(offset))


def _reference(sop_class_uid: str, sop_instance_uid: str) -> Dataset:
    item = Dataset()
    _set(item, "ReferencedSOPClassUID", sop_class_uid, required=True)
    _set(item, "ReferencedSOPInstanceUID", sop_instance_uid, required=True)
    return item


def _without_empty(item: Dataset) -> Dataset:
    copied = Dataset()
    for element in item:
        if not element.is_empty:
            copied.add(element)
    return copied


def _distinct(lists: Iterable[list[Dataset]]) -> list[Dataset]:
    kept: dict[tuple[str, str], Dataset] = {}
    for item in chain.from_iterable(lists):
        value = next(str(item.get(name)) for name in _CODE_VALUES if name in item)
        kept.setdefault((value, str(item.get("CodingSchemeDesignator", ""))), item)
    return list(kept.values())


def _set_if_present(ds: Dataset, keyword: str, source: Dataset) -> None:
    value = source.get(keyword)
    if value:
        _set(ds, keyword, str(value))


def _set(ds: Dataset, keyword: str, value: str, *, required: bool = False) -> None:
    wrong = fault(str(dictionary_VR(keyword)), value)
    if required and not value:
        wrong = "is empty"
    if wrong is not None:
        raise DeviceError(
            f"The MPPS message was not built: {keyword} {wrong}. Correct the configuration or the "
            f"worklist entry that it comes from"
        )
    setattr(ds, keyword, value)
