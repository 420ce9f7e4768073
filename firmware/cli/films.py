"""``gantry films``: sheets that scanners printed at this box."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from firmware.cli.context import (
    config_option,
    explained,
    json_option,
    open_configured,
    print_json,
    print_table,
)
from services.catalog import received_sheets
from services.catalog.received_sheets import ReceivedSheet
from services.film_reception import actions


@click.group(invoke_without_command=True)
@json_option
@config_option
@click.pass_context
def films(context: click.Context, as_json: bool, config_file: Path | None) -> None:
    """Show the films that scanners printed here, and what became of them."""
    context.obj = config_file
    if context.invoked_subcommand is None:
        _show(as_json, config_file)


@explained
def _show(as_json: bool, config_file: Path | None) -> None:
    _, box = open_configured(config_file)
    found = received_sheets.recent(box.catalog)
    if as_json:
        print_json([_plain(sheet) for sheet in found])
        return
    if not found:
        click.echo("No film was received.")
        return
    print_table(
        ("FILM", "RECEIVED", "FROM", "SIZE", "PICTURES", "IMAGES", "EXAM", "PAPER", "WORDS"),
        [
            (
                str(sheet.id), sheet.received[:19].replace("T", " "), sheet.caller,
                sheet.film_size, str(sheet.pictures), sheet.images.value, sheet.exam_id or "",
                sheet.paper.value, _words(sheet),
            )
            for sheet in found
        ],
    )  # fmt: skip


@films.command()
@click.argument("film", type=int)
@click.argument("exam")
@config_option
@click.pass_context
@explained
def assign(context: click.Context, film: int, exam: str, config_file: Path | None) -> None:
    """Take the pictures of FILM into EXAM, which must be open."""
    from firmware.film_reception import make_intake, open_cabinet
    from services import recovery

    configuration, box = open_configured(config_file or context.obj)
    recovery.recover(box)
    cabinet = open_cabinet(configuration, box)
    sheet = received_sheets.get(box.catalog, film)
    taken = make_intake(configuration, box, cabinet).take(sheet, exam)
    click.echo(f"{len(taken)} pictures of film {film} are in exam {exam}.")


@films.command()
@click.argument("film", type=int)
@config_option
@click.pass_context
@explained
def discard(context: click.Context, film: int, config_file: Path | None) -> None:
    """Make no images of FILM, which is nobody's."""
    _, box = open_configured(config_file or context.obj)
    actions.discard(box, film)
    click.echo(f"Film {film} is discarded; it leaves the box after the days of retention.")


@films.command("print")
@click.argument("film", type=int)
@config_option
@click.pass_context
@explained
def print_again(context: click.Context, film: int, config_file: Path | None) -> None:
    """Print FILM again, which is held: the sheet did not come out."""
    _, box = open_configured(config_file or context.obj)
    actions.print_again(box, film)
    click.echo(f"Film {film} is printed again.")


@films.command()
@click.argument("film", type=int)
@config_option
@click.pass_context
@explained
def printed(context: click.Context, film: int, config_file: Path | None) -> None:
    """Note that FILM, which is held, came out of the printer."""
    _, box = open_configured(config_file or context.obj)
    actions.mark_printed(box, film)
    click.echo(f"Film {film} is marked as printed.")


def _words(sheet: ReceivedSheet) -> str:
    same = f"looks like film {sheet.same_as}" if sheet.same_as else ""
    return "; ".join(part for part in (sheet.words, same) if part)


def _plain(sheet: ReceivedSheet) -> dict[str, Any]:
    return {name: getattr(sheet, name) for name in ReceivedSheet.__slots__}
