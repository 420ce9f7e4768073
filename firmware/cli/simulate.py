"""``gantry devices simulate``: every simulated device by hand, with its faults."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic
from zoneinfo import ZoneInfo

import click

from firmware.cli.context import config_option, explained, read_configuration

_GRABBERS = ("grabber", "analogue", "bridge", "digitiser")
_SWITCHES = ("panel", "pedal", "scanner")
_LINE_FAULTS: Mapping[str, str] = {
    "noise": "random bytes before every so-manieth message",
    "drop": "one byte is lost of every so-manieth message",
    "garble": "one bit is turned in every so-manieth message",
    "cut": "every so-manieth message breaks off",
    "unplug": "the adapter is pulled after every so-manieth message, for a second",
}
_SWITCH_FAULTS: Mapping[str, str] = {
    "bounce": "panel: the contact bounces for milliseconds, and spikes come on the line",
    "unplug": "pedal and scanner: pulled and plugged in again after each event",
}
_EVERY = 3
_READ = 0.25
_PAUSE = 0.05


def _list_faults(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted:
        return
    from firmware.capture.simulated import DIGITISER, fault_meanings

    for title, words in (
        ("grabber, analogue, bridge (WORD@PICTURE+LENGTH)", fault_meanings("grabber")),
        ("digitiser (WORD@PICTURE+LENGTH)", fault_meanings(DIGITISER)),
        ("serial devices (WORD@MESSAGES)", _LINE_FAULTS),
        ("panel, pedal, scanner", _SWITCH_FAULTS),
    ):
        click.echo(f"{title}:")
        for word, meaning in words.items():
            click.echo(f"  {word:14} {meaning}")
    context.exit()


@click.command()
@click.argument("name")
@click.option(
    "--fault", "faults", multiple=True, metavar="WORD", help="What goes wrong; see --list-faults."
)
@click.option(
    "--list-faults",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_faults,
    help="Show what can go wrong with which device, and end.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.1),
    default=None,
    help="End after so long; else with Ctrl+C.",
)
@click.option(
    "--interval",
    type=click.FloatRange(min=0.05),
    default=2.0,
    show_default=True,
    help="Seconds between two messages or events.",
)
@config_option
@explained
def simulate(
    name: str,
    faults: tuple[str, ...],
    seconds: float | None,
    interval: float,
    config_file: Path | None,
) -> None:
    """Run a simulated device by hand: a grabber, a serial device, a panel, a pedal, a scanner.

    NAME is grabber, analogue, bridge, digitiser, panel, pedal or scanner, or that of a serial
    driver file such as xray-generator, whose port is printed for others to open.
    """
    from drivers.tty.load import shipped_models
    from firmware.signals import stop_event

    stop = stop_event()

    def running() -> None:
        """The device is there: from now on the time counts."""
        if seconds is not None:
            timer = threading.Timer(seconds, stop.set)
            timer.daemon = True
            timer.start()

    if name in _GRABBERS:
        _run_grabber(name, faults, read_configuration(config_file).timezone, stop, running)
    elif name in _SWITCHES:
        from firmware.cli.simulate_switch import run_switch

        _check(faults, _SWITCH_FAULTS)
        running()
        run_switch(name, frozenset(faults), interval, stop)
    elif name in shipped_models():
        _run_line(name, faults, interval, stop, running)
    else:
        known = ", ".join((*_GRABBERS, *_SWITCHES, *shipped_models()))
        raise click.UsageError(f"no simulated device is called {name!r}; there are {known}")


def _check(faults: tuple[str, ...], known: Mapping[str, str]) -> None:
    for fault in faults:
        if fault.partition("@")[0] not in known:
            raise click.UsageError(
                f"{fault!r} cannot go wrong with this device; {', '.join(known)} can"
            )


def _run_grabber(
    model: str,
    faults: tuple[str, ...],
    zone: ZoneInfo,
    stop: threading.Event,
    running: Callable[[], None],
) -> None:
    """Through the capture process, as in the box; one line for every state and every second."""
    from firmware.capture.faults import problem
    from firmware.capture.simulated import faults_of
    from firmware.capture.source import CapturedSource
    from firmware.capture.spec import SimulatedSpec

    for fault in faults:
        if trouble := problem(faults_of(model), fault):
            raise click.UsageError(f"{fault!r} {trouble}")
    source = CapturedSource(SimulatedSpec(model, model, faults), zone)
    source.open()
    running()
    click.echo(f"process {source.process_id} takes pictures of {model}")
    frames, state, told, began = 0, "", 0.0, monotonic()
    try:
        while not stop.is_set():
            try:
                frames += source.read(_READ) is not None
            except OSError:  # the line below says the state and its reason
                stop.wait(_PAUSE)
            now = monotonic() - began
            if source.state != state or now - told >= 1:
                state, told = source.state, now
                click.echo(
                    f"{now:7.2f} s  {state:17}  {frames} pictures, {source.dropped} dropped, "
                    f"{source.withheld} withheld  {source.reason}".rstrip()
                )
    finally:
        source.close()


def _run_line(
    name: str,
    faults: tuple[str, ...],
    interval: float,
    stop: threading.Event,
    running: Callable[[], None],
) -> None:
    from drivers.tty.load import find_model
    from drivers.tty.sim import LineFaults, SimulatedLine

    _check(faults, _LINE_FAULTS)
    values: dict[str, int] = {}
    for fault in faults:
        word, _, every = fault.partition("@")
        if every and not every.isdigit():
            raise click.UsageError(f"{fault!r}: after the @ stands a number of messages")
        values[f"{word}_every"] = int(every or _EVERY)
    with SimulatedLine(find_model(name), LineFaults(**values)) as line:
        running()
        click.echo(f"{name} speaks at {line.path}")
        line.run(stop, interval)
