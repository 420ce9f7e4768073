"""``gantry panel``: pair, watch, run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    from services.trigger_words import Outcome

_STEP = 0.5
"""Seconds after which a command looks whether it should end."""


@click.group()
def panel() -> None:
    """Pedals, lamps and code scanners: find them, try them, take pictures by them."""


@panel.command()
@click.option(
    "--seconds",
    type=click.FloatRange(1, 600),
    default=30.0,
    show_default=True,
    help="How long to wait for the press.",
)
@explained
def pair(seconds: float) -> None:
    """Find out which USB pedal or scanner is meant: press it, or scan something, now.

    Prints what belongs behind 'device =' of an entry of [[triggers]]. While it waits, no keyboard
    of this machine reaches anything else.
    """
    from drivers.hid.kernel import EvdevBus
    from drivers.hid.pairing import pair as wait_for_press

    click.echo(f"Press the pedal, or scan any code, within {seconds:.0f} s.", err=True)
    click.echo(str(wait_for_press(EvdevBus(), seconds)))


@panel.command()
@click.option("--seconds", type=click.FloatRange(0, min_open=True), help="Stop after so long.")
@config_option
@explained
def watch(seconds: float | None, config_file: Path | None) -> None:
    """Show what every configured pedal, line and scanner does; nothing is taken.

    What is scanned is not shown, only what kind of identifier it was.
    """
    from math import inf
    from time import monotonic

    from firmware.acquisition_service import serial_lines
    from firmware.side_channels import side_channels
    from firmware.signals import stop_event
    from firmware.triggers import make_hands

    configuration = read_configuration(config_file)
    hands = make_hands(configuration, lines=serial_lines(side_channels(configuration)))
    deadline = inf if seconds is None else monotonic() + seconds
    stop = stop_event()
    told: dict[str, str] = {}
    hands.open()
    try:
        while not stop.is_set() and (left := deadline - monotonic()) > 0:
            triggers = hands.stream.events(min(_STEP, left))
            for name, state in hands.stream.states.items():
                reason = hands.stream.reasons.get(name, "")
                line = f"{name}: {state}" + (f" ({reason})" if reason else "")
                if told.get(name) != line:
                    click.echo(line)
                    told[name] = line
            for trigger in triggers:
                what = _understood(hands.reader, trigger.text) if trigger.text else ""
                does = f" -> {trigger.action.value}" if trigger.action else ""
                click.echo(f"{trigger.source}: {trigger.event.gesture.value}{what}{does}")
    finally:
        hands.close()


def _understood(reader: Any, text: str) -> str:
    try:
        return f" ({', '.join(sorted(reader.read(text).identifiers))})"
    except ValueError as error:
        return f" (not understood: {error})"


@panel.command()
@click.argument("exam_id", metavar="EXAM")
@click.option("--protocol", default="", help="The protocol to begin with; else the first one.")
@json_option
@config_option
@explained
def run(exam_id: str, protocol: str, as_json: bool, config_file: Path | None) -> None:
    """Let pedals and scanners act on an open exam, until it is completed or Ctrl-C."""
    from firmware.acquisition_service import serial_lines
    from firmware.side_channels import side_channels
    from firmware.signals import stop_event
    from firmware.triggers import make_desk, make_hands
    from services import recovery
    from services.catalog import exams
    from services.side_channels import listening

    configuration, box = open_configured(config_file)
    recovery.recover(box)
    stop = stop_event()
    channels = side_channels(configuration)
    hands = make_hands(configuration, lines=serial_lines(channels))
    tell = _print_outcome if as_json else _say
    with listening(channels, exams.load(box.catalog, exam_id)) as says:
        desk = make_desk(configuration, box, hands, tell, says)
        hands.open()
        try:
            desk.arm(exam_id, protocol)
            click.echo(f"Exam {exam_id} is armed. Ctrl-C ends it.", err=True)
            while desk.exam_id and not stop.is_set():
                for trigger in hands.stream.events(_STEP):
                    desk.handle(trigger)
        finally:
            desk.close()
            hands.close()


def _say(outcome: Outcome) -> None:
    if outcome.refused:
        click.echo(f"{outcome.source}: {outcome.action} refused: {outcome.refused}")
    if outcome.refused and not outcome.instances:
        return
    safe = f"{len(outcome.instances)} images are safe" if outcome.instances else "done"
    note = f" ({outcome.note})" if outcome.note else ""
    click.echo(f"{outcome.source}: {outcome.action}: {safe}{note}")


def _print_outcome(outcome: Outcome) -> None:
    print_json(
        {
            "source": outcome.source,
            "action": outcome.action,
            "refused": outcome.refused,
            "note": outcome.note,
            "instances": list(outcome.instances),
            "verdict": outcome.verdict.value if outcome.verdict else None,
            "durable_ms": outcome.durable_ms,
        }
    )
