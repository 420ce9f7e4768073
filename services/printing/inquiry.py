"""Asking a DICOM printer what it is and how it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pydicom.dataset import Dataset

from device.film_format import FilmFormat
from services.box import Box
from services.dicom.print_scu import PrintAssociation, print_association
from services.printing.printers import DisplayFormatFact, Printer, PrinterFacts, note_facts


def ask(box: Box, printer: Printer) -> PrinterFacts:
    """Call a DICOM printer, and keep what it says.

    Raises
    ------
    PeerError
        It cannot be talked to.
    PrintRefused
        It will not say.
    """
    calling = box.calling_ae_title(printer.peer)
    with print_association(printer.peer, calling, colour=printer.profile.colour) as link:
        return ask_on(box, printer, link)


def ask_on(box: Box, printer: Printer, link: PrintAssociation) -> PrinterFacts:
    """The same on an association that is open already."""
    status = link.status()
    configuration = link.configuration()
    facts = facts_from(status, configuration, at=box.wall())
    note_facts(box.catalog, printer.name, facts)
    return facts


def facts_from(status: Dataset, configuration: Dataset | None, *, at: float) -> PrinterFacts:
    """What the answers say (PS3.3 C.13.9, C.13.10)."""
    told = next(iter((configuration or Dataset()).get("PrinterConfigurationSequence") or ()), None)
    own = told if told is not None else Dataset()
    return PrinterFacts(
        asked=at,
        status=_text(status, "PrinterStatus"),
        status_info=_text(status, "PrinterStatusInfo"),
        name=_text(status, "PrinterName"),
        manufacturer=_text(status, "Manufacturer"),
        model=_text(status, "ManufacturerModelName"),
        serial_number=_text(status, "DeviceSerialNumber"),
        software=_text(status, "SoftwareVersions"),
        bits=int(own.get("PrintingBitDepth") or own.get("MemoryBitDepth") or 0),
        media=tuple(
            dict.fromkeys(
                _text(item, "MediumType")
                for item in own.get("MediaInstalledSequence") or ()
                if _text(item, "MediumType")
            )
        ),
        formats=tuple(_formats(own)),
    )


_KNOWN: Final = ("STANDARD", "ROW", "COL")


def _formats(own: Dataset) -> Iterator[DisplayFormatFact]:
    for item in own.get("SupportedImageDisplayFormatsSequence") or ():
        value = item.get("ImageDisplayFormat") or ""
        text = value if isinstance(value, str) else "\\".join(str(part) for part in value)
        if not text.startswith(_KNOWN):
            continue  # slides and formats of the maker's own are nothing that we lay out
        try:
            spelt = FilmFormat.parse(text).text
        except ValueError:
            continue
        yield DisplayFormatFact(
            display_format=spelt,
            film_size=_text(item, "FilmSizeID"),
            orientation=_text(item, "FilmOrientation"),
            columns=int(item.get("Columns") or 0),
            rows=int(item.get("Rows") or 0),
        )


def _text(dataset: Dataset, keyword: str) -> str:
    value = dataset.get(keyword)
    if value is None:
        return ""
    return value if isinstance(value, str) else "\\".join(str(part) for part in value)
