"""A day's schedule for the simulated RIS: the same patients every day, in several scripts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

CodedTerm = tuple[str, str]
"""Code value and meaning, coding scheme 99GANTRY."""

_LATIN1: tuple[str, ...] = ("ISO_IR 100",)
_CYRILLIC: tuple[str, ...] = ("ISO_IR 144",)
_JAPANESE: tuple[str, ...] = ("", "ISO 2022 IR 87")
_UTF8: tuple[str, ...] = ("ISO_IR 192",)
_ASCII: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Order:
    patient_id: str
    patient_name: str
    birth_date: str
    sex: str
    character_set: tuple[str, ...]
    modality: str
    start_time: str
    description: str
    protocol: CodedTerm
    weight: str = ""
    size: str = ""
    physician: str = "Vogel^Anna"
    comments: str = ""
    started: bool = False


_DAY = (
    _Order("G1001", "Müller^Jörg", "19580412", "M", _LATIN1, "CT", "0800", "CT Schädel nativ",
           ("CTHEAD", "CT Head without contrast"), "82", "1.78"),
    _Order("G1002", "Yamada^Tarou=山田^太郎=やまだ^たろう", "19701124", "M", _JAPANESE, "MR",
           "0815", "頭部MRI", ("MRBRAIN", "MR Brain"), "64.5", "1.69"),
    _Order("G1003", "Ковалёва^Ирина^Петровна", "19850307", "F", _CYRILLIC, "US", "0830",
           "УЗИ брюшной полости", ("USABDOMEN", "US Abdomen"), "58", "1.63"),
    _Order("G1004", "Smith^Catherine", "19490921", "F", _ASCII, "CT", "0845", "CT thorax",
           ("CTCHEST", "CT Chest"), "70", "1.66", comments="Low dose. Arms raised."),
    _Order("G1005", "Smith^Katherine", "19490912", "F", _ASCII, "CT", "0900", "CT abdomen",
           ("CTABDOMEN", "CT Abdomen with contrast"), "69", "1.65"),
    _Order("G1006", "Wang^XiaoDong=王^小东=", "19920615", "M", _UTF8, "MR", "0930", "膝关节 MRI",
           ("MRKNEE", "MR Knee"), "75", "1.81"),
    _Order("G1007", "Łukasiewicz^Żaneta", "20010228", "F", _UTF8, "US", "1000", "USG tarczycy",
           ("USTHYROID", "US Thyroid"), "55", "1.70"),
    _Order("G1008", "O'Brien^Séamus^^Dr", "19631030", "M", _LATIN1, "XC", "1030",
           "Wound photograph", ("PHOTO", "External photograph"), "91", "1.84"),
    _Order("G1009", "Andersen^Åse", "19390517", "F", _LATIN1, "CT", "1045", "CT columna lumbalis",
           ("CTLSPINE", "CT Lumbar spine"), "61", "1.58", started=True),
    _Order("G1010", "Haddad^Layla=حداد^ليلى=", "20190803", "F", _UTF8, "MR", "1100", "MRI brain",
           ("MRBRAIN", "MR Brain"), "18", "1.09", comments="Sedation by anaesthesia."),
    _Order("G1011", "Ferreira dos Santos^Tomás", "19771201", "M", _LATIN1, "ES", "1300",
           "Gastroscopia", ("GASTRO", "Gastroscopy"), "88", "1.76"),
    _Order("G1012", "Nguyễn^Thị Minh", "19880119", "F", _UTF8, "CR", "1330", "X-quang ngực",
           ("CXR", "Chest radiograph"), "49", "1.55"),
)  # fmt: skip


def daily_schedule(today: date, station_ae_title: str) -> list[Dataset]:
    """Twelve worklist items for one day and one station.

    CT, MR, ultrasound and others; Latin-1, Cyrillic, Japanese (three component groups), UTF-8
    and plain ASCII; two names that are easily mixed up; one examination that has STARTED
    elsewhere. The same day gives the same UIDs, so that it is not scheduled twice.
    """
    return [
        _worklist_item(order, number, today, station_ae_title)
        for number, order in enumerate(_DAY, 1)
    ]


def started_steps(today: date) -> list[str]:
    """Scheduled Procedure Step IDs of the day that are in progress at another station."""
    return [_step_id(number, today) for number, order in enumerate(_DAY, 1) if order.started]


def _step_id(number: int, today: date) -> str:
    return f"S{today:%y%m%d}{number:02d}"


def _worklist_item(order: _Order, number: int, today: date, station_ae_title: str) -> Dataset:
    accession = f"A{today:%y%m%d}{number:02d}"
    item = Dataset()
    if order.character_set:
        item.SpecificCharacterSet = list(order.character_set)
    item.AccessionNumber = accession
    item.ReferringPhysicianName = "Berg^Tor"
    item.ReferencedStudySequence = []
    item.ReferencedPatientSequence = []
    item.PatientName = order.patient_name
    item.PatientID = order.patient_id
    item.IssuerOfPatientID = "GANTRY HOSPITAL"
    item.PatientBirthDate = order.birth_date
    item.PatientSex = order.sex
    item.PatientSize = order.size or None
    item.PatientWeight = order.weight or None
    item.MedicalAlerts = ""
    item.Allergies = ""
    item.PregnancyStatus = None
    item.StudyInstanceUID = generate_uid(entropy_srcs=["gantry hospital", accession])
    item.RequestingPhysician = "Berg^Tor"
    item.RequestedProcedureDescription = order.description
    item.RequestedProcedureCodeSequence = [_code(order.protocol)]
    item.AdmissionID = ""
    item.SpecialNeeds = ""
    item.CurrentPatientLocation = ""
    item.PatientState = ""
    item.RequestedProcedureID = accession
    item.RequestedProcedurePriority = "MEDIUM"
    item.PatientTransportArrangements = ""
    item.ConfidentialityConstraintOnPatientDataDescription = ""
    item.ScheduledProcedureStepSequence = [_step(order, number, today, station_ae_title)]
    return item


def _step(order: _Order, number: int, today: date, station_ae_title: str) -> Dataset:
    step = Dataset()
    step.Modality = order.modality
    step.RequestedContrastAgent = ""
    step.ScheduledStationAETitle = station_ae_title
    step.ScheduledProcedureStepStartDate = f"{today:%Y%m%d}"
    step.ScheduledProcedureStepStartTime = f"{order.start_time}00"
    step.ScheduledPerformingPhysicianName = order.physician
    step.ScheduledProcedureStepDescription = order.description
    step.ScheduledProtocolCodeSequence = [_code(order.protocol)]
    step.ScheduledProcedureStepID = _step_id(number, today)
    step.ScheduledStationName = ""
    step.ScheduledProcedureStepLocation = ""
    step.PreMedication = ""
    step.CommentsOnTheScheduledProcedureStep = order.comments
    return step


def _code(term: CodedTerm) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodeMeaning = term
    code.CodingSchemeDesignator = "99GANTRY"
    return code
