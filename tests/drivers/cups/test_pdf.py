"""Sheets as PDF, read again by poppler."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from drivers.cups.pdf import Page, write_pdf
from tests.peers.pdf import page_size, pictures

GREY = np.arange(300 * 200, dtype=np.uint32).reshape(300, 200).astype(np.uint8)
RGB = np.stack([GREY, GREY[::-1], GREY.T.reshape(300, 200)], axis=-1)


def page(samples: NDArray[np.uint8], width_mm: float = 200.0, height_mm: float = 300.0) -> Page:
    bands = [samples[start : start + 64] for start in range(0, samples.shape[0], 64)]
    return Page(width_mm, height_mm, samples.shape[1], samples.shape[0], samples.ndim == 3, bands)


@pytest.mark.peer
def test_pictures_come_out_as_they_went_in(tmp_path: Path) -> None:
    path = tmp_path / "sheet.pdf"
    write_pdf(path, [page(GREY), page(RGB)])
    grey, colour = pictures(path, tmp_path)
    assert np.array_equal(grey, GREY)
    assert np.array_equal(colour, RGB)


@pytest.mark.peer
def test_a_page_has_the_size_of_its_sheet(tmp_path: Path) -> None:
    path = tmp_path / "sheet.pdf"
    write_pdf(path, [page(GREY, 355.6, 431.8)])
    assert page_size(path) == pytest.approx((1008, 1224), abs=0.01)


@pytest.mark.parametrize("rows", [299, 301])
def test_a_page_with_lines_too_few_or_too_many_is_refused(tmp_path: Path, rows: int) -> None:
    wrong = Page(200, 300, 200, rows, False, [GREY])
    with pytest.raises(ValueError, match="lines"):
        write_pdf(tmp_path / "sheet.pdf", [wrong])


def test_a_band_of_another_width_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="band"):
        write_pdf(tmp_path / "sheet.pdf", [Page(200, 300, 201, 300, False, [GREY])])
