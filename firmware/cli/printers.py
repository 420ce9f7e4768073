"""``gantry printers``: which there are, whether they work, and the jobs that they are owed."""

from __future__ import annotations

import getpass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from firmware.cli.context import (
    config_option,
    explained,
    json_option,
    open_configured,
    print_json,
    print_table,
)

if TYPE_CHECKING:
    from services.box import Box
    from services.printing.health import Health
    from services.printing.jobs import PrintJob


@click.group(invoke_without_command=True)
@json_option
@config_option
@click.pass_context
def printers(context: click.Context, as_json: bool, config_file: Path | None) -> None:
    """Show the configured printers and how they are, as far as they have said."""
    context.obj = config_file
    if context.invoked_subcommand is None:
        _show(as_json, config_file)


@explained
def _show(as_json: bool, config_file: Path | None) -> None:
    from services.printing import drafts, health

    _, box = open_configured(config_file)
    rows = drafts.printers(box)
    states = {printer.name: health.look(box, printer) for printer in box.printers}
    if as_json:
        print_json(
            [
                {
                    **row,
                    "health": states[row["name"]].as_plain(),
                    "options": drafts.options(box, row["name"]),
                }
                for row in rows
            ]
        )
        return
    if not rows:
        click.echo("No printer is configured: add a [[printers]] table to gantry.toml.")
        return
    print_table(
        ("NAME", "KIND", "PROFILE", "AT", "STATE", "OWED", "LAST FAULT"),
        [
            (
                row["name"],
                row["kind"],
                row["profile"],
                row["queue"] or f"{row['ae_title']}@{row['address']}",
                _state(states[row["name"]]),
                row["owed"],
                row["fault"] or "-",
            )
            for row in rows
        ],
    )


def _state(health: Health) -> str:
    """How a printer is, in a line."""
    if health.condition == "unknown":
        return "never asked"
    return " ".join((f"{health.condition}:", *health.sentences(), health.words)).rstrip(": ")


@printers.command("test")
@click.argument("name", required=False, default="")
@click.option("--film", is_flag=True, help="Print the test film too.")
@click.option("--preview", type=click.Path(path_type=Path, dir_okay=False), help="Save it as PNG.")
@json_option
@config_option
@click.pass_context
@explained
def test_printer(
    context: click.Context,
    name: str,
    film: bool,
    preview: Path | None,
    as_json: bool,
    config_file: Path | None,
) -> None:
    """Ask printer NAME: C-ECHO, its state and configuration; with --film print a test film.

    The film has grey steps and a frame of known millimetres to lay a ruler on. Exit code 0 when
    all went well.
    """
    from services.printing import test_film, trial
    from services.printing.printers import find_printer

    _, box = open_configured(config_file or context.obj)
    printer = find_printer(box.printers, name)
    if preview is not None:
        preview.write_bytes(test_film.preview(box, printer))
    lines = trial.run(box, printer, film=film)
    if as_json:
        print_json([{"what": x.what, "ok": x.ok, "said": x.said} for x in lines])
    else:
        for line in lines:
            click.echo(f"{'ok  ' if line.ok else 'FAIL'}  {line.what}: {line.said}")
    if not all(line.ok for line in lines):
        raise SystemExit(1)


@printers.command("jobs")
@click.option("--exam", "exam_id", help="Only those of this exam, with their history.")
@click.option("--open", "open_only", is_flag=True, help="Only those that are not over.")
@json_option
@config_option
@click.pass_context
@explained
def show_jobs(
    context: click.Context,
    exam_id: str | None,
    open_only: bool,
    as_json: bool,
    config_file: Path | None,
) -> None:
    """Show print jobs: what was printed of an exam, and what waits."""
    from services.printing import drafts, jobs

    _, box = open_configured(config_file or context.obj)
    found = (
        jobs.of_exam(box.catalog, exam_id)
        if exam_id
        else jobs.recent(box.catalog, open_only=open_only)
    )
    if as_json:
        print_json([drafts.job_as_plain(box, job, detail=bool(exam_id)) for job in found])
        return
    print_table(
        ("JOB", "EXAM", "PRINTER", "STATE", "SHEETS", "COPIES", "MADE", "WHY"),
        [
            (
                job.id,
                job.exam_id,
                job.printer,
                "in doubt" if job.no_return else job.outcome or job.state.value,
                f"{job.sheets_done}/{job.sheets}",
                job.film.copies,
                datetime.fromisoformat(job.made).strftime("%Y-%m-%d %H:%M"),
                job.words or "-",
            )
            for job in found
        ],
    )


def _act(context: click.Context, config_file: Path | None) -> tuple[Box, str]:
    _, box = open_configured(config_file or context.obj)
    return box, getpass.getuser()


_job = click.argument("job_id", type=int, metavar="JOB")
_again = click.option(
    "--print-again", is_flag=True, help="I have looked: the sheet in doubt did not come out."
)


@printers.command("resend")
@_job
@_again
@config_option
@click.pass_context
@explained
def resend(
    context: click.Context, job_id: int, print_again: bool, config_file: Path | None
) -> None:
    """Print what is left of JOB now."""
    from services.printing import actions

    box, by = _act(context, config_file)
    _tell(actions.resend(box, job_id, by=by, print_again=print_again))


@printers.command("printed")
@_job
@config_option
@click.pass_context
@explained
def printed(context: click.Context, job_id: int, config_file: Path | None) -> None:
    """Count the sheet in doubt of JOB as printed, since somebody has seen it."""
    from services.printing import actions

    box, by = _act(context, config_file)
    _tell(actions.mark_printed(box, job_id, by=by))


@printers.command("cancel")
@_job
@config_option
@click.pass_context
@explained
def cancel(context: click.Context, job_id: int, config_file: Path | None) -> None:
    """Print no more of JOB."""
    from services.printing import actions

    box, by = _act(context, config_file)
    _tell(actions.cancel(box, job_id, by=by))


@printers.command("redirect")
@_job
@click.argument("printer")
@_again
@config_option
@click.pass_context
@explained
def redirect(
    context: click.Context,
    job_id: int,
    printer: str,
    print_again: bool,
    config_file: Path | None,
) -> None:
    """Print what is left of JOB on another PRINTER."""
    from services.printing import actions

    box, by = _act(context, config_file)
    _tell(actions.redirect(box, job_id, printer, by=by, print_again=print_again))


def _tell(job: PrintJob) -> None:
    state: Any = job.outcome or job.state.value
    click.echo(f"Print job {job.id} at {job.printer}: {state}, {job.sheets_done}/{job.sheets}")
