"""The listener: what peers may bring to the box."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from firmware.config import Configuration
from services.box import Box
from services.dicom.server import DicomServer
from services.errors import ServiceError
from services.reports import ReportDesk


def make_listener(configuration: Configuration, box: Box) -> DicomServer:
    """The DICOM server as configured, not started yet."""
    settings = configuration.listener
    return DicomServer(
        ae_title=box.station.ae_title,
        bind=settings.bind,
        port=settings.port,
        allowed_callers=settings.allowed_callers,
        max_associations=settings.max_associations,
        max_pdu=settings.max_pdu,
        idle_timeout=settings.idle_timeout,
        on_commitment_report=ReportDesk(box).take,
    )


class CannotListen(ServiceError):
    """The configured address or port cannot be listened at; ``taken`` when somebody else does."""

    def __init__(self, bind: str, port: int, error: OSError) -> None:
        self.taken = error.errno == errno.EADDRINUSE
        why = os.strerror(error.errno or 0)
        advice = (
            "Does another listener run? Else choose another listener.port"
            if self.taken
            else "listener.bind must be an address of this machine; a port below 1024 needs root"
        )
        super().__init__(f"cannot listen at {bind}:{port}: {why}. {advice}")


def start_listener(configuration: Configuration, box: Box) -> DicomServer:
    """The DICOM server, listening.

    Raises
    ------
    CannotListen
        When the address is not ours or the port is taken.
    """
    server = make_listener(configuration, box)
    try:
        server.start()
    except OSError as error:
        settings = configuration.listener
        raise CannotListen(settings.bind, settings.port, error) from error
    return server


@contextmanager
def listener_unless_running(configuration: Configuration, box: Box) -> Iterator[str]:
    """Listen for the time of the block, unless the port shows that somebody does already.

    Yields a sentence for the person when the port is taken, else an empty text.

    Raises
    ------
    CannotListen
        For any reason but a taken port.
    """
    try:
        server = start_listener(configuration, box)
    except CannotListen as error:
        if not error.taken:
            raise
        yield (
            f"Port {configuration.listener.port} is in use: 'gantry listener' is taken to run "
            f"there and to receive the archives' reports."
        )
        return
    try:
        yield ""
    finally:
        server.stop()
