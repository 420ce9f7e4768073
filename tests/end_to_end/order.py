"""Worklist entries for wlmscpfs, written by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from tests.peers.worklists import WORKLIST_FILE_CLASS


def order(number: int, modality: str, name: str, **other: Any) -> Dataset:
    """An order of today; ``other`` replaces attributes, None leaves one out."""
    ds = Dataset()
    with disable_value_validation():
        ds.SpecificCharacterSet = other.pop("SpecificCharacterSet", "ISO_IR 192")
        ds.AccessionNumber = f"ACC{number}"
        ds.ReferringPhysicianName = "Referring^Rita"
        ds.ReferencedStudySequence = []
        ds.ReferencedPatientSequence = []
        ds.PatientName = name
        ds.PatientID = f"E2E{number}"
        ds.PatientBirthDate = "19610217"
        ds.PatientSex = "F"
        ds.StudyInstanceUID = f"1.2.826.0.1.3680043.10.999.71.{number}"
        ds.RequestingPhysician = "Requesting^Ralf"
        ds.RequestedProcedureDescription = f"{modality} study"
        ds.RequestedProcedureID = f"RP{number}"
        ds.RequestedProcedurePriority = "ROUTINE"
        step = Dataset()
        step.ScheduledStationAETitle = "BOX"
        step.ScheduledProcedureStepStartDate = f"{date.today():%Y%m%d}"  # noqa: DTZ011 -- the technician's own day
        step.ScheduledProcedureStepStartTime = "083000"
        step.Modality = modality
        step.ScheduledPerformingPhysicianName = "Performing^Paul"
        step.ScheduledProcedureStepDescription = f"{modality} step"
        step.ScheduledProcedureStepID = f"SPS{number}"
        step.ScheduledProcedureStepStatus = "SCHEDULED"
        ds.ScheduledProcedureStepSequence = [step]
        for keyword, value in other.items():
            holder = step if keyword.startswith("ScheduledProcedureStep") else ds
            if keyword == "ScheduledProcedureStepSequence":
                holder = ds
            if keyword == "Modality":
                holder = step
            if value is None:
                delattr(holder, keyword)
            else:
                setattr(holder, keyword, value)
    return ds


def write_orders(folder: Path, *orders: Dataset) -> None:
    """Fill a folder of wlmscpfs, which reads it anew for every query."""
    folder.mkdir(exist_ok=True)
    (folder / "lockfile").touch()
    for number, ds in enumerate(orders, 1):
        ds.file_meta = FileMetaDataset()
        ds.file_meta.MediaStorageSOPClassUID = WORKLIST_FILE_CLASS
        ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.826.0.1.3680043.10.999.72.{number}"
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        with disable_value_validation():
            ds.save_as(folder / f"order{number}.wl", enforce_file_format=True)
