"""Every key of ``gantry.toml``: its type, its range, its default and what it means.

The walker, the template and the conversion all read these types; a key added here is validated
and documented with no further step. ``examples`` feed the template where the default says little.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from firmware.config import values
from services.dicom.peers import Service

NOT_YET = ("v4l2", "serial", "usb")

_AE_ALLOWED = "1 to 16 plain ASCII characters, no backslash, no space at either end"


def _meta(description: str, **more: Any) -> Meta:
    """Shorthand: what a key means, then bounds, examples and the rule of its own."""
    check, allowed, kinds = (more.pop(name, None) for name in ("check", "allowed", "kinds"))
    extra = {"check": check, "allowed": allowed, "kinds": kinds}
    return Meta(description=description, extra=extra, **more)


def _ae(description: str, example: str) -> Meta:
    return _meta(
        description,
        max_length=16,
        examples=[example],
        check=values.ae_title,
        allowed=_AE_ALLOWED,
    )


def _text(description: str, longest: int, example: str, shortest: int = 0) -> Meta:
    return _meta(
        description,
        min_length=shortest,
        max_length=longest,
        examples=[example],
        check=values.text,
    )


def _file(description: str, example: str, kinds: tuple[str, ...] | None = None) -> Meta:
    return _meta(
        description,
        max_length=4096,
        examples=[example],
        check=values.printable,
        allowed="a path; a relative one begins at the folder of this file, ~ is the home folder",
        kinds=kinds,
    )


def _seconds(description: str, lowest: float, highest: float) -> Meta:
    return _meta(f"{description} In seconds.", ge=lowest, le=highest)


class StationTable(Struct, frozen=True, forbid_unknown_fields=True):
    """Who this box is in the hospital, and the legacy scanner that it speaks for."""

    ae_title: Annotated[str, Meta(min_length=1), _ae("AE title of this box.", "GANTRY")] = "GANTRY"
    station_name: Annotated[str, _text("Station Name in every object.", 16, "CT-ROOM-2")] = ""
    institution_name: Annotated[
        str, _text("Institution Name in every object.", 64, "St Example Hospital")
    ] = ""
    institution_address: Annotated[
        str, _text("Institution Address in every object.", 1024, "1 Example Street")
    ] = ""
    institutional_department_name: Annotated[
        str, _text("Department in every object.", 64, "Radiology")
    ] = ""
    location: Annotated[
        str, _text("Performed Location in MPPS, a short code.", 16, "ROOM 2", 0)
    ] = ""
    modality: Annotated[
        str,
        _meta(
            "Modality of the scanner; the worklist is asked for it.",
            min_length=2,
            max_length=16,
            examples=["CT"],
            check=values.code_string,
        ),
    ] = "OT"
    manufacturer: Annotated[str, _text("Maker of the scanner.", 64, "Example Medical")] = ""
    manufacturer_model_name: Annotated[str, _text("Model of the scanner.", 64, "Scan 2000")] = ""
    device_serial_number: Annotated[str, _text("Serial number of the scanner.", 64, "A-12345")] = ""
    software_versions: Annotated[str, _text("Software version of the scanner.", 64, "4.2")] = ""
    state_dir: Annotated[
        str,
        _file(
            "Folder for images and the database; empty: the user's state folder.",
            "/var/lib/gantry",
        ),
    ] = ""
    character_set: Annotated[
        str | tuple[str, ...],
        _meta(
            "Specific Character Set that objects are written in, if it can hold every name.",
            check=values.character_set,
            allowed=(
                "one of "
                + ", ".join(values.SINGLE_CHARACTER_SETS)
                + "; or a list of "
                + ", ".join(values.CODE_EXTENSIONS)
                + " whose first entry may be empty"
            ),
        ),
    ] = "ISO_IR 192"
    ct_mr_from_capture: Annotated[
        bool,
        _meta(
            "Make CT and MR images of captured pictures where every required value is accounted "
            "for; else, and always where one is not, they are Secondary Captures."
        ),
    ] = False
    timezone: Annotated[
        str,
        _meta(
            "Time zone of the hospital; empty: that of this machine.",
            max_length=64,
            examples=["Europe/London"],
            allowed="a name of the IANA database, such as Europe/London",
        ),
    ] = ""


class ListenerSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What peers may send to this box: verification and storage commitment reports."""

    bind: Annotated[
        str,
        _meta(
            "Address of the interface to listen on.",
            min_length=1,
            check=values.bind_address,
            allowed="an IP address; 0.0.0.0 for every interface",
        ),
    ] = "0.0.0.0"  # noqa: S104 - archives report from other machines; callers are checked
    port: Annotated[int, _meta("TCP port to listen on.", ge=1, le=65535)] = 4006
    max_associations: Annotated[int, _meta("Peers served at once.", ge=1, le=100)] = 10
    allowed_callers: Annotated[
        tuple[Annotated[str, Meta(min_length=1), _ae("", "ARCHIVE")], ...],
        _meta("AE titles that may call; an empty list lets everybody in.", examples=[["ARCHIVE"]]),
    ] = ()
    idle_timeout: Annotated[
        float, _seconds("A peer that says nothing for so long is cut off.", 1, 3600)
    ] = 60.0
    max_pdu: Annotated[
        int, _meta("Largest PDU that is accepted, in bytes.", ge=4096, le=1048576)
    ] = 131072


class PeerTable(Struct, frozen=True, forbid_unknown_fields=True):
    """A remote system: a RIS, an archive, a printer. Repeat the table for each."""

    name: Annotated[str, _text("What this box calls the peer.", 64, "archive", 1)]
    ae_title: Annotated[str, Meta(min_length=1), _ae("AE title of the peer.", "ARCHIVE")]
    host: Annotated[
        str,
        _meta(
            "Host name or IP address of the peer.",
            min_length=1,
            max_length=253,
            examples=["192.0.2.10"],
            check=values.host,
        ),
    ]
    port: Annotated[int, _meta("TCP port of the peer.", ge=1, le=65535, examples=[104])]
    services: Annotated[
        tuple[Service, ...],
        _meta(
            "What the peer does for this box.",
            min_length=1,
            examples=[[service.value for service in Service]],
        ),
    ]
    commitment: Annotated[
        Literal["required", "none"],
        _meta(
            "Whether the archive must promise to keep an image before it may leave the box.",
            examples=["required"],
        ),
    ] = "none"
    instance_check: Annotated[
        bool, _meta("Ask the archive by query instead of commitment: a weaker proof.")
    ] = False
    calling_ae_title: Annotated[
        str, _ae("AE title that this box uses towards the peer; empty: its own.", "GANTRY")
    ] = ""
    max_pdu: Annotated[
        int, _meta("Largest PDU offered to the peer, in bytes.", ge=4096, le=1048576)
    ] = 131072
    connect_timeout: Annotated[float, _seconds("Wait for a connection.", 0.5, 300)] = 10.0
    acse_timeout: Annotated[float, _seconds("Wait for the association.", 0.5, 300)] = 15.0
    dimse_timeout: Annotated[float, _seconds("Wait for a response.", 0.5, 3600)] = 60.0
    commitment_timeout: Annotated[
        float, _seconds("Ask for commitment again when no report came for so long.", 1, 604800)
    ] = 3600.0
    commitment_wait: Annotated[
        float, _seconds("Keep the association open for an immediate report.", 0, 600)
    ] = 2.0
    assume_character_set: Annotated[
        str,
        _meta(
            "Character set of a RIS that names none in its answers; empty: ASCII.",
            examples=["ISO_IR 100"],
            allowed="as station.character_set, or empty",
        ),
    ] = ""
    tls_certificate: Annotated[
        str, _file("Certificate of this box; the three tls keys go together.", "tls/box.crt")
    ] = ""
    tls_key: Annotated[str, _file("Private key of this box.", "tls/box.key")] = ""
    tls_ca: Annotated[str, _file("Authority that signed the peer.", "tls/ca.crt")] = ""


class SourceSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where pictures come from. Repeat the table for each."""

    name: Annotated[str, _text("What this box calls the source.", 64, "scanner", 1)]
    kind: Annotated[
        Literal["replay", "pattern"],
        _meta(
            "What it is: replay plays files as a grabber would, pattern is a moving test picture.",
            allowed=f"replay, pattern ({', '.join(NOT_YET)} are not in this version)",
        ),
    ]
    path: Annotated[
        str,
        _file("File, or folder of files of one kind, to play.", "/srv/replay", ("replay",)),
    ] = ""
    rate: (
        Annotated[
            float,
            _meta(
                "Pictures per second; 0 as fast as they are read; absent: the material's own rate.",
                ge=0,
                le=240,
                examples=[25.0],
            ),
        ]
        | None
    ) = None
    loop: Annotated[bool, _meta("Begin again at the end.", kinds=("replay",))] = False
    rows: Annotated[
        int, _meta("Height of the picture in pixels.", ge=32, le=8192, kinds=("pattern",))
    ] = 512
    columns: Annotated[
        int, _meta("Width of the picture in pixels.", ge=32, le=8192, kinds=("pattern",))
    ] = 512
    bits: Annotated[
        int, _meta("Grey depth; 8 where colour is true.", ge=8, le=16, kinds=("pattern",))
    ] = 8
    colour: Annotated[bool, _meta("Colour instead of grey.", kinds=("pattern",))] = False
    frames: Annotated[
        int, _meta("Pictures until the end; 0: endless.", ge=0, le=2**31, kinds=("pattern",))
    ] = 0
    seed: Annotated[
        int, _meta("Another number gives another picture.", ge=0, le=2**31, kinds=("pattern",))
    ] = 0


class ProtocolTable(Struct, frozen=True, forbid_unknown_fields=True):
    """An acquisition preset that the operator picks. Repeat the table for each."""

    name: Annotated[str, _text("What the operator sees; Protocol Name.", 64, "Head", 1)]
    source: Annotated[str, _text("Name of an entry of [[sources]].", 64, "scanner", 1)]
    object: Annotated[
        Literal["CT", "MR", "SC"],
        _meta(
            "What is made: CT and MR need geometry and technique, else Secondary Capture is made.",
            examples=["CT"],
        ),
    ]
    modality: Annotated[
        str,
        _meta(
            "Modality; empty: CT for CT, MR for MR, station.modality for SC.",
            max_length=16,
            examples=["CT"],
            check=values.code_string,
        ),
    ] = ""
    body_part: Annotated[
        str,
        _meta(
            "Body Part Examined, as PS3.16 Annex L spells it.",
            max_length=16,
            examples=["HEAD"],
            check=values.code_string,
        ),
    ] = ""
    series_description: Annotated[str, _text("Series Description.", 64, "Head axial")] = ""
    laterality: Annotated[
        Literal["", "L", "R"], _meta("Side of a paired body part.", examples=["R"])
    ] = ""
    multi_frame: Annotated[
        bool, _meta("All pictures of one acquisition into one object; SC only.")
    ] = False
    burned_in_annotation: Annotated[
        bool, _meta("Whether the picture itself may show the patient's identity.")
    ] = True
    geometry: Annotated[
        dict[str, Any],
        _meta("Measured geometry, by DICOM keyword.", allowed="DICOM keywords with their values"),
    ] = field(default_factory=dict)
    technique: Annotated[
        dict[str, Any],
        _meta("Known technique, by DICOM keyword.", allowed="DICOM keywords with their values"),
    ] = field(default_factory=dict)


class RetentionSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How long delivered images stay. What an archive still owes a promise for always stays."""

    keep_days: Annotated[int, _meta("Days that a delivered image is kept.", ge=0, le=3650)] = 30
    high_water_percent: Annotated[
        int, _meta("Above this use of the disk, delivered images go earlier.", ge=50, le=95)
    ] = 85


class ConsoleSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The operator's screen, a web page."""

    bind: Annotated[
        str,
        _meta(
            "Address of the interface to serve on.",
            min_length=1,
            check=values.bind_address,
            allowed="an IP address; 127.0.0.1 for this machine only",
        ),
    ] = "127.0.0.1"
    port: Annotated[int, _meta("TCP port of the page.", ge=1, le=65535)] = 8080


class Document(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    station: StationTable = field(default_factory=StationTable)
    listener: ListenerSettings = field(default_factory=ListenerSettings)
    console: ConsoleSettings = field(default_factory=ConsoleSettings)
    peers: tuple[PeerTable, ...] = ()
    sources: tuple[SourceSettings, ...] = ()
    protocols: tuple[ProtocolTable, ...] = ()
    retention: RetentionSettings = field(default_factory=RetentionSettings)
