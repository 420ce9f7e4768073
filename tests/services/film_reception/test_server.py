"""The print SCP over real associations: what is taken, what is refused, and with which status."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from services.box import Box
from services.catalog import received_sheets
from services.catalog.received_sheets import Images
from services.dicom import print_uids as uids
from services.film_reception.cabinet import samples
from tests.end_to_end.cli import until
from tests.services.boxes import make_box
from tests.services.film_reception.scanner import (
    Place,
    Scanner,
    dataset,
    film_attributes,
    film_place,
    folders,
    image_box,
    ramp,
    scanner,
)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = make_box(tmp_path)
    with made.catalog:
        yield made


@pytest.fixture
def place(box: Box) -> Iterator[Place]:
    with film_place(box) as made:
        yield made


@pytest.fixture
def caller(place: Place) -> Iterator[Scanner]:
    with scanner(place) as made:
        yield made


def test_a_sheet_is_durable_before_success(place: Place, caller: Scanner) -> None:
    caller.begin(NumberOfCopies=2, PrintPriority="HIGH", FilmSessionLabel="room 2")
    film, boxes, _ = caller.film("STANDARD\\2,1", FilmSizeID="8INX10IN")
    assert caller.fill(boxes[0], 1, ramp()) == 0
    deep = (np.arange(1200) % 4096).astype(np.uint16).reshape(30, 40)
    assert caller.fill(boxes[1], 2, deep, bits=12, Polarity="REVERSE") == 0
    assert not folders(place)
    status, reply = caller.action(uids.FILM_BOX, film)
    assert status == 0
    (sheet,) = received_sheets.recent(place.box.catalog)
    assert (sheet.caller, sheet.copies, sheet.priority) == ("OLDCT", 2, "HIGH")
    assert (sheet.film_size, sheet.pictures) == ("8INX10IN", 2)
    job = reply.ReferencedPrintJobSequencePullStoredPrint[0].ReferencedSOPInstanceUID
    assert job == sheet.job_uid
    first, second = place.cabinet.read(sheet).pictures
    assert first is not None
    assert second is not None
    assert np.array_equal(samples(first), ramp())
    assert np.array_equal(samples(second), deep)
    assert (first.inverse, second.inverse) == (False, True)
    assert second.bits_stored == 12


def test_colour_comes_by_plane_and_is_kept_by_pixel(place: Place) -> None:
    pixels = np.stack([ramp(), ramp()[::-1], 255 - ramp()], axis=-1)
    with scanner(place, colour=True) as caller:
        caller.begin()
        film, boxes, _ = caller.film()
        assert caller.fill(boxes[0], 1, pixels) == 0
        assert caller.action(uids.FILM_BOX, film)[0] == 0
    (sheet,) = received_sheets.recent(place.box.catalog)
    (picture,) = place.cabinet.read(sheet).pictures
    assert picture is not None
    assert np.array_equal(samples(picture), pixels)


def test_what_is_not_printed_leaves_nothing(place: Place) -> None:
    with scanner(place) as caller:
        caller.begin()
        _, boxes, _ = caller.film()
        caller.fill(boxes[0], 1, ramp())
        assert list((place.cabinet.root / "incoming").rglob("*.raw"))
        caller.association.abort()
    assert not received_sheets.recent(place.box.catalog)
    until(lambda: not list((place.cabinet.root / "incoming").iterdir()), 10)


def test_a_session_prints_its_films_in_order_and_leaves_empty_ones_out(
    place: Place, caller: Scanner
) -> None:
    session = caller.begin()
    for value in (1, 2):
        _, boxes, _ = caller.film()
        caller.fill(boxes[0], 1, np.full((4, 4), value, np.uint8))
    caller.film()
    status, reply = caller.action(uids.FILM_SESSION, session)
    assert status == 0xB602
    job = reply.ReferencedPrintJobSequencePullStoredPrint[0].ReferencedSOPInstanceUID
    first, second = received_sheets.of_job(place.box.catalog, job)
    assert [sheet.number for sheet in (first, second)] == [1, 2]
    (picture,) = place.cabinet.read(second).pictures
    assert picture is not None
    assert samples(picture)[0, 0] == 2


def test_annotations_and_luts_are_kept(place: Place, caller: Scanner) -> None:
    caller.begin()
    table = dataset(LUTDescriptor=[256, 0, 12], LUTData=[16 * n for n in range(256)])
    table["LUTData"].VR = "US"
    lut = generate_uid()
    status, _ = caller.create(uids.PRESENTATION_LUT, dataset(PresentationLUTSequence=[table]), lut)
    assert status.Status == 0
    reference = dataset(ReferencedSOPClassUID=uids.PRESENTATION_LUT, ReferencedSOPInstanceUID=lut)
    film, boxes, reply = caller.film(
        AnnotationDisplayFormatID="LABEL", ReferencedPresentationLUTSequence=[reference]
    )
    notes = [item.ReferencedSOPInstanceUID for item in reply.ReferencedBasicAnnotationBoxSequence]
    text = dataset(AnnotationPosition=1, TextString="Ward 4")
    assert caller.set(uids.ANNOTATION_BOX, notes[0], text) == 0
    caller.fill(boxes[0], 1, ramp())
    assert caller.action(uids.FILM_BOX, film)[0] == 0
    sheet = place.cabinet.read(received_sheets.recent(place.box.catalog)[0])
    assert sheet.notes == ("Ward 4",)
    assert sheet.luts[lut].values[255] == 16 * 255


class TestRefused:
    """Every status that a modality may count on."""

    def test_a_second_session(self, caller: Scanner) -> None:
        caller.begin()
        assert caller.create(uids.FILM_SESSION, Dataset(), generate_uid())[0].Status == 0x0210

    def test_memory_is_not_allocated(self, caller: Scanner) -> None:
        status, _ = caller.create(uids.FILM_SESSION, dataset(MemoryAllocation=100), generate_uid())
        assert status.Status == 0xB600

    @pytest.mark.parametrize(
        ("keyword", "value"),
        [
            ("NumberOfCopies", 0),
            ("NumberOfCopies", 100),
            ("PrintPriority", "NOW"),
            ("MediumType", "GLASS"),
            ("FilmDestination", "FLOOR"),
        ],
    )
    def test_a_session_value(self, caller: Scanner, keyword: str, value: object) -> None:
        status, _ = caller.create(uids.FILM_SESSION, dataset(**{keyword: value}), generate_uid())
        assert status.Status == 0x0106
        assert keyword in status.ErrorComment

    def test_a_film_without_a_session(self, caller: Scanner) -> None:
        attributes = film_attributes("1.2.3", "STANDARD\\1,1")
        assert caller.create(uids.FILM_BOX, attributes, generate_uid())[0].Status == 0xC610

    def test_a_film_of_another_session(self, caller: Scanner) -> None:
        caller.begin()
        attributes = film_attributes("1.2.3", "STANDARD\\1,1")
        assert caller.create(uids.FILM_BOX, attributes, generate_uid())[0].Status == 0x0112

    def test_a_film_without_its_format(self, caller: Scanner) -> None:
        session = caller.begin()
        attributes = film_attributes(session, "STANDARD\\1,1")
        del attributes.ImageDisplayFormat
        status, _ = caller.create(uids.FILM_BOX, attributes, generate_uid())
        assert status.Status == 0x0120
        assert "ImageDisplayFormat" in status.ErrorComment

    @pytest.mark.parametrize(
        "layout", ["SLIDE", "SUPERSLIDE", "CUSTOM\\1", "STANDARD\\0,1", "STANDARD\\9,9", "2x2"]
    )
    def test_a_format(self, caller: Scanner, layout: str) -> None:
        attributes = film_attributes(caller.begin(), layout)
        assert caller.create(uids.FILM_BOX, attributes, generate_uid())[0].Status == 0x0106

    def test_a_film_size(self, caller: Scanner) -> None:
        attributes = film_attributes(caller.begin(), "STANDARD\\1,1", FilmSizeID="10INX12IN")
        assert caller.create(uids.FILM_BOX, attributes, generate_uid())[0].Status == 0x0106

    def test_a_film_twice(self, caller: Scanner) -> None:
        session = caller.begin()
        film, _, _ = caller.film()
        attributes = film_attributes(session, "STANDARD\\1,1")
        assert caller.create(uids.FILM_BOX, attributes, film)[0].Status == 0x0111

    def test_nothing_to_print(self, caller: Scanner) -> None:
        session = caller.begin()
        assert caller.action(uids.FILM_SESSION, session)[0] == 0xC600
        film, _, _ = caller.film()
        assert caller.action(uids.FILM_BOX, film)[0] == 0xB603
        assert caller.action(uids.FILM_BOX, "1.2.3")[0] == 0x0112
        assert caller.action(uids.FILM_BOX, film, 2)[0] == 0x0211

    def test_printing_without_a_session(self, caller: Scanner) -> None:
        assert caller.action(uids.FILM_SESSION, "1.2.3")[0] == 0xC610

    def test_deleting_what_is_not_there(self, caller: Scanner) -> None:
        assert caller.delete(uids.FILM_SESSION, "1.2.3") == 0x0112
        session = caller.begin()
        assert caller.delete(uids.FILM_BOX, "1.2.3") == 0xC600
        film, _, _ = caller.film()
        assert caller.delete(uids.FILM_BOX, "1.2.3") == 0x0112
        assert caller.delete(uids.FILM_BOX, film) == 0
        assert caller.delete(uids.FILM_SESSION, session) == 0
        caller.begin()

    @pytest.mark.parametrize(
        ("change", "status"),
        [
            ({"Rows": 41}, 0x0106),
            ({"BitsStored": 7}, 0x0106),
            ({"HighBit": 6}, 0x0106),
            ({"PixelRepresentation": 1}, 0x0106),
            ({"SamplesPerPixel": 3}, 0x0106),
            ({"PhotometricInterpretation": "RGB"}, 0x0106),
            ({"PixelAspectRatio": [0, 1]}, 0x0106),
            ({"Columns": None}, 0x0120),
        ],
    )
    def test_a_picture_that_is_none(
        self, place: Place, caller: Scanner, change: dict[str, object], status: int
    ) -> None:
        caller.begin()
        film, boxes, _ = caller.film()
        attributes = image_box(1, ramp())
        for keyword, value in change.items():
            setattr(attributes.BasicGrayscaleImageSequence[0], keyword, value)
        assert caller.set(uids.GREY_IMAGE_BOX, boxes[0], attributes) == status
        assert caller.action(uids.FILM_BOX, film)[0] == 0xB603

    def test_a_picture_without_pixels(self, caller: Scanner) -> None:
        caller.begin()
        _, boxes, _ = caller.film()
        attributes = image_box(1, ramp())
        del attributes.BasicGrayscaleImageSequence[0].PixelData
        assert caller.set(uids.GREY_IMAGE_BOX, boxes[0], attributes) == 0x0120

    def test_a_picture_for_another_box(self, caller: Scanner) -> None:
        caller.begin()
        _, boxes, _ = caller.film("STANDARD\\2,1")
        assert caller.fill(boxes[0], 2, ramp()) == 0x0106
        assert caller.fill("1.2.3", 1, ramp()) == 0x0112

    def test_a_lut_that_nobody_made(self, caller: Scanner) -> None:
        reference = dataset(
            ReferencedSOPClassUID=uids.PRESENTATION_LUT, ReferencedSOPInstanceUID="1.2.3"
        )
        attributes = film_attributes(
            caller.begin(), "STANDARD\\1,1", ReferencedPresentationLUTSequence=[reference]
        )
        assert caller.create(uids.FILM_BOX, attributes, generate_uid())[0].Status == 0x0106


def test_a_full_card_is_told_and_nothing_is_kept(
    place: Place, caller: Scanner, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller.begin()
    film, boxes, _ = caller.film()
    caller.fill(boxes[0], 1, ramp())
    monkeypatch.setattr(place.cabinet, "has_room", lambda _: False)
    assert caller.fill(boxes[0], 1, ramp()) == 0x0213
    monkeypatch.undo()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("services.film_reception.cabinet._write", full)
    assert caller.action(uids.FILM_BOX, film)[0] == 0x0213
    assert not folders(place)
    assert not received_sheets.recent(place.box.catalog)


def test_the_printer_and_its_jobs_can_be_asked(place: Place, caller: Scanner) -> None:
    status, said = caller.get(uids.PRINTER, uids.PRINTER_INSTANCE)
    assert (status.Status, said.PrinterStatus) == (0, "NORMAL")
    status, said = caller.get(uids.PRINTER, uids.PRINTER_INSTANCE, [0x21100010, 0x00100010])
    assert status.Status == 0x0107
    assert caller.get(uids.PRINTER, "1.2.3")[0].Status == 0x0117
    caller.begin(PrintPriority="LOW")
    film, boxes, _ = caller.film()
    caller.fill(boxes[0], 1, ramp())
    _, reply = caller.action(uids.FILM_BOX, film)
    job = reply.ReferencedPrintJobSequencePullStoredPrint[0].ReferencedSOPInstanceUID
    status, said = caller.get(uids.PRINT_JOB, job)
    assert (said.PrintPriority, said.Originator) == ("LOW", "OLDCT")
    assert caller.get(uids.PRINT_JOB, "1.2.3")[0].Status == 0x0112


def test_a_job_is_told_about_on_its_association(place: Place, caller: Scanner) -> None:
    caller.begin()
    film, boxes, _ = caller.film()
    caller.fill(boxes[0], 1, ramp())
    _, reply = caller.action(uids.FILM_BOX, film)
    job = reply.ReferencedPrintJobSequencePullStoredPrint[0].ReferencedSOPInstanceUID
    place.work.look()
    until(lambda: caller.events == [(3, job)], 10)


def test_the_same_film_again_is_marked(place: Place, caller: Scanner) -> None:
    caller.begin()
    film, boxes, _ = caller.film()
    caller.fill(boxes[0], 1, ramp())
    caller.action(uids.FILM_BOX, film)
    caller.action(uids.FILM_BOX, film)
    second, first = received_sheets.recent(place.box.catalog)
    assert (first.same_as, second.same_as) == (None, first.id)


def test_only_configured_callers_print(box: Box) -> None:
    with film_place(box, callers=("OLDCT",)) as place, scanner(place) as good:
        good.begin()
        with pytest.raises(AssertionError), scanner(place, ae_title="STRANGER"):
            pass


def test_a_folder_that_nobody_was_told_of_is_cleared_away(box: Box) -> None:
    stray = box.state_dir / "films" / "stray"
    stray.mkdir(parents=True)
    with film_place(box, images=Images.UNASSIGNED) as place:
        assert not stray.exists()
        with scanner(place) as caller:
            caller.begin()
            film, boxes, _ = caller.film()
            caller.fill(boxes[0], 1, ramp())
            caller.action(uids.FILM_BOX, film)
        (kept,) = folders(place)
        place.cabinet.open()
        assert kept.exists()
