"""The keys of ``[film_reception]``: the box as a film printer for scanners that can only print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from device.film import FILM_SIZES
from firmware.config import values
from firmware.config.faults import Report
from firmware.config.metadata import ae, meta, seconds, text


def _film_size(value: str) -> str:
    return "" if value in FILM_SIZES else "is no Film Size ID"


class FilmReceptionSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The box as a film printer: scanners that can only print send their films here."""

    enabled: Annotated[bool, meta("Receive films.")] = False
    ae_title: Annotated[str, Meta(min_length=1), ae("AE title of this printer.", "GANTRYFILM")] = (
        "GANTRYFILM"
    )
    bind: Annotated[
        str,
        meta(
            "Address of the interface to listen on.",
            min_length=1,
            check=values.bind_address,
            allowed="an IP address; 0.0.0.0 for every interface",
        ),
    ] = "0.0.0.0"  # noqa: S104 - scanners print from other machines; callers are checked
    port: Annotated[int, meta("TCP port to listen on.", ge=1, le=65535)] = 4010
    allowed_callers: Annotated[
        tuple[Annotated[str, Meta(min_length=1), ae("", "OLDCT")], ...],
        meta("AE titles that may print; an empty list lets everybody in.", examples=[["OLDCT"]]),
    ] = ()
    max_associations: Annotated[int, meta("Scanners served at once.", ge=1, le=20)] = 4
    idle_timeout: Annotated[
        float, seconds("A scanner that says nothing for so long is cut off.", 10, 3600)
    ] = 300.0
    film_sizes: Annotated[
        tuple[
            Annotated[
                str, meta("", check=_film_size, allowed=", ".join(FILM_SIZES), max_length=16)
            ],
            ...,
        ],
        meta("Film sizes that are offered, the usual one first.", min_length=1),
    ] = tuple(FILM_SIZES)
    images: Annotated[
        Literal["open-exam", "ask", "none"],
        meta(
            "What becomes of the pictures: open-exam takes them into the exam that is open when "
            "they come, ask keeps them until somebody says whose they are, none makes no images."
        ),
    ] = "open-exam"
    sheet: Annotated[
        Literal["boxes", "whole"],
        meta(
            "What becomes an image: boxes makes one of each picture, whole one of each sheet as "
            "it would be printed."
        ),
    ] = "boxes"
    printer: Annotated[
        str,
        text("Name of an entry of [[printers]] that prints each sheet; empty: none.", 64, "paper"),
    ] = ""
    series_description: Annotated[
        str, text("Series Description of the pictures.", 64, "Printed by the scanner")
    ] = ""


def check_film_reception(
    table: Mapping[str, Any], printers: Mapping[str, str], ports: Mapping[int, str], report: Report
) -> None:
    """Note a printer that is none for paper, a port that is taken, and films that go nowhere.

    ``printers`` are kinds by name, ``ports`` the keys of other ports.
    """
    if not table.get("enabled"):
        return
    name = str(table.get("printer", ""))
    path = ("film_reception", "printer")
    if name and printers.get(name) != "cups":
        known = ", ".join(each for each, kind in printers.items() if kind == "cups") or "none"
        report.add(path, name, "is no printer of kind cups", known)
    if not name and table.get("images", "open-exam") == "none":
        report.add(path, name, "is missing where images is none", "else films go nowhere")
    port = table.get("port", FilmReceptionSettings().port)
    if port in ports:
        report.add(("film_reception", "port"), port, f"is that of {ports[port]}", "another port")
