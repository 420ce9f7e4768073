from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from device import exam_machine
from device.errors import IllegalTransition
from device.exam import Exam, ExamState
from device.reasons import DISCONTINUATION_REASONS, Code, discontinuation_reason
from device.worklist import WorklistItem

STARTED = datetime(2026, 1, 2, 8, 30, tzinfo=UTC)
REASON = discontinuation_reason("110514")


def new_exam() -> Exam:
    return Exam(
        exam_id="7",
        mpps_uid="2.25.7",
        study_instance_uid="2.25.1",
        study_id="S1",
        performed_procedure_step_id="P7",
        items=(WorklistItem.unscheduled(patient_id="P1", study_instance_uid="2.25.1"),),
        modality="CT",
        state=ExamState.IN_PROGRESS,
        started=STARTED,
    )


def test_an_exam_in_progress_may_acquire_and_end_either_way() -> None:
    exam = new_exam()
    later = STARTED + timedelta(minutes=5)
    exam_machine.may_acquire(exam)
    done = exam_machine.complete(exam, later)
    assert (done.state, done.ended, done.discontinuation_reason) == (
        ExamState.COMPLETED,
        later,
        None,
    )
    stopped = exam_machine.discontinue(exam, later, REASON)
    assert (stopped.state, stopped.ended) == (ExamState.DISCONTINUED, later)
    assert stopped.discontinuation_reason == REASON
    assert exam.state is ExamState.IN_PROGRESS


def test_nothing_but_the_end_changes() -> None:
    exam = new_exam()
    done = exam_machine.complete(exam, STARTED)
    assert replace(done, state=exam.state, ended=None) == exam


@pytest.mark.parametrize(
    "step",
    [
        exam_machine.may_acquire,
        lambda exam: exam_machine.complete(exam, STARTED),
        lambda exam: exam_machine.discontinue(exam, STARTED, REASON),
    ],
)
@pytest.mark.parametrize("state", [ExamState.COMPLETED, ExamState.DISCONTINUED])
def test_a_final_exam_takes_no_step_and_says_so(step, state: ExamState) -> None:
    with pytest.raises(IllegalTransition) as refusal:
        step(replace(new_exam(), state=state))
    assert f"Exam 7 is already {state.lower()}" in str(refusal.value)


def test_a_clock_set_back_does_not_end_the_exam_before_it_began() -> None:
    assert exam_machine.complete(new_exam(), STARTED - timedelta(days=1)).ended == STARTED


def test_an_end_without_a_time_zone_is_refused() -> None:
    with pytest.raises(IllegalTransition, match="time zone"):
        exam_machine.complete(new_exam(), STARTED.replace(tzinfo=None))


class ExamLife(RuleBasedStateMachine):
    """Any order of steps: the first end wins, and everything after it is refused."""

    def __init__(self) -> None:
        super().__init__()
        self.exam = new_exam()
        self.end: tuple[ExamState, datetime, Code | None] | None = None

    @rule(minutes=st.integers(0, 10_000))
    def complete(self, minutes: int) -> None:
        at = STARTED + timedelta(minutes=minutes)
        self._step(lambda: exam_machine.complete(self.exam, at), ExamState.COMPLETED, at, None)

    @rule(minutes=st.integers(0, 10_000), value=st.sampled_from(sorted(DISCONTINUATION_REASONS)))
    def discontinue(self, minutes: int, value: str) -> None:
        at = STARTED + timedelta(minutes=minutes)
        reason = DISCONTINUATION_REASONS[value]
        self._step(
            lambda: exam_machine.discontinue(self.exam, at, reason),
            ExamState.DISCONTINUED,
            at,
            reason,
        )

    @rule()
    def acquire(self) -> None:
        if self.end is None:
            exam_machine.may_acquire(self.exam)
            return
        with pytest.raises(IllegalTransition):
            exam_machine.may_acquire(self.exam)

    def _step(self, step, state: ExamState, at: datetime, reason: Code | None) -> None:
        if self.end is not None:
            with pytest.raises(IllegalTransition):
                step()
            return
        self.exam = step()
        self.end = (state, at, reason)

    @invariant()
    def the_first_end_stands(self) -> None:
        expected = self.end or (ExamState.IN_PROGRESS, None, None)
        assert (self.exam.state, self.exam.ended, self.exam.discontinuation_reason) == expected


TestExamLife = ExamLife.TestCase
