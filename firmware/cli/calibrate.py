"""``gantry calibrate``: ruler, range, list, withdraw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import click

from firmware.cli.context import (
    config_option,
    explained,
    json_option,
    open_configured,
    print_json,
    print_table,
)

_BY = click.option("--by", "confirmed_by", required=True, metavar="NAME", help="Who stands for it.")
_SOURCE = click.argument("source_name", metavar="SOURCE")


def _numbers(what: str) -> Callable[[str], tuple[float, ...]]:
    """Reads as many numbers, parted by commas, as ``what`` has names."""

    def read(text: str) -> tuple[float, ...]:
        try:
            numbers = tuple(float(part) for part in text.split(","))
        except ValueError:
            numbers = ()
        if len(numbers) != len(what.split(",")):
            raise click.BadParameter(f"{text!r} is not {what} in numbers")
        return numbers

    return read


@click.group()
def calibrate() -> None:
    """Measure what a source's pictures mean: millimetres by a ruler, grey by a ramp."""


@calibrate.command()
@_SOURCE
@click.option(
    "--from",
    "start",
    type=_numbers("COLUMN,ROW"),
    metavar="COLUMN,ROW",
    required=True,
    help="First point.",
)
@click.option(
    "--to",
    "end",
    type=_numbers("COLUMN,ROW"),
    metavar="COLUMN,ROW",
    required=True,
    help="Second point.",
)
@click.option("--length", "length_mm", type=float, required=True, help="Their distance in mm.")
@click.option("--zoom", default="", help="What the console shows of zoom or field of view.")
@click.option(
    "--type",
    "calibration_type",
    type=click.Choice(["FIDUCIAL", "GEOMETRY"]),
    default="FIDUCIAL",
    show_default=True,
    help="FIDUCIAL for a scale in the picture, GEOMETRY for a known magnification.",
)
@_BY
@json_option
@config_option
@explained
def ruler(
    source_name: str,
    start: tuple[float, float],
    end: tuple[float, float],
    length_mm: float,
    zoom: str,
    calibration_type: Literal["FIDUCIAL", "GEOMETRY"],
    confirmed_by: str,
    as_json: bool,
    config_file: Path | None,
) -> None:
    """Pixel Spacing from two points on the console's scale, in pixels of the picture.

    It holds for this profile, crop, size and zoom only: change one of them and pictures have no
    spacing again until somebody measures anew.
    """
    from firmware.circumstances import capture_circumstances
    from firmware.looking import source_to_look_at
    from services import calibration

    configuration, box = open_configured(config_file)
    frame = calibration.freeze(source_to_look_at(configuration, box, source_name))
    number, measured = calibration.calibrate_ruler(
        box,
        frame,
        capture_circumstances(configuration, source_name, zoom),
        start,
        end,
        length_mm,
        confirmed_by,
        calibration_type,
    )
    down, across = measured.spacing
    if as_json:
        print_json(
            {
                "calibration": number,
                "pixel_spacing": [down, across],
                "description": measured.description,
                "rows": measured.binding.rows,
                "columns": measured.binding.columns,
                "zoom": measured.binding.zoom,
            }
        )
        return
    click.echo(
        f"Calibration {number}: {down:.4f} mm between rows, {across:.4f} mm between columns."
    )
    click.echo(f"{measured.description}, by {measured.confirmed_by}.")


@calibrate.command("range")
@_SOURCE
@click.option(
    "--region",
    type=_numbers("LEFT,TOP,COLUMNS,ROWS"),
    metavar="LEFT,TOP,COLUMNS,ROWS",
    help="The part of the picture that the ramp fills; without it the whole picture.",
)
@_BY
@json_option
@config_option
@explained
def range_(
    source_name: str,
    region: tuple[float, float, float, float] | None,
    confirmed_by: str,
    as_json: bool,
    config_file: Path | None,
) -> None:
    """Black and white from a grey ramp that the console shows, for a profile's measured range."""
    from firmware.looking import source_to_look_at
    from services import calibration

    configuration, box = open_configured(config_file)
    frame = calibration.freeze(source_to_look_at(configuration, box, source_name))
    part = None
    if region is not None:
        left, top, columns, rows = map(int, region)
        part = (left, top, columns, rows)
    measured = calibration.calibrate_range(box, frame, source_name, confirmed_by, part)
    black, white = measured.of_8_bits
    if as_json:
        print_json(
            {
                "black": black,
                "white": white,
                "monotonic": measured.monotonic,
                "clipped_black": measured.clipped_black,
                "clipped_white": measured.clipped_white,
                "sound": measured.sound,
                "findings": list(measured.findings),
            }
        )
    else:
        for finding in measured.findings:
            click.echo(f"{finding}.")
        if measured.sound:
            click.echo(f'For the profile: range = "measured", measured = [{black}, {white}]')
    if not measured.sound:
        raise click.ClickException("this range must not be used: see the findings")


@calibrate.command("list")
@json_option
@config_option
@explained
def list_calibrations(as_json: bool, config_file: Path | None) -> None:
    """Show every calibration, also those that hold no longer."""
    from services.catalog import calibrations

    _, box = open_configured(config_file)
    rulers, ranges = calibrations.rulers(box.catalog), calibrations.ranges(box.catalog)
    if as_json:
        print_json({"rulers": rulers, "ranges": ranges})
        return
    print_table(
        ("NUMBER", "SOURCE", "MADE", "BY", "SIZE", "ZOOM", "SPACING", "IN FORCE"),
        [
            (
                row["id"],
                row["source"],
                row["made"][:16].replace("T", " "),
                row["confirmed_by"],
                f"{row['binding']['columns']} x {row['binding']['rows']}",
                row["binding"]["zoom"],
                " x ".join(f"{part:.4f}" for part in row["pixel_spacing"]),
                "no" if row["withdrawn"] else "yes",
            )
            for row in rulers
        ],
    )
    for row in ranges:
        click.echo(
            f"range of {row['source']}, {row['made'][:16].replace('T', ' ')}, "
            f"by {row['confirmed_by']}: black {row['black']}, white {row['white']}"
        )


@calibrate.command()
@click.argument("number", type=int, metavar="NUMBER")
@config_option
@explained
def withdraw(number: int, config_file: Path | None) -> None:
    """Let a ruler hold no longer; images that were made by it stay as they are."""
    from services.catalog import calibrations

    _, box = open_configured(config_file)
    with box.catalog.writing() as db:
        calibrations.withdraw_ruler(db, number, box.clock.now())
    click.echo(f"Calibration {number} holds no longer.")
