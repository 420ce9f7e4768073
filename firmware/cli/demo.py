"""``gantry demo``: the main job, seen once, on a machine without any hardware."""

from __future__ import annotations

import logging
import tempfile
from contextlib import ExitStack
from pathlib import Path

import click

from firmware import logs
from firmware.cli.context import explained, json_option, print_json, print_table


@click.command()
@json_option
@click.option(
    "--keep",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Leave the state, the box's objects and the hospital's copies in this folder.",
)
@explained
def demo(as_json: bool, keep: Path | None) -> None:
    """Run three exams on clinical pixel data against a simulated hospital.

    A CT series, an MR series taken while RIS and PACS are off, and a multi-frame colour capture;
    ends with what RIS and PACS hold of them. Exit code 0 only if all of it arrived, was
    committed and is identical.
    """
    from firmware.demo import play

    logs.begin(logging.ERROR)
    with ExitStack() as stack:
        if keep is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gantry-demo-")))
        else:
            folder = _fresh_folder(keep)
        outcomes = play(folder, lambda line: click.echo(line, err=as_json))
    ok = bool(outcomes) and all(outcome.ok for outcome in outcomes)
    if as_json:
        print_json({"ok": ok, "exams": [outcome.as_plain() for outcome in outcomes]})
    else:
        click.echo()
        print_table(
            ("PATIENT", "OBJECT", "MPPS AT THE RIS", "ACQUIRED", "STORED", "COMMITTED",
             "PIXELS IDENTICAL", "TAKEN"),
            [
                (
                    outcome.patient_id,
                    outcome.object,
                    outcome.mpps,
                    outcome.acquired,
                    outcome.stored,
                    outcome.committed,
                    "yes" if outcome.pixels_identical else "NO",
                    "offline" if outcome.offline else "online",
                )
                for outcome in outcomes
            ],
        )  # fmt: skip
        click.echo("\nAll of it is true." if ok else "\nNot everything arrived; see the table.")
    if not ok:
        raise SystemExit(1)


def _fresh_folder(folder: Path) -> Path:
    folder = folder.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.UsageError(
            f"{folder} cannot be made ({error.strerror}): give another folder to --keep"
        ) from error
    if any(folder.iterdir()):
        raise click.UsageError(f"{folder} is not empty: give a new folder to --keep")
    return folder
