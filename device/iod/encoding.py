"""The bytes of an object, quickly: the whole Part 10 file in Explicit VR Little Endian."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import dcmwrite


def encode(dataset: Dataset) -> bytes:
    """Encode a built object as a DICOM file (PS3.10 section 7)."""
    file = DicomBytesIO()
    dcmwrite(file, dataset, enforce_file_format=True)
    return file.getvalue()
