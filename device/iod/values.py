"""Which values an image object may carry: the gate between what was offered and what is written.

A value that is present but cannot be right (a pixel spacing of zero, an orientation whose vectors
are not perpendicular, a number that is not finite, a code string with forbidden characters) is
treated exactly as if it were missing, so that it is asked for by name and never written.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Final

from pydicom.datadict import dictionary_VM, dictionary_VR, tag_for_keyword
from pydicom.tag import BaseTag, Tag
from pydicom.valuerep import format_number_as_ds

ORTHONORMAL_TOLERANCE: Final = 1e-3
"""How far direction cosines may be from unit length and from perpendicular."""

CONVERSION_TYPES: Final = ("DV", "DI", "DF", "WSD", "SD", "SI", "DRW", "SYN")
"""Defined terms of Conversion Type (PS3.3 C.8.6.1)."""

_TEXT_LIMITS: Final = {"SH": 16, "LO": 64, "ST": 1024, "LT": 10240, "UC": 2**32, "UT": 2**32}
_INTEGER_RANGES: Final = {
    "US": (0, 2**16 - 1),
    "SS": (-(2**15), 2**15 - 1),
    "UL": (0, 2**32 - 1),
    "SL": (-(2**31), 2**31 - 1),
    "IS": (-(2**31), 2**31 - 1),
}
_FORMATS: Final = {
    "AE": re.compile(r"(?! +$)[^\\\x00-\x1f\x7f-\xff]{1,16}"),
    "AS": re.compile(r"\d{3}[DWMY]"),
    "CS": re.compile(r"[A-Z0-9 _]{1,16}"),
    "TM": re.compile(r"([01]\d|2[0-3])([0-5]\d(([0-5]\d|60)(\.\d{1,6})?)?)?"),
    "UI": re.compile(r"(?=.{1,64}$)(0|[1-9]\d*)(\.(0|[1-9]\d*))*"),
}
_NEVER_A_VALUE: Final = (bytes, bytearray, bool, dict, list, tuple)
_NUMBER: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_LINE_BREAKS: Final = re.compile(r"[\n\f\r]")


@dataclass(frozen=True, slots=True)
class Definition:
    """One attribute as PS3.6 defines it."""

    tag: BaseTag
    vr: str
    least: int
    most: int | None
    step: int

    def holds(self, count: int) -> bool:
        """Whether the value multiplicity allows ``count`` values."""
        if count < self.least or (self.most is not None and count > self.most):
            return False
        return count % self.step == 0


@cache
def definition(keyword: str) -> Definition:
    """Look an attribute up in the data dictionary (PS3.6 section 6).

    Raises
    ------
    KeyError
        ``keyword`` is not in the dictionary.
    """
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    low, _, high = dictionary_VM(tag).partition("-")
    step = re.match(r"\d+(?=n)", high)
    most = None if high.endswith("n") else int(high or low)
    return Definition(Tag(tag), dictionary_VR(tag), int(low), most, int(step[0]) if step else 1)


def accepted(keyword: str, value: Any) -> Any | None:
    """Return ``value`` in the form in which it may be written, or None where it may not.

    Parameters
    ----------
    keyword : str
        A DICOM keyword.
    value : Any
        A scalar, a list, tuple or array of them, or a backslash-separated string.

    Returns
    -------
    Any or None
        Text and decimal strings as ``str`` (or a list of them where there are several), integers
        as ``int``; None for what is empty, absurd, of the wrong multiplicity or not writable in the
        attribute's value representation (PS3.5 section 6.2), and for sequences and pixels.
    """
    what = definition(keyword)
    values = _split(value, what)
    if not values or not what.holds(len(values)):
        return None
    if any(one is None or isinstance(one, _NEVER_A_VALUE) for one in values):
        return None
    convert = _CONVERTERS.get(what.vr)
    if convert is None:
        return None
    written = [convert(one, what.vr) for one in values]
    if any(one is None for one in written):
        return None
    check = _CHECKS.get(keyword)
    if check is not None and not check(written):
        return None
    return written[0] if len(written) == 1 else written


def numbers(value: Any) -> tuple[float, ...]:
    """Read an accepted decimal or integer value as floats."""
    several = value if isinstance(value, list) else [value]
    return tuple(float(one) for one in several)


def _split(value: Any, what: Definition) -> list[Any]:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if value is None:
        return []
    if isinstance(value, str):
        text = value.strip(" \x00")
        if not text:
            return []
        return text.split("\\") if what.most != 1 and what.vr not in ("LT", "ST", "UT") else [text]
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return list(value)
    return [value]


def _decimal(value: Any, _: str) -> str | None:
    text = str(value).strip()
    if isinstance(value, str) and not _NUMBER.fullmatch(text):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    if not math.isfinite(number):
        return None
    if len(text) > 16 or not _NUMBER.fullmatch(text):
        text = str(format_number_as_ds(number))
    return text if math.isfinite(float(text)) else None


def _float(value: Any, vr: str) -> float | None:
    return None if _decimal(value, vr) is None else float(value)


def _integer(value: Any, vr: str) -> int | None:
    text = _decimal(value, vr)
    if text is None or not float(value).is_integer():
        return None
    low, high = _INTEGER_RANGES[vr]
    return int(float(value)) if low <= float(value) <= high else None


def _either_sign(value: Any, _: str) -> int | None:
    """For the pixel representation to decide; it is not known here."""
    unsigned = _integer(value, "US")
    return _integer(value, "SS") if unsigned is None else unsigned


def _text(value: Any, vr: str) -> str | None:
    text = str(value).strip(" \x00")
    many_lines = vr in ("LT", "ST", "UT")
    if not text.strip() or _CONTROL.search(text) or (not many_lines and _LINE_BREAKS.search(text)):
        return None
    if "\\" in text and not many_lines:
        return None
    return text[: _TEXT_LIMITS[vr]].rstrip()


def _person_name(value: Any, _: str) -> str | None:
    text = str(value).strip(" \x00")
    groups = text.split("=")
    if not text.strip("=^ ") or len(groups) > 3 or any(len(group) > 64 for group in groups):
        return None
    return None if "\\" in text or _CONTROL.search(text) or _LINE_BREAKS.search(text) else text


def _formatted(value: Any, vr: str) -> str | None:
    text = str(value).strip(" \x00")
    if vr == "CS":
        text = text.upper()
    return text if _FORMATS[vr].fullmatch(text) else None


def _date(value: Any, _: str) -> str | None:
    text = str(value).strip(" \x00")
    if not re.fullmatch(r"[0-9]{8}", text):
        return None
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
    return text


_CONVERTERS: Final[dict[str, Callable[[Any, str], Any]]] = {
    **dict.fromkeys(("SH", "LO", "ST", "LT", "UC", "UT"), _text),
    **dict.fromkeys(("AE", "AS", "CS", "TM", "UI"), _formatted),
    **dict.fromkeys(("US", "SS", "UL", "SL", "IS"), _integer),
    **dict.fromkeys(("FL", "FD"), _float),
    "DA": _date,
    "DS": _decimal,
    "PN": _person_name,
    "US or SS": _either_sign,
}


def _positive(values: Sequence[Any]) -> bool:
    return all(float(value) > 0 for value in values)


def _not_negative(values: Sequence[Any]) -> bool:
    return all(float(value) >= 0 for value in values)


def _not_zero(values: Sequence[Any]) -> bool:
    return all(float(value) != 0 for value in values)


def _perpendicular(values: Sequence[Any]) -> bool:
    row, column = numbers(list(values[:3])), numbers(list(values[3:]))
    deviations = (
        math.hypot(*row) - 1,
        math.hypot(*column) - 1,
        sum(a * b for a, b in zip(row, column, strict=True)),
    )
    return all(abs(deviation) <= ORTHONORMAL_TOLERANCE for deviation in deviations)


def _pixel_origin(values: Sequence[Any]) -> bool:
    return (
        len(values) >= 2
        and values[0] in ("ORIGINAL", "DERIVED")
        and values[1]
        in (
            "PRIMARY",
            "SECONDARY",
        )
    )


_CHECKS: Final[dict[str, Callable[[Sequence[Any]], bool]]] = {
    **dict.fromkeys(
        (
            "PixelSpacing",
            "PixelAspectRatio",
            "SliceThickness",
            "WindowWidth",
            "KVP",
            "DataCollectionDiameter",
            "ReconstructionDiameter",
            "RepetitionTime",
            "MagneticFieldStrength",
            "ImagingFrequency",
            "NumberOfAverages",
            "PatientSize",
            "PatientWeight",
        ),
        _positive,
    ),
    **dict.fromkeys(
        (
            "EchoTime",
            "EchoTrainLength",
            "InversionTime",
            "TriggerTime",
            "ExposureTime",
            "XRayTubeCurrent",
            "Exposure",
            "ContrastBolusVolume",
            "ContrastBolusTotalDose",
            "ContrastFlowRate",
            "ContrastFlowDuration",
        ),
        _not_negative,
    ),
    **dict.fromkeys(("RescaleSlope", "SpacingBetweenSlices"), _not_zero),
    "ImageOrientationPatient": _perpendicular,
    "ImageType": _pixel_origin,
    "ConversionType": lambda values: values[0] in CONVERSION_TYPES,
}
