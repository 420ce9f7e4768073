"""``python -m image build``: the command behind ``make image``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import click

from image import recipe
from image.build import LockMismatch, build, require_programs


def main() -> int:
    """Build what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m image", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    building = commands.add_parser("build", help="make an image that can be flashed")
    building.add_argument("--variant", choices=[*recipe.VARIANTS], default="headless")
    building.add_argument("--out", type=Path, default=recipe.REPOSITORY / "build" / "image")
    building.add_argument("--relock", action="store_true", help="take the mirror's versions")
    building.add_argument("--no-pack", action="store_true", help="leave the image uncompressed")
    options = parser.parse_args()
    if os.geteuid() != 0:
        click.echo("Building lays out another system's files: run it as root.", err=True)
        return 2
    require_programs()
    variant = recipe.VARIANTS[options.variant]
    try:
        build(variant, options.out.resolve(), relock=options.relock, pack=not options.no_pack)
    except LockMismatch as mismatch:
        click.echo(mismatch, err=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
