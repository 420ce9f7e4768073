"""Requests in every order and with every value: answers are statuses, and nothing else happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from device.uids import random_uid
from services.dicom import print_uids as uids
from services.film_reception.desk import FilmDesk
from services.film_reception.pictures import Taken
from services.film_reception.words import Picture, Refusal, Sheet
from tests.services.film_reception.scanner import (
    ABILITIES,
    dataset,
    film_attributes,
    image_box,
    ramp,
)

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom.valuerep")

STATUSES = {
    0x0106, 0x0110, 0x0111, 0x0112, 0x0117, 0x0118, 0x0120, 0x0210, 0x0211, 0x0213, 0xC600,
    0xC603, 0xC610,
}  # fmt: skip


@dataclass
class Memory:
    """Keeps sheets in memory."""

    sheets: list[Sheet] = field(default_factory=list)

    def picture(self, taken: Taken) -> Picture:
        rows, columns = taken.samples.shape[:2]
        return Picture(Path("x"), rows, columns, taken.samples.ndim == 3, taken.bits_stored)

    def forget(self, pictures: object) -> None:
        """Nothing lies anywhere."""

    def order(self, sheets: list[Sheet]) -> str:
        self.sheets += sheets
        return random_uid()


KNOWN = ["1.2.1", "1.2.2", "1.2.3", "not a uid", ""]
TEXTS = st.one_of(
    st.sampled_from(["", "STANDARD\\1,1", "ROW\\2,1", "COL\\0", "SLIDE", "14INX17IN", "YES", "1"]),
    st.text(max_size=8),
)
JUNK = st.one_of(st.none(), st.integers(-5, 70000), TEXTS, st.lists(st.integers(), max_size=3))
KEYWORDS = st.sampled_from(
    ["ImageDisplayFormat", "FilmSizeID", "NumberOfCopies", "BorderDensity", "Trim", "Polarity",
     "ImageBoxPosition", "RequestedImageSize", "PresentationLUTShape", "MaxDensity",
     "BasicGrayscaleImageSequence", "ReferencedFilmSessionSequence", "PresentationLUTSequence",
     "ReferencedPresentationLUTSequence", "AnnotationPosition", "TextString"]
)  # fmt: skip
REQUESTS = st.lists(
    st.one_of(
        st.tuples(st.just("session"), st.sampled_from(KNOWN)),
        st.tuples(st.just("film"), st.sampled_from(KNOWN)),
        st.tuples(st.just("fill"), st.integers(-1, 3)),
        st.tuples(st.just("print"), st.sampled_from(KNOWN)),
        st.tuples(st.just("delete"), st.sampled_from(KNOWN)),
        st.tuples(st.just("junk"), st.dictionaries(KEYWORDS, JUNK, max_size=4)),
    ),
    max_size=12,
)


def loose(values: dict[str, Any]) -> Dataset:
    """A data set with values that no writer would let pass."""
    made = Dataset()
    for keyword, value in values.items():
        try:
            setattr(made, keyword, value)
        except (TypeError, ValueError, AttributeError):
            continue
    return made


def answered(ask: Callable[[], object]) -> bool:
    """Whether it was done, or refused with a status that modalities know."""
    try:
        ask()
    except Refusal as refusal:
        return refusal.status in STATUSES
    return True


@settings(max_examples=300)
@given(REQUESTS)
def test_any_order_of_requests_gets_an_answer(requests: list[tuple[str, Any]]) -> None:
    memory = Memory()
    desk = FilmDesk(ABILITIES, memory, "OLDCT", random_uid, annotations=True)
    boxes: list[str] = []
    filled = 0
    refusals: list[Refusal] = []
    for kind, value in requests:
        try:
            if kind == "session":
                desk.create(uids.FILM_SESSION, value, Dataset(), colour=False)
            elif kind == "film":
                attributes = film_attributes("1.2.1", "STANDARD\\2,1")
                _, reply = desk.create(uids.FILM_BOX, value, attributes, colour=False)
                boxes = [i.ReferencedSOPInstanceUID for i in reply.ReferencedImageBoxSequence]
            elif kind == "fill":
                uid = boxes[value % len(boxes)] if boxes else "1.2.9"
                desk.change(uids.GREY_IMAGE_BOX, uid, image_box(value, ramp(4, 4)))
                filled += 1
            elif kind == "print":
                status, job = desk.print(uids.FILM_BOX, value, 1)
                assert (status == 0xB603) == (not job)
            elif kind == "delete":
                desk.delete(uids.FILM_BOX, value)
            else:
                for sop_class in (uids.FILM_SESSION, uids.FILM_BOX, uids.PRESENTATION_LUT):
                    desk.create(sop_class, "", loose(value), colour=False)
                for box in boxes:
                    desk.change(uids.GREY_IMAGE_BOX, box, loose(value))
        except Refusal as refusal:
            refusals.append(refusal)
    assert {refusal.status for refusal in refusals} <= STATUSES
    assert all(len(refusal.comment) <= 64 for refusal in refusals)
    assert not memory.sheets or filled
    assert all(any(sheet.pictures) for sheet in memory.sheets)


@given(st.dictionaries(KEYWORDS, JUNK, max_size=6), st.binary(max_size=40))
def test_any_picture_is_taken_or_refused(values: dict[str, Any], pixels: bytes) -> None:
    desk = FilmDesk(ABILITIES, Memory(), "OLDCT", random_uid)
    desk.create(uids.FILM_SESSION, "1.2.1", Dataset(), colour=False)
    _, reply = desk.create(
        uids.FILM_BOX, "1.2.2", film_attributes("1.2.1", "STANDARD\\1,1"), colour=False
    )
    box = reply.ReferencedImageBoxSequence[0].ReferencedSOPInstanceUID
    attributes = image_box(1, np.zeros((4, 4), np.uint8))
    attributes.BasicGrayscaleImageSequence[0].PixelData = pixels
    for keyword, value in loose(values).items():
        attributes[keyword] = value
    assert answered(lambda: desk.change(uids.GREY_IMAGE_BOX, box, attributes))


@given(st.dictionaries(st.sampled_from(["LUTDescriptor", "LUTData"]), JUNK, max_size=2))
def test_any_lut_is_taken_or_refused(values: dict[str, Any]) -> None:
    desk = FilmDesk(ABILITIES, Memory(), "OLDCT", random_uid)
    attributes = dataset(PresentationLUTSequence=[loose(values)])
    assert answered(lambda: desk.create(uids.PRESENTATION_LUT, "1.2.3", attributes, colour=False))
