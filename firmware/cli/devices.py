"""``gantry devices``: what is plugged in, how it is, and what it is called for good."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any

import click

from firmware.capture.inventory import NO_DEVICE
from firmware.cli.context import (
    config_option,
    explained,
    json_option,
    print_json,
    print_table,
    read_configuration,
)
from firmware.cli.simulate import simulate
from firmware.config import Configuration

_HEADINGS = ("kind", "state", "identity", "serial number", "name", "source", "detail")
_PROBE_SECONDS = 2.0
_GLANCE = 0.5


@click.group(invoke_without_command=True)
@json_option
@click.option("--watch", is_flag=True, help="Go on, and tell every plug and unplug.")
@click.option(
    "--probe", is_flag=True, help="Take pictures for two seconds from every configured device."
)
@click.option("--presets", is_flag=True, help="Show the shipped capture profiles instead.")
@config_option
@click.pass_context
def devices(
    context: click.Context,
    as_json: bool,
    watch: bool,
    probe: bool,
    presets: bool,
    config_file: Path | None,
) -> None:
    """Show video, serial, USB, GPIO and HID devices, each by the name that stays the same.

    The identity, or the serial number, is what the configuration takes; nodes such as /dev/video0
    are other devices after the next plug. Devices of the configuration that are not plugged in are
    shown as well.
    """
    context.obj = config_file
    if context.invoked_subcommand is not None:
        return
    if presets:
        _show_presets(as_json)
    else:
        _show(as_json, watch, probe, config_file)


devices.add_command(simulate)


@explained
def _show(as_json: bool, watch: bool, probe: bool, config_file: Path | None) -> None:
    from firmware.capture import hotplug

    configuration = read_configuration(config_file)
    # begun before the first look, so that nothing falls between the two
    plugs = hotplug.watch() if watch else None
    rows = _rows(configuration, probe=probe)
    if as_json and not watch:
        print_json(rows)
        return
    if as_json:
        _tell(rows, "there", as_json)
    else:
        print_table(
            _HEADINGS, [[row[name.replace(" ", "_")] for name in _HEADINGS] for row in rows]
        )
    while plugs is not None:
        if plugs.wait(_GLANCE):
            after = _rows(configuration, probe=False)
            _tell([row for row in rows if row not in after], "gone", as_json)
            _tell([row for row in after if row not in rows], "there", as_json)
            rows = after


def _rows(configuration: Configuration, *, probe: bool) -> list[dict[str, Any]]:
    """Every device, and every configured one that is missing."""
    from firmware.capture.matching import devices_and_sources

    rows = devices_and_sources(configuration)
    if probe:
        _probe(rows, configuration)
    return rows


def _probe(rows: list[dict[str, Any]], configuration: Configuration) -> None:
    """Ask the devices for pictures, one after the other, and note what state each is in."""
    from firmware.assembly import make_source
    from firmware.config.capture import ISOLATED

    kinds = {source.name: source.kind for source in configuration.sources}
    for row in rows:
        if kinds.get(row["source"]) in ISOLATED:
            row["state"], row["detail"] = _look(make_source(configuration, row["source"]))


def _look(source: Any) -> tuple[str, str]:
    try:
        source.open()
    except OSError as error:
        return NO_DEVICE, str(getattr(error, "reason", error))
    frames = 0
    deadline = monotonic() + _PROBE_SECONDS
    try:
        while (left := deadline - monotonic()) > 0:
            try:
                frames += source.read(left) is not None
            except OSError:
                continue
        return source.state, source.reason or f"{frames} pictures, {source.dropped} dropped"
    finally:
        source.close()


def _tell(rows: list[dict[str, Any]], what: str, as_json: bool) -> None:
    for row in rows:
        if as_json:
            click.echo(json.dumps({"change": what, **row}, ensure_ascii=False))
            continue
        at = datetime.now().astimezone().strftime("%H:%M:%S")
        click.echo(
            f"{at}  {what:5}  {row['kind']}  {row['state']}  {row['identity']}  {row['name']}"
        )


@explained
def _show_presets(as_json: bool) -> None:
    from drivers.video.presets import PRESETS

    rows = [
        {
            "name": profile.name,
            "pixel_format": profile.pixel_format,
            "size": f"{profile.columns} x {profile.rows}" if profile.columns else "as it comes",
            "rate": profile.rate,
            "fields": profile.fields,
            "grey": profile.grey,
            "lossy": profile.lossy,
        }
        for profile in PRESETS.values()
    ]
    if as_json:
        print_json(rows)
        return
    headings = list(rows[0])
    print_table([name.replace("_", " ") for name in headings], [list(row.values()) for row in rows])
