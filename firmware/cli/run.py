"""``gantry run`` and the services that it runs."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from firmware import logs
from firmware.cli.context import config_option, explained, open_configured, read_configuration

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
    from firmware.signals import stop_event
    from firmware.supervisor import Supervisor

    logs.begin()
    configuration = read_configuration(config_file)
    stop = stop_event()
    click.echo(
        f"Gantry runs. Its page: {configuration.console.page}",
        err=True,
    )
    services = (*_SERVICES, _ACQUISITION) if is_wanted(configuration) else _SERVICES
    Supervisor(services, config_file).run(stop)


@click.command()
@config_option
@explained
def dispatcher(config_file: Path | None) -> None:
    """Run only the dispatcher: everything that goes out."""
    from firmware.notify import Notifier
    from firmware.signals import stop_event
    from services.dispatcher import Dispatcher

    _begin()
    _, box = open_configured(config_file)
    stop = stop_event()
    notifier = Notifier()
    service = Dispatcher(box)
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
    """Run only the listener: verification and commitment reports that come in."""
    from firmware.listening import start_listener
    from firmware.notify import Notifier
    from firmware.signals import stop_event, wait_for

    _begin()
    configuration, box = open_configured(config_file)
    stop = stop_event()
    server = start_listener(configuration, box)
    _log.info("listening as %s at port %d", box.station.ae_title, server.port)
    notifier = Notifier()
    notifier.ready()
    wait_for(stop, notifier.alive)
    notifier.stopping()
    server.stop()


@click.command()
@config_option
@explained
def console(config_file: Path | None) -> None:
    """Run only the console: the page that shows worklist, exams and queue."""
    from firmware.console_service import serve

    _begin()
    configuration, box = open_configured(config_file)
    serve(configuration, box)


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
    from firmware.side_channels import side_channels
    from firmware.signals import stop_event
    from firmware.triggers import make_hands
    from services import recovery

    _begin()
    configuration, box = open_configured(config_file)
    stop = stop_event()
    recovery.recover(box)
    channels = side_channels(configuration)
    hands = make_hands(configuration, lines=serial_lines(channels))
    AcquisitionService(configuration, box, hands, channels).run(stop, Notifier())


def _begin() -> None:
    from firmware.signals import end_with_supervisor

    logs.begin()
    end_with_supervisor()
