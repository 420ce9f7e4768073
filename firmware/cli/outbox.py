"""``gantry outbox``: what is owed to whom, and what a person does about it."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from firmware.cli.context import (
    config_option,
    explained,
    json_option,
    open_configured,
    print_json,
    print_table,
)
from services import exam_view
from services.outbox import operator
from services.outbox.model import Delivery

if TYPE_CHECKING:
    from services.box import Box

_HISTORY = 1000
"""Deliveries that --all shows at most: the newest."""


@click.group(invoke_without_command=True)
@click.option("--all", "everything", is_flag=True, help="Also what is not owed any more.")
@json_option
@config_option
@click.pass_context
def outbox(
    context: click.Context, everything: bool, as_json: bool, config_file: Path | None
) -> None:
    """Show what is owed to each peer; held deliveries wait for a person."""
    context.obj = config_file
    if context.invoked_subcommand is None:
        _show(everything, as_json, config_file)


@explained
def _show(everything: bool, as_json: bool, config_file: Path | None) -> None:
    _, box = open_configured(config_file)
    found = operator.deliveries(
        box.catalog, owed_only=not everything, limit=_HISTORY if everything else None
    )
    faults = exam_view.peer_faults(box)
    if as_json:
        print_json([exam_view.delivery_as_plain(d, faults.get(d.peer, "")) for d in found])
        return
    if not found:
        click.echo("Nothing is owed.")
        return
    _print(found)
    for peer in sorted({delivery.peer for delivery in found} & faults.keys()):
        click.echo(f"{peer} cannot be reached: {faults[peer].removeprefix(f'{peer}: ')}")


def _print(found: list[Delivery]) -> None:
    print_table(
        ("ID", "KIND", "PEER", "EXAM", "STATE", "TRIES", "LAST ANSWER"),
        [(d.id, d.kind, d.peer, d.exam_id, d.state, d.attempts, d.last_text or "-") for d in found],
    )
    for delivery in found:
        if delivery.advice:
            click.echo(f"{delivery.id}: {delivery.advice}")


@outbox.command()
@click.argument("delivery_id", metavar="ID", type=int)
@config_option
@click.pass_context
@explained
def resend(context: click.Context, delivery_id: int, config_file: Path | None) -> None:
    """Try a delivery again now, whatever stopped it."""
    _, box = open_configured(config_file or context.obj)
    delivery = operator.resend(box.catalog, delivery_id)
    click.echo(f"Delivery {delivery.id} ({delivery.kind}) to {delivery.peer} is due now.")


@outbox.command()
@click.argument("delivery_id", metavar="ID", type=int)
@config_option
@click.pass_context
@explained
def cancel(context: click.Context, delivery_id: int, config_file: Path | None) -> None:
    """Stop owing a delivery. The image stays on the box."""
    _, box = open_configured(config_file or context.obj)
    for delivery in operator.cancel(box.catalog, delivery_id):
        click.echo(f"Delivery {delivery.id} ({delivery.kind}) to {delivery.peer} is cancelled.")


@outbox.command()
@click.argument("delivery_id", metavar="ID", type=int)
@click.argument("peer", required=False)
@config_option
@click.pass_context
@explained
def redirect(
    context: click.Context, delivery_id: int, peer: str | None, config_file: Path | None
) -> None:
    """Owe a delivery to another PEER instead.

    Without PEER it goes to the one other peer that offers the service, if there is just one.
    """
    _, box = open_configured(config_file or context.obj)
    target = peer or _only_other(box, operator.get(box.catalog, delivery_id))
    for delivery in operator.redirect(box.catalog, delivery_id, box.peers, target, at=box.wall()):
        click.echo(f"Delivery {delivery.id} ({delivery.kind}) now goes to {delivery.peer}.")


def _only_other(box: Box, delivery: Delivery) -> str:
    service = delivery.kind.service
    others = [peer.name for peer in box.offering(service) if peer.name != delivery.peer]
    if len(others) == 1:
        return others[0]
    if not others:
        raise click.UsageError(f"no other peer is configured for the service '{service}'")
    raise click.UsageError(f"say which of them takes it: {', '.join(others)}")


@outbox.command()
@click.option("--peer", help="Only this peer.")
@click.option(
    "--timeout", type=click.FloatRange(0), default=300.0, show_default=True, help="Seconds."
)
@config_option
@click.pass_context
@explained
def drain(
    context: click.Context, peer: str | None, timeout: float, config_file: Path | None
) -> None:
    """Send everything that is due, wait for the archives' commitments, then end.

    Exit code 0 when nothing is owed any more. Commitment reports are received here unless
    'gantry listener' runs already.
    """
    from firmware.listening import listener_unless_running
    from services.dispatcher import drain as drain_outbox

    configuration, box = open_configured(config_file or context.obj)
    with ExitStack() as stack:
        note = stack.enter_context(listener_unless_running(configuration, box))
        if note:
            click.echo(note, err=True)
        left = drain_outbox(
            box,
            peer=peer,
            timeout=timeout,
            progress=lambda now: click.echo(f"{now.open} on their way, {now.held} held", err=True),
        )
    if left.nothing:
        click.echo("Nothing is owed any more.")
        return
    raise click.ClickException(
        f"{left.open} deliveries are still owed and {left.held} are held: "
        f"'gantry outbox' says why and what to do"
    )
