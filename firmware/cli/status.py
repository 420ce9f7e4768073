"""``gantry status``: how the box is."""

from __future__ import annotations

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
    print_table,
)

if TYPE_CHECKING:
    from firmware.status import Status

_MIB = 1024 * 1024


@click.command()
@json_option
@click.option("--metrics", "as_metrics", is_flag=True, help="Print what Prometheus reads.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the metrics to this file, in one step, for node_exporter's textfile collector.",
)
@config_option
@explained
def status(as_json: bool, as_metrics: bool, output: Path | None, config_file: Path | None) -> None:
    """Show versions, services, disk, supply, clock, peers, queue and signals.

    Exit code 0 when all is good, 1 when something wants attention, 2 when the box cannot work.
    """
    from firmware.status import collect, metrics

    found = collect(*open_configured(config_file))
    if output is not None:
        metrics.write(found, output)
    elif as_metrics:
        click.echo(metrics.render(found).decode(), nl=False)
    elif as_json:
        print_json({**asdict(found), "verdict": found.verdict.name.lower()})
    else:
        _show(found)
    raise SystemExit(int(found.verdict))


def _show(found: Status) -> None:
    machine, disk = found.machine, found.disk
    slot = f", slot {machine.slot}" if machine.slot else ""
    click.echo(f"{found.station}: Gantry {found.software_version}{slot}, {found.at}")
    click.echo(f"Machine: {machine.model}, Linux {machine.kernel}{_heat(found)}")
    click.echo(
        f"Disk: {disk.percent:.0f} % used, {disk.free // _MIB} MiB free, no new exams from "
        f"{disk.high_water_percent} %"
    )
    source = f" with {found.clock.source}" if found.clock.source else ""
    click.echo(f"Clock: {found.clock.trust}{source}")
    services = ", ".join(f"{each.name} {each.state}" for each in found.services)
    click.echo(f"Services: {services}")
    owed = ", ".join(
        f"{each.count} {each.state} (oldest {_age(each.oldest)})"
        for each in found.queue
        if each.count
    )
    click.echo(f"Queue: {owed or 'nothing is owed'}; exams open: {found.exams_open}")
    for each in found.signals:
        click.echo(f"Source {each.source}: {each.state}{f' ({each.reason})' * bool(each.reason)}")
    if found.peers:
        print_table(
            ("PEER", "LAST CONTACT", "OWED", "FAULT"),
            [
                (
                    each.name,
                    "never" if each.seconds_ago is None else f"{_age(each.seconds_ago)} ago",
                    each.owed,
                    each.fault or "-",
                )
                for each in found.peers
            ],
        )
    for finding in found.findings:
        click.echo(f"{finding.verdict.name}: {finding.text}")


def _heat(found: Status) -> str:
    machine = found.machine
    heat = "" if machine.temperature is None else f", {machine.temperature:.0f} degrees"
    return heat + (", supply too weak" if machine.under_voltage else "")


def _age(seconds: float) -> str:
    for unit, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
