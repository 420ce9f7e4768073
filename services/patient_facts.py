"""Whose exam it is, as every screen of the exam shows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from device.age import age_on
from device.exam import Exam
from device.side import side_of
from device.worklist import WorklistItem
from services import confirming
from services.box import Box


def exam_facts(box: Box, exam: Exam) -> dict[str, Any]:
    """The banner of an exam, with the identifiers that somebody can compare."""
    return {
        "exam": exam.exam_id,
        "state": exam.state.value,
        "scheduled": exam.scheduled,
        "started": exam.started.isoformat(),
        "modality": exam.modality,
        **items_facts(exam.items, box.clock.now().date()),
    }


def items_facts(items: Sequence[WorklistItem], today: date) -> dict[str, Any]:
    """What the worklist items of one patient say together; the first gives the patient."""
    first = items[0]
    sides = {side for side in map(side_of, items) if side}
    return {
        "patient_name": first.patient_name,
        "patient_id": first.patient_id,
        "issuer_of_patient_id": first.issuer_of_patient_id,
        "birth_date": first.patient_birth_date,
        "age": age_on(first.patient_birth_date, today),
        "sex": first.patient_sex,
        "accession_number": _each(item.accession_number for item in items),
        "procedure": _each(map(_procedure, items)),
        "side": sides.pop().value if len(sides) == 1 else "",
        "identifiers": [
            {"name": name, "value": value}
            for name, values in confirming.known(items).items()
            for value in values
        ],
    }


def _procedure(item: WorklistItem) -> str:
    return (
        item.requested_procedure_description
        or item.scheduled_procedure_step_description
        or str(item.dataset.get("StudyDescription") or "")
    )


def _each(texts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(filter(None, texts)))
