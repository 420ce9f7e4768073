"""What becomes of received sheets: pictures in the right exam, each once, and paper, each once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest

from services import exams as lives
from services.box import Box
from services.catalog import at_hand, exams, received_sheets
from services.catalog.received_sheets import Images, Paper, ReceivedSheet
from services.dicom import print_uids as uids
from services.errors import CatalogError
from services.film_reception.compose import raster, sheet_pixels
from tests.peers.pdf import page_size, picture
from tests.services.boxes import HandClock, begin, item, make_box
from tests.services.film_reception.scanner import (
    Place,
    film_place,
    image_box,
    ramp,
    scanner,
)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = make_box(tmp_path, clock=HandClock())
    with made.catalog:
        yield made


def take_to_hand(box: Box, exam_id: str, *, confirmed: bool = True) -> None:
    now = box.clock.now()
    with box.catalog.writing() as db:
        at_hand.set(db, exam_id, "", now if confirmed else None, since=now)


def send(place: Place, *pictures: np.ndarray, layout: str = "", **more: object) -> ReceivedSheet:
    """A modality prints one sheet."""
    with scanner(place) as caller:
        caller.begin(NumberOfCopies=2)
        size = str(more.pop("FilmSizeID", "8INX10IN"))
        film, boxes, _ = caller.film(layout or f"STANDARD\\{len(pictures)},1", FilmSizeID=size)
        for position, (uid, pixels) in enumerate(zip(boxes, pictures, strict=False), 1):
            attributes = image_box(position, pixels, **more)
            assert caller.set(uids.GREY_IMAGE_BOX, uid, attributes) == 0
        assert caller.action(uids.FILM_BOX, film)[0] == 0
    return received_sheets.get(place.box.catalog, 1)


def pictures_of(box: Box, exam_id: str) -> list[pydicom.Dataset]:
    return [
        pydicom.dcmread(box.spool.root / row["path"])
        for row in exams.instances_of(box.catalog, exam_id)
    ]


def test_pictures_go_into_the_exam_that_was_open(box: Box) -> None:
    exam = begin(box)
    take_to_hand(box, exam.exam_id)
    with film_place(box) as place:
        sheet = send(place, ramp(), 255 - ramp())
        place.work.look()
        taken = received_sheets.get(box.catalog, sheet.id)
    assert (taken.images, taken.exam_id) == (Images.TAKEN, exam.exam_id)
    first, second = pictures_of(box, exam.exam_id)
    assert np.array_equal(first.pixel_array, ramp())
    assert np.array_equal(second.pixel_array, 255 - ramp())
    assert first.SOPClassUID == "1.2.840.10008.5.1.4.1.1.7"
    assert first.PatientID == exam.item.patient_id
    assert "PixelSpacing" not in first


def test_a_reversed_picture_is_shown_reversed(box: Box) -> None:
    exam = begin(box)
    take_to_hand(box, exam.exam_id)
    with film_place(box) as place:
        send(place, ramp(), Polarity="REVERSE")
        place.work.look()
    (only,) = pictures_of(box, exam.exam_id)
    assert only.PhotometricInterpretation == "MONOCHROME1"


@pytest.mark.parametrize("confirmed", [True, False])
def test_without_a_confirmed_patient_pictures_wait_to_be_matched(box: Box, confirmed: bool) -> None:
    exam = begin(box)
    if not confirmed:
        take_to_hand(box, exam.exam_id, confirmed=False)
    with film_place(box) as place:
        sheet = send(place, ramp())
        # a patient who comes later is not the one whose film this is
        take_to_hand(box, exam.exam_id)
        place.work.look()
        waiting = received_sheets.get(box.catalog, sheet.id)
        assert waiting.images is Images.UNASSIGNED
        assert "match" in waiting.words
        assert not pictures_of(box, exam.exam_id)
        (uid,) = place.intake.take(waiting, exam.exam_id)
    (only,) = pictures_of(box, exam.exam_id)
    assert only.SOPInstanceUID == uid


def test_an_exam_that_ended_meanwhile_gets_nothing(box: Box) -> None:
    exam = begin(box)
    take_to_hand(box, exam.exam_id)
    with film_place(box) as place:
        sheet = send(place, ramp())
        from device.reasons import DISCONTINUATION_REASONS

        reason = next(iter(DISCONTINUATION_REASONS.values()))
        lives.discontinue(box, exam.exam_id, reason)
        place.work.look()
        left = received_sheets.get(box.catalog, sheet.id)
    assert left.images is Images.UNASSIGNED
    assert exam.exam_id in left.words


def test_a_sheet_that_was_half_taken_is_finished_and_not_doubled(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam = begin(box)
    take_to_hand(box, exam.exam_id)
    with film_place(box) as place:
        sheet = send(place, ramp(), 255 - ramp())
        enter = exams.insert_instance
        calls = iter((True, False))

        def once(*arguments: object) -> None:
            if not next(calls):
                raise CatalogError("the power went")
            enter(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(exams, "insert_instance", once)
        with pytest.raises(CatalogError, match="power"):
            place.intake.take(sheet, exam.exam_id)
        monkeypatch.undo()
        half = received_sheets.get(box.catalog, sheet.id)
        assert len(pictures_of(box, exam.exam_id)) == 1
        other = lives.start(box, [item(2)])
        with pytest.raises(CatalogError, match="already"):
            place.intake.take(half, other.exam_id)
        place.intake.take(half, exam.exam_id)
    assert len(pictures_of(box, exam.exam_id)) == 2


def test_a_sheet_is_printed_once_and_the_modality_is_told(box: Box, tmp_path: Path) -> None:
    with film_place(box, images=Images.NONE, printer="film") as place:
        sheet = send(place, ramp(), 255 - ramp())
        place.work.look()
        place.work.look()
        assert received_sheets.get(box.catalog, sheet.id).paper is Paper.DONE
        ((title, data, options),) = place.queue.printed
        assert (title, options.copies) == (f"gantry-film-{sheet.id}", 2)
        path = tmp_path / "printed.pdf"
        path.write_bytes(data)
        assert page_size(path) == pytest.approx((576, 720), abs=0.01)
        content = place.cabinet.read(sheet)
        seen = picture(path, tmp_path)
        assert seen.shape[::-1] == sheet_pixels(content, 300)
        assert np.array_equal(seen, np.concatenate(list(raster(content, 300))))


def test_an_answer_that_was_lost_prints_once(box: Box) -> None:
    with film_place(box, images=Images.NONE, printer="film") as place:
        send(place, ramp())
        place.queue.lose_answer = True
        place.work.look()
        assert isinstance(box.clock, HandClock)
        box.clock.advance(60)
        place.work.look()
        place.work.look()
        assert len(place.queue.printed) == 1
        assert received_sheets.get(box.catalog, 1).paper is Paper.DONE


def test_a_server_that_is_away_is_waited_for(box: Box) -> None:
    with film_place(box, images=Images.NONE, printer="film") as place:
        send(place, ramp())
        place.queue.away = True
        place.work.look()
        waiting = received_sheets.get(box.catalog, 1)
        assert waiting.paper is Paper.WAITING
        assert "does not answer" in waiting.words
        place.queue.away = False
        assert isinstance(box.clock, HandClock)
        box.clock.advance(60)
        place.work.look()
        place.work.look()
        assert received_sheets.get(box.catalog, 1).paper is Paper.DONE


def test_an_empty_magazine_is_told(box: Box) -> None:
    with film_place(box, images=Images.NONE, printer="film") as place:
        place.queue.empty = True
        send(place, ramp())
        place.work.look()
        place.work.look()
        waiting = received_sheets.get(box.catalog, 1)
        assert (waiting.paper, waiting.words) == (Paper.SENDING, "the magazine is empty")
        place.queue.empty = False
        place.work.look()
        assert received_sheets.get(box.catalog, 1).paper is Paper.DONE


def test_a_job_that_failed_asks_a_person_and_is_not_repeated(box: Box) -> None:
    with film_place(box, images=Images.NONE, printer="film") as place:
        place.queue.abort = True
        send(place, ramp())
        for _ in range(3):
            place.work.look()
        held = received_sheets.get(box.catalog, 1)
        assert held.paper is Paper.HELD
        assert "look at the printer" in held.words
        assert not place.queue.printed
        said = place.jobs.describe(held.job_uid)
        assert said is not None
        assert said.ExecutionStatus == "FAILURE"


def test_a_sheet_that_the_printer_does_not_have_is_held_and_not_scaled(box: Box) -> None:
    with film_place(box, images=Images.NONE, printer="film") as place:
        place.queue.media = place.queue.media[:1]
        send(place, ramp())
        place.work.look()
        held = received_sheets.get(box.catalog, 1)
    assert held.paper is Paper.HELD
    assert "203 x 254" in held.words


def test_a_requested_size_is_true_to_the_millimetre(box: Box) -> None:
    white = np.full((100, 200), 255, np.uint8)
    with film_place(box, images=Images.NONE, printer="film") as place:
        sheet = send(place, white, RequestedImageSize="100")
        page = np.concatenate(list(raster(place.cabinet.read(sheet), 300)))
    columns = np.flatnonzero(page.max(axis=0) > 127)
    rows = np.flatnonzero(page.max(axis=1) > 127)
    width, height = (len(columns) / 300 * 25.4, len(rows) / 300 * 25.4)
    assert width == pytest.approx(100, rel=0.005)
    assert height == pytest.approx(50, rel=0.005)


def test_settled_sheets_leave_the_box_after_a_while(box: Box) -> None:
    with film_place(box, images=Images.NONE, printer="film") as place:
        send(place, ramp())
        place.work.look()
        place.work.look()
        folder = place.cabinet.root / received_sheets.get(box.catalog, 1).folder
        assert folder.exists()
        assert isinstance(box.clock, HandClock)
        box.clock.advance(40 * 86400)
        place.work.look()
        assert not folder.exists()
        assert not received_sheets.recent(box.catalog)
