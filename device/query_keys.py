"""What a Modality Worklist query asks for, and whether an answer really fits it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from pydicom.dataset import Dataset

from device.charset import UTF_8, CharacterSet, choose
from device.errors import InvalidIdentity
from device.received import fault

if TYPE_CHECKING:
    from device.worklist import WorklistItem

DateRange = tuple[date | None, date | None]

_CODE: Final = ("CodeValue", "CodingSchemeDesignator", "CodingSchemeVersion", "CodeMeaning")
_REFERENCE: Final = ("ReferencedSOPClassUID", "ReferencedSOPInstanceUID")

_RETURN_KEYS: Final = (
    # Patient identification, demographic and medical
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "OtherPatientIDs",
    "PatientBirthName",
    "PatientBirthDate",
    "PatientSex",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "EthnicGroup",
    "PatientComments",
    "ConfidentialityConstraintOnPatientDataDescription",
    "MedicalAlerts",
    "Allergies",
    "AdditionalPatientHistory",
    "SpecialNeeds",
    "PregnancyStatus",
    # Visit
    "AdmissionID",
    "PatientState",
    "CurrentPatientLocation",
    # Requested procedure
    "StudyInstanceUID",
    "RequestedProcedureID",
    "RequestedProcedureDescription",
    "RequestedProcedureComments",
    "RequestedProcedurePriority",
    "RequestedProcedureLocation",
    "ReasonForTheRequestedProcedure",
    "PatientTransportArrangements",
    "NamesOfIntendedRecipientsOfResults",
    # Imaging service request
    "AccessionNumber",
    "ReferringPhysicianName",
    "RequestingPhysician",
    "RequestingService",
    "ImagingServiceRequestComments",
    "PlacerOrderNumberImagingServiceRequest",
    "FillerOrderNumberImagingServiceRequest",
)
_RETURN_SEQUENCES: Final = (
    ("ReferencedPatientSequence", _REFERENCE),
    ("ReferencedStudySequence", _REFERENCE),
    ("RequestedProcedureCodeSequence", _CODE),
    ("ReasonForRequestedProcedureCodeSequence", _CODE),
)
_STEP_RETURN_KEYS: Final = (
    "Modality",
    "ScheduledStationAETitle",
    "ScheduledStationName",
    "ScheduledProcedureStepStartDate",
    "ScheduledProcedureStepStartTime",
    "ScheduledPerformingPhysicianName",
    "ScheduledProcedureStepDescription",
    "ScheduledProcedureStepID",
    "ScheduledProcedureStepLocation",
    "ScheduledProcedureStepStatus",
    "PreMedication",
    "RequestedContrastAgent",
    "CommentsOnTheScheduledProcedureStep",
)


@dataclass(frozen=True, slots=True)
class QueryKeys:
    """Matching keys of a worklist query; an empty one matches everything.

    Text keys take the wildcards ``*`` and ``?`` of PS3.4 C.2.2.2.4; a name without wildcards
    matches only the whole name. ``date`` is one day or an inclusive range, open where None.
    """

    patient_name: str = ""
    patient_id: str = ""
    accession_number: str = ""
    date: date | DateRange | None = None
    modality: str = ""
    station_ae_title: str = ""
    requested_procedure_id: str = ""

    def identifier(self, character_set: CharacterSet = UTF_8) -> Dataset:
        """Build the C-FIND identifier with these keys and every return key that the box uses.

        Return keys are those of IHE RAD TF-2 4.5 (RAD-5) and of a CT console (patient, visit,
        procedure and request modules, PS3.4 table K.6-1).

        Parameters
        ----------
        character_set : tuple of str
            Used where it holds the keys, else UTF-8.

        Raises
        ------
        InvalidIdentity
            A key is too long or malformed; names every such key.
        """
        self._require_valid()
        texts = (
            self.patient_name,
            self.patient_id,
            self.accession_number,
            self.requested_procedure_id,
        )
        charset = choose(texts, character_set, UTF_8)
        ds = Dataset()
        ds.SpecificCharacterSet = list(charset) if len(charset) > 1 else "".join(charset)
        for keyword in _RETURN_KEYS:
            setattr(ds, keyword, None)
        for keyword, members in _RETURN_SEQUENCES:
            setattr(ds, keyword, [_empty(members)])
        ds.PatientName = self.patient_name
        ds.PatientID = self.patient_id
        ds.AccessionNumber = self.accession_number
        ds.RequestedProcedureID = self.requested_procedure_id
        step = _empty(_STEP_RETURN_KEYS)
        step.ScheduledProtocolCodeSequence = [_empty(_CODE)]
        step.Modality = self.modality.upper()
        step.ScheduledStationAETitle = self.station_ae_title
        step.ScheduledProcedureStepStartDate = self._date_key()
        ds.ScheduledProcedureStepSequence = [step]
        return ds

    def matches(self, item: WorklistItem) -> bool:
        """Tell whether an answer fits, for providers that ignore keys.

        An answer that lacks the name, ID, accession number or procedure ID asked for does not
        fit. One that lacks date, modality or station does: nothing shows that it is another's.
        """
        titles = item.scheduled_station_ae_title.split("\\")
        return (
            _name_matches(self.patient_name, item.patient_name)
            and _text_matches(self.patient_id, item.patient_id)
            and _text_matches(self.accession_number, item.accession_number)
            and _text_matches(self.requested_procedure_id, item.requested_procedure_id)
            and (not item.modality or self.modality.upper() in ("", item.modality))
            and (titles == [""] or self.station_ae_title.strip() in ("", *titles))
            and self._date_matches(item.start_date)
        )

    def _range(self) -> DateRange:
        return self.date if isinstance(self.date, tuple) else (self.date, self.date)

    def _date_key(self) -> str:
        first, last = (f"{day:%Y%m%d}" if day else "" for day in self._range())
        if first == last:
            return first
        return f"{first}-{last}"

    def _date_matches(self, start_date: str) -> bool:
        first, last = self._range()
        if not start_date:
            return True
        return (first is None or f"{first:%Y%m%d}" <= start_date) and (
            last is None or start_date <= f"{last:%Y%m%d}"
        )

    def _require_valid(self) -> None:
        checks = (
            ("Patient's Name", "PN", self.patient_name),
            ("Patient ID", "LO", self.patient_id),
            ("Accession Number", "SH", self.accession_number),
            ("Requested Procedure ID", "SH", self.requested_procedure_id),
            ("Modality", "CS", self.modality.upper()),
            ("Station AE Title", "AE", self.station_ae_title),
        )
        faults = [f"{name} {wrong}" for name, vr, value in checks if (wrong := fault(vr, value))]
        first, last = self._range()
        if first and last and first > last:
            faults.append("the date range ends before it begins")
        if faults:
            raise InvalidIdentity(f"The worklist was not asked: {'; '.join(faults)}. Correct it")


def _empty(keywords: tuple[str, ...]) -> Dataset:
    ds = Dataset()
    for keyword in keywords:
        setattr(ds, keyword, None)
    return ds


def _name_matches(pattern: str, name: str) -> bool:
    """Match a whole name or any one of its component groups, in any case (PS3.4 C.2.2.2.1)."""
    wanted = _folded(pattern)
    if not wanted:
        return True
    if _wildcard(wanted, _folded(name)):
        return True
    return any(_wildcard(wanted, _folded(group)) for group in name.split("=") if group)


def _folded(name: str) -> str:
    groups = unicodedata.normalize("NFC", name).casefold().split("=")
    return "=".join(group.strip(" ^") for group in groups).rstrip("=")


def _text_matches(pattern: str, value: str) -> bool:
    wanted = pattern.strip(" ")
    return not wanted or _wildcard(wanted, value)


def _wildcard(pattern: str, value: str) -> bool:
    expression = "".join(
        ".*" if ch == "*" else "." if ch == "?" else re.escape(ch) for ch in pattern
    )
    return re.fullmatch(expression, value, re.DOTALL) is not None
