"""Whose code it is: the rules of a site, applied to what was scanned."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from drivers.barcode.errors import CodeRefused, MaskError
from drivers.barcode.gs1 import BIRTH_DATE, GSRN_RECIPIENT, parse_gs1
from drivers.barcode.mask import Mask
from drivers.barcode.symbology import Symbol, read_symbol


class Identifier(StrEnum):
    """What a code can say of a patient or an order."""

    PATIENT_ID = "patient_id"
    ACCESSION_NUMBER = "accession_number"
    BIRTH_DATE = "birth_date"


_BIRTH_DATE = re.compile(r"[12]\d{3}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_LONGEST = {Identifier.PATIENT_ID: 64, Identifier.ACCESSION_NUMBER: 16}
"""Patient ID is LO, Accession Number SH (PS3.5 table 6.2-1)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One way in which this site writes one identifier.

    Attributes
    ----------
    gives : Identifier
        What the code says.
    mask : str
        Which part of it, see :mod:`drivers.barcode.mask`; empty takes all.
    element : str
        GS1 Application Identifier whose data the mask is laid on; empty for the text of a code
        that is not GS1.
    symbology : str
        Letter of the AIM identifier that the code must have, such as ``A`` for Code 39 and ``C``
        for Code 128; empty for any.
    """

    gives: Identifier
    mask: str = ""
    element: str = ""
    symbology: str = ""


@dataclass(frozen=True, slots=True)
class Scan:
    """What was understood. Its representation shows no value."""

    identifiers: Mapping[Identifier, str]

    @property
    def patient_id(self) -> str:
        return self.identifiers.get(Identifier.PATIENT_ID, "")

    @property
    def accession_number(self) -> str:
        return self.identifiers.get(Identifier.ACCESSION_NUMBER, "")

    @property
    def birth_date(self) -> str:
        """``YYYYMMDD``."""
        return self.identifiers.get(Identifier.BIRTH_DATE, "")

    def __repr__(self) -> str:
        return f"Scan({', '.join(sorted(self.identifiers)) or 'nothing'})"


GS1_RULES = (
    Rule(Identifier.PATIENT_ID, element=GSRN_RECIPIENT),
    Rule(Identifier.BIRTH_DATE, element=BIRTH_DATE),
)
"""A wristband as ISO/IEC 18530 has it: the patient's GSRN, and the date of birth where given."""


class Reader:
    """Reads codes by the rules of a site.

    Parameters
    ----------
    rules : sequence of Rule
        All are tried; what they find must not contradict.
    gs1 : bool
        Whether codes are GS1 where the scanner sends no AIM identifier.

    Raises
    ------
    MaskError
        Naming every mask that is written wrongly.
    """

    def __init__(self, rules: Sequence[Rule] = GS1_RULES, *, gs1: bool = False) -> None:
        self._gs1 = gs1
        faults: list[str] = []
        self._rules: list[tuple[Rule, Mask | None]] = []
        for rule in rules:
            try:
                self._rules.append((rule, Mask(rule.mask) if rule.mask else None))
            except MaskError as error:
                faults.append(str(error))
        if faults:
            raise MaskError("; ".join(faults))

    def read(self, scanned: str) -> Scan:
        """Understand one scan.

        Raises
        ------
        CodeRefused
            It is damaged, no rule fits, or two rules find different values. The text says which,
            and never what was scanned.
        """
        symbol = read_symbol(scanned)
        is_gs1 = symbol.gs1 or (self._gs1 and not symbol.kind)
        elements = parse_gs1(symbol.text) if is_gs1 else {}
        found: dict[Identifier, str] = {}
        for rule, mask in self._rules:
            value = _apply(rule, mask, symbol, elements, is_gs1)
            if value and found.setdefault(rule.gives, value) != value:
                raise CodeRefused(
                    f"two rules of this site read a different {rule.gives.value} from this code: "
                    f"make their masks stricter"
                )
        if not found:
            raise CodeRefused(
                "no rule of this site fits this code: it is not one of a patient or an order, or "
                "a rule is missing"
            )
        return Scan(MappingProxyType(found))


def _apply(
    rule: Rule, mask: Mask | None, symbol: Symbol, elements: Mapping[str, str], is_gs1: bool
) -> str | None:
    if is_gs1 != bool(rule.element) or not symbol.kind.startswith(rule.symbology):
        return None
    text = elements.get(rule.element) if rule.element else symbol.text
    if text is None:
        return None
    kept = text if mask is None else mask.apply(text)
    value = (kept or "").strip(" ")  # padding means nothing in DICOM
    return value if _sound(rule.gives, value) else None


def _sound(gives: Identifier, value: str) -> bool:
    """Whether the value can be what it is said to be in DICOM."""
    if gives is Identifier.BIRTH_DATE:
        return _BIRTH_DATE.fullmatch(value) is not None
    return 0 < len(value) <= _LONGEST[gives] and "\\" not in value and value.isprintable()
