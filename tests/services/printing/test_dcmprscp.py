"""Film jobs at DCMTK's print SCP: what it got is what was ordered and what was previewed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from services.film_render import render_box
from services.outbox.model import State
from services.printing.works import works_of
from tests.peers.printers import StartPrinter
from tests.services.printing.stage import PrintStage

pytestmark = pytest.mark.peer

MakeStage = Callable[..., PrintStage]


def test_a_film_of_twelve_bits_arrives_box_by_box_as_it_was_rendered(
    start_dcmprscp: StartPrinter, stage: MakeStage
) -> None:
    peer = start_dcmprscp()
    printer = peer.printer(dpi=100.0)
    here = stage(printer)
    exam = here.exam(3)
    job = here.order(exam, display_format="2x2")
    assert here.print().nothing
    done = here.job(job)
    assert (done.state, done.outcome, done.sheets_done) == (State.DONE, "printed", 1)
    (film,) = peer.films()
    work = works_of(here.box, exam.exam_id, printer, done.film)[0]
    assert sorted(film.boxes) == [1, 2, 3]
    for position, box in film.boxes.items():
        expected = render_box(work, position - 1, box.pixels.shape[::-1], bits=12)
        np.testing.assert_array_equal(box.pixels, expected)
        assert box.pixels.max() > 255
    assert film.film_box.FilmSizeID == "14INX17IN"
    assert here.events(job) == ["ordered", "told to print", "taken by the printer", "printed"]
