"""``gantry page``."""

from __future__ import annotations

from pathlib import Path

import click

from firmware.cli.context import config_option, explained, read_configuration


@click.command()
@config_option
@explained
def page(config_file: Path | None) -> None:
    """Print the address at which the box's own screen finds the page."""
    click.echo(read_configuration(config_file).console.page)
