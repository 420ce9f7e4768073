"""``gantry run`` and the services that it runs."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from firmware import logs
from firmware.cli.context import config_option, explained, open_configured, read_configuration

if TYPE_CHECKING:
    from firmware.config import Configuration
    from services.box import Box

_log = logging.getLogger(__name__)

_SERVICES = ("listener", "dispatcher", "console")
_ACQUISITION = "acquisition"


@click.command()
@config_option
@explained
def run(config_file: Path | None) -> None:
    """Run the whole box: listener, dispatcher, console, and what takes the pictures.

    Each is restarted when it dies. Ends with Ctrl+C.
    """
    from firmware.acquisition_service import is_wanted
    from firmware.reload import Reload
    from firmware.signals import stop_event
    from firmware.supervisor import Supervisor

    logs.begin()
    configuration = read_configuration(config_file)
    stop = stop_event()
    click.echo(
        f"Gantry runs. Its page: {configuration.console.page}",
        err=True,
    )
    wanted = is_wanted(configuration)
    services = (*_SERVICES, _ACQUISITION) if wanted else _SERVICES
    reload = Reload(config_file, lambda: is_wanted(read_configuration(config_file)) != wanted)
    reload.start(stop.set)
    Supervisor(services, config_file).run(stop)
    if reload.changed:
        # other services are wanted now than those that this process supervises
        os.execv(sys.executable, [sys.executable, "-m", "firmware", *sys.argv[1:]])  # noqa: S606


@click.command()
@config_option
@explained
def dispatcher(config_file: Path | None) -> None:
    """Run only the dispatcher: everything that goes out."""
    from firmware.notify import Notifier
    from firmware.reload import started_anew
    from firmware.signals import stop_event
    from services.dispatcher import Dispatcher

    configuration, box = _begin("dispatcher", config_file)
    stop = stop_event()
    notifier = Notifier()
    service = Dispatcher(box)
    with started_anew(configuration.file, stop.set):
        service.start()
        notifier.ready()
        try:
            while not stop.wait(0.2):
                if service.wait(0):
                    break
                notifier.alive()
        finally:
            notifier.stopping()
            service.stop()


@click.command()
@config_option
@explained
def listener(config_file: Path | None) -> None:
    """Run only the listener: verification, commitment reports and films that come in."""
    from firmware.film_reception import receiving_films
    from firmware.listening import start_listener
    from firmware.notify import Notifier
    from firmware.reload import started_anew
    from firmware.signals import stop_event, wait_for

    configuration, box = _begin("listener", config_file)
    stop = stop_event()
    server = start_listener(configuration, box)
    _log.info("listening as %s at port %d", box.station.ae_title, server.port)
    notifier = Notifier()
    try:
        with (
            receiving_films(configuration, box) as said,
            started_anew(configuration.file, stop.set),
        ):
            if said:
                _log.info(said)
            notifier.ready()
            wait_for(stop, notifier.alive)
            notifier.stopping()
    finally:
        server.stop()


@click.command()
@config_option
@explained
def console(config_file: Path | None) -> None:
    """Run only the console: the page that shows worklist, exams and queue."""
    from firmware.console_service import serve

    serve(*_begin("console", config_file))


@click.command()
@config_option
@explained
def acquisition(config_file: Path | None) -> None:
    """Run only what takes pictures: sources, pedals, scanners, and the preview.

    It follows the exam that is open on the screen. While none is, or more than one and none is
    chosen, a press is refused with its own tone.
    """
    from firmware.acquisition_service import AcquisitionService, serial_lines
    from firmware.notify import Notifier
    from firmware.reload import nobody_at_hand, started_anew
    from firmware.side_channels import side_channels
    from firmware.signals import stop_event
    from firmware.triggers import make_hands
    from services import recovery

    configuration, box = _begin("acquisition", config_file)
    stop = stop_event()
    recovery.recover(box)
    channels = side_channels(configuration)
    hands = make_hands(configuration, lines=serial_lines(channels))
    with started_anew(configuration.file, stop.set, lambda: nobody_at_hand(box)):
        AcquisitionService(configuration, box, hands, channels).run(stop, Notifier())


def _begin(service: str, config_file: Path | None) -> tuple[Configuration, Box]:
    """What every service does first: its log, its end with the supervisor, its box."""
    from firmware.signals import end_with_supervisor

    logs.begin()
    end_with_supervisor()
    configuration, box = open_configured(config_file)
    logs.keep(box.state_dir / "logs", service)
    return configuration, box
