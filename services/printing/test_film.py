"""The test film: grey steps, a ramp, and a frame of known millimetres to lay a ruler on."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from device.film import Density, FilmImage, FilmJob, FilmSheet
from services.box import Box
from services.film_box import FilmIdentity
from services.film_picture import FULL, FilmPicture
from services.film_render import SheetWork, preview_png
from services.printing.printers import Printer, PrinterKind

PIXEL_MM: Final = 0.25
FRAME_MM: Final = 100.0
"""Inner distance of the frame's sides, to be measured on the film."""

_SIDE_MM: Final = 140.0
_STEPS: Final = 11
_TICK_MM: Final = 10.0


def job(printer: Printer) -> FilmJob:
    """One sheet of the usual film; at true size where the printer can be trusted with it."""
    paper = printer.kind is not PrinterKind.DICOM
    sheet = FilmSheet(
        film_size=printer.profile.film_sizes[0],
        display_format="STANDARD\\1,1",
        images=(FilmImage("test film", caption=f"frame {FRAME_MM:g} mm"),),
        true_size=paper or printer.profile.requested_image_size,
        border=Density.WHITE if paper else Density.BLACK,
    )
    return FilmJob((sheet,), medium=printer.medium, destination=printer.destination, label="TEST")


def work(box: Box, printer: Printer) -> SheetWork:
    """The sheet with its picture, which no patient's name stands on."""
    moment = box.clock.now().strftime("%Y-%m-%d %H:%M")
    return SheetWork(
        sheet=job(printer).sheets[0],
        identity=FilmIdentity(
            name="TEST FILM",
            patient_id=printer.name,
            institution=box.station.institution_name,
            study=moment,
        ),
        read=lambda image: FilmPicture(
            picture(), spacing=(PIXEL_MM, PIXEL_MM), words=(image.caption,)
        ),
        margins=printer.profile.margins,
        banner=printer.kind is not PrinterKind.DICOM,
    )


def preview(box: Box, printer: Printer) -> bytes:
    """The test film as PNG."""
    return preview_png(work(box, printer), 900)


def picture() -> NDArray[Any]:
    """The test picture of 140 x 140 mm, after the SMPTE pattern (RP 133) in its essentials.

    Eleven steps from black to white, 5 % on black and 95 % on white, a ramp, lines one pixel wide,
    and a frame of 100 mm with a tick each 10 mm.
    """
    side = _px(_SIDE_MM)
    made = np.full((side, side), FULL // 2, dtype=np.uint16)
    _frame(made)
    _steps(made)
    _contrast(made)
    _lines(made)
    return made


def _px(mm: float) -> int:
    return round(mm / PIXEL_MM)


def _frame(made: NDArray[Any]) -> None:
    inner = _px(FRAME_MM)
    first = (made.shape[0] - inner) // 2
    last = first + inner
    thick = 2
    for low, high in ((first - thick, first), (last, last + thick)):
        made[low:high, first - thick : last + thick] = FULL
        made[first - thick : last + thick, low:high] = FULL
    for tick in range(1, round(FRAME_MM / _TICK_MM)):
        place = first + _px(tick * _TICK_MM)
        made[first - _px(4) : first, place] = FULL
        made[place, first - _px(4) : first] = FULL


def _steps(made: NDArray[Any]) -> None:
    left, wide, top, high = _px(25), _px(8), _px(30), _px(20)
    for step in range(_STEPS):
        value = round(step / (_STEPS - 1) * FULL)
        made[top : top + high, left + step * wide : left + (step + 1) * wide] = value
    ramp = np.linspace(0, FULL, _STEPS * wide).round().astype(np.uint16)
    made[top + high + _px(4) : top + 2 * high, left : left + ramp.size] = ramp


def _contrast(made: NDArray[Any]) -> None:
    """5 % in 0 % and 95 % in 100 %: both inner squares must be seen."""
    size, inset, top = _px(24), _px(8), _px(78)
    for left, ground, mark in ((_px(28), 0.0, 0.05), (_px(58), 1.0, 0.95)):
        made[top : top + size, left : left + size] = round(ground * FULL)
        made[top + inset : top + size - inset, left + inset : left + size - inset] = round(
            mark * FULL
        )


def _lines(made: NDArray[Any]) -> None:
    size, top, left = _px(24), _px(78), _px(88)
    made[top : top + size, left : left + size] = 0
    made[top : top + size // 2, left : left + size : 2] = FULL
    made[top + size // 2 : top + size : 2, left : left + size] = FULL
