"""Coded reasons for discarding an image (PS3.16 CID 7011, and the titles of CID 7010)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from device.errors import UnknownReason
from device.reasons import Code

REJECTED_FOR_QUALITY: Final = Code("113001", "DCM", "Rejected for Quality Reasons")
REJECTED_FOR_SAFETY: Final = Code("113037", "DCM", "Rejected for Patient Safety Reasons")
INCORRECT_WORKLIST_ENTRY: Final = Code("113038", "DCM", "Incorrect Modality Worklist Entry")


@dataclass(frozen=True, slots=True)
class DiscardReason:
    """Why an image is worth nothing.

    Attributes
    ----------
    code : Code
        What the operator chose; a reason without a code of its own is its title.
    title : Code
        Document title of the rejection note (IHE RAD TF-3 4.66): what the archive acts upon.
    """

    code: Code
    title: Code

    @property
    def modifier(self) -> Code | None:
        """What the note says beyond its title (TID 2010, Document Title Modifier)."""
        return None if self.code == self.title else self.code


def _quality(value: str, meaning: str) -> DiscardReason:
    return DiscardReason(Code(value, "DCM", meaning), REJECTED_FOR_QUALITY)


_OFFERED: Final = (
    _quality("111209", "Positioning"),
    _quality("111210", "Motion blur"),
    _quality("111212", "Over exposed"),
    _quality("111211", "Under exposed"),
    _quality("111207", "Image artifact(s)"),
    DiscardReason(REJECTED_FOR_SAFETY, REJECTED_FOR_SAFETY),
    DiscardReason(INCORRECT_WORKLIST_ENTRY, INCORRECT_WORKLIST_ENTRY),
    DiscardReason(REJECTED_FOR_QUALITY, REJECTED_FOR_QUALITY),
    _quality("113026", "Double exposure"),
    _quality("111213", "No image"),
)

DISCARD_REASONS: Final[dict[str, DiscardReason]] = {each.code.value: each for each in _OFFERED}
"""By code value, in the order in which a console should offer them.

Of CID 7011 those that an operator of a capture box can judge. Patient safety stands for the wrong
patient or the wrong side, the worklist entry for the right patient under another order.
"""


def discard_reason(code: str) -> DiscardReason:
    """Look up a reason by its code value.

    Raises
    ------
    UnknownReason
        ``code`` is none of them; the text lists what is allowed.
    """
    found = DISCARD_REASONS.get(code.strip())
    if found is not None:
        return found
    allowed = "; ".join(f"{r.code.value} {r.code.meaning}" for r in DISCARD_REASONS.values())
    raise UnknownReason(f"'{code}' is not a reason for discarding an image. Use one of: {allowed}")
