"""``gantry people``: who may sign in at the console."""

from __future__ import annotations

from pathlib import Path

import click

from firmware.cli.context import (
    config_option,
    explained,
    json_option,
    open_configured,
    print_json,
    print_table,
)
from services.catalog import audit
from services.catalog import people as register

_PIN = click.option(
    "--pin",
    prompt="PIN (4 to 12 digits)",
    hide_input=True,
    confirmation_prompt=True,
    envvar="GANTRY_PIN",
    help="4 to 12 digits; asked for when it is not given. Others see what stands on a command "
    "line: scripts set the variable GANTRY_PIN instead.",
)


@click.group()
def people() -> None:
    """Who may sign in at the console, and with which PIN.

    There is no PIN to begin with: the first technician's is chosen at the box's own screen, or
    here.
    """


@people.command(name="list")
@json_option
@config_option
@explained
def show(as_json: bool, config_file: Path | None) -> None:
    """Show who may sign in."""
    _, box = open_configured(config_file)
    found = register.everybody(box.catalog)
    if as_json:
        print_json([{"name": p.name, "role": p.role, "made": p.made.isoformat()} for p in found])
        return
    if not found:
        click.echo("Nobody can sign in yet: 'gantry people add NAME --role technician'.")
        return
    print_table(("NAME", "ROLE", "SINCE"), [(p.name, p.role, p.made.date()) for p in found])


@people.command()
@click.argument("name")
@click.option("--role", type=click.Choice(register.ROLES), required=True, help="What they may do.")
@_PIN
@config_option
@explained
def add(name: str, role: str, pin: str, config_file: Path | None) -> None:
    """Let NAME sign in."""
    _, box = open_configured(config_file)
    now = box.clock.now()
    person = register.add(box.catalog, name, role, pin, made=now)
    with box.catalog.writing() as db:
        audit.note(db, now, "", "command line", "person-add", "done", "", f"{name}, {role}")
    click.echo(f"{person.name} can sign in as {person.role}.")


@people.command()
@click.argument("name")
@config_option
@explained
def remove(name: str, config_file: Path | None) -> None:
    """Let NAME sign in no more. Whoever is signed in stays so until the console restarts."""
    _, box = open_configured(config_file)
    person = register.remove(box.catalog, name)
    with box.catalog.writing() as db:
        now = box.clock.now()
        audit.note(db, now, "", "command line", "person-remove", "done", "", person.name)
    click.echo(f"{person.name} cannot sign in any more.")


@people.command()
@click.argument("name")
@_PIN
@config_option
@explained
def pin(name: str, pin: str, config_file: Path | None) -> None:
    """Give NAME another PIN; wrong tries are forgotten."""
    _, box = open_configured(config_file)
    person = register.change_pin(box.catalog, name, pin)
    with box.catalog.writing() as db:
        now = box.clock.now()
        audit.note(db, now, "", "command line", "person-pin", "done", "", person.name)
    click.echo(f"{person.name} has another PIN.")
