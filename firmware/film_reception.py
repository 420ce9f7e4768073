"""The film reception as configured: its server, its work, and the printer behind it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from device.film import FILM_SIZES
from device.protocol import ObjectKind, Protocol
from firmware.config import Configuration
from services.box import Box
from services.catalog.received_sheets import Images
from services.dicom.server import DicomServer
from services.errors import NotFound, ServiceError
from services.film_reception.cabinet import Cabinet, Orders
from services.film_reception.intake import Intake
from services.film_reception.jobs import Jobs
from services.film_reception.paper import PaperDesk
from services.film_reception.server import FilmReception
from services.film_reception.service import FilmWork
from services.film_reception.words import Abilities
from services.printing.paper import PaperAway, PaperRefused

_IMAGES: Final = {
    "open-exam": Images.WAITING,
    "ask": Images.UNASSIGNED,
    "none": Images.NONE,
}


_INFOS: Final = {
    "media-empty": "SUPPLY EMPTY",
    "media-needed": "SUPPLY EMPTY",
    "door-open": "COVER OPEN",
    "cover-open": "COVER OPEN",
    "interlock-open": "COVER OPEN",
    "media-jam": "FILM JAM",
    "output-area-full": "RECEIVER FULL",
    "input-tray-missing": "NO SUPPLY MGZ",
    "output-tray-missing": "NO RECEIVE MGZ",
    "media-low": "SUPPLY LOW",
}
"""What IPP's reasons (RFC 8011 5.4.12) are in DICOM's words (PS3.3 C.13.9.1), worst first."""


class CannotReceive(ServiceError):
    """The address or port of the film reception cannot be listened at."""


def open_cabinet(configuration: Configuration, box: Box) -> Cabinet:
    """Where received films are kept; not cleared up, which is the running service's to do."""
    settings = configuration.film_reception
    orders = Orders(_IMAGES[settings.images], settings.printer, whole=settings.sheet == "whole")
    return Cabinet(box, orders)


def make_intake(configuration: Configuration, box: Box, cabinet: Cabinet) -> Intake:
    """What takes received sheets into exams."""
    protocol = Protocol(
        name="Film",
        source="film reception",
        object=ObjectKind.SC,
        modality=box.station.modality,
        series_description=configuration.film_reception.series_description,
        burned_in_annotation=True,
    )
    return Intake(box, cabinet, protocol)


@contextmanager
def receiving_films(configuration: Configuration, box: Box) -> Iterator[str]:
    """Receive films for the time of the block, where that is configured.

    Yields a sentence for the log, empty where it is not.

    Raises
    ------
    CannotReceive
        The address is not ours, or the port is taken.
    """
    settings = configuration.film_reception
    if not settings.enabled:
        yield ""
        return
    cabinet = open_cabinet(configuration, box)
    cabinet.open()
    jobs = Jobs(box.catalog)
    abilities = Abilities(settings.film_sizes or tuple(FILM_SIZES), name=settings.ae_title)
    reception = FilmReception(
        abilities, cabinet, jobs, lambda: _health(box, settings.printer), box.uids
    )
    work = FilmWork(
        box,
        cabinet,
        jobs,
        reception,
        make_intake(configuration, box, cabinet),
        PaperDesk(box, cabinet, box.find_paper) if settings.printer else None,
    )
    server = DicomServer(
        ae_title=settings.ae_title,
        bind=settings.bind,
        port=settings.port,
        allowed_callers=settings.allowed_callers,
        max_associations=settings.max_associations,
        max_pdu=configuration.listener.max_pdu,
        idle_timeout=settings.idle_timeout,
        on_commitment_report=None,
        role=reception.role,
    )
    _listen(server, settings.bind, settings.port)
    work.start()
    try:
        yield f"receiving films as {settings.ae_title} at port {settings.port}"
    finally:
        server.stop()
        work.stop()


def _listen(server: DicomServer, bind: str, port: int) -> None:
    try:
        server.start()
    except OSError as error:
        raise CannotReceive(
            f"films cannot be received at {bind}:{port}: {os.strerror(error.errno or 0)}. "
            f"film_reception.bind must be an address of this machine, and film_reception.port free"
        ) from error


def _health(box: Box, name: str) -> tuple[str, str]:
    """Printer Status and its Info (PS3.3 C.13.10), from the paper printer where there is one."""
    if not name:
        return "NORMAL", "NORMAL"
    try:
        health = box.find_paper(name).health()
    except PaperAway:
        return "WARNING", "ELEC DOWN"
    except (PaperRefused, NotFound):
        return "FAILURE", "CHECK PRINTER"
    for beginning, info in _INFOS.items():
        if any(reason.startswith(beginning) for reason in health.reasons):
            return health.status, info
    return health.status, "NORMAL" if health.status == "NORMAL" else "CHECK PRINTER"
