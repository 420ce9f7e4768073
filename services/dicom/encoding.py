"""Data sets to bytes and back, in the two uncompressed little-endian transfer syntaxes."""

from __future__ import annotations

import struct
from io import BytesIO

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

from services.dicom.sop_classes import IMPLICIT_VR_LITTLE_ENDIAN

_UNDEFINED_LENGTH = 0xFFFFFFFF

UNREADABLE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    InvalidDicomError,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)
"""What pydicom raises for a data set that a peer got wrong."""


def encode_data_set(data_set: Dataset, transfer_syntax: str) -> bytes:
    """Write a data set; pydicom's errors for values that cannot be written pass through."""
    output = DicomBytesIO()
    output.is_little_endian = True
    output.is_implicit_VR = transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN
    write_dataset(output, data_set)
    return output.getvalue()


def decode_data_set(data: bytes, transfer_syntax: str) -> Dataset:
    """Read a data set; elements are decoded when they are looked at.

    Raises
    ------
    One of :data:`UNREADABLE`
        Here or later, when an element is looked at.
    """
    data_set = read_dataset(BytesIO(data), transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN, True)
    for element in data_set.values():
        if isinstance(element, RawDataElement) and _is_cut_off(element):
            raise EOFError("an element is longer than the data set")
    return data_set


def _is_cut_off(element: RawDataElement) -> bool:
    """pydicom takes what is left for the value of an element that is too long."""
    return (
        isinstance(element.value, bytes)
        and element.length != _UNDEFINED_LENGTH
        and element.length != len(element.value)
    )
