"""What every command shares: the configuration option, messages for people, JSON for scripts."""

from __future__ import annotations

import functools
import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

from firmware import logs
from firmware.config import Configuration, ConfigurationError, defaults, load

if TYPE_CHECKING:
    from services.box import Box

ENVIRONMENT = "GANTRY_CONFIG"

P = ParamSpec("P")
R = TypeVar("R")

config_option = click.option(
    "--config",
    "config_file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar=ENVIRONMENT,
    help="The box's gantry.toml. Without it the built-in defaults of a laptop are used. "
    f"The variable {ENVIRONMENT} says the same.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")


def read_configuration(config_file: Path | None) -> Configuration:
    """The configuration of this call, or a readable end of the program."""
    try:
        return load(config_file) if config_file else defaults()
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from error


def open_configured(config_file: Path | None) -> tuple[Configuration, Box]:
    """The configuration and the assembled box; imports the DICOM stack."""
    from firmware.assembly import open_box

    if not logs.begun():
        logs.begin_for_person()
    configuration = read_configuration(config_file)
    return configuration, open_box(configuration)


def explained(command: Callable[P, R]) -> Callable[P, R]:
    """Turn errors that speak to a person into one message and exit code 1, never a traceback."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        from device.errors import DeviceError
        from drivers.errors import DriverError
        from services.errors import ServiceError

        try:
            return command(*args, **kwargs)
        except (DeviceError, DriverError, ServiceError) as error:
            raise click.ClickException(str(error)) from error
        except BrokenPipeError:
            # the reader of our output went away, as `head` does
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            raise SystemExit(1) from None
        except (OSError, sqlite3.Error) as error:
            raise click.ClickException(
                f"this machine refused a step: {error}. What was reported as safe before is safe. "
                f"Check that the disk is there, writable and not full, then try again"
            ) from error

    return wrapped


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Columns as wide as their widest cell."""
    table = [list(headings), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(headings))]
    for row in table:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())
