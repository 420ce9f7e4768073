"""The one place that imports concrete drivers and sets the libraries' global switches.

The type checker proves here that every driver has the shape that the modality asks for.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pydicom.config

from device.ports import FrameSource
from device.protocol import Protocol
from device.uids import random_uid
from firmware.config import Configuration, SourceSettings
from firmware.version import software_version
from services.box import Box, Retention
from services.catalog import Catalog
from services.clock import SystemClock
from services.dicom import guards
from services.errors import NotFound
from services.spool import Spool


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
    )


def make_source(configuration: Configuration, name: str) -> FrameSource:
    """The configured frame source of this name, not opened yet.

    Raises
    ------
    NotFound
        Naming the sources that there are.
    """
    for settings in configuration.sources:
        if settings.name == name:
            return _source(settings, configuration.timezone)
    names = ", ".join(source.name for source in configuration.sources) or "none"
    raise NotFound(f"no source is called {name!r}; configured: {names}")


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


def _source(settings: SourceSettings, timezone: ZoneInfo) -> FrameSource:
    # imported here, so that the services that take no pictures do not carry the video libraries
    from drivers.pattern import PatternSource
    from drivers.replay import ReplaySource
    from drivers.timing import Timing

    timing = Timing(now=lambda: datetime.now(timezone))
    if settings.kind == "replay":
        return ReplaySource(
            settings.name, Path(settings.path), settings.rate, settings.loop, timing
        )
    return PatternSource(
        settings.name,
        settings.rate,
        rows=settings.rows,
        columns=settings.columns,
        bits=settings.bits,
        colour=settings.colour,
        frames=settings.frames,
        seed=settings.seed,
        timing=timing,
    )
