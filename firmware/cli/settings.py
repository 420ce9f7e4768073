"""``gantry config get|set|history|rollback|export|import``: the file, changed as on the screen."""

from __future__ import annotations

import getpass
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from firmware.cli.context import (
    config_option,
    explained,
    json_option,
    print_json,
    print_table,
    read_configuration,
)

if TYPE_CHECKING:
    from firmware.config import Configuration
    from firmware.workshop.configuration import Configurations
    from services.console.workshop import Proposal

_STEP = re.compile(r"([A-Za-z0-9_-]+)((?:\[\d+\])*)")


@click.command("get")
@click.argument("key", required=False, default="")
@json_option
@config_option
@explained
def get_key(key: str, as_json: bool, config_file: Path | None) -> None:
    """Print what the file says of KEY, such as peers[0].port; without KEY everything."""
    from services.console.workshop import WorkshopRefusal

    try:
        value: Any = _desk(config_file).standing().values
    except WorkshopRefusal as refusal:
        raise _said(refusal) from refusal
    for step in _path(key) if key else ():
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError) as error:
            raise click.ClickException(f"the file says nothing of {key}") from error
    if as_json or not isinstance(value, str):
        print_json(value)
    else:
        click.echo(value)


@click.command("set")
@click.argument("changes", metavar="KEY=VALUE...", nargs=-1, required=True)
@click.option("--by", default="", metavar="NAME", help="Who changes it; the user of this machine.")
@click.option("--dry-run", is_flag=True, help="Only show what would be changed.")
@config_option
@explained
def set_keys(changes: Sequence[str], by: str, dry_run: bool, config_file: Path | None) -> None:
    """Change keys of the file together, comments kept; nothing is written where a fault remains.

    A VALUE is written as in TOML; text may go without quotes. KEY= takes a key away. Services of a
    running box start anew by themselves, those of an exam when none is open.
    """
    from services.console.workshop import Edit, WorkshopRefusal

    edits = []
    for change in changes:
        key, separator, text = change.partition("=")
        if not separator:
            raise click.UsageError(f"{change}: write KEY=VALUE, such as peers[0].port=104")
        path = _path(key.strip())
        edits.append(Edit("set", path, _value(text)) if text else Edit("unset", path))
    try:
        desk = _desk(config_file)
        proposal = desk.propose(edits)
        if proposal.sound and not dry_run:
            proposal = desk.save(edits, proposal.base, by or getpass.getuser())
    except WorkshopRefusal as refusal:
        raise _said(refusal) from refusal
    _show(proposal, dry_run)


@click.command()
@json_option
@click.option("--show", "number", type=int, metavar="NUMBER", help="What this version changed.")
@config_option
@explained
def history(as_json: bool, number: int | None, config_file: Path | None) -> None:
    """Show what was in force, newest first."""
    from services.console.workshop import WorkshopRefusal

    try:
        desk = _desk(config_file)
        if number is not None:
            click.echo("\n".join(desk.changes_of(number)))
            return
        versions = desk.history()
    except WorkshopRefusal as refusal:
        raise _said(refusal) from refusal
    rows = [
        {"number": one.number, "at": one.at, "by": one.by, "what": one.what, "current": one.current}
        for one in versions
    ]
    if as_json:
        print_json(rows)
        return
    if not rows:
        click.echo("Nothing was changed by the screen or by 'gantry config set' yet.")
        return
    print_table(
        ("NUMBER", "WHEN", "BY", "WHAT", ""),
        [
            (row["number"], row["at"], row["by"] or "-", row["what"], "*" if row["current"] else "")
            for row in rows
        ],
    )


@click.command()
@click.argument("number", type=int)
@click.option("--by", default="", metavar="NAME", help="Who does it; the user of this machine.")
@config_option
@explained
def rollback(number: int, by: str, config_file: Path | None) -> None:
    """Put version NUMBER of 'gantry config history' in force again."""
    from services.console.workshop import WorkshopRefusal

    try:
        proposal = _desk(config_file).roll_back(number, by or getpass.getuser())
    except WorkshopRefusal as refusal:
        raise _said(refusal) from refusal
    _show(proposal)


@click.command("export")
@config_option
@explained
def export_file(config_file: Path | None) -> None:
    """Print the file without secrets, for another box."""
    from services.console.workshop import WorkshopRefusal

    try:
        click.echo(_desk(config_file).export(), nl=False)
    except WorkshopRefusal as refusal:
        raise _said(refusal) from refusal


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--by", default="", metavar="NAME", help="Who does it; the user of this machine.")
@click.option("--dry-run", is_flag=True, help="Only show what would be changed.")
@config_option
@explained
def import_file(file: Path, by: str, dry_run: bool, config_file: Path | None) -> None:
    """Put FILE in the place of the configuration, where it is sound; the old one is kept."""
    from firmware.config import ConfigurationError
    from firmware.config.syntax import read_toml
    from services.console.workshop import WorkshopRefusal

    try:
        text, _ = read_toml(file)
        desk = _desk(config_file)
        proposal = desk.propose_text(text)
        if proposal.sound and not dry_run:
            who = by or getpass.getuser()
            proposal = desk.save_text(text, proposal.base, who, f"import of {file.name}")
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from error
    except WorkshopRefusal as refusal:
        raise _said(refusal) from refusal
    _show(proposal, dry_run)


def _desk(config_file: Path | None) -> Configurations:
    from datetime import datetime

    from firmware.config import ConfigurationError
    from firmware.workshop.configuration import Configurations

    if config_file is None:
        raise click.ClickException(
            "there is no configuration file to work with: name it by --config, or write one with "
            "'gantry config template'"
        )
    configuration: Configuration | None = None
    try:
        configuration = read_configuration(config_file)
    except click.ClickException as error:
        if not isinstance(error.__cause__, ConfigurationError) or not config_file.is_file():
            raise
    state = _state_dir(config_file, configuration)
    zone = configuration.timezone if configuration else None
    return Configurations(config_file, state, lambda: datetime.now(zone).astimezone(zone))


def _state_dir(config_file: Path, configuration: Configuration | None) -> Path:
    """Where versions lie; also for a file that is faulty, which is when they are needed."""
    from firmware.config.load import state_dir_of

    return configuration.state_dir if configuration else state_dir_of(config_file)


def _path(key: str) -> tuple[str | int, ...]:
    """``peers[0].port`` as ``("peers", 0, "port")``."""
    path: list[str | int] = []
    for part in key.split("."):
        found = _STEP.fullmatch(part)
        if found is None:
            raise click.UsageError(f"{key} is no key: write it as peers[0].port")
        path.append(found[1])
        path += [int(index) for index in re.findall(r"\d+", found[2])]
    return tuple(path)


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _show(proposal: Proposal, dry_run: bool = False) -> None:
    if not proposal.sound:
        for fault in proposal.faults:
            place = f"line {fault.line}: " if fault.line else ""
            click.echo(f"{place}{fault.key or 'the file'}: {fault.problem}", err=True)
            for more in (f"allowed: {fault.allowed}" if fault.allowed else "", fault.suggestion):
                if more:
                    click.echo(f"    {more}", err=True)
        raise click.ClickException("nothing was changed")
    if not proposal.changed:
        click.echo("This changes nothing.", err=True)
        return
    click.echo("\n".join(proposal.diff))
    for warning in proposal.warnings:
        click.echo(f"Note: {warning}", err=True)
    click.echo("Nothing was written." if dry_run else "Written.", err=True)


def _said(refusal: Exception) -> click.ClickException:
    from services.console.problems import Problem
    from services.console.workshop import WorkshopRefusal

    assert isinstance(refusal, WorkshopRefusal)
    told = Problem(refusal.code, refusal.params).as_plain()["error"]
    return click.ClickException(f"{told['text']} {told['todo']} ({refusal.code})")
