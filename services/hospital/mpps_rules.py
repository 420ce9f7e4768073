"""What an MPPS request must look like (PS3.4 table F.7.2-1), as tables.

The checks raise :class:`MppsRefused` with the status of PS3.7 annex C that the table calls for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from services.errors import ServiceError

NO_SUCH_ATTRIBUTE = 0x0105
INVALID_VALUE = 0x0106
PROCESSING_FAILURE = 0x0110
DUPLICATE_INSTANCE = 0x0111
NO_SUCH_INSTANCE = 0x0112
MISSING_ATTRIBUTE = 0x0120
MISSING_VALUE = 0x0121
NO_LONGER_UPDATABLE = 0xA710
"""Error ID that goes with 0110 when the step is final (PS3.4 F.7.2.2.3)."""

FINAL = frozenset(("COMPLETED", "DISCONTINUED"))


class MppsRefused(ServiceError):
    """The request is refused; the text names attributes, never values."""

    def __init__(
        self, status: int, comment: str, *, keyword: str = "", error_id: int | None = None
    ) -> None:
        self.status = status
        self.comment = comment
        self.keyword = keyword
        self.error_id = error_id
        super().__init__(comment)


@dataclass(frozen=True, slots=True)
class Rule:
    """Type 1 or 2 of one attribute, and the rules of its items if it is a sequence."""

    type: int
    items: Mapping[str, Rule] | None = None


ONE, TWO = Rule(1), Rule(2)
_CODE = {"CodeValue": ONE, "CodingSchemeDesignator": ONE, "CodeMeaning": ONE}
_REFERENCE = {"ReferencedSOPClassUID": ONE, "ReferencedSOPInstanceUID": ONE}

SERIES: Mapping[str, Rule] = {
    "PerformingPhysicianName": TWO,
    "ProtocolName": ONE,
    "OperatorsName": TWO,
    "SeriesInstanceUID": ONE,
    "SeriesDescription": TWO,
    "RetrieveAETitle": TWO,
    "ReferencedImageSequence": Rule(2, _REFERENCE),
    "ReferencedNonImageCompositeSOPInstanceSequence": Rule(2, _REFERENCE),
}

CREATE: Mapping[str, Rule] = {
    "ScheduledStepAttributesSequence": Rule(
        1,
        {
            "StudyInstanceUID": ONE,
            "ReferencedStudySequence": Rule(2, _REFERENCE),
            "AccessionNumber": TWO,
            "RequestedProcedureID": TWO,
            "RequestedProcedureDescription": TWO,
            "ScheduledProcedureStepID": TWO,
            "ScheduledProcedureStepDescription": TWO,
            "ScheduledProtocolCodeSequence": Rule(2, _CODE),
        },
    ),
    "PatientName": TWO,
    "PatientID": TWO,
    "PatientBirthDate": TWO,
    "PatientSex": TWO,
    "ReferencedPatientSequence": Rule(2, _REFERENCE),
    "PerformedProcedureStepID": ONE,
    "PerformedStationAETitle": ONE,
    "PerformedStationName": TWO,
    "PerformedLocation": TWO,
    "PerformedProcedureStepStartDate": ONE,
    "PerformedProcedureStepStartTime": ONE,
    "PerformedProcedureStepStatus": ONE,
    "PerformedProcedureStepDescription": TWO,
    "PerformedProcedureTypeDescription": TWO,
    "ProcedureCodeSequence": Rule(2, _CODE),
    "PerformedProcedureStepEndDate": TWO,
    "PerformedProcedureStepEndTime": TWO,
    "Modality": ONE,
    "StudyID": TWO,
    "PerformedProtocolCodeSequence": Rule(2, _CODE),
    "PerformedSeriesSequence": Rule(2, SERIES),
}

SETTABLE: Mapping[str, Rule] = {
    "PerformedProcedureStepStatus": ONE,
    "PerformedProcedureStepDescription": TWO,
    "PerformedProcedureTypeDescription": TWO,
    "ProcedureCodeSequence": Rule(2, _CODE),
    "PerformedProcedureStepEndDate": TWO,
    "PerformedProcedureStepEndTime": TWO,
    "PerformedProtocolCodeSequence": Rule(2, _CODE),
    "PerformedSeriesSequence": Rule(2, SERIES),
    "PerformedProcedureStepDiscontinuationReasonCodeSequence": Rule(2, _CODE),
}

FINAL_STATE: Mapping[str, Rule] = {
    "PerformedProcedureStepEndDate": ONE,
    "PerformedProcedureStepEndTime": ONE,
    "PerformedSeriesSequence": Rule(1, SERIES),
}

NOT_SETTABLE = frozenset(
    (
        "ScheduledStepAttributesSequence",
        "PatientName",
        "PatientID",
        "PatientBirthDate",
        "PatientSex",
        "ReferencedPatientSequence",
        "PerformedProcedureStepID",
        "PerformedStationAETitle",
        "PerformedStationName",
        "PerformedLocation",
        "PerformedProcedureStepStartDate",
        "PerformedProcedureStepStartTime",
        "Modality",
        "StudyID",
    )
)

_UID_SHAPE = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+")
_DATE_SHAPE = re.compile(r"\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_TIME_SHAPE = re.compile(r"([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?")


def check_create(dataset: Dataset) -> None:
    """N-CREATE: all attributes of the table, and the step IN PROGRESS."""
    _check(dataset, CREATE, "")
    _check_values(dataset)
    if dataset.PerformedProcedureStepStatus != "IN PROGRESS":
        raise MppsRefused(
            INVALID_VALUE,
            "PerformedProcedureStepStatus must be IN PROGRESS",
            keyword="PerformedProcedureStepStatus",
        )


def check_set(modifications: Dataset, created: Dataset) -> None:
    """N-SET: only attributes that may change and that the N-CREATE gave (table note 5)."""
    for element in modifications:
        keyword = element.keyword
        if keyword == "SpecificCharacterSet":
            if element.value != created.get("SpecificCharacterSet"):
                raise MppsRefused(
                    INVALID_VALUE,
                    "SpecificCharacterSet differs from the N-CREATE",
                    keyword=keyword,
                )
        elif keyword in NOT_SETTABLE or element.tag not in created:
            raise MppsRefused(
                NO_SUCH_ATTRIBUTE, f"{keyword or element.tag} may not be set", keyword=keyword
            )
    present = {key: rule for key, rule in SETTABLE.items() if key in modifications}
    _check(modifications, present, "")
    _check_values(modifications)


def check_final(dataset: Dataset) -> None:
    """A step that is COMPLETED or DISCONTINUED says when, and has a series."""
    if dataset.PerformedProcedureStepStatus in FINAL:
        _check(dataset, FINAL_STATE, "")


def _check(dataset: Dataset, rules: Mapping[str, Rule], where: str) -> None:
    for keyword, rule in rules.items():
        place = f"{where}{keyword}"
        if keyword not in dataset:
            raise MppsRefused(MISSING_ATTRIBUTE, f"{place} is missing", keyword=keyword)
        element = dataset[keyword]
        if rule.type == 1 and (element.is_empty or _is_blank(element.value)):
            raise MppsRefused(MISSING_VALUE, f"{place} is empty", keyword=keyword)
        if rule.items is None or element.is_empty:
            continue
        for item in element.value:
            _check(item, _code_rules(item) if rule.items is _CODE else rule.items, f"{place}.")


def _is_blank(value: Any) -> bool:
    return isinstance(value, str) and not value.strip()


def _code_rules(item: Dataset) -> Mapping[str, Rule]:
    """The code itself is in one of three attributes (PS3.3 section 8.8)."""
    others = [key for key in ("LongCodeValue", "URNCodeValue") if key in item]
    if not others:
        return _CODE
    return {others[0]: ONE, "CodeMeaning": ONE}


_SHAPES: Mapping[str, Callable[[str], object]] = {
    "DA": _DATE_SHAPE.fullmatch,
    "TM": _TIME_SHAPE.fullmatch,
    "UI": _UID_SHAPE.fullmatch,
}
_TERMS: Mapping[str, frozenset[str]] = {
    "PerformedProcedureStepStatus": frozenset(("IN PROGRESS", "COMPLETED", "DISCONTINUED")),
    "PatientSex": frozenset(("M", "F", "O")),
}


def _check_values(dataset: Dataset) -> None:
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                _check_values(item)
            continue
        if element.is_empty:
            continue
        shape, terms = _SHAPES.get(element.VR), _TERMS.get(element.keyword)
        values = element.value if element.VM > 1 else [element.value]
        for value in (str(one).strip() for one in values):
            if (shape and not shape(value)) or (terms and value not in terms):
                raise MppsRefused(
                    INVALID_VALUE,
                    f"{element.keyword or element.tag} has no valid value",
                    keyword=element.keyword,
                )


def tag_of(keyword: str) -> int | None:
    """The tag for the Attribute Identifier List of a refusal."""
    return tag_for_keyword(keyword) if keyword else None
