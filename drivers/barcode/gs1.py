"""GS1 element strings: Application Identifiers and their data (GS1 General Specifications 3).

A symbol holds several elements in a row. Those of fixed length end by themselves; one of variable
length ends at FNC1, which scanners send as the group separator, or at the end of the symbol. A
keyboard wedge that swallows the separator makes what follows such an element part of it; elements
of fixed length, a patient's GSRN among them, survive that when they stand before it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from drivers.barcode.errors import CodeRefused
from drivers.barcode.symbology import GROUP_SEPARATOR

GSRN_PROVIDER = "8017"
"""Global Service Relation Number of who gives care: staff."""

GSRN_RECIPIENT = "8018"
"""Global Service Relation Number of who receives care: the patient (ISO/IEC 18530)."""

BIRTH_DATE = "7250"
"""Date of birth, YYYYMMDD."""

_TEXT = r"[!-\"%-?A-Z_a-z]"
"""The characters of GS1 AI encodable set 82."""

_DATE = r"\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])"
_DAY = r"\d{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"


@dataclass(frozen=True, slots=True)
class _Element:
    """What one Application Identifier promises of its data."""

    pattern: str
    longest: int
    fixed: bool
    check_digits: int = 0
    """Leading digits of which the last is a check digit; 0 where there is none."""


def _number(digits: int, checked: bool = False) -> _Element:
    return _Element(rf"\d{{{digits}}}", digits, True, digits if checked else 0)


def _upto(longest: int, sign: str = _TEXT) -> _Element:
    return _Element(f"{sign}{{1,{longest}}}", longest, False)


_DATED = _Element(_DATE, 6, True)

_ELEMENTS: Mapping[str, _Element] = MappingProxyType(
    {
        "00": _number(18, checked=True),
        "01": _number(14, checked=True),
        "02": _number(14, checked=True),
        "10": _upto(20),
        **dict.fromkeys(("11", "12", "13", "15", "16", "17"), _DATED),
        "20": _number(2),
        "21": _upto(20),
        "22": _upto(20),
        "235": _upto(28),
        "240": _upto(30),
        "241": _upto(30),
        "242": _upto(6, r"\d"),
        "250": _upto(30),
        "251": _upto(30),
        "253": _Element(rf"\d{{13}}{_TEXT}{{0,17}}", 30, False, 13),
        "254": _upto(20),
        "255": _Element(r"\d{13,25}", 25, False, 13),
        "30": _upto(8, r"\d"),
        "37": _upto(8, r"\d"),
        "400": _upto(30),
        "401": _upto(30),
        "402": _number(17, checked=True),
        "403": _upto(30),
        **dict.fromkeys(
            ("410", "411", "412", "413", "414", "415", "416", "417"), _number(13, checked=True)
        ),
        "420": _upto(20),
        "422": _number(3),
        **dict.fromkeys(("710", "711", "712", "713", "714", "715", "716"), _upto(20)),
        "7001": _number(13),
        "7002": _upto(30),
        "7003": _Element(rf"{_DATE}(?:[01]\d|2[0-3])[0-5]\d", 10, True),
        "7004": _upto(4, r"\d"),
        "7240": _upto(20),
        BIRTH_DATE: _Element(_DAY, 8, True),
        "7251": _Element(rf"{_DAY}(?:[01]\d|2[0-3])[0-5]\d", 12, True),
        "7252": _Element(r"[0129]", 1, True),
        "7253": _upto(40),
        "7254": _upto(40),
        "7255": _upto(10),
        "7256": _upto(90),
        "7257": _upto(70),
        "7258": _Element(r"\d/\d", 3, True),
        "7259": _upto(40),
        "8003": _Element(rf"0\d{{13}}{_TEXT}{{0,16}}", 30, False, 14),
        "8004": _upto(30),
        "8006": _Element(r"\d{18}", 18, True, 14),
        "8008": _Element(r"\d{8}(?:\d{2}){0,2}", 12, False),
        "8010": _upto(30),
        GSRN_PROVIDER: _number(18, checked=True),
        GSRN_RECIPIENT: _number(18, checked=True),
        "8019": _upto(10, r"\d"),
        "8020": _upto(25),
        "8200": _upto(70),
        **dict.fromkeys(map(str, range(91, 100)), _upto(90)),
        "90": _upto(30),
    }
)
"""The identifiers that are met in care; measures (310 to 369) are added below by their pattern."""

_MEASURE = re.compile(r"3[1-6]\d\d")
_LONGEST_IDENTIFIER = 4


def check_digit(digits: str) -> str:
    """The GS1 check digit that belongs behind these digits (General Specifications 7.9)."""
    total = sum(int(d) * (3 if n % 2 == 0 else 1) for n, d in enumerate(reversed(digits)))
    return str(-total % 10)


def parse_gs1(text: str) -> dict[str, str]:
    """Part a text into its elements, by Application Identifier and in their order.

    Parameters
    ----------
    text : str
        Without AIM identifier; a group separator for each FNC1 behind the first.

    Raises
    ------
    CodeRefused
        An unknown identifier, data that does not fit it, a wrong check digit, or an identifier
        that stands there twice with different data.
    """
    elements: dict[str, str] = {}
    rest = text.removeprefix(GROUP_SEPARATOR)
    if not rest:
        raise CodeRefused("the code holds no GS1 element")
    while rest:
        identifier, element = _identify(rest)
        data, rest = _cut(rest[len(identifier) :], element)
        _check(identifier, element, data)
        if elements.setdefault(identifier, data) != data:
            raise CodeRefused(f"GS1 element ({identifier}) stands in the code twice, and differs")
    return elements


def _identify(text: str) -> tuple[str, _Element]:
    for length in range(2, _LONGEST_IDENTIFIER + 1):
        identifier = text[:length]
        if identifier in _ELEMENTS:
            return identifier, _ELEMENTS[identifier]
    if _MEASURE.match(text):
        return text[:4], _number(6)
    raise CodeRefused(
        "the code holds no GS1 element that is known here, or a scanner swallowed the separator "
        "before it: set the scanner to send FNC1 as GS, or use a symbol without such elements"
    )


def _cut(text: str, element: _Element) -> tuple[str, str]:
    """Data of one element, and what follows it."""
    end = text.find(GROUP_SEPARATOR)
    if element.fixed:
        data, rest = text[: element.longest], text[element.longest :]
        return data, rest.removeprefix(GROUP_SEPARATOR)
    if end < 0:
        return text, ""
    return text[:end], text[end + 1 :]


def _check(identifier: str, element: _Element, data: str) -> None:
    if not re.fullmatch(element.pattern, data):
        raise CodeRefused(
            f"GS1 element ({identifier}) does not hold what it must: scan the code again; if it "
            f"stays so, the scanner swallows the separators, or the label was made wrongly"
        )
    digits = data[: element.check_digits]
    if digits and check_digit(digits[:-1]) != digits[-1]:
        raise CodeRefused(f"GS1 element ({identifier}) has a wrong check digit: scan it again")
