"""``gantry first-boot`` and ``gantry factory-reset``: what the card's boot partition asks for."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from firmware.cli.context import explained

_CARD = click.option(
    "--card",
    type=click.Path(path_type=Path, file_okay=False),
    default="/boot/firmware",
    show_default=True,
    help="Where the boot partition is mounted.",
)
_ROOT = click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False),
    default="/",
    show_default=True,
    help="Folder that holds the box's system.",
)


@click.command("first-boot")
@_CARD
@_ROOT
@explained
def first_boot(card: Path, root: Path) -> None:
    """Take what is new on the boot partition; the box does this at every start.

    A sound gantry.toml is applied with the keys, network profiles and people beside it; of one
    with faults nothing is taken. The report lies beside it as gantry-report.txt.
    """
    from firmware.provision import Outcome, Places, provision
    from firmware.update.slots import put_back
    from firmware.workshop.commands import ask

    try:
        if put_back(card):
            click.echo(
                "A new system is being tried: the next start is the earlier one's.", err=True
            )
    except OSError as error:
        click.echo(f"The card cannot be written to: {error}", err=True)
    result = provision(Places.of_box(card, root), datetime.now().astimezone())
    click.echo(result.text or f"Nothing new on the card ({result.outcome}).", err=True)
    if result.outcome is Outcome.RESET and root == Path("/"):
        # the freed blocks are given back to the card, and then a box without a past starts
        click.echo(ask("systemctl", "start", "fstrim.service", patience=600).words, err=True)
        ask("systemctl", "reboot", "--no-block")


@click.command("factory-reset")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--everything", is_flag=True, help="Also what has not reached its peers.")
@_CARD
@_ROOT
@explained
def reset(yes: bool, everything: bool, card: Path, root: Path) -> None:
    """Have the box forget patients, images, keys, people and settings at its next start."""
    from firmware.provision import Places
    from firmware.provision.factory_reset import HONESTY, ask

    if not yes:
        click.confirm(
            "At its next start the box loses all patients, images, keys, people and settings. "
            "Do you want that",
            abort=True,
        )
    ask(Places.of_box(card, root), everything=everything)
    click.echo(f"The box is reset when it is started next. {HONESTY}")
