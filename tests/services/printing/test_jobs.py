"""Ordering: what is refused before anything is owed, and what an open job keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from device.film import LutShape
from services import retention
from services.errors import CatalogError, NotFound
from services.film_picture import FULL, NotPrintable
from services.outbox import operator
from services.outbox.model import State
from services.printing import actions, drafts, jobs, test_film
from services.printing.inquiry import facts_from
from services.printing.pixels import box_pixels
from services.printing.printers import capable, note_facts
from services.printing.works import readable
from tests.services.boxes import acquire, begin
from tests.services.printing.imager import imager_printer
from tests.services.printing.stage import PrintStage

MakeStage = Callable[..., PrintStage]


@pytest.fixture
def here(stage: MakeStage) -> PrintStage:
    return stage(imager_printer(9))


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"film_size": "A3"}, "has no film of A3"),
        ({"display_format": "ROW\\1,2"}, "does not do the layout"),
    ],
)
def test_what_the_printer_cannot_do_is_refused_at_once(
    here: PrintStage, wish: dict[str, Any], words: str
) -> None:
    with pytest.raises(NotPrintable, match=words) as refused:
        here.order(here.exam(1), **wish)
    assert refused.value.code == "G-6401"
    assert operator.deliveries(here.box.catalog, owed_only=False) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"colour": True}, "colour"),
        ({"medium": "PAPYRUS"}, "no medium PAPYRUS"),
        ({"max_density": 400}, "densities of 20 to 310"),
    ],
)
def test_choices_that_it_does_not_have_are_named(
    here: PrintStage, change: dict[str, Any], words: str
) -> None:
    exam = here.exam(1)
    film = replace(drafts.propose(here.box, exam.exam_id), **change)
    with pytest.raises(NotPrintable, match=words):
        here.submit(exam, film)


def test_only_the_exams_own_images_are_printed(here: PrintStage) -> None:
    first, second = here.exam(1), here.exam(1, number=2)
    foreign = drafts.propose(here.box, second.exam_id)
    with pytest.raises(NotPrintable, match="another exam's"):
        here.submit(first, foreign)
    image = here.first_image(first)
    far = drafts.propose(here.box, first.exam_id, chosen=[replace(image, frame=2)])
    with pytest.raises(NotPrintable, match="frame 2"):
        here.submit(first, far)
    with pytest.raises(NotFound, match="no exam 99"):
        jobs.submit(here.box, "99", "", foreign, by="op")


def test_true_size_that_cannot_be_had_is_refused_when_it_is_ordered(here: PrintStage) -> None:
    exam = begin(here.box)
    acquire(here.box, exam, 1)
    with pytest.raises(NotPrintable, match="calibrated") as refused:
        here.order(exam, true_size=True)
    assert refused.value.code == "G-6406"


def test_images_stay_while_a_job_is_open(here: PrintStage) -> None:
    exam = here.exam(2)
    with here.box.catalog.writing() as db:
        for image in drafts.images(here.box, exam.exam_id):
            db.table("archived").insert(
                {"sop_instance_uid": image["sop_instance_uid"], "peer": "pacs",
                 "owes_commitment": 0, "stored": "then"}
            )  # fmt: skip
    keen = replace(here.box, retention=replace(here.box.retention, keep_days=0))
    job = here.order(exam)
    assert retention.apply(keen).by_age == 0
    actions.cancel(here.box, job.id, by="op")
    assert retention.apply(keen).by_age == 2


def test_an_image_that_was_discarded_meanwhile_is_held_in_words(here: PrintStage) -> None:
    exam = here.exam(1)
    job = here.order(exam)
    with here.box.catalog.writing() as db:
        db.conn.execute("UPDATE instance SET discarded = 'then'")
    with pytest.raises(NotPrintable, match="discarded"):
        drafts.preview(here.box, exam.exam_id, "", job.film)


def test_a_proposal_takes_the_smallest_layout_with_room(here: PrintStage) -> None:
    exam = here.exam(5)
    film = drafts.propose(here.box, exam.exam_id)
    assert [sheet.display_format for sheet in film.sheets] == ["STANDARD\\2,3"]
    many = drafts.propose(here.box, exam.exam_id, chosen=[here.first_image(exam)] * 45)
    assert [len(sheet.images) for sheet in many.sheets] == [20, 20, 5]


def test_a_layout_goes_to_the_console_and_back(here: PrintStage) -> None:
    exam = here.exam(3)
    film = replace(drafts.propose(here.box, exam.exam_id, copies=2), lut=LutShape.LIN_OD)
    plain = drafts.film_as_plain(film)
    assert drafts.film_from_plain(plain) == film
    plain["copies"] = 0
    with pytest.raises(NotPrintable, match="copies"):
        drafts.film_from_plain(plain)


def test_linear_density_is_previewed_as_it_will_look(here: PrintStage) -> None:
    exam = here.exam(1)
    film = drafts.propose(here.box, exam.exam_id)
    plain = drafts.preview(here.box, exam.exam_id, "", film)
    assert drafts.preview(here.box, exam.exam_id, "", replace(film, lut=LutShape.LIN_OD)) != plain


def test_what_a_printer_says_of_itself_narrows_its_profile(here: PrintStage) -> None:
    printer = here.box.printers[0]
    status, configuration, own = Dataset(), Dataset(), Dataset()
    status.PrinterStatus = "NORMAL"
    formats = []
    for text, size in (("STANDARD\\1,2", "8INX10IN"), ("SLIDE", "8INX10IN")):
        item = Dataset()
        item.ImageDisplayFormat, item.FilmSizeID = text, size
        item.FilmOrientation = "PORTRAIT"
        item.Columns, item.Rows = 2000, 1200
        formats.append(item)
    own.SupportedImageDisplayFormatsSequence = formats
    own.PrintingBitDepth = 8
    configuration.PrinterConfigurationSequence = [own]
    facts = facts_from(status, configuration, at=1.0)
    note_facts(here.box.catalog, printer.name, facts)
    profile = capable(printer, facts)
    assert (profile.film_sizes, profile.formats, profile.bits) == (
        ("8INX10IN",), ("STANDARD\\1,2",), 8,
    )  # fmt: skip
    film = drafts.propose(here.box, here.exam(1).exam_id)
    assert film.sheets[0].film_size == "8INX10IN"
    work = test_film.work(here.box, printer)
    assert box_pixels(profile, facts, film.sheets[0], work.geometry.boxes[0]) == (2000, 1200)


def test_the_test_film_measures_a_hundred_millimetres(here: PrintStage) -> None:
    picture = test_film.picture()
    middle = picture.shape[0] // 2
    # along the line under the test patches: nothing but the two sides of the frame is white
    white = np.flatnonzero(picture[middle + round(45 / test_film.PIXEL_MM)] == FULL)
    left, right = white[white < middle].max(), white[white > middle].min()
    assert (right - left - 1) * test_film.PIXEL_MM == test_film.FRAME_MM


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Müller^Jürgen", "Müller Jürgen"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada Tarou  山田 太郎"),
        ("=山田^太郎", "山田 太郎"),
        ("", ""),
    ],
)
def test_names_are_written_as_people_do(name: str, shown: str) -> None:
    assert readable(name) == shown


def test_the_outbox_sends_who_acts_on_sheets_to_their_own_actions(here: PrintStage) -> None:
    job = here.order(here.exam(1))
    catalog = here.box.catalog
    for act in (
        lambda: operator.resend(catalog, job.delivery_id),
        lambda: operator.cancel(catalog, job.delivery_id),
        lambda: operator.redirect(catalog, job.delivery_id, here.box.destinations, "x", at=0.0),
    ):
        with pytest.raises(CatalogError, match=f"print job {job.id}|no peer"):
            act()
    assert here.job(job).state is State.WAITING
