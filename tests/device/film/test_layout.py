"""Formats, geometry and what a sheet refuses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.film import FILM_SIZES, FilmImage, FilmJob, FilmSheet, Orientation, Window, spread
from device.film_format import MOST_BOXES, FilmFormat, Rect
from device.film_geometry import (
    DoesNotFit,
    Margins,
    NotCalibrated,
    geometry_of,
    place,
    ruler_length,
)

SHEETS = st.builds(
    lambda size, columns, rows, landscape: FilmSheet(
        size,
        f"STANDARD\\{columns},{rows}",
        (),
        orientation=Orientation.LANDSCAPE if landscape else Orientation.PORTRAIT,
    ),
    st.sampled_from(sorted(FILM_SIZES)),
    st.integers(1, 8),
    st.integers(1, 8),
    st.booleans(),
)


@pytest.mark.parametrize(
    ("text", "spelt", "boxes"),
    [
        ("2x3", "STANDARD\\2,3", 6),
        ("standard\\4,5", "STANDARD\\4,5", 20),
        ("ROW\\1,2", "ROW\\1,2", 3),
        ("COL\\2,1,3", "COL\\2,1,3", 6),
    ],
)
def test_formats_are_read_as_people_and_dicom_write_them(text: str, spelt: str, boxes: int) -> None:
    made = FilmFormat.parse(text)
    assert (made.text, len(made.boxes)) == (spelt, boxes)


@pytest.mark.parametrize("text", ["", "2", "0x1", "STANDARD\\9,9", "ROW\\", "ROW\\0,1", "SLIDE"])
def test_what_is_no_format_is_refused_with_what_is(text: str) -> None:
    with pytest.raises(ValueError, match=r"2x3|boxes"):
        FilmFormat.parse(text)


@given(st.text(max_size=30))
def test_any_text_is_a_format_or_refused(text: str) -> None:
    try:
        made = FilmFormat.parse(text)
    except ValueError:
        return
    assert 1 <= len(made.boxes) <= MOST_BOXES
    assert FilmFormat.parse(made.text) == made


@given(SHEETS, st.booleans())
def test_boxes_are_alike_and_lie_apart_inside_the_sheet(sheet: FilmSheet, banner: bool) -> None:
    laid = geometry_of(sheet, Margins(5.0, 2.0), banner=banner)
    assert len({(round(b.width, 6), round(b.height, 6)) for b in laid.boxes}) == 1
    for number, box in enumerate(laid.boxes):
        assert box.x >= 5 - 1e-9
        assert box.y >= (18 if banner else 5) - 1e-9
        assert box.x + box.width <= laid.width - 5 + 1e-9
        assert box.y + box.height <= laid.height - 5 + 1e-9
        for other in laid.boxes[:number]:
            apart = (
                other.x + other.width <= box.x - 2 + 1e-6
                or other.y + other.height <= box.y - 2 + 1e-6
            )
            assert apart


def test_columns_are_filled_downwards() -> None:
    left, right_top, right_bottom = FilmFormat.parse("COL\\1,2").boxes
    assert (left.height, right_top.height) == (1, 0.5)
    assert right_top.x == right_bottom.x > left.x
    assert right_bottom.y > right_top.y


def test_a_picture_at_true_size_measures_what_it_shows() -> None:
    placed = place(Rect(0, 0, 200, 200), 512, 256, spacing=(0.5, 0.25), true_size=True)
    assert (placed.rect.width, placed.rect.height, placed.scale) == (128, 128, 1.0)


def test_true_size_is_refused_rather_than_scaled() -> None:
    with pytest.raises(DoesNotFit, match="256 x 256"):
        place(Rect(0, 0, 200, 200), 512, 512, spacing=(0.5, 0.5), true_size=True)
    with pytest.raises(NotCalibrated):
        place(Rect(0, 0, 200, 200), 512, 512, spacing=None, true_size=True)


@given(st.floats(10, 400), st.floats(0.05, 5))
def test_a_ruler_is_a_round_length_that_fits(width: float, scale: float) -> None:
    length = ruler_length(width, scale)
    assert length in (1, 2, 5, 10, 20, 50, 100, 200)
    assert length == 1 or length * scale <= 0.4 * width + 1e-9


def test_more_pictures_than_boxes_need_more_sheets() -> None:
    sheets = spread(tuple(FilmImage(f"1.{n}") for n in range(13)), "14INX17IN", "3x4")
    assert [len(sheet.images) for sheet in sheets] == [12, 1]


def test_nonsense_is_refused_where_it_is_made() -> None:
    with pytest.raises(ValueError, match="no film size"):
        FilmSheet("15INX15IN", "1x1", ())
    with pytest.raises(ValueError, match="do not fit"):
        FilmSheet("A4", "1x1", (FilmImage("1.1"), FilmImage("1.2")))
    with pytest.raises(ValueError, match="nothing to print"):
        FilmJob(())
    with pytest.raises(ValueError, match="copies"):
        FilmJob((FilmSheet("A4", "1x1", ()),), copies=0)
    with pytest.raises(ValueError, match="window width"):
        Window(40, 0)
    with pytest.raises(ValueError, match="counted from 1"):
        FilmImage("1.1", frame=0)
