"""How a picture of a PAR/REC pair was made, in DICOM's terms (PS3.3 C.8.3.1, C.11.1, C.11.2).

Only what the header states in so many words is carried over. A technique that is not on the list
has no Sequence Variant here, and the site's protocol has to give it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drivers.native.par_header import Entry, Header, number

_SEQUENCES = {0: "IR", 1: "SE", 2: "GR"}
_ORIGINAL = {0: "OTHER", 1: "OTHER", 2: "OTHER", 3: "PHASE MAP"}
"""Magnitude, real, imaginary and phase pictures; the other codes are made from those."""

_VARIANTS = {
    "SE": ("NONE",),
    "IR": ("NONE",),
    "TSE": ("SK",),
    "TIR": ("SK",),
    "T1FFE": ("SP",),
    "TFE": ("SK",),
    "T1TFE": ("SK", "SP"),
    "FEEPI": ("SK",),
    "SEEPI": ("SK",),
    "DWISE": ("SK",),
}
_TURBO_ECHOES = ("TSE", "TIR")
_DIMENSIONS = {"MS": "2D", "M2D": "2D", "2D": "2D", "3D": "3D"}
_POSITIONS = {
    spelled: f"{way[0]}f{side[0]}".upper()
    for way in ("head", "feet")
    for side in ("supine", "prone")
    for spelled in (f"{way} first {side}", f"{way[0]}f{side[0]}")
}


def technique(header: Header, entry: Entry) -> dict[str, Any]:
    """Image type, sequence, times, value scale and window of one picture."""
    found: dict[str, Any] = {}
    kind = _ORIGINAL.get(_code(entry, "image_type_mr"))
    if kind is not None:
        found["ImageType"] = ["ORIGINAL", "PRIMARY", kind]
    found |= _sequence(header, entry)
    found |= _scale(entry)
    numbers = {
        "RepetitionTime": number(header.general.get("repetition time", "")),
        "EchoTime": entry.number("echo_time"),
        "FlipAngle": entry.number("image_flip_angle"),
        "NumberOfAverages": entry.number("number of averages"),
        "InversionTime": entry.number("inversion delay"),
        "TriggerTime": entry.number("trigger_time"),
        "PercentSampling": entry.number("scan percentage"),
    }
    found |= {keyword: value for keyword, value in numbers.items() if value}
    for keyword, value in (
        ("EchoNumbers", entry.number("echo number")),
        ("AcquisitionNumber", number(header.general.get("acquisition nr", ""))),
    ):
        if value is not None:
            found[keyword] = int(value)
    position = _POSITIONS.get(header.general.get("patient position", "").casefold())
    return found | ({"PatientPosition": position} if position else {})


def _sequence(header: Header, entry: Entry) -> dict[str, Any]:
    found: dict[str, Any] = {}
    planar = _number(header.general, "epi factor")
    sequence = _SEQUENCES.get(_code(entry, "scanning sequence"))
    if sequence is not None:
        found["ScanningSequence"] = [sequence, "EP"] if planar > 1 else sequence
    name = header.general.get("technique", "").strip()
    variants = _VARIANTS.get(name.upper())
    if variants is not None:
        transfer = ("MTC",) if _number(header.general, "mtc") == 1 else ()
        several = [one for one in (*variants, *transfer) if one != "NONE" or not transfer]
        found["SequenceVariant"] = several if len(several) > 1 else several[0]
    if name:
        found["SequenceName"] = name
    dimensions = _DIMENSIONS.get(header.general.get("scan mode", "").strip().upper())
    if dimensions is not None:
        found["MRAcquisitionType"] = dimensions
    turbo = entry.number("turbo factor") or 0
    if planar > 1:
        found["EchoTrainLength"] = int(planar)
    elif name.upper() in _TURBO_ECHOES and turbo > 0:
        found["EchoTrainLength"] = int(turbo)
    return found


def _scale(entry: Entry) -> dict[str, Any]:
    """Displayed value = pixel value x rescale slope + rescale intercept; windows are in those."""
    found: dict[str, Any] = {}
    slope, intercept = entry.number("rescale slope"), entry.number("rescale intercept")
    if slope and intercept is not None:
        found |= {"RescaleSlope": slope, "RescaleIntercept": intercept}
    centre, width = entry.number("window center"), entry.number("window width")
    if found and centre is not None and width and width > 0:
        found |= {"WindowCenter": centre, "WindowWidth": width}
    return found


def _code(entry: Entry, name: str) -> int:
    value = entry.number(name)
    return -1 if value is None else int(value)


def _number(general: Mapping[str, str], name: str) -> float:
    return number(general.get(name, "")) or 0.0
