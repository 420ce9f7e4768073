"""Exams: one Modality Performed Procedure Step with its series and instances."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from device.reasons import Code
from device.worklist import WorklistItem


class ExamState(StrEnum):
    """Performed Procedure Step Status, as the MPPS spells it (PS3.3 C.4.14)."""

    IN_PROGRESS = "IN PROGRESS"
    COMPLETED = "COMPLETED"
    DISCONTINUED = "DISCONTINUED"


@dataclass(frozen=True, slots=True)
class InstanceReference:
    """One SOP Instance as MPPS and commitment refer to it."""

    sop_class_uid: str
    sop_instance_uid: str


@dataclass(frozen=True, slots=True)
class Series:
    """One series of an exam; made by one acquisition."""

    series_instance_uid: str
    series_number: int
    modality: str
    protocol_name: str
    series_description: str
    frame_of_reference_uid: str
    started: datetime
    body_part: str = ""
    laterality: str = ""
    instances: tuple[InstanceReference, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Exam:
    """One performed procedure step with the identity it was bound to when it began.

    ``items`` holds the worklist items that this exam satisfies: one as a rule, several in the
    group case. An unscheduled exam holds one item made by :meth:`WorklistItem.unscheduled`.
    The first item is the identity: all of them carry the same patient. ``study_started`` is when
    the first exam of the same study began, None for that exam itself.
    """

    exam_id: str
    mpps_uid: str
    study_instance_uid: str
    study_id: str
    performed_procedure_step_id: str
    items: tuple[WorklistItem, ...]
    modality: str
    state: ExamState
    started: datetime
    ended: datetime | None = None
    character_set: tuple[str, ...] = ("ISO_IR 192",)
    operators_name: str = ""
    performing_physicians_name: str = ""
    discontinuation_reason: Code | None = None
    study_started: datetime | None = None

    @property
    def study_begun(self) -> datetime:
        """What Study Date and Time say: one moment for all exams of a study."""
        return self.study_started or self.started

    @property
    def item(self) -> WorklistItem:
        """The worklist item whose patient identity every object of this exam takes."""
        return self.items[0]

    @property
    def scheduled(self) -> bool:
        return self.item.scheduled
