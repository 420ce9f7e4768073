"""Every status of Print Management has a sentence, and only clear refusals leave no doubt."""

from __future__ import annotations

import pytest

from services.dicom.outcome import Disposition
from services.dicom.print_outcome import Step, print_outcome

WARNINGS = (0xB600, 0xB604, 0xB605, 0xB609, 0xB60A)
RETRIED = (0xC601, 0xC602, 0xC605, 0xC616)
HELD = (0xB602, 0xB603, 0xC600, 0xC603, 0xC613)


@pytest.mark.parametrize("step", list(Step))
@pytest.mark.parametrize("status", [*WARNINGS, *RETRIED, *HELD, 0xB601, 0x0110, 0x0106, 0xC123])
def test_each_has_a_sentence_an_advice_and_a_code(step: Step, status: int) -> None:
    outcome = print_outcome(step, status, "own words")
    assert outcome.code.startswith("G-6")
    assert f"{status:04X}" in outcome.text
    assert outcome.text.endswith("own words")
    assert outcome.advice


def test_success_is_done() -> None:
    assert print_outcome(Step.ACTION, 0).disposition is Disposition.DONE


@pytest.mark.parametrize("status", WARNINGS)
def test_warnings_go_on_unless_a_true_size_was_promised(status: int) -> None:
    assert print_outcome(Step.IMAGE_BOX, status).disposition is Disposition.DONE_WITH_WARNING
    scales = status in (0xB604, 0xB609, 0xB60A)
    strict = print_outcome(Step.IMAGE_BOX, status, true_size=True)
    assert (strict.disposition is Disposition.HOLD) is scales
    assert not strict.doubtful
    assert print_outcome(Step.ACTION, status, true_size=True).doubtful is scales


@pytest.mark.parametrize("status", RETRIED)
def test_what_is_full_now_is_tried_again(status: int) -> None:
    for step in (Step.FILM_BOX, Step.ACTION):
        outcome = print_outcome(step, status)
        assert (outcome.disposition, outcome.doubtful) == (Disposition.RETRY, False)


@pytest.mark.parametrize("status", HELD)
def test_what_is_wrong_is_held_without_doubt(status: int) -> None:
    outcome = print_outcome(Step.ACTION, status)
    assert (outcome.disposition, outcome.doubtful) == (Disposition.HOLD, False)


@pytest.mark.parametrize("status", [0xB601, 0x0110, 0x0213, 0x0112, 0x0106, 0xC000, 0xA700])
def test_after_any_other_answer_to_the_action_a_person_looks(status: int) -> None:
    outcome = print_outcome(Step.ACTION, status)
    assert (outcome.disposition, outcome.doubtful) == (Disposition.HOLD, True)


def test_a_failure_before_the_action_is_never_in_doubt() -> None:
    for status in range(0x0100, 0x0220):
        assert not print_outcome(Step.IMAGE_BOX, status).doubtful
