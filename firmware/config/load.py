"""From a TOML text to a :class:`Configuration`, with all faults at once."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import inspect as types

from device.protocol import ObjectKind, Protocol
from device.station import Station
from firmware.config.capture import ProfileSettings, SourceSettings
from firmware.config.checks import check_document
from firmware.config.console import ConsoleSettings
from firmware.config.defaults import BUILT_IN
from firmware.config.faults import Report
from firmware.config.lines import locate
from firmware.config.model import Configuration
from firmware.config.printing import printer_from
from firmware.config.schema import (
    Document,
    PeerTable,
    ProtocolTable,
    StationTable,
)
from firmware.config.syntax import parse, read_toml
from firmware.config.values import split_character_set
from firmware.config.walk import walk
from services.dicom.peers import Peer, Timeouts, TlsMaterial

_ZONES = "/zoneinfo/"
_STATE_DIR = re.compile(r"""^\s*state_dir\s*=\s*(?:"([^"\\]*)"|'([^']*)')""", re.MULTILINE)


def load(path: Path) -> Configuration:
    """Read and validate a ``gantry.toml``.

    Parameters
    ----------
    path : Path
        At most 1 MiB of UTF-8. Relative paths inside the file begin at its folder.

    Raises
    ------
    ConfigurationError
        With every fault of the file.
    """
    path = Path(path)
    text, document = read_toml(path)
    return _build(text, document, str(path), path.absolute())


def read_text(text: str, file: Path) -> Configuration:
    """Validate a text as if it stood in ``file``, which need not hold it.

    Raises
    ------
    ConfigurationError
        With every fault of the text.
    """
    return _build(text, parse(text, str(file)), str(file), file.absolute())


def state_dir_of(path: Path) -> Path:
    """The state folder that a file names, also where the rest of it is faulty."""
    try:
        found = _STATE_DIR.search(Path(path).read_text("utf-8", "replace"))
    except OSError:
        found = None
    named = (found[1] or found[2] or "") if found else ""
    return _state_dir(StationTable(state_dir=named), Path(path).absolute().parent)


def defaults() -> Configuration:
    """The configuration of a laptop without a file: a test picture, no peers."""
    name = "built-in configuration"
    return _build(BUILT_IN, parse(BUILT_IN, name), name, None)


def _build(text: str, document: dict[str, Any], name: str, file: Path | None) -> Configuration:
    report = Report()
    sound = walk(document, types.type_info(Document), (), report)
    check_document(sound, report)
    report.raise_faults(name, locate(text))
    settings = msgspec.convert(sound, Document)
    folder = file.parent if file else Path.cwd()
    sources = tuple(_source(source, folder) for source in settings.sources)
    _warn_of_files(settings, sources, folder, report)
    return Configuration(
        file=file,
        station=_station(settings.station),
        state_dir=_state_dir(settings.station, folder),
        timezone=_zone(settings.station.timezone),
        listener=settings.listener,
        console=_console(settings.console, folder),
        peers=tuple(_peer(peer, folder) for peer in settings.peers),
        sources=sources,
        profiles=tuple(_profile(profile, folder) for profile in settings.profiles),
        protocols=tuple(_protocol(entry, settings.station) for entry in settings.protocols),
        panel=settings.panel,
        triggers=settings.triggers,
        code_rules=settings.code_rules,
        retention=settings.retention,
        printers=tuple(printer_from(each) for each in settings.printers),
        film_reception=settings.film_reception,
        update=settings.update,
        warnings=tuple(report.warnings),
    )


def _station(table: StationTable) -> Station:
    return Station(
        ae_title=table.ae_title,
        station_name=table.station_name,
        institution_name=table.institution_name,
        institution_address=table.institution_address,
        institutional_department_name=table.institutional_department_name,
        manufacturer=table.manufacturer,
        manufacturer_model_name=table.manufacturer_model_name,
        device_serial_number=table.device_serial_number,
        software_versions=table.software_versions,
        modality=table.modality,
        location=table.location,
        character_set=split_character_set(table.character_set),
        ct_mr_from_capture=table.ct_mr_from_capture,
    )


def _console(settings: ConsoleSettings, folder: Path) -> ConsoleSettings:
    paths = {
        key: str(_resolve(getattr(settings, key), folder))
        for key in ("tls_certificate", "tls_key")
        if getattr(settings, key)
    }
    return msgspec.structs.replace(settings, **paths)


def _peer(table: PeerTable, folder: Path) -> Peer:
    tls = None
    if table.tls_certificate:
        tls = TlsMaterial(
            certificate=_resolve(table.tls_certificate, folder),
            key=_resolve(table.tls_key, folder),
            ca=_resolve(table.tls_ca, folder),
        )
    return Peer(
        name=table.name,
        ae_title=table.ae_title,
        host=table.host,
        port=table.port,
        services=frozenset(table.services),
        commitment_required=table.commitment == "required",
        instance_check=table.instance_check,
        rejection_notes=table.rejection_notes,
        calling_ae_title=table.calling_ae_title,
        max_pdu=table.max_pdu,
        timeouts=Timeouts(table.connect_timeout, table.acse_timeout, table.dimse_timeout),
        commitment_timeout=table.commitment_timeout,
        commitment_wait=table.commitment_wait,
        assume_character_set=table.assume_character_set,
        tls=tls,
    )


def _source(settings: SourceSettings, folder: Path) -> SourceSettings:
    given: dict[str, str] = {}
    if settings.path:
        given["path"] = str(_resolve(settings.path, folder))
    if settings.driver.endswith(".toml"):
        given["driver"] = str(_resolve(settings.driver, folder))
    if settings.raw_log:
        given["raw_log"] = str(_resolve(settings.raw_log, folder))
    return msgspec.structs.replace(settings, **given)


def _profile(settings: ProfileSettings, folder: Path) -> ProfileSettings:
    if not settings.edid:
        return settings
    return msgspec.structs.replace(settings, edid=str(_resolve(settings.edid, folder)))


def _protocol(table: ProtocolTable, station: StationTable) -> Protocol:
    kind = ObjectKind(table.object)
    modality = station.modality if kind is ObjectKind.SC else kind.value
    return Protocol(
        name=table.name,
        source=table.source,
        object=kind,
        modality=table.modality or modality,
        body_part=table.body_part,
        series_description=table.series_description,
        laterality=table.laterality,
        multi_frame=table.multi_frame,
        video=table.video,
        burned_in_annotation=table.burned_in_annotation,
        geometry=table.geometry,
        technique=table.technique,
    )


def _resolve(path: str, folder: Path) -> Path:
    """Absolute path; a relative one begins at the folder of the configuration."""
    expanded = os.path.expanduser(path)  # noqa: PTH111 - Path's own raises without a home folder
    return folder.absolute() / expanded


def _state_dir(station: StationTable, folder: Path) -> Path:
    """The configured folder, else the user's state folder (XDG Base Directory)."""
    if station.state_dir:
        return _resolve(station.state_dir, folder)
    base = os.environ.get("XDG_STATE_HOME", "")
    return _resolve(base if base.startswith("/") else "~/.local/state", folder) / "gantry"


def _zone(name: str) -> ZoneInfo:
    """The configured time zone, else that of this machine, else UTC."""
    for candidate in (name, os.environ.get("TZ", "").removeprefix(":"), _machine_zone(), "UTC"):
        if not candidate:
            continue
        try:
            return ZoneInfo(candidate)
        except (LookupError, ValueError, OSError):
            continue
    raise LookupError("this machine has no time zone database; install tzdata")


def _machine_zone() -> str:
    target = str(Path("/etc/localtime").resolve())
    return target.partition(_ZONES)[2]


def _warn_of_files(
    settings: Document, sources: tuple[SourceSettings, ...], folder: Path, report: Report
) -> None:
    """Media may be plugged in later, so a path without a file is no fault."""
    for index, source in enumerate(sources):
        if source.path and not os.path.exists(source.path):  # noqa: PTH110 - a str in settings
            report.warn(("sources", index, "path"), f"{source.path} is not there at present")
    for key in ("tls_certificate", "tls_key"):
        path = getattr(settings.console, key)
        if path and not _resolve(path, folder).is_file():
            report.warn(("console", key), f"{path} is not there at present")
    for index, peer in enumerate(settings.peers):
        for key in ("tls_certificate", "tls_key", "tls_ca"):
            path = getattr(peer, key)
            if path and not _resolve(path, folder).is_file():
                report.warn(("peers", index, key), f"{path} is not there at present")
