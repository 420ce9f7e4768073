"""A film is printed once, or held for a person: whatever breaks, and wherever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from services.errors import CatalogError
from services.film_picture import NotPrintable
from services.hospital import Faults, HospitalStore
from services.hospital.printer import FilmPrinter
from services.outbox.model import State
from services.printing import actions, jobs
from services.printing.printers import Printer
from tests.services.printing.imager import imager_printer
from tests.services.printing.stage import PrintStage

BEFORE = ("status", "session", "lut", "film box", "image box", "annotation")
"""Steps at which a cut leaves nothing printed and nothing in doubt."""


class Imager:
    """The simulated printer, and a box that knows it."""

    def __init__(self, folder: Path, make: Callable[..., PrintStage]) -> None:
        self.store = HospitalStore(folder / "hospital.db")
        self.entity = FilmPrinter(self.store, folder / "films")
        self.entity.start()
        self.stage = make(self.printer())

    def printer(self, name: str = "imager", **profile: Any) -> Printer:
        return imager_printer(self.entity.port, name, **profile)

    def faults(self, **faults: Any) -> None:
        self.store.set_faults(Faults(**faults))

    def close(self) -> None:
        self.entity.stop()
        self.store.close()

    @property
    def printed(self) -> int:
        return len(self.store.films())


@pytest.fixture
def imager(tmp_path: Path, stage: Callable[..., PrintStage]) -> Iterator[Imager]:
    made = Imager(tmp_path, stage)
    yield made
    made.close()


@pytest.mark.parametrize("step", BEFORE)
def test_a_cut_before_the_action_is_tried_again_and_prints_once(imager: Imager, step: str) -> None:
    imager.faults(print_step=step)
    here = imager.stage
    job = here.order(here.exam(2), display_format="1x2")
    assert here.print(timeout=0.3).open == 1
    assert imager.printed == 0
    waiting = here.job(job)
    assert (waiting.state, waiting.no_return) == (State.WAITING, "")
    imager.faults()
    assert here.print().nothing
    assert imager.printed == 1
    assert here.job(job).outcome == "printed"


@pytest.mark.parametrize(("step", "films"), [("action", 0), ("after action", 1)])
def test_a_cut_at_the_action_is_held_and_never_tried_again_unasked(
    imager: Imager, step: str, films: int
) -> None:
    imager.faults(print_step=step)
    here = imager.stage
    job = here.order(here.exam(2), display_format="1x2")
    assert here.print().held == 1
    imager.faults()
    assert here.print().held == 1
    assert imager.printed == films
    held = here.job(job)
    assert (held.state, held.code, held.sheets_done) == (State.HELD, "G-6403", 0)
    assert held.no_return
    assert "may have been printed" in held.words
    with pytest.raises(NotPrintable, match="look at imager"):
        actions.resend(here.box, job.id, by="op")
    assert here.print().held == 1
    assert imager.printed == films


def test_who_has_looked_prints_again_or_marks_it_as_printed(imager: Imager) -> None:
    here = imager.stage
    exam = here.exam(3)
    imager.faults(print_step="after action")
    seen = here.order(exam, display_format="1x1")
    lost = here.order(exam, display_format="2x2")
    assert here.print().held == 2
    imager.faults()
    assert imager.printed == 2
    actions.mark_printed(here.box, seen.id, by="op")
    actions.resend(here.box, lost.id, by="op", print_again=True)
    assert here.print().nothing
    # two in doubt, then sheets 2 and 3 of the first job, and the second job again
    assert imager.printed == 5
    assert [here.job(job).outcome for job in (seen, lost)] == ["printed", "printed"]
    assert "marked as printed" in here.events(seen)
    assert "printed again" in here.events(lost)


def test_the_last_sheet_marked_as_printed_ends_the_job(imager: Imager) -> None:
    here = imager.stage
    imager.faults(print_step="after action")
    job = here.order(here.exam(1))
    assert here.print().held == 1
    done = actions.mark_printed(here.box, job.id, by="op")
    assert (done.state, done.outcome, done.sheets_done) == (State.DONE, "marked", 1)
    with pytest.raises(CatalogError, match="is done"):
        actions.resend(here.box, job.id, by="op", print_again=True)
    assert here.print().nothing
    assert imager.printed == 1


@pytest.mark.parametrize("status", [0xC601, 0xC602, 0xC605, 0xC616])
def test_a_full_printer_is_tried_again_by_itself(imager: Imager, status: int) -> None:
    step = {0xC605: "image box", 0xC616: "film box"}.get(status, "action")
    imager.faults(print_step=step, print_status=status)
    here = imager.stage
    job = here.order(here.exam(1))
    assert here.print(timeout=0.3).open == 1
    assert here.job(job).no_return == ""
    assert f"{status:04X}" in here.job(job).words
    imager.faults()
    assert here.print().nothing
    assert imager.printed == 1


@pytest.mark.parametrize(
    ("step", "status", "doubtful"),
    [
        ("action", 0xC600, False),
        ("action", 0xC603, False),
        ("action", 0xC613, False),
        ("action", 0xB601, True),
        ("action", 0x0110, True),
        ("film box", 0x0106, False),
        ("image box", 0xC603, False),
        ("session", 0x0124, False),
    ],
)
def test_a_refusal_is_held_with_a_sentence(
    imager: Imager, step: str, status: int, doubtful: bool
) -> None:
    imager.faults(print_step=step, print_status=status)
    here = imager.stage
    job = here.order(here.exam(1))
    assert here.print().held == 1
    held = here.job(job)
    assert held.code.startswith("G-6")
    assert f"{status:04X}" in held.words
    assert held.advice
    assert bool(held.no_return) is doubtful
    # a session that is not printed as a whole may still come out film by film
    assert imager.printed == (status == 0xB601)


@pytest.mark.parametrize(
    ("step", "status", "code"),
    [
        ("session", 0xB600, "G-6101"),
        ("film box", 0xB605, "G-6106"),
        ("image box", 0xB604, "G-6105"),
        ("image box", 0xB609, "G-6107"),
        ("action", 0xB60A, "G-6108"),
    ],
)
def test_a_warning_is_told_and_the_film_counts(
    imager: Imager, step: str, status: int, code: str
) -> None:
    imager.faults(print_step=step, print_status=status)
    here = imager.stage
    job = here.order(here.exam(1))
    assert here.print().nothing
    done = here.job(job)
    assert (done.outcome, done.code, imager.printed) == ("printed", code, 1)
    assert f"{status:04X}" in done.words


@pytest.mark.parametrize(("step", "doubtful"), [("image box", False), ("action", True)])
def test_a_true_size_that_the_printer_changes_is_held(
    imager: Imager, step: str, doubtful: bool
) -> None:
    imager.faults(print_step=step, print_status=0xB604)
    here = imager.stage
    job = here.order(here.exam(1), true_size=True)
    assert here.print().held == 1
    held = here.job(job)
    assert (held.code, bool(held.no_return)) == ("G-6105", doubtful)
    assert imager.printed == doubtful


def test_a_printer_out_of_film_is_waited_for(imager: Imager) -> None:
    imager.faults(printer_status="FAILURE", printer_status_info="SUPPLY EMPTY")
    here = imager.stage
    job = here.order(here.exam(1))
    assert here.print(timeout=0.3).open == 1
    assert "SUPPLY EMPTY" in here.job(job).words
    assert here.job(job).code == "G-6402"
    imager.faults()
    assert here.print().nothing
    assert imager.printed == 1


@pytest.mark.parametrize("reports", [True, False])
def test_a_job_that_fails_after_it_was_taken_is_held(imager: Imager, reports: bool) -> None:
    imager.faults(print_job_ends="FAILURE", print_job_reports=reports)
    here = imager.stage
    job = here.order(here.exam(2), display_format="1x1")
    assert here.print().held == 1
    held = here.job(job)
    assert (held.code, held.sheets_done) == ("G-6409", 0)
    assert "CHECK PRINTER" in held.words
    imager.faults()
    actions.resend(here.box, job.id, by="op")
    assert here.print().nothing
    assert here.job(job).sheets_done == 2


@pytest.mark.parametrize("reports", [True, False])
def test_the_printers_own_word_ends_the_job(imager: Imager, reports: bool) -> None:
    imager.faults(print_job_reports=reports)
    here = imager.stage
    job = here.order(here.exam(1))
    assert here.print().nothing
    assert here.job(job).words == "the printer reports that it came out"
    assert here.job(job).reference


@pytest.mark.parametrize("step", ["job", "delete"])
def test_a_cut_after_the_film_was_taken_changes_nothing(imager: Imager, step: str) -> None:
    imager.faults(print_step=step, print_job_reports=False)
    here = imager.stage
    job = here.order(here.exam(1))
    assert here.print().nothing
    assert (imager.printed, here.job(job).outcome) == (1, "printed")


def test_sheets_that_were_taken_are_never_printed_again(imager: Imager) -> None:
    here = imager.stage
    job = here.order(here.exam(3), display_format="1x1", copies=2)
    seen: list[int] = []
    first = imager.entity._print

    def print_and_break(*args: Any) -> None:
        first(*args)
        seen.append(1)
        if len(seen) == 1:
            imager.faults(print_step="film box")

    imager.entity._print = print_and_break  # type: ignore[method-assign]
    assert here.print(timeout=0.5).open == 1
    assert (imager.printed, here.job(job).sheets_done) == (1, 1)
    imager.faults()
    assert here.print().nothing
    films = imager.store.films()
    assert [film.copies for film in films] == [2, 2, 2]
    assert here.job(job).sheets_done == 3


def test_all_sheets_of_a_session_are_in_doubt_together(
    imager: Imager, stage: Callable[..., PrintStage]
) -> None:
    here = imager.stage = stage(imager.printer(session_action=True))
    imager.faults(print_step="after action")
    job = here.order(here.exam(3), display_format="1x1")
    assert here.print().held == 1
    assert imager.printed == 3
    done = actions.mark_printed(here.box, job.id, by="op")
    assert (done.outcome, done.sheets_done) == ("marked", 3)


def test_an_order_is_kept_while_the_printer_is_away(imager: Imager) -> None:
    here = imager.stage
    imager.entity.stop()
    job = here.order(here.exam(1))
    assert here.print(timeout=0.3).open == 1
    assert here.job(job).state is State.WAITING
    imager.entity.start()
    assert here.print().nothing
    assert imager.printed == 1


def test_a_cancelled_job_is_not_printed(imager: Imager) -> None:
    here = imager.stage
    job = here.order(here.exam(1))
    assert actions.cancel(here.box, job.id, by="op").outcome == "cancelled"
    assert here.print().nothing
    assert imager.printed == 0


def test_what_is_left_goes_to_another_printer_that_can(
    imager: Imager, stage: Callable[..., PrintStage]
) -> None:
    small = imager.printer("small", film_sizes=("8INX10IN",))
    spare = imager.printer("spare")
    here = stage(imager.printer(), small, spare)
    job = here.order(here.exam(2), display_format="1x1")
    with pytest.raises(NotPrintable, match="small has no film of 14INX17IN"):
        actions.redirect(here.box, job.id, "small", by="op")
    assert here.job(job).outcome == ""
    new = actions.redirect(here.box, job.id, "spare", by="op")
    assert (new.printer, new.follows) == ("spare", job.id)
    assert here.job(job).outcome == "redirected"
    assert here.print().nothing
    assert imager.printed == 2
    here.close()


def test_what_the_printer_reports_meanwhile_is_kept_and_disturbs_nothing(imager: Imager) -> None:
    imager.faults(printer_status="WARNING", printer_status_info="SUPPLY LOW")
    here = imager.stage
    job = here.order(here.exam(2), display_format="1x1")
    assert here.print().nothing
    assert imager.printed == 2
    reports = [
        row["words"]
        for row in jobs.history(here.box.catalog, job.id)
        if row["event"] == "printer reports"
    ]
    assert reports == ["WARNING SUPPLY LOW"]
