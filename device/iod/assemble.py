"""From tables and sources to a data set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydicom import config
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import BaseTag
from pydicom.uid import UID, ExplicitVRLittleEndian

from device.errors import IncompleteDescription
from device.iod.modules import Row
from device.iod.sequences import copied
from device.iod.tables import Iod
from device.iod.values import definition
from device.provenance import Source
from device.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

Supply = Mapping[Source, Mapping[str, Any]]


def assemble(
    iod: Iod, supply: Supply, also_required: frozenset[str] = frozenset()
) -> tuple[Dataset, dict[str, str]]:
    """Fill the tables of an IOD from the sources, in each row's order of precedence.

    Parameters
    ----------
    iod : Iod
        What to build.
    supply : mapping
        Values per source that were already cleared for writing.
    also_required : frozenset of str
        Keywords that this object needs beyond the types of its tables.

    Returns
    -------
    tuple
        The data set, without file meta information, and the provenance by keyword.

    Raises
    ------
    IncompleteDescription
        Names every attribute of type 1 (or 1C with a condition that holds) without a value.
    """
    values, provenance = _chosen(iod, supply)
    missing, empty = _without_value(iod, values, also_required)
    if missing:
        raise IncompleteDescription(iod.name, tuple(missing))
    provenance |= dict.fromkeys(empty, Source.ABSENT.value)
    values |= dict.fromkeys(empty)
    return written(values), provenance


def _chosen(iod: Iod, supply: Supply) -> tuple[dict[str, Any], dict[str, str]]:
    values: dict[str, Any] = {"SOPClassUID": iod.sop_class_uid}
    provenance: dict[str, str] = {}
    for row in iod.rows:
        for source in row.sources:
            value = supply[source].get(row.keyword)
            if value is not None:
                values[row.keyword] = value
                provenance[row.keyword] = source.value
                break
        else:
            provenance[row.keyword] = Source.ABSENT.value
    provenance["SOPClassUID"] = Source.GENERATED.value
    return values, provenance


def _without_value(
    iod: Iod, values: Mapping[str, Any], also_required: frozenset[str]
) -> tuple[list[str], list[str]]:
    missing, empty = [], []
    for row in iod.rows:
        if row.keyword in values:
            continue
        if row.keyword in also_required or (row.type[0] == "1" and _demanded(row, values)):
            missing.append(row.keyword)
        elif row.type[0] == "2" and _demanded(row, values):
            empty.append(row.keyword)
    return missing, empty


def _demanded(row: Row, values: Mapping[str, Any]) -> bool:
    if not row.type.endswith("C"):
        return True
    return row.required_when is not None and row.required_when(values)


def written(values: Mapping[str, Any]) -> Dataset:
    elements: dict[BaseTag, DataElement | RawDataElement] = {}
    strict = config.RAISE
    signed = values.get("PixelRepresentation") == 1
    for keyword, value in values.items():
        what = definition(keyword)
        vr = what.vr
        if vr == "SQ":
            value = copied(value) if value else []
        elif vr == "US or SS":
            vr = "SS" if signed else "US"
        elif vr == "OB or OW":
            vr = "OW" if values["BitsAllocated"] > 8 else "OB"
        elements[what.tag] = DataElement(what.tag, vr, value, validation_mode=strict)
    return Dataset(elements)


def add_file_meta(dataset: Dataset, source_ae_title: str) -> None:
    """Give the data set its file meta information, Explicit VR Little Endian (PS3.10 7.1)."""
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    meta.SourceApplicationEntityTitle = source_ae_title
    dataset.file_meta = meta
