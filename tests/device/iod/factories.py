"""Exams, worklist items and frames for the object tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from device.exam import Exam, ExamState, Series
from device.iod import ObjectContext
from device.protocol import ObjectKind, Protocol
from device.station import Station
from device.uids import random_uid
from device.worklist import WorklistItem

ZONE = timezone(timedelta(hours=2))
STARTED = datetime(2026, 3, 4, 9, 10, 11, tzinfo=ZONE)
TAKEN = datetime(2026, 3, 4, 9, 12, 13, 140000, tzinfo=ZONE)
STUDY = "1.2.826.0.1.3680043.10.999.7.1"
SERIES = "1.2.826.0.1.3680043.10.999.8.1"
MPPS = "1.2.826.0.1.3680043.10.999.9.1"
FRAME_OF_REFERENCE = "1.2.826.0.1.3680043.10.999.6.1"

GEOMETRY: Mapping[str, Any] = {
    "PixelSpacing": [0.5, 0.5],
    "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
    "ImagePositionPatient": [-64.0, -64.0, 10.0],
    "SpacingBetweenSlices": 5.0,
    "SliceThickness": 5,
    "PatientPosition": "HFS",
}
CT_TECHNIQUE: Mapping[str, Any] = {
    "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
    "KVP": 120,
    "RescaleSlope": 1,
    "RescaleIntercept": -1024,
    "RescaleType": "HU",
}
MR_TECHNIQUE: Mapping[str, Any] = {
    "ScanningSequence": "SE",
    "SequenceVariant": "NONE",
    "MRAcquisitionType": "2D",
    "RepetitionTime": 500,
    "EchoTime": 15,
    "EchoTrainLength": 1,
}


@dataclass(frozen=True)
class Picture:
    """A frame as a driver would deliver it."""

    pixels: Any
    bits_stored: int = 12
    photometric: str = "MONOCHROME2"
    sequence: int = 1
    monotonic_ns: int = 0
    taken_at: datetime = TAKEN
    attributes: Mapping[str, Any] = field(default_factory=dict)
    lossy_ratio: float | None = None
    lossy_method: str | None = None
    jpeg: bytes | None = None
    native: bool = True
    jpeg: bytes | None = None


def grey(
    rows: int = 24, columns: int = 32, bits: int = 12, signed: bool = False, **more: Any
) -> Picture:
    """A ramp over the whole depth."""
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    dtype = np.int16 if signed else np.uint8 if bits == 8 else np.uint16
    ramp = np.linspace(low, high, rows * columns).round().astype(dtype)
    return Picture(ramp.reshape(rows, columns), bits, **more)


def colour(rows: int = 24, columns: int = 32, **more: Any) -> Picture:
    ramp = np.arange(rows * columns * 3, dtype=np.uint32).astype(np.uint8)
    return Picture(ramp.reshape(rows, columns, 3), 8, "RGB", **more)


def code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator = value, "99HOSP"
    item.CodingSchemeVersion = ""
    item.CodeMeaning = meaning
    return item


def answer(
    charset: str | list[str] = "ISO_IR 192",
    name: str = "Doe^Jane",
    description: str = "Chest without contrast",
    number: int = 1,
    **more: Any,
) -> Dataset:
    """A C-FIND answer with all that the CT console asks for; empty keys as providers send them."""
    ds = Dataset()
    ds.SpecificCharacterSet = charset
    ds.AccessionNumber = f"ACC{number:04d}"
    ds.ReferringPhysicianName = "Ref^Doc"
    ds.PatientName, ds.PatientID, ds.IssuerOfPatientID = name, "PID-1", "HOSP"
    ds.PatientBirthDate, ds.PatientSex, ds.PatientWeight = "19700305", "F", "61.5"
    ds.MedicalAlerts, ds.Allergies = "PACEMAKER", "IODINE"
    ds.AdditionalPatientHistory, ds.SpecialNeeds = "None known", "Wheelchair"
    ds.PatientState, ds.PregnancyStatus = "STABLE", 4
    ds.StudyInstanceUID = STUDY
    ds.RequestedProcedureDescription = description
    ds.RequestedProcedureCodeSequence = [code("P1", description)]
    ds.RequestedProcedureID = f"RP{number:04d}"
    ds.AdmissionID = "ADM1"
    ds.ReferencedStudySequence = []
    ds.ReferencedPatientSequence = []
    step = Dataset()
    step.ScheduledStationAETitle, step.Modality = "BOX", "CT"
    step.ScheduledProcedureStepStartDate = "20260304"
    step.ScheduledProcedureStepStartTime = "083000"
    step.ScheduledProcedureStepDescription = description
    step.ScheduledProtocolCodeSequence = [code("PR1", description)]
    step.ScheduledProcedureStepID = f"SPS{number:04d}"
    ds.ScheduledProcedureStepSequence = [step]
    for keyword, value in more.items():
        setattr(ds, keyword, value)
    return ds


def exam(*answers: Dataset, **more: Any) -> Exam:
    items = tuple(WorklistItem.from_dataset(ds) for ds in answers or (answer(),))
    values: dict[str, Any] = {
        "exam_id": "E1",
        "mpps_uid": MPPS,
        "study_instance_uid": STUDY,
        "study_id": "RP0001",
        "performed_procedure_step_id": "PPS1",
        "items": items,
        "modality": "CT",
        "state": ExamState.IN_PROGRESS,
        "started": STARTED,
        "character_set": items[0].character_set,
        "operators_name": "Op^Erator",
        "performing_physicians_name": "Perf^Doc",
    }
    return Exam(**(values | more))


def context(
    kind: ObjectKind = ObjectKind.CT,
    *,
    number: int = 1,
    of: Exam | None = None,
    geometry: Mapping[str, Any] | None = None,
    technique: Mapping[str, Any] | None = None,
    protocol: Mapping[str, Any] | None = None,
    series: Mapping[str, Any] | None = None,
    station: Mapping[str, Any] | None = None,
    dropped_frames: int = 0,
) -> ObjectContext:
    modality = "OT" if kind is ObjectKind.SC else kind.value
    techniques = {ObjectKind.CT: CT_TECHNIQUE, ObjectKind.MR: MR_TECHNIQUE, ObjectKind.SC: {}}
    preset = Protocol(
        name="Chest",
        source="grabber",
        object=kind,
        modality=modality,
        body_part="CHEST",
        series_description="Chest 5 mm",
        burned_in_annotation=False,
        geometry=({} if kind is ObjectKind.SC else GEOMETRY) if geometry is None else geometry,
        technique=techniques[kind] if technique is None else technique,
    )
    one = Series(
        series_instance_uid=SERIES,
        series_number=1,
        modality=modality,
        protocol_name="Chest",
        series_description="Chest 5 mm",
        frame_of_reference_uid=FRAME_OF_REFERENCE,
        started=STARTED + timedelta(minutes=1),
        body_part="CHEST",
    )
    site = Station(
        ae_title="GANTRY",
        station_name="CT1",
        institution_name="Hospital",
        institution_address="Main street 1",
        institutional_department_name="Radiology",
        manufacturer="ACME",
        manufacturer_model_name="Scan 8000",
        device_serial_number="0001",
        software_versions="1.0",
    )
    return ObjectContext(
        exam=of or exam(),
        series=replace(one, **(series or {})),
        station=replace(site, **(station or {})),
        protocol=replace(preset, **(protocol or {})),
        instance_number=number,
        sop_instance_uid=random_uid(),
        created=TAKEN + timedelta(seconds=1),
        software_version="0.1.0",
        dropped_frames=dropped_frames,
    )
