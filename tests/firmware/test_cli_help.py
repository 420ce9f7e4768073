"""Every command explains itself, and every list is there for scripts too."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from firmware.cli import main
from tests.end_to_end.cli import Gantry, run
from tests.end_to_end.settings import Settings

EXPECTED = {
    "acquisition", "calibrate", "calibrate list", "calibrate range", "calibrate ruler",
    "calibrate withdraw",
    "capture", "check", "config", "config export", "config get", "config history",
    "config import", "config rollback", "config set", "config template", "console", "demo",
    "devices", "devices simulate", "dispatcher", "exam", "exam acquire", "exam complete",
    "exam discard", "exam discontinue", "exam list", "exam match", "exam reconcile",
    "exam reconciled", "exam restore", "exam show", "exam start",
    "factory-reset", "films", "films assign", "films discard", "films print", "films printed",
    "firewall", "first-boot",
    "hospital", "listener", "outbox", "outbox cancel", "outbox drain", "outbox redirect",
    "outbox resend", "page", "panel", "panel pair", "panel run", "panel watch", "peers",
    "peers test", "people", "people add", "people list", "people pin", "people remove",
    "print", "printers", "printers cancel", "printers jobs", "printers printed",
    "printers redirect", "printers resend", "printers test", "run", "status", "support-bundle",
    "update", "update bundle", "update check", "update install", "update settle", "update status",
    "worklist",
}  # fmt: skip

LISTS = (
    ("worklist",),
    ("worklist", "--cached"),
    ("exam", "list"),
    ("outbox",),
    ("outbox", "--all"),
    ("peers",),
    ("devices",),
    ("devices", "--presets"),
    ("printers",),
    ("printers", "jobs"),
    ("films",),
)


def commands(group: click.Group, path: tuple[str, ...] = ()) -> dict[str, click.Command]:
    found: dict[str, click.Command] = {}
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found[" ".join((*path, name))] = command
        if isinstance(command, click.Group):
            found.update(commands(command, (*path, name)))
    return found


COMMANDS = commands(main)


def test_the_commands_are_those_that_scripts_rely_on() -> None:
    assert set(COMMANDS) == EXPECTED


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_and_option_says_what_it_is_for(name: str) -> None:
    command = COMMANDS[name]
    context = click.Context(command, info_name=name)
    assert command.help
    assert len(command.help.split()) >= 4
    text = command.get_help(context)
    assert "Usage:" in text
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            # an option with a plain default explains itself by its name and that
            assert parameter.help or parameter.show_default, f"{name} {parameter.opts[0]}"


def test_only_groups_and_what_needs_no_box_take_no_configuration() -> None:
    without = {
        name
        for name, command in COMMANDS.items()
        if "--config" not in {option for each in command.params for option in each.opts}
    }
    assert without == {
        "calibrate", "config", "config template", "demo", "exam", "factory-reset", "first-boot",
        "panel", "panel pair", "people", "update", "update bundle", "update status",
    }  # fmt: skip


@pytest.mark.parametrize("arguments", [(), ("exam",), ("exam", "start"), ("outbox", "drain")])
def test_help_is_printed_by_the_real_command(arguments: tuple[str, ...]) -> None:
    answer = run(*arguments, "--help").good()
    assert answer.out.startswith("Usage: gantry")
    assert answer.err == ""


def test_the_version_is_a_version() -> None:
    assert re.search(r"\d+\.\d+|unknown", run("--version").good().out)


@pytest.fixture(scope="module")
def gantry(tmp_path_factory: pytest.TempPathFactory) -> Gantry:
    settings = Settings().peer("pacs", "PACS", 1, "store")
    settings.pattern("picture", rate=0, rows=64, columns=64, frames=1)
    settings.protocol("picture", "SC", modality="OT")
    gantry = settings.write(tmp_path_factory.mktemp("lists"))
    gantry("exam", "start", "--unscheduled", "--patient-id", "L1").good()
    gantry("exam", "acquire", "1", "--protocol", "picture").good()
    return gantry


@pytest.mark.parametrize("command", LISTS, ids=" ".join)
def test_a_list_is_json_for_scripts_and_a_table_for_people(
    gantry: Gantry, command: tuple[str, ...]
) -> None:
    answer = gantry(*command, "--json").good()
    assert isinstance(answer.json(), list)
    assert gantry(*command).good().out.strip()


def test_one_exam_as_json_holds_its_images_and_what_is_owed(gantry: Gantry) -> None:
    shown = gantry("exam", "show", "1", "--json").good().json()
    assert shown["patient_id"] == "L1"
    (image,) = shown["images"]
    assert (gantry.state / "spool" / image["path"]).is_file()
    assert [delivery["kind"] for delivery in shown["owed"]] == ["store"]


def test_the_template_is_a_configuration_that_the_box_accepts(tmp_path: Path) -> None:
    gantry = Gantry(tmp_path)
    gantry.config.write_text(run("config", "template").good().out)
    assert "is good" in gantry("check").good().out
