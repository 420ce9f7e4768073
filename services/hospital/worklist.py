"""Modality Worklist queries and answers (PS3.4 annex K)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset

from services.hospital.database import Row
from services.hospital.encoding import elements, empty_element, sequence_of_one
from services.hospital.matching import (
    BadIdentifier,
    Range,
    date_range,
    has_wildcard,
    in_period,
    name_matches,
    single_text,
    text_matches,
    time_range,
    uid_list,
)
from services.hospital.schedule_table import ScheduleTable

_CHARACTER_SET = 0x00080005
_STEP_SEQUENCE = 0x00400100
_MANDATORY = frozenset((_CHARACTER_SET, 0x00100010, 0x00100020, 0x0020000D, 0x00401001))
_MANDATORY_IN_STEP = frozenset((0x00080060, 0x00400001, 0x00400002, 0x00400003, 0x00400009))
_MATCHED = frozenset(
    (_CHARACTER_SET, _STEP_SEQUENCE, 0x00080050, 0x00100010, 0x00100020, 0x0020000D, 0x00401001)
)
_MATCHED_IN_STEP = _MANDATORY_IN_STEP | {0x00400006}


@dataclass(frozen=True, slots=True)
class WorklistQuery:
    """A C-FIND identifier: keys to match and attributes to return.

    ``returned_in_step`` is None when the whole Scheduled Procedure Step is asked for (empty
    sequence or empty item); ``unsupported`` says that a key had a value that is not matched.
    """

    patient_name: str
    patient_id: str
    accession_number: str
    requested_procedure_id: str
    study_instance_uids: tuple[str, ...]
    step_id: str
    modality: str
    station_ae_title: str
    performing_physician: str
    dates: Range
    times: Range
    returned: frozenset[int]
    returned_in_step: frozenset[int] | None
    unsupported: bool

    @classmethod
    def parse(cls, identifier: Dataset) -> WorklistQuery:
        """Read an identifier; BadIdentifier when it is none for this SOP class."""
        steps = identifier.get("ScheduledProcedureStepSequence") or []
        if len(steps) > 1:
            raise BadIdentifier("one Scheduled Procedure Step item, not several", _STEP_SEQUENCE)
        step = steps[0] if steps else Dataset()
        return cls(
            patient_name=single_text(identifier, "PatientName"),
            patient_id=single_text(identifier, "PatientID"),
            accession_number=single_text(identifier, "AccessionNumber"),
            requested_procedure_id=single_text(identifier, "RequestedProcedureID"),
            study_instance_uids=uid_list(identifier, "StudyInstanceUID"),
            step_id=single_text(step, "ScheduledProcedureStepID"),
            modality=single_text(step, "Modality"),
            station_ae_title=single_text(step, "ScheduledStationAETitle"),
            performing_physician=single_text(step, "ScheduledPerformingPhysicianName"),
            dates=date_range(step, "ScheduledProcedureStepStartDate"),
            times=time_range(step, "ScheduledProcedureStepStartTime"),
            returned=_tags(identifier),
            returned_in_step=_tags(step) or None,
            unsupported=_has_other_keys(identifier, _MATCHED)
            or _has_other_keys(step, _MATCHED_IN_STEP),
        )

    def without_patient(self) -> WorklistQuery:
        """The same query with the patient's and the order's keys ignored (a fault)."""
        values = {name: getattr(self, name) for name in self.__slots__}
        for name in ("patient_name", "patient_id", "accession_number", "requested_procedure_id"):
            values[name] = ""
        return WorklistQuery(**{**values, "study_instance_uids": ()})

    def find(self, schedule: ScheduleTable) -> list[int]:
        """Row numbers of the entries that match, in the order of the schedule."""
        where, parameters = self._indexed()
        return [row["id"] for row in schedule.candidates(where, parameters) if self._matches(row)]

    def _indexed(self) -> tuple[str, tuple[Any, ...]]:
        """The part of the query that the database's indexes answer."""
        conditions, parameters = ["1"], []
        for column, key in (
            ("accession_number", self.accession_number),
            ("patient_id", self.patient_id),
            ("requested_procedure_id", self.requested_procedure_id),
            ("step_id", self.step_id),
            ("modality", self.modality),
        ):
            if key and not has_wildcard(key):
                conditions.append(f"{column} = ?")
                parameters.append(key)
        if self.study_instance_uids:
            marks = ",".join("?" * len(self.study_instance_uids))
            conditions.append(f"study_instance_uid IN ({marks})")
            parameters.extend(self.study_instance_uids)
        for bound, comparison in ((self.dates.low, ">="), (self.dates.high, "<=")):
            if bound:
                conditions.append(f"start_date {comparison} ?")
                parameters.append(bound)
        return " AND ".join(conditions), tuple(parameters)

    def _matches(self, row: Row) -> bool:
        titles = row["station_ae_title"].split("\\")
        return (
            text_matches(self.patient_id, row["patient_id"])
            and text_matches(self.accession_number, row["accession_number"])
            and text_matches(self.requested_procedure_id, row["requested_procedure_id"])
            and text_matches(self.step_id, row["step_id"])
            and text_matches(self.modality, row["modality"])
            and any(text_matches(self.station_ae_title, title) for title in titles)
            and name_matches(self.patient_name, row["patient_name"])
            and name_matches(self.performing_physician, row["performing_physician"])
            and in_period(self.dates, self.times, row["start_date"], row["start_time"])
        )

    def answer(self, entry: bytes, *, implicit: bool) -> bytes:
        """Cut an encoded entry down to what was asked for and what is type 1.

        An attribute asked for that the RIS does not have comes back empty; sequences other than
        the Scheduled Procedure Step come back whole.
        """
        wanted = self.returned | _MANDATORY | {_STEP_SEQUENCE}
        parts: dict[int, bytes] = {}
        for tag, head, element in elements(entry, implicit=implicit):
            if tag == _STEP_SEQUENCE:
                item = self._answer_step(element[head + 8 :], implicit=implicit)
                parts[tag] = sequence_of_one(tag, item, implicit=implicit)
            elif tag in wanted:
                parts[tag] = element
        return _filled(parts, self.returned - {_CHARACTER_SET}, implicit=implicit)

    def _answer_step(self, item: bytes, *, implicit: bool) -> bytes:
        if self.returned_in_step is None:
            return item
        wanted = self.returned_in_step | _MANDATORY_IN_STEP
        found = elements(item, implicit=implicit)
        parts = {tag: element for tag, _, element in found if tag in wanted}
        return _filled(parts, self.returned_in_step, implicit=implicit)


def _filled(parts: dict[int, bytes], asked: frozenset[int], *, implicit: bool) -> bytes:
    for tag in asked - parts.keys():
        parts[tag] = empty_element(tag, dictionary_VR(tag)[:2], implicit=implicit)
    return b"".join(parts[tag] for tag in sorted(parts))


def _tags(dataset: Dataset) -> frozenset[int]:
    """Standard attributes asked for; a private one is nothing that this RIS could return."""
    return frozenset(int(tag) for tag in _keys(dataset))


def _keys(dataset: Dataset) -> Iterator[int]:
    for tag in dataset.keys():  # noqa: SIM118 - iterating a Dataset decodes its elements
        if tag.is_private or tag.element == 0:
            continue
        try:
            dictionary_VR(tag)
        except KeyError:
            continue
        yield tag


def _has_other_keys(dataset: Dataset, matched: frozenset[int]) -> bool:
    """Whether a key with a value is none of those matched (its answers carry FF01)."""
    return any(
        int(element.tag) not in matched and not element.is_empty and not _is_empty_sequence(element)
        for element in dataset
    )


def _is_empty_sequence(element: Any) -> bool:
    if element.VR != "SQ":
        return False
    return not any(_has_other_keys(item, frozenset()) for item in element.value)
