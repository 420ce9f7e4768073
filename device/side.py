"""Which side was ordered, as the order itself says it."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from pydicom.dataset import Dataset

from device.worklist import WorklistItem


class Side(StrEnum):
    """As Laterality spells it (PS3.3 C.7.3.1), with one more for both."""

    LEFT = "L"
    RIGHT = "R"
    BOTH = "B"


_CODES: Final = {
    "7771000": Side.LEFT,
    "G-A101": Side.LEFT,
    "24028007": Side.RIGHT,
    "G-A100": Side.RIGHT,
    "51440002": Side.BOTH,
    "G-A102": Side.BOTH,
}
"""PS3.16 CID 244 Laterality, in SNOMED CT and in the older SNOMED RT identifiers."""

_WORDS: Final = (
    (
        Side.BOTH,
        r"bilateral\w*|bilatéra\w+|beidseit\w+|beids\b|obustronn\w+|двусторонн\w+|両側|الجانبين",
    ),
    (
        Side.LEFT,
        r"left|links?|linke[rsnm]?|gauche|izquierd[oa]s?|lew(?:y|a|e|ej|ego|ą)|лев(?:ый|ая|ое|ой|ого)"
        r"|左側?|الأيسر|اليسرى|أيسر|يسرى",
    ),
    (
        Side.RIGHT,
        r"right|rechts?|rechte[rsnm]?|droite?|derech[oa]s?|praw(?:y|a|e|ej|ego|ą)"
        r"|прав(?:ый|ая|ое|ой|ого)|右側?|الأيمن|اليمنى|أيمن|يمنى",
    ),
)
_PATTERNS: Final = tuple(
    (side, re.compile(rf"(?<![^\W\d_])(?:{words})(?![^\W\d_])", re.IGNORECASE))
    for side, words in _WORDS
)
_SEQUENCES: Final = ("ScheduledProtocolCodeSequence", "RequestedProcedureCodeSequence")


def side_of(item: WorklistItem) -> Side | None:
    """The side in the codes, else in the words of the order; None where it says none or two."""
    coded = {side for holder in (item.dataset, item.step) for side in _coded(holder)}
    if coded:
        return _one(coded)
    texts = (item.requested_procedure_description, item.scheduled_procedure_step_description)
    return _one({side for text in texts for side in _written(text)})


def _one(sides: set[Side]) -> Side | None:
    if Side.BOTH in sides and len(sides) == 1:
        return Side.BOTH
    return sides.pop() if len(sides) == 1 else None


def _written(text: str) -> set[Side]:
    return {side for side, pattern in _PATTERNS if pattern.search(text)}


def _coded(holder: Dataset) -> set[Side]:
    """Laterality among the modifiers of what is to be done; the procedure's own code is no side."""
    return {
        side
        for keyword in _SEQUENCES
        for code in holder.get(keyword) or ()
        for context in code.get("ProtocolContextSequence") or ()
        for value in _values(context)
        if (side := _CODES.get(str(value.get("CodeValue") or "")))
    }


def _values(context: Dataset) -> list[Dataset]:
    modifiers = context.get("ContentItemModifierSequence") or ()
    return [
        value for item in (context, *modifiers) for value in item.get("ConceptCodeSequence") or ()
    ]
