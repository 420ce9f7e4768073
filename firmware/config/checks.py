"""Checks between keys: references, duplicates, and what must or must not go together.

They work on the sound part of a document, so that they still say what they can where other keys
are faulty. A key that was faulty is simply not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from device.iod import tables
from device.iod.anatomic_regions import ANATOMIC_REGIONS
from device.iod.video import VIDEO_MODALITIES
from firmware.config import values
from firmware.config.attributes import check_attributes
from firmware.config.capture import SIDE_CHANNELS
from firmware.config.check_capture import (
    check_profiles,
    check_references,
    check_source,
    gives_pictures,
)
from firmware.config.check_panel import check_panel
from firmware.config.console import check_console
from firmware.config.faults import ABSENT, KeyPath, Report
from firmware.config.film_reception import check_film_reception
from firmware.config.printing import check_printers
from firmware.config.walk import closest

Table = Mapping[str, Any]

_IODS = {"CT": tables.CT, "MR": tables.MR}
_MULTI_FRAME = (tables.GRAYSCALE_BYTE, tables.GRAYSCALE_WORD, tables.TRUE_COLOR)


def check_document(document: dict[str, Any], report: Report) -> None:
    """Note every fault that lies between keys; attributes are replaced by their checked values."""
    _check_station(document.get("station", {}), report)
    check_console(document.get("console", {}), report)
    for section in ("peers", "printers", "sources", "profiles", "protocols", "triggers"):
        _check_names(document, section, report)
    for path, peer in entries(document, "peers"):
        _check_peer(peer, path, report)
    names = {str(peer.get("name", "")).casefold() for _, peer in entries(document, "peers")}
    check_printers(entries(document, "printers"), names, report)
    printers = {
        str(printer.get("name", "")): str(printer.get("kind", ""))
        for _, printer in entries(document, "printers")
    }
    ports = {
        document.get(section, {}).get("port", default): f"{section}.port"
        for section, default in (("listener", 4006), ("console", 8080))
    }
    check_film_reception(document.get("film_reception", {}), printers, ports, report)
    for path, source in entries(document, "sources"):
        check_source(source, path, report)
    check_profiles(entries(document, "profiles"), report)
    check_references(entries(document, "sources"), entries(document, "profiles"), report)
    for path, protocol in entries(document, "protocols"):
        _check_protocol(document, protocol, path, report)
    panel = document.get("panel", {})
    rules = bool(document.get("code_rules") or panel.get("gs1_codes"))
    lines = [
        source["name"]
        for _, source in entries(document, "sources")
        if source.get("kind") in SIDE_CHANNELS and "name" in source
    ]
    check_panel(panel, entries(document, "triggers"), lines, rules, report)
    _check_whole(document, report)


def entries(document: Table, section: str) -> Iterator[tuple[KeyPath, dict[str, Any]]]:
    """The readable entries of a repeated table with their paths."""
    found = document.get(section, [])
    for index, entry in enumerate(found):
        if isinstance(entry, dict):
            yield (section, index), entry


def _check_station(station: Table, report: Report) -> None:
    zone = station.get("timezone", "")
    problem = values.time_zone(zone) if zone else ""
    if problem:
        report.add(
            ("station", "timezone"),
            zone,
            problem,
            "a name of the IANA database, such as Europe/London",
            closest(zone, values.time_zones()),
        )


def _check_names(document: Table, section: str, report: Report) -> None:
    first: dict[str, KeyPath] = {}
    for path, entry in entries(document, section):
        name = entry.get("name")
        if name is None:
            continue
        earlier = first.setdefault(name.casefold(), path)
        if earlier != path:
            report.add(
                (*path, "name"),
                name,
                f"is already the name of {earlier[0]}[{earlier[1]}]",
                "names that differ by more than upper and lower case",
            )


def _check_peer(peer: Table, path: KeyPath, report: Report) -> None:
    services = peer.get("services")
    if services is not None:
        named = [service for service in services if service is not ABSENT]
        if len(set(named)) != len(named):
            report.add((*path, "services"), services, "names a service twice", "each service once")
        _check_proof(peer, named, path, report)
    assumed = peer.get("assume_character_set", "")
    problem = values.character_set(assumed) if assumed else ""
    if problem:
        allowed = "as station.character_set, or empty"
        report.add((*path, "assume_character_set"), assumed, problem, allowed)
    tls = ("tls_certificate", "tls_key", "tls_ca")
    given = [key for key in tls if peer.get(key)]
    for key in tls:
        if given and key not in given:
            report.add((*path, key), ABSENT, f"is missing beside {given[0]}", "a path")


def _check_proof(peer: Table, named: list[str], path: KeyPath, report: Report) -> None:
    """What a peer promises must be among its services."""
    if peer.get("commitment") == "required" and "commit" not in named:
        report.add(
            (*path, "commitment"),
            "required",
            "the peer does not offer the service commit, so no promise would ever come",
            '"none", or "commit" among the services',
        )
    if "commit" in named and peer.get("commitment", "none") == "none":
        report.warn(path, 'offers commit, but commitment = "none": no promise is asked for')
    if peer.get("instance_check") and "query" not in named:
        report.add(
            (*path, "instance_check"),
            True,
            "the peer does not offer the service query, so nothing can be asked",
            'false, or "query" among the services',
        )


def _check_protocol(
    document: Table, protocol: dict[str, Any], path: KeyPath, report: Report
) -> None:
    source = protocol.get("source")
    names = [
        entry["name"]
        for _, entry in entries(document, "sources")
        if "name" in entry and gives_pictures(entry)
    ]
    if source is not None and source not in names:
        report.add(
            (*path, "source"),
            source,
            "is not the name of a source of pictures",
            ", ".join(f'"{name}"' for name in names) or "there is no entry under [[sources]] yet",
            closest(source, names),
        )
    for name in ("geometry", "technique"):
        if name in protocol:
            protocol[name] = check_attributes(protocol[name], (*path, name), report)
    for keyword in protocol.get("geometry", {}).keys() & protocol.get("technique", {}).keys():
        report.add(
            (*path, "technique", keyword),
            protocol["technique"][keyword],
            "stands in geometry as well",
            "one of the two tables",
        )
    _check_object(protocol, path, report)
    if protocol.get("video"):
        _warn_of_no_video(protocol, path, report)
    _warn_of_strangers(protocol, path, report)


def _check_object(protocol: Table, path: KeyPath, report: Report) -> None:
    wanted = protocol.get("object")
    if wanted not in _IODS:
        return
    modality = protocol.get("modality") or wanted
    if modality != wanted:
        report.add(
            (*path, "modality"), modality, f"a {wanted} object has this modality", f'"{wanted}"'
        )
    for key in ("multi_frame", "video"):
        if protocol.get(key):
            report.add(
                (*path, key),
                True,
                f"a {wanted} object holds one picture",
                'false, or object = "SC"',
            )
    known = {**protocol.get("geometry", {}), **protocol.get("technique", {})}
    missing = [keyword for keyword in needed(wanted) if keyword not in known]
    if missing:
        report.warn(
            path,
            f"{wanted} needs {', '.join(missing)}, which the protocol does not give; where the "
            f"source does not give them either, Secondary Capture is made instead",
        )


def _warn_of_no_video(protocol: Table, path: KeyPath, report: Report) -> None:
    if protocol.get("modality") not in VIDEO_MODALITIES:
        report.warn(
            (*path, "video"),
            f"video objects are for modality {' or '.join(VIDEO_MODALITIES)}; "
            f"multi-frame Secondary Capture is made instead",
        )
    if protocol.get("body_part") not in ANATOMIC_REGIONS:
        report.warn(
            (*path, "video"),
            "video objects need a body_part that has an anatomic region code, such as COLON or "
            "STOMACH; multi-frame Secondary Capture is made instead",
        )


def needed(wanted: str) -> tuple[str, ...]:
    """Keywords without which CT or MR is not built, and which only source or protocol can give."""
    generated = {"ImageType"} if wanted == "MR" else set()
    return tuple(keyword for keyword in _IODS[wanted].described if keyword not in generated)


def _warn_of_strangers(protocol: Table, path: KeyPath, report: Report) -> None:
    """Attributes that are right in themselves, but that the object has no place for."""
    wanted = protocol.get("object")
    if wanted is None:
        return
    several = protocol.get("multi_frame") or protocol.get("video")
    capture = _MULTI_FRAME if several else (tables.SC,)
    objects = (_IODS[wanted],) if wanted in _IODS else capture
    for table in ("geometry", "technique"):
        for keyword in protocol.get(table, {}):
            if not any(keyword in iod.preset for iod in objects):
                report.warn((*path, table, keyword), f"{objects[0].name} has no place for it")


def _check_whole(document: Table, report: Report) -> None:
    """What the box as a whole cannot do with these peers."""
    peers = [peer for _, peer in entries(document, "peers")]
    offered = {service for peer in peers for service in peer.get("services", [])}
    for service, consequence in (
        ("worklist", "there is no worklist; exams can only be unscheduled"),
        ("mpps", "no performed procedure step is reported"),
        ("store", "images stay on this box"),
    ):
        if service not in offered:
            report.warn(("peers",), f"no peer offers {service}: {consequence}")
    callers = document.get("listener", {}).get("allowed_callers", [])
    for path, peer in entries(document, "peers"):
        title = peer.get("ae_title")
        if callers and title and "commit" in peer.get("services", []) and title not in callers:
            report.warn(
                path,
                f"{title} is not among listener.allowed_callers; commitment reports that it sends "
                f"on an association of its own are refused",
            )
