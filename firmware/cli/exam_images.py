"""``gantry exam discard`` and ``restore``: images that are worth nothing."""

from __future__ import annotations

from pathlib import Path

import click

from device.discard_reasons import DISCARD_REASONS
from firmware.cli.context import config_option, explained, open_configured
from services import discards
from services.catalog.discarded import Reach

_REASONS = "\n".join(
    f"  {each.code.value}  {each.code.meaning}" for each in DISCARD_REASONS.values()
)
_WHERE = {
    Reach.SENDING: "is receiving it at this moment",
    Reach.PERHAPS: "may have it: the answer to an attempt was lost",
    Reach.STORED: "has it already",
}


@click.command(epilog=f"\b\nReasons (PS3.16 CID 7011 and titles of CID 7010):\n{_REASONS}")
@click.argument("uid", metavar="UID")
@click.option("--reason", required=True, metavar="CODE", help="A code from the list below.")
@click.option("--by", "by", default="", metavar="NAME", help="Who discards it.")
@config_option
@explained
def discard(uid: str, reason: str, by: str, config_file: Path | None) -> None:
    """Discard an image of an open exam: it stays on the box and is not sent any more."""
    _, box = open_configured(config_file)
    outcome = discards.discard(box, uid, reason, by)
    click.echo(f"Discarded: {outcome.reason.code.meaning}.")
    for peer, reach in outcome.reach.items():
        if reach is not Reach.KEPT:
            click.echo(f"Attention: {peer} {_WHERE[reach]}.", err=True)
    unaware = discards.not_told(box, outcome.reach)
    if unaware:
        click.echo(
            f"Ask the PACS administrator to hide it at {', '.join(unaware)}: no rejection note "
            f"goes there.",
            err=True,
        )
    elif not outcome.recalled:
        click.echo("A rejection note goes there when the exam ends.", err=True)


@click.command()
@click.argument("uid", metavar="UID")
@config_option
@explained
def restore(uid: str, config_file: Path | None) -> None:
    """Bring a discarded image back, until its exam ends."""
    _, box = open_configured(config_file)
    exam_id = discards.restore(box, uid)
    click.echo(f"The image belongs to exam {exam_id} again, and is sent.")
