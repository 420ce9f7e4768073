"""Every key of ``[[printers]]``, its cross-checks, and the printer that it describes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

from msgspec import Struct

from device.film import FILM_SIZES, LutShape
from device.film_format import FilmFormat
from firmware.config import values
from firmware.config.check_capture import check_kinds
from firmware.config.faults import KeyPath, Report
from firmware.config.metadata import ae, meta, seconds, text
from firmware.config.walk import closest
from services.dicom.peers import Peer, Service, Timeouts
from services.printing import profile as profiles
from services.printing.printers import Printer, PrinterKind

_DICOM: Final = ("dicom",)
_CUPS: Final = ("cups",)
_CODE: Final = 16


def _film_size(value: str) -> str:
    return "" if value in FILM_SIZES else "is no Film Size ID"


def _layout(value: str) -> str:
    try:
        FilmFormat.parse(value)
    except ValueError as error:
        return str(error)
    return ""


class PrinterSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A printer for film or paper. Repeat the table for each."""

    name: Annotated[str, text("What the operator sees.", 64, "film", 1)]
    kind: Annotated[
        Literal["dicom", "cups"],
        meta("How it is reached: dicom is a DICOM film printer, cups a queue of this machine."),
    ]
    profile: Annotated[
        str,
        meta(
            "What this model can do; the keys below say what the profile does not know.",
            max_length=64,
            examples=["generic-grey-12"],
            allowed=", ".join(profiles.names()),
        ),
    ] = profiles.DEFAULT_PROFILE
    ae_title: Annotated[
        str,
        meta(
            "AE title of the printer.",
            max_length=16,
            examples=["FILM"],
            check=values.ae_title,
            allowed="1 to 16 plain ASCII characters",
            kinds=_DICOM,
        ),
    ] = ""
    host: Annotated[
        str,
        meta(
            "Host name or IP address of the printer.",
            max_length=253,
            examples=["192.0.2.20"],
            check=values.host,
            kinds=_DICOM,
        ),
    ] = ""
    port: Annotated[int, meta("TCP port of the printer.", ge=1, le=65535, kinds=_DICOM)] = 104
    calling_ae_title: Annotated[
        str, ae("AE title that this box uses towards the printer; empty: its own.", "GANTRY")
    ] = ""
    queue: Annotated[
        str,
        meta(
            "Name of the CUPS queue; without one the printer's own name.",
            max_length=127,
            examples=["film"],
            kinds=_CUPS,
        ),
    ] = ""
    film_sizes: Annotated[
        tuple[
            Annotated[
                str, meta("", check=_film_size, allowed=", ".join(FILM_SIZES), max_length=_CODE)
            ],
            ...,
        ],
        meta("Film sizes that are loaded, the usual one first.", examples=[["14INX17IN"]]),
    ] = ()
    formats: Annotated[
        tuple[
            Annotated[
                str,
                meta("", check=_layout, allowed="a layout such as STANDARD\\2,3", max_length=64),
            ],
            ...,
        ],
        meta("Layouts that it takes; none says every STANDARD one.", examples=[["STANDARD\\2,3"]]),
    ] = ()
    bit_depth: Annotated[
        int,
        meta("Bits of a grey value: 8 or 12; 0: as the profile says.", ge=0, le=12, examples=[12]),
    ] = 0
    colour: (
        Annotated[bool, meta("Prints in colour; absent: as the profile says.", examples=[False])]
        | None
    ) = None
    presentation_lut: (
        Annotated[
            tuple[LutShape, ...],
            meta(
                "Presentation LUT shapes that it takes.",
                examples=[["IDENTITY", "LIN OD"]],
                kinds=_DICOM,
            ),
        ]
        | None
    ) = None
    presentation_lut_entries: Annotated[
        int,
        meta(
            "Entries of a Presentation LUT table, for a printer that takes no shapes; 0: none.",
            ge=0,
            le=4096,
            kinds=_DICOM,
        ),
    ] = 0
    annotation_format: Annotated[
        str,
        meta(
            "Annotation Display Format ID of its text boxes; without one none are used.",
            max_length=_CODE,
            examples=["COMBINED"],
            check=values.code_string,
            kinds=_DICOM,
        ),
    ] = ""
    annotations: Annotated[
        int, meta("How many text boxes that format has.", ge=0, le=6, kinds=_DICOM)
    ] = 0
    requested_image_size: (
        Annotated[
            bool,
            meta(
                "Obeys Requested Image Size, which true size needs; absent: as the profile says.",
                examples=[True],
                kinds=_DICOM,
            ),
        ]
        | None
    ) = None
    session_action: Annotated[
        bool, meta("Print all sheets of a job by one action, to keep them together.", kinds=_DICOM)
    ] = False
    min_density: Annotated[
        int, meta("Lightest density in hundredths; 0: as the profile says.", ge=0, le=500)
    ] = 0
    max_density: Annotated[
        int, meta("Darkest density in hundredths; 0: as the profile says.", ge=0, le=500)
    ] = 0
    medium: Annotated[str, text("Medium Type; empty: the printer's choice.", 16, "BLUE FILM")] = ""
    destination: Annotated[
        str, text("Film Destination; empty: the printer's choice.", 16, "PROCESSOR")
    ] = ""
    dpi: Annotated[
        float, meta("Dots per inch; 0: as the profile says.", ge=0, le=1200, examples=[320.0])
    ] = 0.0
    edge: (
        Annotated[
            float,
            meta(
                "Millimetres that it leaves free at each edge; absent: as the profile says.",
                ge=0,
                le=50,
                examples=[5.0],
            ),
        ]
        | None
    ) = None
    connect_timeout: Annotated[float, seconds("Wait for a connection.", 0.5, 300)] = 10.0
    acse_timeout: Annotated[float, seconds("Wait for the association.", 0.5, 300)] = 15.0
    dimse_timeout: Annotated[float, seconds("Wait for a response.", 0.5, 3600)] = 120.0
    job_wait: Annotated[
        float, seconds("Wait for the printer's word that a film came out.", 0, 3600)
    ] = 60.0


def check_printers(
    printers: Iterator[tuple[KeyPath, dict[str, Any]]], peers: set[str], report: Report
) -> None:
    """Note what is missing, means nothing, or cannot be told apart."""
    known = profiles.names()
    for path, printer in printers:
        kind = printer.get("kind", "")
        if kind:
            check_kinds(PrinterSettings, printer, kind, path, report)
        for key in ("ae_title", "host") if kind == "dicom" else ():
            if not printer.get(key):
                report.add((*path, key), printer.get(key, ""), "is missing", "a value of its own")
        profile = printer.get("profile", profiles.DEFAULT_PROFILE)
        if profile not in known:
            report.add(
                (*path, "profile"),
                profile,
                "is no printer profile",
                ", ".join(known),
                closest(profile, list(known)),
            )
        if printer.get("bit_depth", 0) not in (0, 8, 12):
            report.add((*path, "bit_depth"), printer["bit_depth"], "no film has it", "8 or 12")
        name = str(printer.get("name", "")).casefold()
        if name in peers:
            report.add(
                (*path, "name"), printer["name"], "is already the name of a peer", "another name"
            )


def printer_from(settings: PrinterSettings) -> Printer:
    """The printer that a table describes."""
    changes: dict[str, Any] = {}
    for key, value in (
        ("film_sizes", settings.film_sizes),
        ("formats", tuple(FilmFormat.parse(each).text for each in settings.formats)),
        ("bits", settings.bit_depth),
        ("lut_entries", settings.presentation_lut_entries),
        ("annotation_format", settings.annotation_format),
        ("annotations", settings.annotations),
        ("session_action", settings.session_action),
        ("min_density", settings.min_density),
        ("max_density", settings.max_density),
        ("dpi", settings.dpi),
    ):
        if value:
            changes[key] = value
    stated: tuple[tuple[str, Any], ...] = (
        ("colour", settings.colour),
        ("lut_shapes", settings.presentation_lut),
        ("requested_image_size", settings.requested_image_size),
        ("edge_mm", settings.edge),
    )
    changes |= {key: value for key, value in stated if value is not None}
    peer = Peer(
        name=settings.name,
        ae_title=settings.ae_title,
        host=settings.host,
        port=settings.port,
        services=frozenset({Service.PRINT}),
        calling_ae_title=settings.calling_ae_title,
        timeouts=Timeouts(settings.connect_timeout, settings.acse_timeout, settings.dimse_timeout),
    )
    kind = PrinterKind(settings.kind)
    return Printer(
        name=settings.name,
        kind=kind,
        peer=peer,
        profile=profiles.load_profile(settings.profile, **changes),
        queue=(settings.queue or settings.name) if kind is PrinterKind.CUPS else "",
        medium=settings.medium,
        destination=settings.destination,
        job_wait=settings.job_wait,
    )
