"""``gantry firewall``."""

from __future__ import annotations

from pathlib import Path

import click

from firmware.cli.context import config_option, explained, read_configuration


@click.command()
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to this file instead of the terminal.",
)
@config_option
@explained
def firewall(output: Path | None, config_file: Path | None) -> None:
    """Print which ports nftables shall open, as the configuration says; for 'nft --file'."""
    from firmware.firewall import open_ports, rules

    text = rules(open_ports(read_configuration(config_file)))
    if output is None:
        click.echo(text, nl=False)
        return
    output.write_text(text, encoding="utf-8")
