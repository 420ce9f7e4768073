"""A scanned code against the patient of the open exam: two identifiers must agree."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from device.exam import Exam

NEEDED = 2
"""Identifiers that must agree before the patient counts as verified."""


class Scanned(Protocol):
    """What a code was understood to say; each is empty where it says nothing of it."""

    @property
    def patient_id(self) -> str: ...

    @property
    def accession_number(self) -> str: ...

    @property
    def birth_date(self) -> str:
        """``YYYYMMDD``."""
        ...


class Verdict(StrEnum):
    """What a scan means for the open exam."""

    VERIFIED = "verified"
    ONE_MORE = "one more identifier is needed"
    NOTHING_TO_COMPARE = "nothing to compare"
    MISMATCH = "mismatch"


@dataclass(slots=True)
class IdentityCheck:
    """Gathers what was scanned for one exam.

    A wristband may give one identifier and the request form another. One that contradicts the exam
    spoils the check until a later scan agrees from the beginning.
    """

    exam: Exam
    _agreed: set[str] = field(default_factory=set)

    @property
    def verified(self) -> bool:
        return len(self._agreed) >= NEEDED

    def scan(self, scanned: Scanned) -> Verdict:
        """Compare one scan.

        An identifier that the exam itself does not have can neither agree nor contradict.
        """
        items = self.exam.items
        known = {
            "patient_id": {item.patient_id for item in items},
            "accession_number": {item.accession_number for item in items},
            "birth_date": {item.patient_birth_date for item in items},
        }
        compared = {
            name: getattr(scanned, name) in values
            for name, values in known.items()
            if getattr(scanned, name) and values - {""}
        }
        if not all(compared.values()):
            self._agreed.clear()
            return Verdict.MISMATCH
        self._agreed |= compared.keys()
        if self.verified:
            return Verdict.VERIFIED
        return Verdict.ONE_MORE if compared else Verdict.NOTHING_TO_COMPARE
