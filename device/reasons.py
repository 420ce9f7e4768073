"""Coded reasons for discontinuing a procedure step (PS3.16 CID 9300)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydicom.dataset import Dataset

from device.errors import UnknownReason


@dataclass(frozen=True, slots=True)
class Code:
    """A coded entry: value, coding scheme designator and meaning (PS3.3 table 8.8-1)."""

    value: str
    scheme: str
    meaning: str

    def to_item(self) -> Dataset:
        """Return a new Code Sequence item with exactly the three type 1 attributes."""
        item = Dataset()
        item.CodeValue = self.value
        item.CodingSchemeDesignator = self.scheme
        item.CodeMeaning = self.meaning
        return item


_CID_9300 = (
    ("110500", "Doctor canceled procedure"),
    ("110501", "Equipment failure"),
    ("110502", "Incorrect procedure ordered"),
    ("110503", "Patient allergic to media/contrast"),
    ("110504", "Patient died"),
    ("110505", "Patient refused to continue procedure"),
    ("110506", "Patient taken for treatment or surgery"),
    ("110507", "Patient did not arrive"),
    ("110508", "Patient pregnant"),
    ("110509", "Change of procedure for correct charging"),
    ("110510", "Duplicate order"),
    ("110511", "Nursing unit cancel"),
    ("110512", "Incorrect side ordered"),
    ("110513", "Discontinued for unspecified reason"),
    ("110514", "Incorrect worklist entry selected"),
    ("110515", "Patient condition prevented continuing"),
    ("110516", "Equipment change"),
    ("110521", "Objects incorrectly formatted"),
    ("110522", "Object Types not supported"),
    ("110523", "Object Set incomplete"),
    ("110524", "Media Failure"),
    ("110526", "Resource pre-empted"),
    ("110527", "Resource inadequate"),
    ("110528", "Discontinued Procedure Step rescheduled"),
    ("110529", "Discontinued Procedure Step rescheduling recommended"),
    ("110530", "Workitem assignment rejected by assigned resource"),
    ("110533", "Workitem expired"),
    ("113568", "Extravasation visible in image"),
)

DISCONTINUATION_REASONS: Final[dict[str, Code]] = {
    value: Code(value, "DCM", meaning) for value, meaning in _CID_9300
}
"""CID 9300 by code value, in the order in which a console should offer it.

The SNOMED CT adverse reactions that CID 9300 includes from other context groups are left out:
they are findings, which this box has no way to establish.
"""

_BY_MEANING = {code.meaning.casefold(): code for code in DISCONTINUATION_REASONS.values()}


def discontinuation_reason(code: str) -> Code:
    """Look up a reason by its code value, or by its meaning in any case.

    Raises
    ------
    UnknownReason
        ``code`` is neither; the text lists what is allowed.
    """
    wanted = code.strip()
    found = DISCONTINUATION_REASONS.get(wanted) or _BY_MEANING.get(wanted.casefold())
    if found is not None:
        return found
    allowed = "; ".join(f"{c.value} {c.meaning}" for c in DISCONTINUATION_REASONS.values())
    raise UnknownReason(
        f"'{code}' is not a reason for discontinuing a procedure (PS3.16 CID 9300). "
        f"Use one of: {allowed}"
    )
