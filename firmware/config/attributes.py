"""Checks the DICOM attributes that a site configures as geometry and technique.

A value is held to the Value Representation and Value Multiplicity of the data dictionary (PS3.6
section 6, PS3.5 sections 6.2 and 6.4) and, where a wrong one would falsify measurements, to what
is possible at all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydicom.config import RAISE
from pydicom.datadict import dictionary_VM, dictionary_VR, keyword_dict, tag_for_keyword
from pydicom.valuerep import validate_value

from firmware.config.faults import ABSENT, KeyPath, Report, show
from firmware.config.walk import closest

_REAL = {"DS", "FL", "FD"}
_WHOLE = {
    "IS": (-(2**31), 2**31 - 1),
    "US": (0, 2**16 - 1),
    "SS": (-(2**15), 2**15 - 1),
    "US or SS": (-(2**15), 2**16 - 1),
    "UL": (0, 2**32 - 1),
    "SL": (-(2**31), 2**31 - 1),
    "UV": (0, 2**64 - 1),
    "SV": (-(2**63), 2**63 - 1),
}
_TEXT = {"CS", "LO", "SH", "ST", "LT", "UT", "UC", "DA", "TM", "DT", "AS"}

_GROUPS = {0x0018, 0x0020, 0x0028}
_ELSEWHERE = {"ImageType"}
_NOT_HERE = {
    "ProtocolName": "it is the name of the protocol",
    "BodyPartExamined": "it is the key body_part",
    "Laterality": "it is the key laterality",
    "BurnedInAnnotation": "it is the key burned_in_annotation",
    "DeviceSerialNumber": "it is the key device_serial_number of [station]",
    "SoftwareVersions": "it is the key software_versions of [station]",
    **dict.fromkeys(
        (
            "Rows",
            "Columns",
            "BitsAllocated",
            "BitsStored",
            "HighBit",
            "PixelRepresentation",
            "SamplesPerPixel",
            "PhotometricInterpretation",
            "PlanarConfiguration",
            "NumberOfFrames",
            "LossyImageCompression",
            "LossyImageCompressionRatio",
            "LossyImageCompressionMethod",
            "SmallestImagePixelValue",
            "LargestImagePixelValue",
        ),
        "the picture itself decides it",
    ),
    **dict.fromkeys(("StudyID", "SeriesNumber", "InstanceNumber"), "this box assigns it"),
}
_ABOVE_ZERO = {
    "PixelSpacing",
    "ImagerPixelSpacing",
    "NominalScannedPixelSpacing",
    "PixelAspectRatio",
    "KVP",
    "MagneticFieldStrength",
    "DataCollectionDiameter",
    "ReconstructionDiameter",
    "WindowWidth",
}
_ORTHONORMAL = 1e-3
"""How far direction cosines may be from unit length and right angle."""


def check_attributes(values: Mapping[str, Any], path: KeyPath, report: Report) -> dict[str, Any]:
    """Check one ``geometry`` or ``technique`` table.

    Returns
    -------
    dict
        The sound attributes by keyword: numbers as int or float, text as str, several values as
        a list.
    """
    sound: dict[str, Any] = {}
    for keyword, value in values.items():
        key = (*path, keyword)
        refusal, suggestion = _refuse_keyword(keyword)
        if refusal:
            report.add(key, _scalar(value), refusal, "a DICOM keyword", suggestion)
            continue
        accepted = _accept(keyword, value, key, report)
        if accepted is not ABSENT:
            sound[keyword] = accepted
    return sound


def _refuse_keyword(keyword: str) -> tuple[str, str]:
    """Why a keyword cannot stand here, and what may have been meant."""
    if keyword in _NOT_HERE:
        return f"does not belong here: {_NOT_HERE[keyword]}", ""
    tag = tag_for_keyword(keyword)
    if tag is None:
        return "is not a DICOM keyword", closest(keyword, _configurable())
    if not _may_configure(keyword, tag):
        return (
            "is not geometry or technique: an identity, a sequence or this box's own business",
            "",
        )
    return "", ""


def _may_configure(keyword: str, tag: int) -> bool:
    known_type = dictionary_VR(tag) in _REAL | _WHOLE.keys() | _TEXT
    return known_type and (tag >> 16 in _GROUPS or keyword in _ELSEWHERE)


@cache
def _configurable() -> list[str]:
    return [
        keyword
        for keyword, tag in keyword_dict.items()
        if keyword and keyword not in _NOT_HERE and _may_configure(keyword, tag)
    ]


def _accept(keyword: str, value: Any, key: KeyPath, report: Report) -> Any:
    vr, vm = dictionary_VR(keyword), dictionary_VM(keyword)
    allowed = _allowed(vr, vm)
    values = value if isinstance(value, list) else [value]
    if any(isinstance(item, str) and "\\" in item for item in values):
        report.add(key, value, "holds a backslash; write several values as a list", allowed)
        return ABSENT
    if not multiplicity_allows(vm, len(values)):
        report.add(key, value, f"has another number of values: {len(values)}", allowed)
        return ABSENT
    converted = []
    for item in values:
        result, problem = _convert(item, vr)
        if problem:
            report.add(key, value, problem, allowed)
            return ABSENT
        converted.append(result)
    problem = _impossible(keyword, converted)
    if problem:
        report.add(key, value, problem, allowed)
        return ABSENT
    return converted[0] if vm == "1" else converted


def multiplicity_allows(vm: str, count: int) -> bool:
    """Whether ``count`` values fit a Value Multiplicity such as ``1``, ``2-n`` or ``3-3n``."""
    low, _, high = vm.partition("-")
    if count < int(low):
        return False
    if not high:
        return count == int(low)
    if high == "n":
        return True
    if high.endswith("n"):
        return count % int(high[:-1]) == 0
    return count <= int(high)


def _allowed(vr: str, vm: str) -> str:
    number = {"1": "one value", "2": "2 values"}.get(vm, f"{vm} values")
    if vr in _REAL:
        return f"{number}: a number (VR {vr})"
    if vr in _WHOLE:
        low, high = _WHOLE[vr]
        return f"{number}: a whole number from {low} to {high} (VR {vr})"
    return f"{number}: text in quotes (VR {vr})"


def _convert(item: Any, vr: str) -> tuple[Any, str]:
    """The value as the data set will take it, or what is wrong with it."""
    if vr in _REAL:
        return _real(item)
    if vr in _WHOLE:
        return _whole(item, *_WHOLE[vr])
    if not isinstance(item, str):
        return None, f"{show(item)} is not text in quotes"
    if not item.strip():
        return None, "is empty; leave the key out where nothing is known"
    try:
        validate_value(vr, item, RAISE)
    except ValueError:
        return None, f"{show(item)} is no value of VR {vr}"
    return item, ""


def _real(item: Any) -> tuple[Any, str]:
    if isinstance(item, bool) or not isinstance(item, int | float | str):
        return None, f"{show(item)} is not a number"
    try:
        number = float(item)
    except (ValueError, OverflowError):
        return None, f"{show(item)} is not a number"
    if not math.isfinite(number):
        return None, f"{show(item)} is not a finite number"
    return (item if isinstance(item, int) else number), ""


def _whole(item: Any, low: int, high: int) -> tuple[Any, str]:
    if isinstance(item, str):
        sign = item[:1] if item[:1] in "+-" else ""
        digits = item.removeprefix(sign)
        if digits.isascii() and digits.isdigit() and len(item) <= 20:
            item = int(item)
    if isinstance(item, bool) or not isinstance(item, int):
        return None, f"{show(item)} is not a whole number"
    if not low <= item <= high:
        return None, f"{show(item)} is out of range"
    return item, ""


def _impossible(keyword: str, values: list[Any]) -> str:
    """What no scanner can have, in spite of the right type."""
    if keyword in _ABOVE_ZERO and any(value <= 0 for value in values):
        return "must be greater than 0"
    if keyword == "RescaleSlope" and values[0] == 0:
        return "must not be 0: every pixel would have the same value"
    if keyword == "ImageOrientationPatient" and not _are_directions(values):
        return "is not two directions of length 1 at right angles (row, then column)"
    return ""


def _are_directions(values: list[float]) -> bool:
    row, column = values[:3], values[3:]
    products = (_dot(row, row) - 1, _dot(column, column) - 1, _dot(row, column))
    return all(abs(product) <= _ORTHONORMAL for product in products)


def _dot(left: list[float], right: list[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))


def _scalar(value: Any) -> Any:
    return ABSENT if isinstance(value, dict) else value
