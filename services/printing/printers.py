"""The printers of a box: what is configured, and what each has said of itself."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import msgspec

from services.catalog.database import Catalog
from services.dicom.peers import Peer
from services.errors import NotFound
from services.printing.profile import PrinterProfile


class PrinterKind(StrEnum):
    """How a printer is reached."""

    DICOM = "dicom"
    CUPS = "cups"


@dataclass(frozen=True, slots=True)
class Printer:
    """One ``[[printers]]`` entry.

    Attributes
    ----------
    peer : Peer
        What is owed sheets: of the printer's own name. Of a DICOM printer also its address.
    queue : str
        Name of a CUPS queue; empty for DICOM.
    medium, destination : str
        What is asked for unless the operator says otherwise; empty leaves it to the printer.
    job_wait : float
        Seconds to wait for the printer's word that a film came out, where it gives one.
    """

    name: str
    kind: PrinterKind
    peer: Peer
    profile: PrinterProfile
    queue: str = ""
    medium: str = ""
    destination: str = ""
    job_wait: float = 60.0


@dataclass(frozen=True, slots=True)
class DisplayFormatFact:
    """One Supported Image Display Format (PS3.3 C.13.10), as the printer told it."""

    display_format: str
    film_size: str = ""
    orientation: str = ""
    columns: int = 0
    rows: int = 0


@dataclass(frozen=True, slots=True)
class PrinterFacts:
    """What a printer said of itself: by Printer N-GET and Printer Configuration Retrieval.

    ``asked`` is 0 for one that never answered yet.
    """

    asked: float = 0.0
    status: str = ""
    status_info: str = ""
    name: str = ""
    manufacturer: str = ""
    model: str = ""
    serial_number: str = ""
    software: str = ""
    bits: int = 0
    media: tuple[str, ...] = ()
    formats: tuple[DisplayFormatFact, ...] = field(default=())


def find_printer(printers: tuple[Printer, ...], name: str = "") -> Printer:
    """The printer of this name; without one, the first that is configured.

    Raises
    ------
    NotFound
        Naming those that there are.
    """
    for printer in printers:
        if not name or printer.name == name:
            return printer
    if not printers:
        raise NotFound("no printer is configured: add a [[printers]] table to gantry.toml")
    known = ", ".join(printer.name for printer in printers)
    raise NotFound(f"no printer is called {name!r}; configured: {known}")


def note_facts(catalog: Catalog, printer: str, facts: PrinterFacts) -> None:
    """Keep what a printer has just said."""
    with catalog.writing() as db:
        db.conn.execute(
            "INSERT INTO printer_fact (printer, asked, status, status_info, facts)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT (printer) DO UPDATE SET asked = excluded.asked,"
            " status = excluded.status, status_info = excluded.status_info, facts = excluded.facts",
            [printer, facts.asked, facts.status, facts.status_info, msgspec.json.encode(facts)],
        )


def facts_of(catalog: Catalog, printer: str) -> PrinterFacts:
    row = catalog.row("SELECT facts FROM printer_fact WHERE printer = ?", [printer])
    return PrinterFacts() if row is None else msgspec.json.decode(row["facts"], type=PrinterFacts)


def capable(printer: Printer, facts: PrinterFacts) -> PrinterProfile:
    """The profile narrowed by what the printer says of itself, which it knows best."""
    profile = printer.profile
    changes: dict[str, Any] = {}
    told = {fact.film_size for fact in facts.formats if fact.film_size}
    sizes = tuple(size for size in profile.film_sizes if size in told)
    if sizes:
        changes["film_sizes"] = sizes
    formats = tuple(dict.fromkeys(fact.display_format for fact in facts.formats))
    known = tuple(each for each in formats if not profile.formats or each in profile.formats)
    if known:
        changes["formats"] = known
    if facts.bits:
        changes["bits"] = min(profile.bits, 12 if facts.bits >= 12 else 8)
    return replace(profile, **changes)
