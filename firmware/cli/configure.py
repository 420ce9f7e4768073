"""``gantry check`` and ``gantry config``."""

from __future__ import annotations

from pathlib import Path

import click

from firmware.cli.context import config_option, explained, read_configuration
from firmware.cli.settings import (
    export_file,
    get_key,
    history,
    import_file,
    rollback,
    set_keys,
)
from firmware.config import template as config_template


@click.command()
@config_option
@explained
def check(config_file: Path | None) -> None:
    """Check the configuration and name everything that is wrong with it at once.

    Exit code 0 when the box can start with it, 1 when not.
    """
    configuration = read_configuration(config_file)
    for warning in configuration.warnings:
        click.echo(f"Note: {warning}", err=True)
    name = configuration.file or "the built-in configuration"
    click.echo(
        f"{name} is good: station {configuration.station.ae_title}, "
        f"{_count(len(configuration.peers), 'peer')}, "
        f"{_count(len(configuration.sources), 'source')}, "
        f"{_count(len(configuration.protocols), 'protocol')}."
    )


@click.group()
def config() -> None:
    """Work with the configuration file."""


@config.command("template")
def template() -> None:
    """Print a gantry.toml with every key, its meaning and its range, ready to edit."""
    click.echo(config_template(), nl=False)


for _command in (get_key, set_keys, history, rollback, export_file, import_file):
    config.add_command(_command)


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
