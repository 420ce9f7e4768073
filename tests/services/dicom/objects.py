"""DICOM files for the storage tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = str(ExplicitVRLittleEndian)
PATIENT = "Geheim^Gerda"
PATIENT_ID = "PID-GEHEIM-4711"


def write_object(
    folder: Path,
    number: int = 1,
    *,
    rows: int = 64,
    columns: int = 64,
    sop_class: str = SECONDARY_CAPTURE,
    study: int = 1,
) -> Path:
    """Write one uncompressed 16-bit image with noise for pixels."""
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID = sop_class
    ds.SOPInstanceUID = f"1.2.826.0.1.3680043.10.999.1.{study}.{number}"
    ds.StudyInstanceUID = f"1.2.826.0.1.3680043.10.999.2.{study}"
    ds.SeriesInstanceUID = f"1.2.826.0.1.3680043.10.999.3.{study}"
    ds.StudyDate = "20260102"
    ds.StudyTime = "083000"
    ds.AccessionNumber = "ACC1"
    ds.ReferringPhysicianName = ""
    ds.StudyID = "1"
    ds.SeriesNumber = 1
    ds.InstanceNumber = number
    ds.Modality = "OT"
    ds.PatientName = PATIENT
    ds.PatientID = PATIENT_ID
    ds.PatientBirthDate = "19700101"
    ds.PatientSex = "F"
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.Rows, ds.Columns = rows, columns
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit = 15
    ds.PixelRepresentation = 0
    noise = np.random.default_rng(number).integers(0, 65535, rows * columns, dtype=np.uint16)
    ds.PixelData = noise.tobytes()
    ds["PixelData"].VR = "OW"
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    path = folder / f"{study}-{number}.dcm"
    ds.save_as(path, enforce_file_format=True)
    return path


def data_set_bytes(path: Path) -> bytes:
    """Return everything behind the file meta information."""
    content = path.read_bytes()
    return content[144 + int.from_bytes(content[140:144], "little") :]
