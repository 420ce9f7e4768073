"""``gantry peers``: whom the box knows, and whether they answer."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from firmware.cli.context import (
    config_option,
    explained,
    json_option,
    open_configured,
    print_json,
    print_table,
)

if TYPE_CHECKING:
    from services.box import Box


@click.group(invoke_without_command=True)
@json_option
@config_option
@click.pass_context
def peers(context: click.Context, as_json: bool, config_file: Path | None) -> None:
    """Show the configured peers and when each was last in touch."""
    context.obj = config_file
    if context.invoked_subcommand is None:
        _show(as_json, config_file)


@explained
def _show(as_json: bool, config_file: Path | None) -> None:
    from services.outbox import operator, peer_state

    _, box = open_configured(config_file)
    rows: list[dict[str, Any]] = []
    for peer in box.peers:
        state = peer_state.get(box.catalog, peer.name)
        rows.append(
            {
                "name": peer.name,
                "ae_title": peer.ae_title,
                "host": peer.host,
                "port": peer.port,
                "services": sorted(service.value for service in peer.services),
                "commitment": "required" if peer.commitment_required else "none",
                "last_contact": state.last_contact,
                "failures": state.failures,
                "last_error": state.last_error,
                "owed": sum(operator.owed(box.catalog, peer.name).values()),
            }
        )
    if as_json:
        print_json(rows)
        return
    if not rows:
        click.echo("No peer is configured: add a [[peers]] table to gantry.toml.")
        return
    print_table(
        ("NAME", "AE TITLE", "ADDRESS", "SERVICES", "OWED", "LAST CONTACT", "LAST FAULT"),
        [
            (
                row["name"],
                row["ae_title"],
                f"{row['host']}:{row['port']}",
                " ".join(row["services"]),
                row["owed"],
                _moment(box, row["last_contact"]),
                row["last_error"] or "-",
            )
            for row in rows
        ],
    )


def _moment(box: Box, seconds: float | None) -> str:
    if seconds is None:
        return "never"
    return datetime.fromtimestamp(seconds, box.clock.now().tzinfo).strftime("%Y-%m-%d %H:%M:%S")


@peers.command("test")
@click.argument("name", required=False)
@json_option
@config_option
@click.pass_context
@explained
def test_peers(
    context: click.Context, name: str | None, as_json: bool, config_file: Path | None
) -> None:
    """Ask every peer, or only NAME: C-ECHO, then what it accepts, with advice.

    Exit code 0 when everything that is configured works.
    """
    from services.dicom.capabilities import probe

    _, box = open_configured(config_file or context.obj)
    chosen = [box.peer(name)] if name else list(box.peers)
    if not chosen:
        raise click.ClickException("no peer is configured: add a [[peers]] table to gantry.toml")
    results = {peer.name: probe(peer, box.calling_ae_title(peer)) for peer in chosen}
    if as_json:
        print_json(
            {
                peer: [
                    {"service": x.service, "ok": x.ok, "what": x.what, "advice": x.advice}
                    for x in lines
                ]
                for peer, lines in results.items()
            }
        )
    else:
        for peer, lines in results.items():
            click.echo(peer)
            for line in lines:
                mark = "ok  " if line.ok else "FAIL"
                click.echo(f"  {mark}  {line.service}: {line.what}")
                if line.advice:
                    click.echo(f"        {line.advice}")
    if not all(line.ok for lines in results.values() for line in lines):
        raise SystemExit(1)
