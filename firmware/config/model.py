"""The configuration as the rest of the firmware gets it: complete, typed, immutable."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from device.protocol import Protocol
from device.station import Station
from firmware.config.capture import ProfileSettings, SourceSettings
from firmware.config.console import ConsoleSettings
from firmware.config.film_reception import FilmReceptionSettings
from firmware.config.panel import CodeRuleSettings, PanelSettings, TriggerSettings
from firmware.config.schema import (
    ListenerSettings,
    RetentionSettings,
)
from firmware.config.update import UpdateSettings
from services.dicom.peers import Peer
from services.printing.printers import Printer


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that a site decides.

    Attributes
    ----------
    file : Path or None
        Where it was read from; None for the built-in defaults.
    station : Station
        Identity of the box and of the scanner that it speaks for.
    state_dir : Path
        Absolute folder for the spool and the database. It need not exist yet.
    timezone : ZoneInfo
        In which times are written.
    warnings : tuple of str
        What works, but perhaps not as the technician hopes; one sentence each, key first.
    """

    file: Path | None
    station: Station
    state_dir: Path
    timezone: ZoneInfo
    listener: ListenerSettings
    console: ConsoleSettings
    peers: tuple[Peer, ...]
    sources: tuple[SourceSettings, ...]
    profiles: tuple[ProfileSettings, ...]
    protocols: tuple[Protocol, ...]
    panel: PanelSettings
    triggers: tuple[TriggerSettings, ...]
    code_rules: tuple[CodeRuleSettings, ...]
    retention: RetentionSettings
    printers: tuple[Printer, ...] = ()
    film_reception: FilmReceptionSettings = field(default_factory=FilmReceptionSettings)
    update: UpdateSettings = field(default_factory=UpdateSettings)
    warnings: tuple[str, ...] = ()
