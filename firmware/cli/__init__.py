"""The ``gantry`` command.

Sub-commands are imported when they are called, so that ``gantry --help`` and the short ones do
not wait for the DICOM stack.
"""

from __future__ import annotations

import importlib

import click

from firmware.version import software_version

_COMMANDS = {
    "acquisition": "firmware.cli.run:acquisition",
    "calibrate": "firmware.cli.calibrate:calibrate",
    "capture": "firmware.cli.capture:capture",
    "check": "firmware.cli.configure:check",
    "config": "firmware.cli.configure:config",
    "console": "firmware.cli.run:console",
    "demo": "firmware.cli.demo:demo",
    "devices": "firmware.cli.devices:devices",
    "dispatcher": "firmware.cli.run:dispatcher",
    "exam": "firmware.cli.exam:exam",
    "factory-reset": "firmware.cli.first_boot:reset",
    "films": "firmware.cli.films:films",
    "firewall": "firmware.cli.firewall:firewall",
    "first-boot": "firmware.cli.first_boot:first_boot",
    "hospital": "firmware.cli.hospital:hospital",
    "listener": "firmware.cli.run:listener",
    "outbox": "firmware.cli.outbox:outbox",
    "page": "firmware.cli.page:page",
    "panel": "firmware.cli.panel:panel",
    "people": "firmware.cli.people:people",
    "peers": "firmware.cli.peers:peers",
    "print": "firmware.cli.print_exam:print_exam",
    "printers": "firmware.cli.printers:printers",
    "run": "firmware.cli.run:run",
    "status": "firmware.cli.status:status",
    "support-bundle": "firmware.cli.support:support_bundle",
    "update": "firmware.cli.update:update",
    "worklist": "firmware.cli.worklist:worklist",
}

_HIDDEN = {"capture-worker": "firmware.cli.capture_worker:capture_worker"}
"""What the box starts by itself."""


class _LazyGroup(click.Group):
    """Knows its commands by name, and imports one only to run it or to show its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        target = _COMMANDS.get(cmd_name) or _HIDDEN.get(cmd_name)
        if target is None:
            return None
        module, _, attribute = target.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(software_version(), prog_name="gantry")
def main() -> None:
    """Gantry: the DICOM side of a legacy imaging modality.

    A first try without any hardware: 'gantry demo'. To set a box up: 'gantry config template'
    writes a file to edit, 'gantry check' tells what is wrong with it, 'gantry peers test' asks
    every peer, and 'gantry run' starts the box.
    """
