"""The one place that imports concrete drivers and sets the libraries' global switches.

The type checker proves here that every driver has the shape that the modality asks for.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pydicom.config

from device.ports import FrameSource
from device.protocol import Protocol
from device.uids import random_uid
from drivers.timing import Timing
from firmware.config import Configuration, SourceSettings
from firmware.config.capture import ISOLATED, SIDE_CHANNELS
from firmware.version import software_version
from services.box import Box, Retention
from services.catalog import Catalog
from services.clock import SystemClock
from services.dicom import guards
from services.errors import NotFound
from services.printing.paper import PaperPrinter, PaperPrinters
from services.spool import Spool

if TYPE_CHECKING:
    from drivers.tty.line import TextLine


def prepare_libraries() -> None:
    """Set the global switches of the DICOM libraries; once a process, before any work."""
    pydicom.config.settings.writing_validation_mode = pydicom.config.RAISE
    guards.install()


def open_box(configuration: Configuration) -> Box:
    """Assemble the box that the configuration describes; its state folder is made when missing."""
    prepare_libraries()
    state = configuration.state_dir
    return Box(
        station=configuration.station,
        state_dir=state,
        catalog=Catalog(state / "catalog.sqlite"),
        spool=Spool(state / "spool"),
        peers=configuration.peers,
        retention=Retention(
            keep_days=configuration.retention.keep_days,
            high_water_percent=configuration.retention.high_water_percent,
        ),
        clock=SystemClock(configuration.timezone),
        uids=random_uid,
        software_version=software_version(),
        protocols=configuration.protocols,
        printers=configuration.printers,
        find_paper=_paper_printers(configuration),
    )


def make_source(configuration: Configuration, name: str, *, newest: bool = False) -> FrameSource:
    """The configured frame source of this name, not opened yet.

    Devices are read by a process of their own; ``newest`` keeps only the newest picture of such a
    one, for a preview.

    Raises
    ------
    NotFound
        Naming the sources of pictures that there are.
    """
    pictures = [source for source in configuration.sources if source.kind not in SIDE_CHANNELS]
    for settings in pictures:
        if settings.name == name:
            return source_from(settings, configuration, newest=newest)
    names = ", ".join(source.name for source in pictures) or "none"
    raise NotFound(f"no source of pictures is called {name!r}; configured: {names}")


def make_side_channel(configuration: Configuration, name: str) -> TextLine:
    """The configured serial side channel of this name, not opened yet.

    Raises
    ------
    NotFound
        Naming the side channels that there are.
    DriverFileInvalid
        With all that is wrong with its driver file.
    """
    from drivers.tty.line import TextLine
    from drivers.tty.load import find_model
    from drivers.tty.raw_log import RawLog

    lines = [source for source in configuration.sources if source.kind in SIDE_CHANNELS]
    for settings in lines:
        if settings.name == name:
            timing = Timing(now=lambda: datetime.now(configuration.timezone))
            model = find_model(settings.driver)
            log = RawLog(Path(settings.raw_log)) if settings.raw_log else None
            return TextLine(settings.name, settings.device, model, raw_log=log, timing=timing)
    names = ", ".join(line.name for line in lines) or "none"
    raise NotFound(f"no side channel is called {name!r}; configured: {names}")


def find_protocol(configuration: Configuration, name: str) -> Protocol:
    """The configured acquisition protocol of this name.

    Raises
    ------
    NotFound
        Naming the protocols that there are.
    """
    for protocol in configuration.protocols:
        if protocol.name == name:
            return protocol
    names = ", ".join(repr(protocol.name) for protocol in configuration.protocols) or "none"
    raise NotFound(f"no protocol is called {name!r}; configured: {names}")


def source_from(
    settings: SourceSettings, configuration: Configuration, *, newest: bool = False
) -> FrameSource:
    """A frame source as these settings describe it, with the configuration's profiles and time.

    Raises
    ------
    SourceUnavailable
        Its capture profile cannot be used.
    """
    # imported here, so that the services that take no pictures do not carry the video libraries
    from firmware.capture.build import build
    from firmware.capture.source import CapturedSource
    from firmware.capture.specify import specify

    zone = configuration.timezone
    timing = Timing(now=lambda: datetime.now(zone))
    if settings.kind == "folder":
        from drivers.native.folder import FolderSource

        return FolderSource(settings.name, Path(settings.path), settings.settle, timing)
    spec = specify(settings, configuration.profiles)
    if settings.isolated or settings.kind in ISOLATED:
        return CapturedSource(spec, zone, newest=newest)
    return build(spec, timing)


def _paper_printers(configuration: Configuration) -> PaperPrinters:
    """Found when they are needed: few boxes have one, and CUPS is not on every machine."""
    found: PaperPrinters | None = None

    def find(name: str) -> PaperPrinter:
        nonlocal found
        if found is None:
            from firmware.paper import paper_printers

            found = paper_printers(configuration)
        return found(name)

    return find
