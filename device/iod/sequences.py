"""Sequences copied from a worklist item into an image, cleaned of what images may not carry.

Worklist providers return every key that was asked for, many of them empty. What is harmless in an
answer is an error in an image: an empty item, a code without a meaning, an empty Requested
Procedure ID. Items are rebuilt from a list of allowed attributes, and left out where they would
lack a required one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydicom.dataset import Dataset

from device.iod.values import accepted


@dataclass(frozen=True, slots=True)
class _Shape:
    """Which attributes an item must have and which it may have."""

    required: tuple[str, ...]
    allowed: tuple[str, ...] = ()


_CODE: Final = _Shape(
    ("CodeValue", "CodingSchemeDesignator", "CodeMeaning"), ("CodingSchemeVersion",)
)
_REFERENCE: Final = _Shape(("ReferencedSOPClassUID", "ReferencedSOPInstanceUID"))
_ISSUER: Final = _Shape(
    (), ("LocalNamespaceEntityID", "UniversalEntityID", "UniversalEntityIDType")
)
_SHAPES: Final = {
    "ProcedureCodeSequence": _CODE,
    "RequestedProcedureCodeSequence": _CODE,
    "ScheduledProtocolCodeSequence": _CODE,
    "PerformedProtocolCodeSequence": _CODE,
    "ReferencedStudySequence": _REFERENCE,
    "ReferencedPatientSequence": _REFERENCE,
    "ReferencedImageSequence": _REFERENCE,
    "ReferencedPerformedProcedureStepSequence": _REFERENCE,
    "IssuerOfAccessionNumberSequence": _ISSUER,
    "IssuerOfPatientIDQualifiersSequence": _ISSUER,
    "OtherPatientIDsSequence": _Shape(("PatientID", "TypeOfPatientID"), ("IssuerOfPatientID",)),
    "RequestAttributesSequence": _Shape(
        ("RequestedProcedureID", "ScheduledProcedureStepID"),
        (
            "StudyInstanceUID",
            "AccessionNumber",
            "IssuerOfAccessionNumberSequence",
            "ReferencedStudySequence",
            "RequestedProcedureDescription",
            "RequestedProcedureCodeSequence",
            "ReasonForTheRequestedProcedure",
            "ScheduledProcedureStepDescription",
            "ScheduledProtocolCodeSequence",
        ),
    ),
}


def complete_items(keyword: str, items: Any) -> list[Dataset] | None:
    """Rebuild the items of a sequence as an image may carry them.

    Parameters
    ----------
    keyword : str
        The sequence; one that this module does not know is never copied.
    items : sequence of Dataset
        Decoded items as received; they are not changed. Anything else counts as none.

    Returns
    -------
    list of Dataset or None
        New items, each identified by its first two required attributes and kept once; None where
        none of them is complete.
    """
    shape = _SHAPES.get(keyword)
    if shape is None or not isinstance(items, Sequence):
        return None
    kept: dict[tuple[str, ...], Dataset] = {}
    for item in items:
        rebuilt = _rebuilt(shape, item) if isinstance(item, Dataset) else None
        if rebuilt is not None:
            kept.setdefault(tuple(str(rebuilt[k].value) for k in shape.required[:2]), rebuilt)
    return list(kept.values()) or None


def _rebuilt(shape: _Shape, item: Dataset) -> Dataset | None:
    rebuilt = Dataset()
    for keyword in (*shape.required, *shape.allowed):
        element = item.get(keyword)
        value = (
            complete_items(keyword, element or ())
            if keyword.endswith("Sequence")
            else accepted(keyword, element)
        )
        if value is not None:
            setattr(rebuilt, keyword, value)
        elif keyword in shape.required:
            return None
    return rebuilt if len(rebuilt) else None


def reference(sop_class_uid: str, sop_instance_uid: str) -> Dataset:
    """Make one SOP Instance Reference item (PS3.3 table 10-11)."""
    item = Dataset()
    item.ReferencedSOPClassUID = sop_class_uid
    item.ReferencedSOPInstanceUID = sop_instance_uid
    return item


def copied(items: Sequence[Dataset]) -> list[Dataset]:
    """Copy rebuilt items, so that no two objects share one."""
    twins = []
    for item in items:
        twin = Dataset()
        for element in item:
            value = copied(element.value) if element.VR == "SQ" else element.value
            twin.add_new(element.tag, element.VR, value)
        twins.append(twin)
    return twins
