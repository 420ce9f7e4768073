"""One renderer: what is previewed is what is sent and what is printed, millimetre by millimetre."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from device.film import Density, FilmImage, FilmSheet, Magnification, Polarity
from device.film_geometry import Margins
from services.film_box import FilmIdentity
from services.film_picture import FULL, FilmPicture, NotPrintable
from services.film_render import (
    BAND_ROWS,
    SheetWork,
    preview_png,
    render_box,
    render_sheet,
    sheet_pixels,
)
from services.film_text import Piece, fitted, line

IDENTITY = FilmIdentity("Müller Jürgen", "PID-1", "1970-01-02", "M", "ACC-9", "Hospital", "now")


def _picture(side: int = 64, spacing: tuple[float, float] | None = (1.0, 1.0)) -> FilmPicture:
    """A dark picture with a white frame of one pixel at its border."""
    pixels = np.full((side, side), FULL // 4, dtype=np.uint16)
    pixels[[0, -1], :] = pixels[:, [0, -1]] = FULL
    return FilmPicture(pixels, spacing=spacing, words=("S 1 I 1",))


def _work(
    picture: FilmPicture | None = None, *, banner: bool = True, images: int = 4, **sheet: Any
) -> SheetWork:
    shown = picture or _picture()
    wishes: dict[str, Any] = {"film_size": "A4", "display_format": "2x2", **sheet}
    made = FilmSheet(images=tuple(FilmImage(f"1.{n}") for n in range(images)), **wishes)
    return SheetWork(made, IDENTITY, lambda _: shown, banner=banner)


def _sheet(work: SheetWork, dpi: float, **more: Any) -> NDArray[Any]:
    return np.concatenate(list(render_sheet(work, dpi, **more)))


@pytest.mark.parametrize("banner", [True, False])
@pytest.mark.parametrize("method", list(Magnification))
def test_the_sheet_is_made_of_the_boxes_that_a_printer_gets(
    banner: bool, method: Magnification
) -> None:
    work = _work(banner=banner, magnification=method)
    sheet = _sheet(work, 100)
    assert sheet.shape[::-1] == sheet_pixels(work, 100)
    for number, box in enumerate(work.geometry.boxes):
        left, top = round(box.x / 25.4 * 100), round(box.y / 25.4 * 100)
        wide, high = round(box.width / 25.4 * 100), round(box.height / 25.4 * 100)
        made = render_box(work, number, (wide, high))
        part = sheet[top : top + high, left : left + wide]
        assert np.abs(part.astype(int) - made.astype(int)).max() <= 1
        assert made.max() == 255


def test_bands_have_no_seams() -> None:
    noise = np.random.default_rng(1).integers(0, FULL, (97, 61)).astype(np.uint16)
    work = _work(FilmPicture(noise, spacing=(1.0, 1.0)), images=1, display_format="1x1")
    sheet = _sheet(work, 150)
    box = work.geometry.boxes[0]
    size = (round(box.width / 25.4 * 150), round(box.height / 25.4 * 150))
    whole = render_box(work, 0, size)
    assert size[1] > 4 * BAND_ROWS
    top, left = round(box.y / 25.4 * 150), round(box.x / 25.4 * 150)
    part = sheet[top : top + size[1], left : left + size[0]]
    # the bands of the box and of the sheet begin elsewhere, so a seam would differ between them
    assert np.abs(part.astype(int) - whole.astype(int)).max() <= 1


def test_preview_and_print_show_the_same_structure() -> None:
    waves = np.sin(np.arange(96) / 7)[:, None] * np.cos(np.arange(96) / 11) * 0.5 + 0.5
    work = _work(FilmPicture((waves * FULL).astype(np.uint16), spacing=(1.0, 1.0)))
    small = np.asarray(Image.open(io.BytesIO(preview_png(work, 620))), dtype=float)
    large = Image.fromarray(_sheet(work, 300)).resize(small.shape[::-1], Image.Resampling.BOX)
    likeness = np.corrcoef(small.ravel(), np.asarray(large, dtype=float).ravel())[0, 1]
    assert likeness > 0.97, likeness


@pytest.mark.parametrize("dpi", [150.0, 300.0, 320.0])
def test_true_size_is_true_within_half_a_percent(dpi: float) -> None:
    """An 80 x 80 mm picture measures 80 mm on the sheet, in both directions."""
    picture = _picture(160, spacing=(0.5, 0.5))
    sheet = _sheet(_work(picture, images=1, display_format="1x1", true_size=True, ruler=False), dpi)
    # below the banner, above the words
    lit = sheet[round(dpi) : -round(dpi)] > 32
    across, down = np.flatnonzero(lit.any(axis=0)), np.flatnonzero(lit.any(axis=1))
    wide, high = (float(each.max() - each.min() + 1) / dpi * 25.4 for each in (across, down))
    assert wide == pytest.approx(80, rel=0.005)
    assert high == pytest.approx(80, rel=0.005)


def test_a_ruler_has_the_length_that_it_says() -> None:
    """At a scale of s its bar of L mm is L * s mm long."""
    picture = FilmPicture(np.zeros((100, 100), dtype=np.uint16), spacing=(1.0, 1.0))
    work = _work(picture, images=1, display_format="1x1")
    sheet = _sheet(work, 300)
    placed = min(work.geometry.boxes[0].width, work.geometry.boxes[0].height - 4.5) / 100
    # the only thing as long as that is the bar
    longest = max(_run(row) for row in sheet[-200:] > 128)
    assert longest / 300 * 25.4 == pytest.approx(20 * placed, rel=0.005)


def _run(row: NDArray[Any]) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], row.astype(int), [0]))))
    return int((edges[1::2] - edges[::2]).max()) if edges.size else 0


def test_eight_bits_are_rounded_from_the_window_not_shifted_from_twelve() -> None:
    ramp = np.linspace(0, FULL, 4096).round().astype(np.uint16)
    pixels = np.broadcast_to(ramp, (64, 4096)).copy()
    work = _work(
        FilmPicture(pixels, aspect=64.0), images=1, display_format="1x1", ruler=False,
        magnification=Magnification.REPLICATE,
    )  # fmt: skip
    size = (4096, 4096)
    eight = render_box(work, 0, size, bits=8)[2048].astype(int)
    twelve = render_box(work, 0, size, bits=12)[2048].astype(int)
    assert twelve.max() == 4095
    assert eight.max() == 255
    nearest = np.floor(twelve / 4095 * 255 + 0.5).astype(int)
    assert np.abs(eight - nearest).max() <= 1
    assert (eight != twelve >> 4).any()


def test_polarity_reverses_the_picture_and_never_the_words() -> None:
    plain = render_box(_work(banner=False), 0, (300, 400))
    turned = render_box(_work(banner=False, polarity=Polarity.REVERSE), 0, (300, 400))
    middle = (200, 150)
    assert turned[middle] == 255 - plain[middle]
    np.testing.assert_array_equal(plain[:20], turned[:20])
    assert plain[:20].max() == 255


def test_colour_is_kept_on_colour_film_and_is_luma_on_grey_film() -> None:
    red = np.zeros((32, 32, 3), dtype=np.uint8)
    red[..., 0] = 255
    work = _work(FilmPicture(red), images=1, display_format="1x1")
    assert render_box(work, 0, (200, 200), colour=True)[100, 100].tolist() == [255, 0, 0]
    assert render_box(work, 0, (200, 200))[100, 100] == round(0.299 * 255)


@pytest.mark.parametrize("density", list(Density))
def test_empty_boxes_have_the_density_that_was_asked_for(density: Density) -> None:
    work = _work(images=1, empty=density, banner=False)
    assert (render_box(work, 3, (50, 60)) == (255 if density is Density.WHITE else 0)).all()


@pytest.mark.parametrize("banner", [True, False])
def test_whose_sheet_it_is_stands_on_every_sheet(banner: bool) -> None:
    """Another patient's sheet differs where the identity stands, and nowhere else."""
    work = _work(banner=banner, images=1, display_format="1x1")
    other = replace(work, identity=replace(IDENTITY, patient_id="PID-2"))
    differs = np.flatnonzero((_sheet(work, 100) != _sheet(other, 100)).any(axis=1))
    assert differs.size
    assert differs.max() / 100 * 25.4 < 5 + 11


def test_true_size_that_cannot_be_had_is_refused() -> None:
    large = FilmPicture(np.zeros((300, 300), dtype=np.uint16), spacing=(1.0, 1.0))
    with pytest.raises(NotPrintable, match="300 x 300 mm"):
        render_box(_work(large, true_size=True), 0, (100, 100))
    unknown = replace(large, spacing=None)
    with pytest.raises(NotPrintable, match="calibrated"):
        render_box(_work(unknown, true_size=True), 0, (100, 100))


@pytest.mark.parametrize(
    "name", ["Müller Jürgen", "Иванов Иван", "محمد بن علي", "山田 太郎", "홍 길동", "Παπαδόπουλος"]
)
def test_names_of_every_script_have_letters_of_their_own(name: str) -> None:
    mask = line((Piece(name),), 40)
    missing = line((Piece("\U0010fffe" * len(name)),), 40)
    assert mask.shape[1] > 40
    assert mask.max() > 200
    assert mask.shape != missing.shape or (mask != missing).any()


def test_digits_of_an_identifier_keep_their_order_among_arabic_letters() -> None:
    alone = line((Piece("12-345", exact=True),), 40)
    beside = line((Piece("محمد"), Piece("12-345", exact=True)), 40)
    np.testing.assert_array_equal(beside[:, -alone.shape[1] :], alone)


def test_a_long_name_gets_smaller_and_is_not_cut_off() -> None:
    name = "I " * 20
    mask = fitted((Piece(name.strip()),), 40, 200)
    assert mask.shape[1] <= 200
    strokes = np.flatnonzero(np.diff((mask.max(axis=0) > 60).astype(int)) == 1)
    assert len(strokes) == 20


def test_margins_are_left_free() -> None:
    work = replace(_work(banner=False), margins=Margins(10.0, 2.0))
    sheet = _sheet(work, 100)
    edge = round(10 / 25.4 * 100) - 1
    assert not sheet[:edge].any()
    assert not sheet[:, :edge].any()
