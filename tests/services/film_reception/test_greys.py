"""What received pictures look like on paper and in the exam: greys, sizes, annotations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

from device.grey_display import LightBox, identity_densities, linear_densities
from services.box import Box
from services.catalog import at_hand, exams, received_sheets
from services.catalog.received_sheets import Images, Paper
from services.dicom import print_uids as uids
from services.film_reception.compose import raster
from tests.services.boxes import HandClock, begin, make_box
from tests.services.film_reception.scanner import (
    Place,
    Scanner,
    dataset,
    film_place,
    image_box,
    ramp,
    scanner,
)

pytestmark = pytest.mark.filterwarnings(
    # the scanner here answers an event while it hangs up, which its library does not expect
    "ignore::pytest.PytestUnhandledThreadExceptionWarning"
)

STEPS = np.arange(256, dtype=np.uint8).reshape(16, 16)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = make_box(tmp_path, clock=HandClock())
    with made.catalog:
        yield made


@pytest.fixture
def place(box: Box) -> Iterator[Place]:
    exam = begin(box)
    now = box.clock.now()
    with box.catalog.writing() as db:
        at_hand.set(db, exam.exam_id, "", now, since=now)
    with film_place(box) as made:
        yield made


@pytest.fixture
def caller(place: Place) -> Iterator[Scanner]:
    with scanner(place) as made:
        yield made


def with_lut(caller: Scanner, **values: Any) -> dict[str, Any]:
    """Make a Presentation LUT; what refers to it."""
    uid = generate_uid()
    status, _ = caller.create(uids.PRESENTATION_LUT, dataset(**values), uid)
    assert status.Status == 0
    item = dataset(ReferencedSOPClassUID=uids.PRESENTATION_LUT, ReferencedSOPInstanceUID=uid)
    return {"ReferencedPresentationLUTSequence": [item]}


def table(values: list[int], bits: int) -> dict[str, Any]:
    made = dataset(LUTDescriptor=[len(values), 0, bits], LUTData=values)
    made["LUTData"].VR = "US"
    return {"PresentationLUTSequence": [made]}


def printed(place: Place, caller: Scanner, pixels: Any, film: dict[str, Any], **box: Any) -> Any:
    """One picture on one film: the page at 100 dpi, and the image in the exam."""
    caller.begin()
    uid, boxes, _ = caller.film(FilmSizeID="8INX10IN", **film)
    assert caller.fill(boxes[0], 1, pixels, **box) == 0
    assert caller.action(uids.FILM_BOX, uid)[0] == 0
    sheet = received_sheets.recent(place.box.catalog)[0]
    page = np.concatenate(list(raster(place.cabinet.read(sheet), 100)))
    place.work.look()
    taken = received_sheets.get(place.box.catalog, sheet.id)
    assert taken.images is Images.TAKEN, taken.words
    path = exams.instances_of(place.box.catalog, str(taken.exam_id))[-1]["path"]
    return page, pydicom.dcmread(place.box.spool.root / path)


def middles(page: Any) -> Any:
    """The grey in the middle of each of 16 x 16 squares of a picture that fills its width."""
    inside = np.argwhere(page != page[0, 0])
    top, left = inside.min(axis=0)
    bottom, right = inside.max(axis=0) + 1
    rows = top + ((np.arange(16) + 0.5) * (bottom - top) / 16).astype(int)
    columns = left + ((np.arange(16) + 0.5) * (right - left) / 16).astype(int)
    return page[np.ix_(rows, columns)]


WHITE = {"BorderDensity": "WHITE", "MagnificationType": "REPLICATE"}


def test_p_values_are_left_as_they_are(place: Place, caller: Scanner) -> None:
    film = WHITE | with_lut(caller, PresentationLUTShape="IDENTITY")
    page, image = printed(place, caller, STEPS, film)
    assert np.array_equal(image.pixel_array, STEPS)
    assert np.array_equal(middles(page)[:-1], STEPS[:-1])


def test_densities_become_what_they_look_like(place: Place, caller: Scanner) -> None:
    light = {"MinDensity": 20, "MaxDensity": 280, "Illumination": 2000, "ReflectedAmbientLight": 10}
    film = WHITE | light | with_lut(caller, PresentationLUTShape="LIN OD")
    page, image = printed(place, caller, STEPS, film)
    assert image.BitsStored == 12
    got = image.pixel_array.ravel()
    assert (got[0], got[-1]) == (0, 4095)
    # the P-value of each density is the one whose own density it is
    of_p_values = identity_densities(4096, 0.2, 2.8, LightBox(2000, 10))
    wanted = linear_densities(256, 0.2, 2.8)
    assert np.abs(of_p_values[got] - wanted).max() < 0.01
    seen = middles(page).astype(float).ravel()
    assert np.abs(seen[:240] - got[:240] / 4095 * 255).max() <= 1


@pytest.mark.parametrize(
    "values", [{"photometric": "MONOCHROME1"}, {"Polarity": "REVERSE"}], ids=["image", "polarity"]
)
def test_a_table_works_on_values_whose_polarity_is_settled(
    place: Place, caller: Scanner, values: dict[str, str]
) -> None:
    curve = [round((n / 255) ** 2 * 4095) for n in range(256)]
    film = WHITE | with_lut(caller, **table(curve, 12))
    page, image = printed(place, caller, STEPS, film, **values)
    assert image.PhotometricInterpretation == "MONOCHROME2"
    wanted = np.asarray(curve)[255 - STEPS]
    assert np.array_equal(image.pixel_array, wanted)
    assert np.abs(middles(page)[1:] - wanted[1:] / 4095 * 255).max() <= 1


def test_a_table_for_other_bits_is_refused(place: Place, caller: Scanner) -> None:
    caller.begin()
    lut = with_lut(caller, **table(list(range(4096)), 12))
    film, boxes, _ = caller.film(**lut)
    assert caller.fill(boxes[0], 1, STEPS) == 0
    assert caller.action(uids.FILM_BOX, film)[0] == 0x0106
    assert not received_sheets.recent(place.box.catalog)


def test_twelve_bits_are_rounded_to_eight(place: Place, caller: Scanner) -> None:
    deep = (np.arange(256, dtype=np.uint16) * 16 + 7).reshape(16, 16)
    page, image = printed(place, caller, deep, WHITE, bits=12)
    assert np.array_equal(image.pixel_array, deep)
    wanted = np.floor(deep / 4095 * 255 + 0.5)
    assert np.array_equal(middles(page)[:-1], wanted[:-1])


@pytest.mark.parametrize(
    ("asked", "status", "width"),
    [
        ("", 0xC603, None),
        ("FAIL", 0xC603, None),
        ("CROP", 0xB609, 300.0),
        ("DECIMATE", 0xB60A, 195.2),
    ],
)
def test_a_picture_that_is_too_large_is_never_scaled_in_silence(
    place: Place, caller: Scanner, asked: str, status: int, width: float | None
) -> None:
    caller.begin()
    film, boxes, _ = caller.film(FilmSizeID="8INX10IN", MagnificationType="REPLICATE")
    halves = np.zeros((20, 20), np.uint8)
    halves[:, 10:] = 255
    halves[:, ::2] ^= 64
    said = {"RequestedDecimateCropBehavior": asked} if asked else {}
    attributes = image_box(1, halves, RequestedImageSize="300", **said)
    assert caller.set(uids.GREY_IMAGE_BOX, boxes[0], attributes) == status
    if width is None:
        assert caller.action(uids.FILM_BOX, film)[0] == 0xB603
        return
    assert caller.action(uids.FILM_BOX, film)[0] == 0
    (sheet,) = received_sheets.recent(place.box.catalog)
    page = np.concatenate(list(raster(place.cabinet.read(sheet), 300)))
    middle = page[page.shape[0] // 2].astype(int)
    edges = np.flatnonzero(np.diff(middle))
    stripe = np.median(np.diff(edges)) / 300 * 25.4
    assert stripe == pytest.approx(width / 20, rel=0.01)


def test_a_film_keeps_the_size_that_its_pictures_were_checked_against(caller: Scanner) -> None:
    caller.begin()
    film, _, _ = caller.film(FilmSizeID="14INX17IN")
    assert caller.set(uids.FILM_BOX, film, dataset(FilmSizeID="8INX10IN")) == 0x0106
    assert caller.set(uids.FILM_BOX, film, dataset(FilmSizeID="14INX17IN", Trim="YES")) == 0


@pytest.mark.parametrize("border", ["BLACK", "WHITE", "150", "120"])
def test_annotations_are_read_on_any_border(place: Place, caller: Scanner, border: str) -> None:
    caller.begin()
    film, boxes, reply = caller.film(BorderDensity=border, AnnotationDisplayFormatID="LABEL")
    note = reply.ReferencedBasicAnnotationBoxSequence[0].ReferencedSOPInstanceUID
    text = dataset(AnnotationPosition=1, TextString="Ward 4")
    assert caller.set(uids.ANNOTATION_BOX, note, text) == 0
    assert caller.fill(boxes[0], 1, ramp()) == 0
    assert caller.action(uids.FILM_BOX, film)[0] == 0
    (sheet,) = received_sheets.recent(place.box.catalog)
    foot = list(raster(place.cabinet.read(sheet), 100))[-1].astype(int)
    assert np.abs(foot - foot[-1, -1]).max() > 90


@pytest.mark.parametrize(
    ("shape", "aspect"),
    [
        ((1, 1), None),
        ((1, 1), [65535, 1]),
        ((1, 1), [1, 65535]),
        ((1, 4000), None),
        ((7, 5), [4, 3]),
    ],
)
def test_odd_pictures_come_out(
    place: Place, caller: Scanner, shape: tuple[int, int], aspect: list[int] | None
) -> None:
    pixels = np.full(shape, 200, np.uint8)
    attributes = image_box(1, pixels)
    if aspect:
        attributes.BasicGrayscaleImageSequence[0].PixelAspectRatio = aspect
    caller.begin()
    film, boxes, _ = caller.film()
    assert caller.set(uids.GREY_IMAGE_BOX, boxes[0], attributes) == 0
    assert caller.action(uids.FILM_BOX, film)[0] == 0
    place.work.look()
    sheet = received_sheets.get(place.box.catalog, 1)
    assert sheet.images is Images.TAKEN, sheet.words
    assert np.concatenate(list(raster(place.cabinet.read(sheet), 72))).max() == 200
    (row,) = exams.instances_of(place.box.catalog, str(sheet.exam_id))
    image = pydicom.dcmread(place.box.spool.root / row["path"])
    assert image.get("PixelAspectRatio") == aspect
    assert np.array_equal(np.atleast_2d(image.pixel_array), pixels)


def test_a_sheet_may_become_one_image(box: Box) -> None:
    exam = begin(box)
    now = box.clock.now()
    with box.catalog.writing() as db:
        at_hand.set(db, exam.exam_id, "", now, since=now)
    with film_place(box, whole=True) as place, scanner(place) as caller:
        caller.begin()
        film, boxes, _ = caller.film("STANDARD\\2,1", FilmSizeID="8INX10IN")
        for position, uid in enumerate(boxes, 1):
            assert caller.fill(uid, position, ramp()) == 0
        assert caller.action(uids.FILM_BOX, film)[0] == 0
        place.work.look()
        sheet = received_sheets.get(box.catalog, 1)
        assert (sheet.images, sheet.pictures) == (Images.TAKEN, 1)
        (row,) = exams.instances_of(box.catalog, exam.exam_id)
        image = pydicom.dcmread(box.spool.root / row["path"])
        page = np.concatenate(list(raster(place.cabinet.read(sheet), 100)))
    assert image.SOPClassUID == "1.2.840.10008.5.1.4.1.1.7"
    assert np.array_equal(image.pixel_array, page)


def test_a_sheet_that_cannot_be_drawn_does_not_hold_up_the_others(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        film_place(box, images=Images.NONE, printer="film") as place,
        scanner(place) as caller,
    ):
        caller.begin()
        for value in (1, 2):
            film, boxes, _ = caller.film(FilmSizeID="8INX10IN")
            caller.fill(boxes[0], 1, np.full((4, 4), value, np.uint8))
            assert caller.action(uids.FILM_BOX, film)[0] == 0
        read = place.cabinet.read

        def broken(sheet: received_sheets.ReceivedSheet) -> Any:
            if sheet.id == 1:
                raise MemoryError
            return read(sheet)

        monkeypatch.setattr(place.cabinet, "read", broken)
        place.work.look()
        place.work.look()
        first, second = (received_sheets.get(box.catalog, n) for n in (1, 2))
        assert (first.paper, second.paper) == (Paper.HELD, Paper.DONE)
        assert "MemoryError" in first.words


def test_trim_is_a_line_beside_the_picture(place: Place, caller: Scanner) -> None:
    grey = np.full((100, 100), 100, np.uint8)
    plain, _ = printed(place, caller, grey, {})
    caller.delete(uids.FILM_SESSION, caller.session)
    page, _ = printed(place, caller, grey, {"Trim": "YES"})
    assert np.array_equal(page == 100, plain == 100)
    rows, columns = np.nonzero(page == 255)
    inside = np.argwhere(page == 100)
    top, left = inside.min(axis=0)
    bottom, right = inside.max(axis=0)
    assert (rows.min(), rows.max()) == (top - 1, bottom + 1)
    assert (columns.min(), columns.max()) == (left - 1, right + 1)
    assert len(rows) == 2 * (bottom - top + 3) + 2 * (right - left + 3) - 4
