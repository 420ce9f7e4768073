"""Worklist items: one Scheduled Procedure Step each, as the RIS gave it or as typed by hand."""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Final

from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pydicom.multival import MultiValue

from device.charset import UTF_8, CharacterSet, declared, describe, encodable, normalise
from device.errors import InvalidIdentity
from device.query_keys import QueryKeys
from device.received import clean, fault, is_date

__all__ = ["QueryKeys", "WorklistItem"]

SEXES: Final = ("M", "F", "O")
_OLDEST = timedelta(days=130 * 366)
_CHECKSUM = struct.Struct(">I")
_PREFIX = struct.Struct(">BI")
_SCHEDULED = 1
_EXPECTED = (
    ("PatientName", "No Patient's Name: the patient is known by ID alone"),
    ("PatientID", "No Patient ID: the archive may not file the images under this patient"),
    ("StudyInstanceUID", "No Study Instance UID: the images may not join the RIS's order"),
    ("AccessionNumber", "No Accession Number: the images may not join the RIS's order"),
    ("RequestedProcedureID", "No Requested Procedure ID"),
)
_EXPECTED_IN_STEP = (
    ("ScheduledProcedureStepID", "No Scheduled Procedure Step ID: the RIS may not recognise MPPS"),
    ("Modality", "No Modality in the Scheduled Procedure Step"),
    ("ScheduledProcedureStepStartDate", "No date for the Scheduled Procedure Step"),
)


@dataclass(frozen=True, slots=True, eq=False)
class WorklistItem:
    """One Scheduled Procedure Step (PS3.4 K.6.1.2) that an exam can be bound to.

    Every property is a str and empty where the item says nothing or something absurd.

    Attributes
    ----------
    dataset : Dataset
        The cleaned copy of what was received, text decoded; shared, so never change it.
    scheduled : bool
        False for an entry typed by hand.
    warnings : tuple of str
        What was missing or absurd, as sentences that name attributes and never values.
    """

    dataset: Dataset = field(repr=False)
    scheduled: bool = True
    warnings: tuple[str, ...] = ()

    @classmethod
    def from_dataset(
        cls, ds: Dataset, assume_character_set: str | CharacterSet = ""
    ) -> WorklistItem:
        """Copy one C-FIND answer.

        Parameters
        ----------
        ds : Dataset
            The identifier as received; it is not changed beyond lazy decoding.
        assume_character_set : str or tuple of str
            Used when the answer declares none (site setting of the peer); terms of a code
            extension may be joined by backslashes.

        Raises
        ------
        InvalidIdentity
            Neither a usable Patient ID nor a usable Patient's Name is left.
        """
        terms = assume_character_set
        assumed = tuple(terms.split("\\")) if isinstance(terms, str) else terms
        cleaned = clean(ds, assumed)
        copied = cleaned.dataset
        warnings = list(cleaned.warnings)
        if _text(copied, "PatientSex") not in ("", *SEXES):
            warnings.append("PatientSex is not M, F or O; it is ignored")
            copied.PatientSex = None
        if not _text(copied, "PatientID") and not _text(copied, "PatientName"):
            raise InvalidIdentity(
                "A worklist answer names no patient: Patient ID and Patient's Name are empty or "
                "cannot be read. It was left out; ask the RIS administrator to correct the entry"
            )
        return cls(copied, True, (*warnings, *_missing(copied)))

    @classmethod
    def unscheduled(
        cls,
        *,
        patient_id: str = "",
        patient_name: str = "",
        birth_date: str = "",
        sex: str = "",
        study_instance_uid: str,
        character_set: CharacterSet = UTF_8,
        modality: str = "",
        study_description: str = "",
    ) -> WorklistItem:
        """Make an explicit entry for a patient who is not on the worklist.

        Parameters
        ----------
        patient_id, patient_name : str
            At least one of them; the name as DICOM writes it (``Family^Given``, up to three
            groups separated by ``=``).
        birth_date : str
            ``YYYYMMDD`` or ``YYYY-MM-DD``; empty where unknown.
        sex : str
            ``M``, ``F``, ``O`` or empty.
        study_instance_uid : str
            Minted by the caller for this entry.
        character_set : tuple of str
            Must hold the name and the ID.
        modality : str
            What the exam will be, such as ``CT``; may be empty.
        study_description : str
            What is going to be done, in the operator's words: nobody requested it, so it is no
            Requested Procedure Description; may be empty.

        Raises
        ------
        InvalidIdentity
            Names every fault at once.
        """
        charset, unknown = normalise(character_set)
        day = birth_date.strip()
        compact = day.replace("-", "") if len(day) == 10 else day
        entries = (
            ("PatientID", "LO", patient_id.strip()),
            ("PatientName", "PN", patient_name.strip().rstrip("=")),
            ("PatientBirthDate", "DA", compact),
            ("PatientSex", "CS", sex.strip().upper()),
            ("StudyInstanceUID", "UI", study_instance_uid),
            ("StudyDescription", "LO", study_description.strip()),
            ("Modality", "CS", modality.strip().upper()),
        )
        faults = _entry_faults(entries, charset)
        if unknown:
            faults.append(f"Character set {', '.join(unknown)} is not supported")
        if faults:
            raise InvalidIdentity(f"The entry was not accepted. {'. '.join(faults)}. Correct it")
        ds = Dataset()
        if charset:
            ds.SpecificCharacterSet = list(charset) if len(charset) > 1 else charset[0]
        for keyword, _, value in entries[:-1]:
            if value or keyword != "StudyDescription":
                setattr(ds, keyword, value)
        step = Dataset()
        step.Modality = entries[-1][2]
        ds.ScheduledProcedureStepSequence = [step]
        return cls(ds, False)

    @property
    def key(self) -> str:
        """Stable identifier of the Scheduled Procedure Step over refreshes: 16 hex digits.

        The patient is part of it: providers repeat step and accession numbers, and a key that was
        picked for one patient must never stand for another after a refresh.
        """
        parts = [
            self.study_instance_uid,
            self.scheduled_procedure_step_id,
            self.accession_number,
        ]
        unidentified = not any(parts)
        parts.append(self.patient_id or self.patient_name)
        if unidentified:
            parts += [self.patient_name, self.start_date, self.start_time]
        return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:16]

    @property
    def step(self) -> Dataset:
        """The first item of Scheduled Procedure Step Sequence; an empty data set without one."""
        return _step(self.dataset)

    @property
    def character_set(self) -> CharacterSet:
        """Specific Character Set that holds every text of this item; empty for plain ASCII."""
        found = declared(self.dataset)
        return found[0] if found else ()

    @property
    def patient_name(self) -> str:
        """All component groups, separated by ``=``."""
        return _text(self.dataset, "PatientName")

    @property
    def readable_name(self) -> str:
        """The first component group that says anything: a name may be in ideographs alone."""
        return next((group for group in self.patient_name.split("=") if group.strip(" ^")), "")

    @property
    def patient_id(self) -> str:
        return _text(self.dataset, "PatientID")

    @property
    def issuer_of_patient_id(self) -> str:
        return _text(self.dataset, "IssuerOfPatientID")

    @property
    def patient_birth_date(self) -> str:
        """``YYYYMMDD`` or empty."""
        return _text(self.dataset, "PatientBirthDate")

    @property
    def patient_sex(self) -> str:
        """``M``, ``F``, ``O`` or empty."""
        return _text(self.dataset, "PatientSex")

    @property
    def accession_number(self) -> str:
        return _text(self.dataset, "AccessionNumber")

    @property
    def study_instance_uid(self) -> str:
        return _text(self.dataset, "StudyInstanceUID")

    @property
    def requested_procedure_id(self) -> str:
        return _text(self.dataset, "RequestedProcedureID")

    @property
    def requested_procedure_description(self) -> str:
        return _text(self.dataset, "RequestedProcedureDescription")

    @property
    def referring_physicians_name(self) -> str:
        return _text(self.dataset, "ReferringPhysicianName")

    @property
    def scheduled_procedure_step_id(self) -> str:
        return _text(self.step, "ScheduledProcedureStepID")

    @property
    def scheduled_procedure_step_description(self) -> str:
        return _text(self.step, "ScheduledProcedureStepDescription")

    @property
    def scheduled_procedure_step_status(self) -> str:
        """Such as ``SCHEDULED`` or ``STARTED``; empty where the RIS does not say."""
        return _text(self.step, "ScheduledProcedureStepStatus")

    @property
    def modality(self) -> str:
        return _text(self.step, "Modality")

    @property
    def scheduled_station_ae_title(self) -> str:
        """Several titles are separated by backslashes."""
        return _text(self.step, "ScheduledStationAETitle")

    @property
    def start_date(self) -> str:
        """Scheduled Procedure Step Start Date, ``YYYYMMDD`` or empty."""
        return _text(self.step, "ScheduledProcedureStepStartDate")

    @property
    def start_time(self) -> str:
        """Scheduled Procedure Step Start Time, ``HHMMSS`` with optional fraction, or empty."""
        return _text(self.step, "ScheduledProcedureStepStartTime")

    def problems(self, today: date) -> tuple[str, ...]:
        """Return :attr:`warnings` and what is wrong with the dates as seen from ``today``."""
        if not is_date(self.patient_birth_date):
            return self.warnings
        born = datetime.strptime(self.patient_birth_date, "%Y%m%d").date()  # noqa: DTZ007
        if born > today:
            return (*self.warnings, "The Patient's Birth Date lies in the future")
        if today - born > _OLDEST:
            return (*self.warnings, "The Patient's Birth Date lies more than 130 years back")
        return self.warnings

    def encode(self) -> bytes:
        """Write the item for the catalog: checksum, flag, warnings, Explicit VR Little Endian."""
        warnings = json.dumps(self.warnings, ensure_ascii=False).encode("utf-8")
        buffer = DicomBytesIO()
        buffer.is_little_endian = True
        buffer.is_implicit_VR = False
        write_dataset(buffer, self.dataset)
        flag = _SCHEDULED if self.scheduled else 0
        content = _PREFIX.pack(flag, len(warnings)) + warnings + buffer.getvalue()
        return _CHECKSUM.pack(zlib.crc32(content)) + content

    @classmethod
    def decode(cls, data: bytes) -> WorklistItem:
        """Read what :meth:`encode` wrote.

        Raises
        ------
        InvalidIdentity
            The bytes are damaged.
        """
        try:
            (checksum,) = _CHECKSUM.unpack_from(data)
            content = data[_CHECKSUM.size :]
            if zlib.crc32(content) != checksum:
                raise ValueError("the checksum does not fit")
            flag, length = _PREFIX.unpack_from(content)
            start = _PREFIX.size + length
            warnings = tuple(str(text) for text in json.loads(content[_PREFIX.size : start]))
            ds = read_dataset(BytesIO(content[start:]), is_implicit_VR=False, is_little_endian=True)
        except (struct.error, ValueError, OSError, EOFError) as error:
            raise InvalidIdentity(
                "A worklist item in the catalog is damaged and was not used. Refresh the worklist"
            ) from error
        return cls(ds, bool(flag & _SCHEDULED), warnings)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, WorklistItem):
            return NotImplemented
        return self.encode() == other.encode()

    def __hash__(self) -> int:
        return hash(self.key)


def _text(ds: Dataset, keyword: str) -> str:
    value = ds.get(keyword)
    if isinstance(value, MultiValue):
        return "\\".join(str(part) for part in value)
    return "" if value is None else str(value)


def _step(ds: Dataset) -> Dataset:
    steps = ds.get("ScheduledProcedureStepSequence")
    return steps[0] if steps else Dataset()


def _missing(ds: Dataset) -> tuple[str, ...]:
    sentences = [text for keyword, text in _EXPECTED if not _text(ds, keyword)]
    steps = ds.get("ScheduledProcedureStepSequence") or ()
    if not steps:
        return (*sentences, "No Scheduled Procedure Step: nothing says what was ordered")
    if len(steps) > 1:
        sentences.append("More than one Scheduled Procedure Step in one answer; the first is used")
    sentences += [text for keyword, text in _EXPECTED_IN_STEP if not _text(steps[0], keyword)]
    return tuple(sentences)


def _entry_faults(entries: tuple[tuple[str, str, str], ...], charset: CharacterSet) -> list[str]:
    values = {keyword: value for keyword, _, value in entries}
    faults = []
    if not values["PatientID"] and not values["PatientName"]:
        faults.append("Patient ID and Patient's Name are both empty; one is needed")
    if not values["StudyInstanceUID"]:
        faults.append("StudyInstanceUID is empty")
    for keyword, vr, value in entries:
        wrong = fault(vr, value)
        if wrong is not None:
            faults.append(f"{keyword} {wrong}")
        elif vr in ("LO", "PN") and not encodable(value, charset, vr):
            faults.append(f"{keyword} cannot be written in {describe(charset)}")
    if values["PatientSex"] not in ("", *SEXES):
        faults.append("PatientSex must be M, F, O or empty")
    return faults
