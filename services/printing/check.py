"""Whether a printer can do a job, and whether its images are there: before anything is owed."""

from __future__ import annotations

import json
from collections.abc import Sequence

from device.film import FilmJob, FilmSheet
from services.catalog.database import Catalog, Row
from services.errors import NotFound
from services.film_picture import NotPrintable
from services.printing.printers import Printer, PrinterKind
from services.printing.profile import PrinterProfile

MISFIT = "G-6401"
"""Code of what the printer cannot do."""

GONE = "G-6404"
"""Code of an image that is not there to be printed."""


def check_job(printer: Printer, profile: PrinterProfile, film: FilmJob) -> None:
    """Raise ``NotPrintable`` for the first thing that this printer cannot do.

    Parameters
    ----------
    profile
        What the printer can do, narrowed by what it said of itself.
    """
    for sheet in film.sheets:
        _check_sheet(printer, profile, sheet)
    if film.colour and not profile.colour:
        raise _misfit(printer, "does not print in colour")
    _check_choice(printer, "medium", film.medium, profile.media)
    _check_choice(printer, "destination", film.destination, profile.destinations)
    _check_choice(printer, "smoothing", film.smoothing, profile.smoothing)
    if film.lut != "IDENTITY" and film.lut not in profile.lut_shapes:
        raise _misfit(printer, f"does not take the grey scale {film.lut.value}")
    low, high = profile.min_density, profile.max_density
    for asked in (film.min_density, film.max_density):
        if asked and low and high and not low <= asked <= high:
            raise _misfit(printer, f"reaches densities of {low} to {high}, not {asked}")


def check_images(catalog: Catalog, exam_id: str, film: FilmJob) -> None:
    """Raise unless every image is of the exam, is there, and is something that film can show.

    Raises
    ------
    NotFound
        No such exam.
    NotPrintable
        Naming the first image that cannot be printed.
    """
    if catalog.row("SELECT 1 FROM exam WHERE exam_id = ?", [exam_id]) is None:
        raise NotFound(f"there is no exam {exam_id}: 'gantry exam list' shows those there are")
    uids = sorted({image.sop_instance_uid for image in film.images})
    if not uids:
        raise NotPrintable("there is nothing to print: choose at least one picture", GONE)
    rows = {row["sop_instance_uid"]: row for row in images_of(catalog, exam_id, uids)}
    for image in film.images:
        row = rows.get(image.sop_instance_uid)
        if row is None:
            raise NotPrintable(
                f"image {image.sop_instance_uid} is not among the printable images of exam "
                f"{exam_id}: it is another exam's, was discarded, or has left this box",
                GONE,
            )
        if image.frame > row["frames"]:
            raise NotPrintable(
                f"image {row['series_number']}/{row['instance_number']} has {row['frames']} "
                f"frames; frame {image.frame} was asked for",
                GONE,
            )


def images_of(catalog: Catalog, exam_id: str, uids: Sequence[str] | None = None) -> list[Row]:
    """The images of an exam that film can show, in the order of series and number."""
    return catalog.rows(
        "SELECT i.sop_instance_uid, i.path, i.frames, i.object, i.instance_number,"
        " s.series_number FROM instance i JOIN series s USING (series_instance_uid)"
        " WHERE i.exam_id = :exam AND i.removed IS NULL AND i.missing IS NULL"
        " AND i.discarded IS NULL AND i.object NOT IN ('video', 'rejection note')"
        " AND (:uids IS NULL OR i.sop_instance_uid IN (SELECT value FROM json_each(:uids)))"
        " ORDER BY s.series_number, i.instance_number",
        {"exam": exam_id, "uids": None if uids is None else json.dumps(list(uids))},
    )


def _check_sheet(printer: Printer, profile: PrinterProfile, sheet: FilmSheet) -> None:
    if sheet.film_size not in profile.film_sizes:
        raise _misfit(
            printer, f"has no film of {sheet.film_size}, but {', '.join(profile.film_sizes)}"
        )
    if printer.kind is not PrinterKind.DICOM:
        return
    if not profile.offers(sheet.display_format):
        known = ", ".join(profile.formats) or "STANDARD layouts"
        raise _misfit(printer, f"does not do the layout {sheet.display_format}, but {known}")
    if sheet.true_size and not profile.requested_image_size:
        raise _misfit(
            printer,
            "scales pictures as it likes, so that a true size cannot be promised; if it obeys "
            "Requested Image Size, say so in its [[printers]] table",
        )


def _check_choice(printer: Printer, what: str, wanted: str, known: tuple[str, ...]) -> None:
    if wanted and known and wanted not in known:
        raise _misfit(printer, f"has no {what} {wanted}, but {', '.join(known)}")


def _misfit(printer: Printer, what: str) -> NotPrintable:
    return NotPrintable(f"{printer.name} {what}", MISFIT)
