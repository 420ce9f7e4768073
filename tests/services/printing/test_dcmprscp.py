"""Film jobs at DCMTK's print SCP: what it got is what was ordered and what was previewed."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from device.film import Orientation, Window
from services.dispatcher import film as errands
from services.film_render import render_box
from services.outbox.model import State
from services.printing import drafts
from services.printing.printers import PrinterFacts
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


def test_a_film_of_eight_bits_is_rounded_once(
    start_dcmprscp: StartPrinter, stage: MakeStage
) -> None:
    peer = start_dcmprscp(twelve=False)
    printer = peer.printer(dpi=100.0, bits=8)
    here = stage(printer)
    exam = here.exam(1)
    window = Window(2000, 1500)
    chosen = [replace(here.first_image(exam), window=window)]
    job = here.submit(exam, drafts.propose(here.box, exam.exam_id, chosen=chosen))
    assert here.print().nothing
    (film,) = peer.films()
    work = works_of(here.box, exam.exam_id, printer, job.film)[0]
    pixels = film.boxes[1].pixels
    np.testing.assert_array_equal(pixels, render_box(work, 0, pixels.shape[::-1]))
    assert pixels.dtype == np.uint8


SHAPE: dict[str, Any] = {}
TABLE: dict[str, Any] = {"lut_shapes": (), "lut_entries": 256}


# a table in Implicit VR is answered 0105 by this peer, which is its own fault
@pytest.mark.parametrize(("implicit", "lut"), [(False, SHAPE), (True, SHAPE), (False, TABLE)])
def test_the_grey_scale_goes_by_shape_or_table(
    start_dcmprscp: StartPrinter, stage: MakeStage, implicit: bool, lut: dict[str, Any]
) -> None:
    peer = start_dcmprscp(implicit=implicit)
    here = stage(peer.printer(dpi=60.0, **lut))
    job = here.order(here.exam(1))
    here.print()
    done = here.job(job)
    assert done.outcome == "printed", done.words
    (film,) = peer.films()
    assert film.film_box.ReferencedPresentationLUTSequence


def test_several_sheets_and_copies_each_come_once(
    start_dcmprscp: StartPrinter, stage: MakeStage
) -> None:
    peer = start_dcmprscp()
    here = stage(peer.printer(dpi=60.0))
    exam = here.exam(5)
    job = here.order(
        exam,
        display_format="1x2",
        film_size="8INX10IN",
        copies=3,
        orientation=Orientation.LANDSCAPE,
    )
    assert here.print().nothing
    films = peer.films()
    assert [len(film.boxes) for film in films] == [2, 2, 1]
    assert {film.film_box.FilmOrientation for film in films} == {"LANDSCAPE"}
    assert {str(film.film_box.FilmSizeID) for film in films} == {"8INX10IN"}
    assert {int(film.dataset.get("NumberOfCopies") or 3) for film in films} == {3}
    assert here.job(job).sheets_done == 3


def test_what_the_printer_refuses_is_held_with_its_status(
    start_dcmprscp: StartPrinter, stage: MakeStage
) -> None:
    peer = start_dcmprscp()
    here = stage(peer.printer(dpi=60.0, film_sizes=("10INX14IN",)))
    job = here.order(here.exam(1))
    assert here.print().held == 1
    held = here.job(job)
    assert (held.state, held.code, held.no_return) == (State.HELD, "G-6302", "")
    assert "0106" in held.words
    assert peer.films() == []


def test_the_preview_is_the_page_that_the_printer_got(
    start_dcmprscp: StartPrinter, stage: MakeStage
) -> None:
    """The page is put together from what arrived, and lies on the preview pixel by pixel."""
    peer = start_dcmprscp()
    printer = peer.printer(dpi=100.0)
    here = stage(printer)
    exam = here.exam(4)
    job = here.order(exam, display_format="2x2")
    assert here.print().nothing
    (film,) = peer.films()
    work = works_of(here.box, exam.exam_id, printer, job.film)[0]
    png = drafts.preview(here.box, exam.exam_id, "film", job.film, width=1400)
    preview = np.asarray(Image.open(io.BytesIO(png)), dtype=float)
    page = np.zeros(preview.shape)
    for position, box in film.boxes.items():
        place = work.geometry.boxes[position - 1]
        left, top = round(place.x / 25.4 * 100), round(place.y / 25.4 * 100)
        high, wide = box.pixels.shape
        page[top : top + high, left : left + wide] = box.pixels / 4095 * 255
    assert np.abs(page - preview).max() <= 1.0


def test_a_colour_film_is_refused_by_a_grey_printer_in_words(
    start_dcmprscp: StartPrinter, stage: MakeStage
) -> None:
    peer = start_dcmprscp()
    here = stage(peer.printer(dpi=60.0, colour=True))
    job = here.order(here.exam(1))
    assert here.print().held == 1
    assert "Basic Color Print Management" in here.job(job).words


def test_annotations_are_left_out_where_the_printer_has_none(
    start_dcmprscp: StartPrinter, stage: MakeStage
) -> None:
    peer = start_dcmprscp()
    here = stage(peer.printer(dpi=60.0, annotation_format="COMBINED", annotations=1))
    job = here.order(here.exam(1))
    assert here.print().nothing
    assert here.job(job).outcome == "printed"


def test_true_size_names_the_width_that_the_picture_must_have(
    start_dcmprscp: StartPrinter, stage: MakeStage
) -> None:
    peer = start_dcmprscp()
    printer = peer.printer(dpi=100.0)
    here = stage(printer)
    exam = here.exam(1)
    job = here.order(exam, true_size=True)
    assert here.print().nothing
    (film,) = peer.films()
    work = works_of(here.box, exam.exam_id, printer, job.film)[0]
    asked = float(film.boxes[1].dataset.RequestedImageSize)
    assert asked == pytest.approx(work.geometry.boxes[0].width, rel=0.005)
    columns = film.boxes[1].pixels.shape[1]
    assert columns / 100 * 25.4 == pytest.approx(asked, rel=0.005)


def test_a_printer_that_says_that_it_has_eight_bits_gets_eight(
    start_dcmprscp: StartPrinter, stage: MakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = start_dcmprscp()
    here = stage(peer.printer(dpi=60.0))
    facts = PrinterFacts(asked=1.0, status="NORMAL", bits=8)
    monkeypatch.setattr(errands, "ask_on", lambda *_: facts)
    here.order(here.exam(1))
    assert here.print().nothing
    (film,) = peer.films()
    assert film.boxes[1].pixels.dtype == np.uint8
