"""The exam's states: in progress, then completed or discontinued, and never back.

Exactly the states of a Modality Performed Procedure Step (PS3.4 F.7.2.2.2): once final, no image
may join it and nothing of it may change.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from device.errors import IllegalTransition
from device.exam import Exam, ExamState
from device.reasons import Code


def may_acquire(exam: Exam) -> None:
    """Return if images may still be made for this exam.

    Raises
    ------
    IllegalTransition
        It has ended.
    """
    _require_in_progress(exam, "No image was taken; start another exam to continue")


def complete(exam: Exam, at: datetime) -> Exam:
    """Return the exam as completed at ``at``.

    A clock that was set back during the exam cannot make it end before it began: the end is then
    written as the start.

    Raises
    ------
    IllegalTransition
        It has ended already, or ``at`` cannot be compared with its start.
    """
    return _ended(exam, ExamState.COMPLETED, at, None)


def discontinue(exam: Exam, at: datetime, reason: Code) -> Exam:
    """Return the exam as discontinued at ``at`` for ``reason`` (PS3.16 CID 9300).

    Raises
    ------
    IllegalTransition
        It has ended already, or ``at`` cannot be compared with its start.
    """
    return _ended(exam, ExamState.DISCONTINUED, at, reason)


def _ended(exam: Exam, state: ExamState, at: datetime, reason: Code | None) -> Exam:
    _require_in_progress(exam, "It was left as it is")
    if (at.tzinfo is None) != (exam.started.tzinfo is None):
        raise IllegalTransition(
            f"Exam {exam.exam_id} was not ended: its start and its end do not both have a time zone"
        )
    return replace(exam, state=state, ended=max(at, exam.started), discontinuation_reason=reason)


def _require_in_progress(exam: Exam, consequence: str) -> None:
    if exam.state is ExamState.IN_PROGRESS:
        return
    raise IllegalTransition(
        f"Exam {exam.exam_id} is already {exam.state.value.lower()}. {consequence}"
    )
