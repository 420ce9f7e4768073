"""What each source has to offer for an object, already cleared for writing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta, timezone
from functools import lru_cache
from typing import Any, Final

from pydicom.dataset import Dataset

from device.charset import UTF_8, describe, encodable, transcode
from device.errors import CharacterSetError, InvalidIdentity
from device.exam import Exam, Series
from device.iod.anatomy import UNPAIRED_BODY_PARTS
from device.iod.context import ObjectContext
from device.iod.sequences import complete_items, reference
from device.iod.values import accepted, definition
from device.mpps import MPPS_SOP_CLASS_UID
from device.protocol import Protocol
from device.station import Station

Values = dict[str, Any]

_COPIED: Final = (
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "TypeOfPatientID",
    "IssuerOfPatientIDQualifiersSequence",
    "PatientBirthDate",
    "PatientBirthTime",
    "PatientSex",
    "OtherPatientIDs",
    "OtherPatientIDsSequence",
    "OtherPatientNames",
    "EthnicGroup",
    "PatientComments",
    "ReferencedPatientSequence",
    "IssuerOfAccessionNumberSequence",
    "ReferringPhysicianName",
    "RequestingService",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "AdmittingDiagnosesDescription",
    "AdmissionID",
    "MedicalAlerts",
    "Allergies",
    "AdditionalPatientHistory",
    "SpecialNeeds",
    "PregnancyStatus",
    "PatientState",
    "SmokingStatus",
    "LastMenstrualDate",
)
_IDENTITY: Final = ("PatientName", "PatientID", "AccessionNumber")
_SEXES: Final = ("M", "F", "O")


class _Items:
    """The worklist items of an exam, compared by being the same object: the cache's key."""

    __slots__ = ("exam",)

    def __init__(self, exam: Exam) -> None:
        self.exam = exam

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Items)
            and other.exam.items is self.exam.items
            and other.exam.study_instance_uid == self.exam.study_instance_uid
            and other.exam.study_id == self.exam.study_id
            and other.exam.character_set == self.exam.character_set
        )

    def __hash__(self) -> int:
        return id(self.exam.items)


def worklist_values(exam: Exam) -> Mapping[str, Any]:
    """Everything that the worklist items of an exam say about its objects.

    In the group case the first item gives the patient; codes and references are those of all
    items, and Accession Number is empty unless all items agree on it (each item's own is in the
    Request Attributes Sequence).

    Raises
    ------
    InvalidIdentity
        The patient's name, ID or the accession number is there but cannot be written whole.
    CharacterSetError
        A text does not fit the exam's character set.
    """
    return _worklist_values(_Items(exam))


@lru_cache(maxsize=4)
def _worklist_values(key: _Items) -> Mapping[str, Any]:
    exam = key.exam
    items = [transcode(item.dataset, UTF_8) for item in exam.items]
    steps = [(ds.get("ScheduledProcedureStepSequence") or [Dataset()])[0] for ds in items]
    first, step = items[0], steps[0]
    offered: dict[str, Any] = {keyword: first.get(keyword) for keyword in _COPIED}
    offered |= {
        "AccessionNumber": _agreed(items, "AccessionNumber"),
        "StudyDescription": first.get("StudyDescription")
        or first.get("RequestedProcedureDescription"),
        "ProcedureCodeSequence": _gathered(items, "RequestedProcedureCodeSequence"),
        "ReferencedStudySequence": _gathered(items, "ReferencedStudySequence"),
        "PerformedProtocolCodeSequence": _gathered(steps, "ScheduledProtocolCodeSequence"),
        "PerformedProcedureStepDescription": step.get("ScheduledProcedureStepDescription")
        or first.get("RequestedProcedureDescription"),
        "RequestAttributesSequence": _requests(items, steps) if exam.scheduled else None,
    }
    if exam.scheduled and first.get("StudyInstanceUID") == exam.study_instance_uid:
        offered["StudyInstanceUID"] = exam.study_instance_uid
    if exam.study_id in (first.get("StudyID"), first.get("RequestedProcedureID")):
        offered["StudyID"] = exam.study_id
    values = cleared(offered)
    if values.get("PatientSex") not in _SEXES:
        values.pop("PatientSex", None)
    _require_identity(offered, values)
    require_encodable(values, exam.character_set)
    return values


def _agreed(items: list[Dataset], keyword: str) -> Any:
    values = {str(item.get(keyword) or "") for item in items}
    return values.pop() if len(values) == 1 else None


def _gathered(items: list[Dataset], keyword: str) -> list[Dataset]:
    return [entry for item in items for entry in item.get(keyword) or ()]


def _requests(items: list[Dataset], steps: list[Dataset]) -> list[Dataset]:
    """One flat item of each scheduled step, requested procedure and step attributes together."""
    requests = []
    for item, step in zip(items, steps, strict=True):
        request = Dataset()
        request.update(item)
        request.update(step)
        requests.append(request)
    return requests


def _require_identity(offered: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    for keyword in _IDENTITY:
        given = str(offered.get(keyword) or "").strip()
        if given.strip("^=") and str(values.get(keyword)) != given:
            raise InvalidIdentity(
                f"{keyword} of the worklist item cannot be written as DICOM. No object was built; "
                f"have it corrected at the RIS, or enter the exam as unscheduled"
            )


def station_values(station: Station) -> Values:
    """General Equipment: the legacy scanner as the site configured it."""
    return cleared(
        {
            "Manufacturer": station.manufacturer,
            "InstitutionName": station.institution_name,
            "InstitutionAddress": station.institution_address,
            "InstitutionalDepartmentName": station.institutional_department_name,
            "StationName": station.station_name,
            "ManufacturerModelName": station.manufacturer_model_name,
            "DeviceSerialNumber": station.device_serial_number,
            "SoftwareVersions": station.software_versions,
        }
    )


def preset_values(series: Series, protocol: Protocol, keywords: Iterable[str]) -> Values:
    """The protocol's geometry and technique, and what the series took from it."""
    configured = {**protocol.technique, **protocol.geometry}
    offered = {keyword: configured.get(keyword) for keyword in keywords} | {
        "Modality": series.modality,
        "SeriesDescription": series.series_description,
        "ProtocolName": series.protocol_name,
        "BodyPartExamined": series.body_part,
        "BurnedInAnnotation": "YES" if protocol.burned_in_annotation else "NO",
    }
    values = cleared(offered)
    if values.get("BodyPartExamined") not in UNPAIRED_BODY_PARTS:
        side = series.laterality.strip().upper()
        values |= {"Laterality": side} if side in ("L", "R") else {}
    return values


def operator_values(exam: Exam) -> Values:
    """Who performed the exam, as entered at the console."""
    return cleared(
        {
            "OperatorsName": exam.operators_name,
            "PerformingPhysicianName": exam.performing_physicians_name,
        }
    )


def native_values(attributes: Mapping[str, Any], keywords: Iterable[str]) -> Values:
    """What the source itself said of the picture, as far as the object has a place for it."""
    return cleared({keyword: attributes.get(keyword) for keyword in keywords})


def generated_values(context: ObjectContext, worklist: Mapping[str, Any]) -> Values:
    """UIDs, numbers and times that this box gives to the object."""
    exam, series, zone = context.exam, context.series, context.zone
    started = exam.started.astimezone(zone)
    series_started = series.started.astimezone(zone)
    created = context.created.astimezone(zone)
    values: Values = {
        **study_values(exam, worklist),
        "SOPInstanceUID": context.sop_instance_uid,
        "InstanceCreationDate": f"{created:%Y%m%d}",
        "InstanceCreationTime": f"{created:%H%M%S.%f}",
        "TimezoneOffsetFromUTC": f"{started:%z}"[:5],
        "SeriesInstanceUID": series.series_instance_uid,
        "SeriesNumber": series.series_number,
        "SeriesDate": f"{series_started:%Y%m%d}",
        "SeriesTime": f"{series_started:%H%M%S}",
        "ReferencedPerformedProcedureStepSequence": [reference(MPPS_SOP_CLASS_UID, exam.mpps_uid)],
        "PerformedProcedureStepID": accepted(
            "PerformedProcedureStepID", exam.performed_procedure_step_id
        ),
        "PerformedProcedureStepStartDate": f"{started:%Y%m%d}",
        "PerformedProcedureStepStartTime": f"{started:%H%M%S}",
        "FrameOfReferenceUID": series.frame_of_reference_uid,
        "InstanceNumber": context.instance_number,
    }
    return {keyword: value for keyword, value in values.items() if value not in (None, "")}


def study_values(exam: Exam, worklist: Mapping[str, Any]) -> Values:
    """What this box gives to every object of an exam alike: it follows from whose exam it is."""
    begun = exam.study_begun.astimezone(timezone(exam.started.utcoffset() or timedelta()))
    values: Values = {
        "SpecificCharacterSet": _declared(exam.character_set),
        "StudyInstanceUID": exam.study_instance_uid,
        "StudyDate": f"{begun:%Y%m%d}",
        "StudyTime": f"{begun:%H%M%S}",
        "StudyID": accepted("StudyID", exam.study_id),
        "PatientAge": _age(worklist.get("PatientBirthDate"), begun.date()),
    }
    return {keyword: value for keyword, value in values.items() if value not in (None, "")}


def _declared(character_set: tuple[str, ...]) -> str | list[str] | None:
    if character_set in ((), ("",), ("ISO_IR 6",)):
        return None
    return list(character_set) if len(character_set) > 1 else character_set[0]


def _age(birth_date: str | None, today: date) -> str | None:
    """Age String (PS3.5 section 6.2) in the largest unit of which there are at least two."""
    if birth_date is None:
        return None
    born = date(int(birth_date[:4]), int(birth_date[4:6]), int(birth_date[6:]))
    if born > today:
        return None
    months = 12 * (today.year - born.year) + today.month - born.month - (today.day < born.day)
    if months >= 24:
        return f"{months // 12:03d}Y" if months < 12000 else None
    return f"{months:03d}M" if months >= 2 else f"{(today - born).days:03d}D"


def cleared(offered: Mapping[str, Any]) -> Values:
    """Keep the values that may be written."""
    values: Values = {}
    for keyword, value in offered.items():
        if value is None or value == "":
            continue
        sequence = definition(keyword).vr == "SQ"
        kept = complete_items(keyword, value) if sequence else accepted(keyword, value)
        if kept is not None:
            values[keyword] = kept
    return values


def require_encodable(values: Mapping[str, Any], character_set: tuple[str, ...]) -> None:
    """Refuse values whose text the exam's character set would lose.

    Raises
    ------
    CharacterSetError
        Names the attribute, never its value.
    """
    _each_text(values.items(), lambda keyword, text, vr: _require(keyword, text, vr, character_set))


def _each_text(pairs: Iterable[tuple[str, Any]], check: Callable[[str, str, str], None]) -> None:
    for keyword, value in pairs:
        vr = definition(keyword).vr
        if vr == "SQ":
            for item in value:
                _each_text(((e.keyword, _plain(e)) for e in item), check)
            continue
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and vr in ("LO", "LT", "PN", "SH", "ST", "UC", "UT"):
                check(keyword, text, vr)


def _plain(element: Any) -> Any:
    if element.VR == "SQ":
        return element.value
    return [str(v) for v in element.value] if element.VM > 1 else str(element.value)


def _require(keyword: str, text: str, vr: str, character_set: tuple[str, ...]) -> None:
    if not encodable(text, character_set, vr):
        raise CharacterSetError(
            f"{keyword} holds characters that {describe(character_set)} cannot carry. "
            f"No object was built; choose ISO_IR 192 as the station's character set"
        )
