"""``gantry update``: signed updates into the slot that does not run."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from firmware.cli.context import (
    config_option,
    explained,
    json_option,
    open_configured,
    print_json,
    read_configuration,
)

if TYPE_CHECKING:
    from firmware.config import Configuration

_MANIFEST = Path("/usr/share/gantry/manifest.json")
_NOT_NEWER = 3


@click.group()
def update() -> None:
    """Bring another version onto the box, and go back by itself where it does not start well."""


@update.command()
@click.argument("source", metavar="FILE|URL")
@json_option
@config_option
@explained
def check(source: str, as_json: bool, config_file: Path | None) -> None:
    """Tell what an update brings, whether it is genuine, and whether it could be taken now.

    Exit code 3 where it brings nothing newer.
    """
    from firmware.update.bundle import is_older, opened
    from firmware.update.guard import Guard
    from firmware.update.install import inspect

    _, box = open_configured(config_file)
    with opened(source) as stream:
        manifest = inspect(stream)
    guard = Guard(box, variant=_variant(), allow_older=True)
    guard.check_bundle(manifest)
    newer = is_older(box.software_version, manifest.version)
    if as_json:
        print_json({"version": manifest.version, "variant": manifest.variant, "newer": newer})
    else:
        click.echo(f"{manifest.version} ({manifest.variant}); this box has {box.software_version}.")
    if not newer:
        raise SystemExit(_NOT_NEWER)
    guard.check_idle()


@update.command()
@click.argument("source", metavar="[FILE|URL]", required=False, default="")
@click.option("--allow-older", is_flag=True, help="Also an earlier version than the one that runs.")
@click.option("--only-newer", is_flag=True, help="End quietly where it brings nothing newer.")
@click.option("--reboot/--no-reboot", default=True, help="Start the box anew when it is written.")
@config_option
@explained
def install(
    source: str, allow_older: bool, only_newer: bool, reboot: bool, config_file: Path | None
) -> None:
    """Write an update to the other slot and try it; as root. Without FILE that of update.url.

    Refused during an exam and while something is being sent.
    """
    from firmware.update import Target
    from firmware.update import install as write
    from firmware.update.bundle import is_older, opened
    from firmware.update.guard import Guard
    from firmware.update.install import inspect
    from firmware.workshop.commands import ask

    configuration, box = open_configured(config_file)
    source = source or configuration.update.url
    if not source:
        click.echo("update.url of gantry.toml names no address.", err=True)
        return
    if only_newer:
        with opened(source) as stream:
            if not is_older(box.software_version, inspect(stream).version):
                click.echo("Nothing newer is there.", err=True)
                return
    guard = Guard(box, variant=_variant(), allow_older=allow_older)
    with opened(source) as stream:
        write(stream, Target.of_box(), guard, lambda text: click.echo(text, err=True))
    if reboot:
        guard.check_idle()
        ask("systemctl", "reboot", "--no-block")


@update.command("status")
@json_option
@explained
def show(as_json: bool) -> None:
    """Show what became of the last update."""
    from firmware.status.machine import slot
    from firmware.update import record

    found = record.read()
    if as_json:
        print_json({"slot": slot(), "last": asdict(found) if found else None})
    elif found is None:
        click.echo("This box was never updated.")
    else:
        why = f": {found.why}" if found.why else ""
        click.echo(f"{found.version} in slot {found.slot}: {found.step}{why}")


@update.command()
@config_option
@explained
def settle(config_file: Path | None) -> None:
    """After a start: keep a new system when the box is well with it, else go back; as root."""
    from firmware.update import Target, record
    from firmware.update import settle as judge
    from firmware.update.record import Step
    from firmware.workshop.commands import ask

    if (tried := record.read()) is None or tried.step is not Step.TRYING:
        click.echo("No update is being tried.", err=True)
        return
    configuration = read_configuration(config_file)
    target = Target.of_box()
    became = judge(target, lambda: _ailment(configuration))
    if became is None:
        return
    click.echo(f"{became.version}: {became.step}{f', {became.why}' * bool(became.why)}", err=True)
    if became.step is Step.FELL_BACK and became.slot == target.running:
        ask("systemctl", "reboot", "--no-block")


@update.command()
@click.argument("output", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--key", type=click.Path(path_type=Path, exists=True), required=True,
              help="Private Ed25519 key, PEM.")  # fmt: skip
@click.option("--system", type=click.Path(path_type=Path, exists=True), required=True,
              help="The squashfs of a slot.")  # fmt: skip
@click.option("--boot", type=click.Path(path_type=Path, exists=True, file_okay=False),
              required=True, help="Folder with the slot's boot files.")  # fmt: skip
@click.option("--variant", type=click.Choice(["kiosk", "headless"]), required=True,
              help="Of the image.")  # fmt: skip
@click.option("--version", required=True, help="That the bundle brings.")
@explained
def bundle(output: Path, key: Path, system: Path, boot: Path, variant: str, version: str) -> None:
    """Make an update of a built image, and sign it; on the machine that keeps the key."""
    from firmware.update.bundle import make_bundle
    from services.catalog.schema import COMPATIBILITY

    made = make_bundle(
        output, key, system, boot, variant=variant, version=version, compatibility=COMPATIBILITY
    )
    size = sum(each.size for each in made.files) // 1024**2
    click.echo(f"{output}: {made.version} for {made.variant}, {size} MiB", err=True)


def _variant() -> str:
    """Of the image that runs; empty where this is none."""
    try:
        return str(json.loads(_MANIFEST.read_text("utf-8")).get("variant", ""))
    except (OSError, ValueError):
        return ""


def _ailment(configuration: Configuration) -> str:
    """What keeps the box from working; what the new system cannot help is not counted."""
    from firmware.status.processes import read_services

    ill = [f"{each.name} is {each.state}" for each in read_services(configuration) if not each.runs]
    if ill:
        return ", ".join(ill)
    address = f"{configuration.console.page}health"
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 -- our own page
            answer.read()
    except (OSError, urllib.error.URLError) as error:
        return f"the console's page does not answer: {error}"
    return ""
