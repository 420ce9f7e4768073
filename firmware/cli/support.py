"""``gantry support-bundle``: what whoever is asked for help needs, and nobody's name."""

from __future__ import annotations

from pathlib import Path

import click

from firmware.cli.context import config_option, explained, open_configured


@click.command("support-bundle")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@config_option
@explained
def support_bundle(file: Path, config_file: Path | None) -> None:
    """Write versions, configuration without secrets, logs and counts into FILE (.tar.gz).

    It names no patient and nobody of the staff.
    """
    from firmware.workshop import make_workshop

    configuration, box = open_configured(config_file)
    data = make_workshop(configuration, box).support.bundle()
    file.write_bytes(data)
    click.echo(f"{file}: {len(data)} bytes", err=True)
