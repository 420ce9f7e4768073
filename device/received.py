"""Cleaning a data set that somebody else's system sent, before anything is built from it.

What PS3.5 section 6.2 forbids is left out and said, so that no later object, message or screen has
to defend itself against it. Bounded in depth, number and size.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from pydicom import config
from pydicom.datadict import dictionary_has_tag, dictionary_VM, dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement, RawDataElement, convert_raw_data_element
from pydicom.dataset import Dataset
from pydicom.valuerep import MAX_VALUE_LEN, STANDARD_VR, STR_VR

from device.charset import (
    DEFAULT_REPERTOIRE,
    MULTI_VALUED_TEXT_VRS,
    TEXT_VRS,
    UTF_8,
    CharacterSet,
    declared,
    describe,
    encodable,
    normalise,
    raw_texts,
    value_representation,
)

MAX_ELEMENTS: Final = 2000
MAX_DEPTH: Final = 6
MAX_BINARY_BYTES: Final = 65536

_CHARACTER_SET_TAG = 0x00080005
_LATIN_1: CharacterSet = ("ISO_IR 100",)
_TIME = re.compile(r"([01]\d|2[0-3])([0-5]\d(([0-5]\d|60)(\.\d{1,6})?)?)?", re.ASCII)
_UID = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+|\d+\.\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_CODE_STRING = re.compile(r"[A-Z0-9 _]*")
_AGE = re.compile(r"\d{3}[DWMY]", re.ASCII)
_SEVERAL = "holds several values where one is allowed"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROL_BUT_LINE_BREAKS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")
_CONVERSION_ERRORS = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    NotImplementedError,
    OSError,
    EOFError,
    struct.error,
)


def fault(vr: str, value: str) -> str | None:
    """Say why ``value`` cannot be one value of this VR (PS3.5 table 6.2-1), or None if it can.

    The answer completes a sentence that begins with the attribute's name.
    """
    limit = 64 if vr == "PN" else MAX_VALUE_LEN.get(vr)
    parts = value.split("=") if vr == "PN" else [value]
    if vr == "PN" and len(parts) > 3:
        return "has more than three component groups"
    if any("^" in part and part.count("^") > 4 for part in parts if vr == "PN"):
        return "has more than five name components"
    if limit is not None and any(len(part) > limit for part in parts):
        return f"is longer than {limit} characters"
    is_prose = vr in ("LT", "ST", "UT")
    if (_CONTROL_BUT_LINE_BREAKS if is_prose else _CONTROL).search(value):
        return "holds control characters"
    if "\\" in value and not is_prose:
        return "holds a backslash, which separates values in DICOM"
    return _format_fault(vr, value) if value else None


def _format_fault(vr: str, value: str) -> str | None:
    if vr == "DA":
        return None if is_date(value) else "is not a date (YYYYMMDD)"
    if vr == "TM":
        return None if _TIME.fullmatch(value) else "is not a time (HHMMSS)"
    if vr == "UI":
        return None if _UID.fullmatch(value) else "is not a valid UID"
    if vr == "CS":
        return None if _CODE_STRING.fullmatch(value) else "is not a code string (A-Z 0-9 _)"
    if vr == "AS":
        return None if _AGE.fullmatch(value) else "is not an age (such as 045Y)"
    if vr in ("DS", "IS"):
        return None if _NUMBER.fullmatch(value) else "is not a number"
    if vr not in TEXT_VRS and not value.isascii():
        return "holds characters outside ASCII"
    return None


def is_date(value: str) -> bool:
    """Tell whether ``value`` is one day of the calendar written as ``YYYYMMDD``."""
    if len(value) != 8 or not (value.isascii() and value.isdigit()):
        return False
    try:
        datetime.strptime(value, "%Y%m%d")  # noqa: DTZ007 - a calendar day has no zone
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A data set that can be written again, and what was wrong with the one received."""

    dataset: Dataset
    character_set: CharacterSet
    warnings: tuple[str, ...]


def clean(ds: Dataset, assume_character_set: CharacterSet = ()) -> Cleaned:
    """Copy ``ds`` without what DICOM forbids; ``ds`` itself may be lazily decoded but not changed.

    Text that does not fit the character set declared is taken into Unicode with replacement
    characters, so that the result can always be written. Without any declaration
    ``assume_character_set`` is used, else Latin-1 where the text is not ASCII: in both cases that
    is said.

    Returns
    -------
    Cleaned
        Warnings name attributes, never values.
    """
    cleaner = _Cleaner()
    charset = cleaner.read_character_set(ds, assume_character_set)
    copied = cleaner.dataset(ds, charset, depth=0)
    final = cleaner.final_character_set(charset)
    if final:
        copied.SpecificCharacterSet = list(final) if len(final) > 1 else final[0]
    return Cleaned(copied, final, tuple(dict.fromkeys(cleaner.warnings)))


@dataclass(slots=True)
class _Cleaner:
    warnings: list[str] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    elements: int = 0

    def read_character_set(self, ds: Dataset, assumed: CharacterSet) -> CharacterSet:
        found = _declared(ds)
        if found is None:
            return normalise(assumed)[0]
        charset, unknown = found
        if unknown:
            self.warnings.append(
                "SpecificCharacterSet names a character set that is not supported; "
                f"the text was read as {describe(charset)}"
            )
        return charset

    def final_character_set(self, charset: CharacterSet) -> CharacterSet:
        candidates = (charset, charset or _LATIN_1)
        for candidate in dict.fromkeys(candidates):
            if all(encodable(text, candidate, vr) for text, vr in self.texts):
                return candidate
        return UTF_8

    def dataset(self, ds: Dataset, charset: CharacterSet, depth: int) -> Dataset:
        copied = Dataset()
        for tag in sorted(ds.keys()):
            if tag.element == 0 or tag.group < 0x0008 or tag == _CHARACTER_SET_TAG:
                continue
            self.elements += 1
            if self.elements > MAX_ELEMENTS:
                self.warnings.append(
                    f"The answer holds more than {MAX_ELEMENTS} attributes; the rest is ignored"
                )
                break
            received = ds.get_item(tag)
            if isinstance(received, RawDataElement) and not received.value:
                # most return keys come back empty, and say no more than absent ones
                continue
            element = self._element(ds, received, charset, depth)
            if element is not None:
                copied.add(element)
        return copied

    def _element(
        self, ds: Dataset, element: Any, charset: CharacterSet, depth: int
    ) -> DataElement | None:
        name = _name(element.tag)
        try:
            vr = _expected_vr(element)
            if vr == "SQ":
                return self._sequence(ds, element, charset, depth)
            if vr in STR_VR:
                return self._strings(element, vr, charset)
            if vr == "UN":
                return self._unknown(element)
            if isinstance(element, RawDataElement):
                element = convert_raw_data_element(element._replace(VR=vr), ds=ds)
            return self._binary(element, vr)
        except _CONVERSION_ERRORS:
            self.warnings.append(f"{name} could not be read; it is ignored")
            return None

    def _sequence(
        self, ds: Dataset, element: Any, charset: CharacterSet, depth: int
    ) -> DataElement | None:
        if depth >= MAX_DEPTH:
            self.warnings.append(f"{_name(element.tag)} is nested too deeply; it is ignored")
            return None
        items = []
        for item in ds[element.tag].value or ():
            own = _declared(item)
            items.append(self.dataset(item, own[0] if own else charset, depth + 1))
        return DataElement(element.tag, "SQ", items)

    def _strings(self, element: Any, vr: str, charset: CharacterSet) -> DataElement | None:
        name = _name(element.tag)
        values = [_tidy(value, vr) for value in self._values(element, vr, charset, name)]
        if len(values) > 1 and _single_valued(element.tag):
            self.warnings.append(f"{name} {_SEVERAL}; it is ignored")
            return None
        wrong = next(filter(None, (fault(vr, value) for value in values)), None)
        if wrong is None and vr in MULTI_VALUED_TEXT_VRS | {"LT", "ST", "UT"}:
            self.texts.extend((value, vr) for value in values if not value.isascii())
        if wrong is not None:
            self.warnings.append(f"{name} {wrong}; it is ignored")
            return None
        value = values[0] if len(values) == 1 else values
        return DataElement(element.tag, vr, value or None, validation_mode=config.RAISE)

    def _values(self, element: Any, vr: str, charset: CharacterSet, name: str) -> list[str]:
        if not isinstance(element, RawDataElement):
            if element.is_empty:
                return [""]
            return [str(v) for v in element.value] if element.VM > 1 else [str(element.value)]
        if vr not in TEXT_VRS:
            text = (element.value or b"").decode("latin-1")
            return [text] if vr == "UR" else text.split("\\")
        try:
            return raw_texts(element, vr, charset)
        except UnicodeDecodeError:
            return self._undecodable(element, vr, charset, name)

    def _undecodable(
        self, element: RawDataElement, vr: str, charset: CharacterSet, name: str
    ) -> list[str]:
        if charset == DEFAULT_REPERTOIRE:
            self.warnings.append(
                f"{name} is not ASCII but the answer declares no character set; it was read as "
                f"Latin-1. If it looks wrong, configure the character set to assume for this peer"
            )
            return raw_texts(element, vr, _LATIN_1, "replace")
        self.warnings.append(
            f"{name} is not text in the declared character set ({describe(charset)}); "
            f"unreadable characters were replaced"
        )
        return raw_texts(element, vr, charset, "replace")

    def _unknown(self, element: Any) -> DataElement | None:
        """Keep private and unknown values as the bytes they are."""
        value = element.value or b""
        return self._binary(DataElement(element.tag, "UN", value), "UN")

    def _binary(self, element: DataElement, vr: str) -> DataElement | None:
        value = element.value
        if element.VM > 1 and _single_valued(element.tag):
            self.warnings.append(f"{_name(element.tag)} {_SEVERAL}; it is ignored")
            return None
        if isinstance(value, bytes | bytearray) and len(value) > MAX_BINARY_BYTES:
            self.warnings.append(f"{_name(element.tag)} is too large; it is ignored")
            return None
        return DataElement(element.tag, vr, value, validation_mode=config.RAISE)


def _expected_vr(element: Any) -> str:
    """VR of the dictionary where it has one: a sender's own idea of a public VR is a mistake."""
    given = "LO" if element.tag.is_private_creator else value_representation(element)
    if given not in STANDARD_VR:
        raise ValueError("the VR does not exist")
    if not dictionary_has_tag(element.tag):
        return given
    expected = str(dictionary_VR(element.tag))
    if expected == given or " or " in expected:
        return given
    if "SQ" in (expected, given):
        raise ValueError("a sequence is sent as a value, or a value as a sequence")
    return expected


def _declared(ds: Dataset) -> tuple[CharacterSet, tuple[str, ...]] | None:
    try:
        return declared(ds)
    except _CONVERSION_ERRORS:
        return DEFAULT_REPERTOIRE, ("?",)


def _tidy(value: str, vr: str) -> str:
    cut = value.split("\0", 1)[0] if vr == "UI" else value.replace("\0", "")
    tidied = cut.rstrip(" ") if vr in ("LT", "ST", "UT") else cut.strip(" ")
    if vr == "CS":
        return tidied.upper()
    if vr == "PN":
        return tidied.rstrip("=")
    return tidied


def _single_valued(tag: int) -> bool:
    return dictionary_has_tag(tag) and str(dictionary_VM(tag)) == "1"


def _name(tag: int) -> str:
    return keyword_for_tag(tag) or f"({int(tag) >> 16:04X},{int(tag) & 0xFFFF:04X})"
