"""The listener: what peers may bring to the box."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from firmware.config import Configuration
from services.box import Box
from services.dicom.server import DicomServer
from services.reports import ReportDesk

_log = logging.getLogger(__name__)


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


@contextmanager
def listener_unless_running(configuration: Configuration, box: Box) -> Iterator[str]:
    """Listen for the time of the block, unless the port shows that somebody does already.

    Yields a sentence for the person when the port is taken, else an empty text.
    """
    server = make_listener(configuration, box)
    try:
        server.start()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
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
