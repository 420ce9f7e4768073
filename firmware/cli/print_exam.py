"""``gantry print``: the pictures of an exam on film or paper, or as a picture of the sheet."""

from __future__ import annotations

import getpass
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from firmware.cli.context import config_option, explained, json_option, open_configured, print_json

if TYPE_CHECKING:
    from device.film import FilmImage, FilmJob
    from services.box import Box

_RANGE = re.compile(r"(\d+)(?:-(\d+))?")


@click.command("print")
@click.argument("exam_id", metavar="EXAM")
@click.option("--printer", default="", help="Which printer; the first one unless given.")
@click.option("--layout", default="", help="Columns by rows as 2x3, or STANDARD\\2,3, ROW\\1,2 ...")
@click.option("--film-size", default="", help="Such as 14INX17IN or A4.")
@click.option("--copies", default=1, show_default=True, help="Of every sheet.")
@click.option("--images", default="", help="Such as 1,3-5; all of them unless given.")
@click.option("--window", default="", metavar="C,W", help="Window centre and width for all.")
@click.option(
    "--orientation",
    type=click.Choice(["portrait", "landscape"]),
    default="portrait",
    help="How the sheet is held; portrait unless given.",
)
@click.option(
    "--polarity",
    type=click.Choice(["normal", "reverse"]),
    default="normal",
    help="Reverse prints black as white.",
)
@click.option("--true-size", is_flag=True, help="A millimetre is a millimetre; else as it fits.")
@click.option("--no-ruler", is_flag=True, help="Leave the rulers out.")
@click.option(
    "--lut",
    type=click.Choice(["identity", "lin-od"]),
    default="identity",
    help="Presentation LUT: as on a screen, or linear in optical density.",
)
@click.option("--medium", default="", help="Such as 'BLUE FILM'.")
@click.option("--preview", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.png",
              help="Save what would be printed, and print nothing.")  # fmt: skip
@click.option("--sheet", default=1, show_default=True, help="Which sheet to preview.")
@json_option
@config_option
@explained
def print_exam(
    exam_id: str, printer: str, preview: Path | None, sheet: int, as_json: bool,
    config_file: Path | None, **wishes: Any,
) -> None:  # fmt: skip
    """Print the pictures of EXAM. The job is kept and sent by the dispatcher, also when the
    printer is away now.
    """
    from services.film_picture import NotPrintable
    from services.printing import drafts, jobs

    _, box = open_configured(config_file)
    try:
        film = _film(box, exam_id, printer, wishes)
        if preview is not None:
            preview.write_bytes(drafts.preview(box, exam_id, printer, film, sheet=sheet))
            click.echo(f"{preview}: sheet {sheet} of {len(film.sheets)}; nothing was printed")
            return
        job = jobs.submit(box, exam_id, printer, film, by=getpass.getuser())
    except ValueError as error:
        raise NotPrintable(str(error)) from error
    if as_json:
        print_json(drafts.job_as_plain(box, job))
        return
    click.echo(job.id)
    click.echo(
        f"Print job {job.id}: {len(film.images)} pictures on {job.sheets} sheets for "
        f"{job.printer}, {film.copies} copies.",
        err=True,
    )


def _film(box: Box, exam_id: str, printer: str, wishes: dict[str, Any]) -> FilmJob:
    from dataclasses import replace

    from device.film import LutShape, Orientation, Polarity
    from services.printing import drafts

    film = drafts.propose(
        box,
        exam_id,
        printer,
        chosen=_chosen(drafts.images(box, exam_id), wishes["images"], wishes["window"]),
        display_format=wishes["layout"],
        film_size=wishes["film_size"].upper(),
        copies=wishes["copies"],
        orientation=Orientation(wishes["orientation"].upper()),
        polarity=Polarity(wishes["polarity"].upper()),
        true_size=wishes["true_size"],
        ruler=not wishes["no_ruler"],
    )
    lut = LutShape.LIN_OD if wishes["lut"] == "lin-od" else LutShape.IDENTITY
    return replace(film, lut=lut, medium=wishes["medium"] or film.medium)


def _chosen(images: list[dict[str, Any]], numbers: str, window: str) -> list[FilmImage]:
    from device.film import FilmImage, Window

    shown = None
    if window:
        try:
            center, width = (float(part) for part in window.split(","))
            shown = Window(center, width)
        except ValueError as error:
            raise click.BadParameter("write centre,width such as 40,400", param_hint="--window") \
                from error  # fmt: skip
    places = _places(numbers, len(images)) if numbers else range(1, len(images) + 1)
    return [FilmImage(images[place - 1]["sop_instance_uid"], window=shown) for place in places]


def _places(numbers: str, count: int) -> list[int]:
    places: list[int] = []
    for part in numbers.split(","):
        found = _RANGE.fullmatch(part.strip())
        first = int(found[1]) if found else 0
        last = int(found[2] or found[1]) if found else 0
        if not 1 <= first <= last <= count:
            raise click.BadParameter(
                f"{part!r}: the exam has images 1 to {count}; write 1,3-5", param_hint="--images"
            )
        places += range(first, last + 1)
    return places
