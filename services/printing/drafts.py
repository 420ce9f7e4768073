"""What a console or a command line asks for before anything is printed; plain data out.

``printers`` and ``options`` say what there is to choose from, ``propose`` makes a first layout of
an exam, ``preview`` shows a sheet as it will be printed, and :func:`services.printing.jobs.submit`
owes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec
from numpy.typing import NDArray

from device.film import FILM_SIZES, Density, FilmImage, FilmJob, LutShape, spread
from device.film_format import FilmFormat
from device.grey_display import LightBox, linear_densities, seen
from services.box import Box
from services.catalog.database import Row
from services.film_picture import NotPrintable
from services.film_render import preview_png
from services.outbox import operator, peer_state
from services.printing import jobs
from services.printing.check import GONE, images_of
from services.printing.jobs import PrintJob
from services.printing.printers import Printer, PrinterKind, capable, facts_of, find_printer
from services.printing.works import works_of

USUAL: Final = (
    "STANDARD\\1,1", "STANDARD\\1,2", "STANDARD\\2,2", "STANDARD\\2,3", "STANDARD\\3,3",
    "STANDARD\\3,4", "STANDARD\\4,4", "STANDARD\\4,5",
)  # fmt: skip
"""Layouts that are offered where a printer takes every STANDARD one."""

MIXED: Final = ("ROW\\1,2", "ROW\\2,3", "COL\\1,2")
"""Layouts that are offered beside them on paper, where the box divides the sheet itself."""

_WIDEST: Final = 4096
_CLEAR, _DARK = 20, 310
"""Densities in hundredths of a film of which nothing is known."""


def printers(box: Box) -> list[dict[str, Any]]:
    """Every printer with its state as far as it is known; nobody is called."""
    return [_printer(box, printer) for printer in box.printers]


def _printer(box: Box, printer: Printer) -> dict[str, Any]:
    facts = facts_of(box.catalog, printer.name)
    state = peer_state.get(box.catalog, printer.name)
    return {
        "name": printer.name,
        "kind": printer.kind.value,
        "profile": printer.profile.name,
        "address": f"{printer.peer.host}:{printer.peer.port}" if printer.peer.host else "",
        "ae_title": printer.peer.ae_title,
        "queue": printer.queue,
        "status": facts.status,
        "status_info": facts.status_info,
        "asked": facts.asked or None,
        "model": " ".join(part for part in (facts.manufacturer, facts.model) if part),
        "last_contact": state.last_contact,
        "fault": state.last_error,
        "owed": sum(operator.owed(box.catalog, printer.name).values()),
    }


def options(box: Box, printer_name: str = "") -> dict[str, Any]:
    """What can be chosen at one printer."""
    printer = find_printer(box.printers, printer_name)
    profile = capable(printer, facts_of(box.catalog, printer.name))
    paper = printer.kind is not PrinterKind.DICOM
    return {
        "printer": printer.name,
        "film_sizes": [
            {"id": size, "width_mm": FILM_SIZES[size][0], "height_mm": FILM_SIZES[size][1]}
            for size in profile.film_sizes
        ],
        "formats": [
            {"id": text, "boxes": len(FilmFormat.parse(text).boxes)}
            for text in profile.formats or (*USUAL, *(MIXED if paper else ()))
        ],
        "colour": profile.colour,
        "bits": profile.bits,
        "luts": sorted({LutShape.IDENTITY, *profile.lut_shapes}),
        "media": list(profile.media),
        "medium": printer.medium,
        "destinations": list(profile.destinations),
        "destination": printer.destination,
        "smoothing": list(profile.smoothing),
        "true_size": paper or profile.requested_image_size,
        "trim": profile.trim,
        "min_density": profile.min_density,
        "max_density": profile.max_density,
        "most_copies": 99,
    }


def images(box: Box, exam_id: str) -> list[dict[str, Any]]:
    """The images of an exam that can be printed, numbered from 1 as the command line does."""
    return [
        {
            "number": number,
            "sop_instance_uid": row["sop_instance_uid"],
            "series_number": row["series_number"],
            "instance_number": row["instance_number"],
            "frames": row["frames"],
            "object": row["object"],
        }
        for number, row in enumerate(images_of(box.catalog, exam_id), 1)
    ]


def propose(
    box: Box,
    exam_id: str,
    printer_name: str = "",
    *,
    chosen: Sequence[FilmImage] | None = None,
    display_format: str = "",
    film_size: str = "",
    copies: int = 1,
    **sheet: Any,
) -> FilmJob:
    """A job for an exam: all its pictures (each multi-frame image by its first frame) unless
    chosen, on the usual film, in the smallest layout that has room for them.

    Parameters
    ----------
    sheet
        More of :class:`~device.film.FilmSheet`, such as ``orientation`` or ``true_size``.

    Raises
    ------
    NotFound, NotPrintable
        No such printer, or nothing that could be printed.
    """
    printer = find_printer(box.printers, printer_name)
    profile = capable(printer, facts_of(box.catalog, printer.name))
    if chosen is None:
        chosen = [FilmImage(r["sop_instance_uid"]) for r in images_of(box.catalog, exam_id)]
    if not chosen:
        raise NotPrintable("there is nothing to print: the exam has no pictures", GONE)
    size = film_size or profile.film_sizes[0]
    text = display_format or _smallest(profile.formats or USUAL, len(chosen))
    paper = printer.kind is not PrinterKind.DICOM
    ground = Density.WHITE if paper else Density.BLACK
    look = {"border": ground, "empty": ground, **sheet}
    return FilmJob(
        sheets=spread(tuple(chosen), size, FilmFormat.parse(text).text, **look),
        copies=copies,
        medium=printer.medium,
        destination=printer.destination,
        label=exam_id,
        colour=profile.colour,
    )


def _smallest(formats: Sequence[str], pictures: int) -> str:
    by_room = sorted(formats, key=lambda text: len(FilmFormat.parse(text).boxes))
    return next(
        (text for text in by_room if len(FilmFormat.parse(text).boxes) >= pictures), by_room[-1]
    )


def preview(
    box: Box, exam_id: str, printer_name: str, film: FilmJob, *, sheet: int = 1, width: int = 900
) -> bytes:
    """A sheet (from 1) as PNG, ``width`` pixels wide, as it will be printed.

    Raises
    ------
    NotPrintable
        It cannot be printed like this.
    """
    if not 1 <= sheet <= len(film.sheets):
        raise NotPrintable(f"there is no sheet {sheet}: the job has {len(film.sheets)}", GONE)
    printer = find_printer(box.printers, printer_name)
    work = works_of(box, exam_id, printer, film)[sheet - 1]
    return preview_png(
        work, min(max(width, 64), _WIDEST), colour=film.colour, curve=_curve(printer, film)
    )


def _curve(printer: Printer, film: FilmJob) -> NDArray[Any] | None:
    """How the film will look where equal steps of grey are equal steps of density."""
    if film.lut is not LutShape.LIN_OD:
        return None
    profile = printer.profile
    low = (film.min_density or profile.min_density or _CLEAR) / 100
    high = (film.max_density or profile.max_density or _DARK) / 100
    light = LightBox(profile.illumination, profile.reflected_ambient_light)
    return seen(linear_densities(256, low, high), low, high, light)


def film_from_plain(plain: Mapping[str, Any]) -> FilmJob:
    """A job from JSON, spelt as :func:`film_as_plain` spells it.

    Raises
    ------
    NotPrintable
        Saying which value is wrong.
    """
    try:
        film = msgspec.convert(dict(plain), FilmJob)
        sheets = tuple(replace(s, display_format=s.format.text) for s in film.sheets)
    except (msgspec.ValidationError, ValueError) as error:
        raise NotPrintable(f"the layout cannot be used: {error}", "G-6410") from error
    return replace(film, sheets=sheets)


def film_as_plain(film: FilmJob) -> dict[str, Any]:
    plain = msgspec.to_builtins(film)
    assert isinstance(plain, dict)
    return plain


def job_as_plain(box: Box, job: PrintJob, *, detail: bool = False) -> dict[str, Any]:
    """One job for scripts and screens; with ``detail`` its layout and its history too."""
    plain: dict[str, Any] = {
        "job": job.id,
        "delivery": job.delivery_id,
        "exam": job.exam_id,
        "printer": job.printer,
        "state": job.state.value,
        "in_doubt": bool(job.no_return),
        "sheets": job.sheets,
        "sheets_done": job.sheets_done,
        "copies": job.film.copies,
        "film_size": job.film.sheets[0].film_size,
        "layout": job.film.sheets[0].display_format,
        "images": len(job.film.images),
        "made": job.made,
        "made_by": job.made_by,
        "ended": job.ended,
        "outcome": job.outcome,
        "code": job.code,
        "words": job.words,
        "advice": job.advice,
        "follows": job.follows,
        "attempts": job.attempts,
        "next_attempt": job.next_attempt,
        "peer_fault": peer_state.get(box.catalog, job.printer).last_error,
    }
    if detail:
        plain["film"] = film_as_plain(job.film)
        plain["history"] = [_event(row) for row in jobs.history(box.catalog, job.id)]
    return plain


def _event(row: Row) -> dict[str, Any]:
    return {key: row[key] for key in ("moment", "event", "sheet", "by_whom", "words")}
