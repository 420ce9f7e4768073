"""Every key of ``gantry.toml``: its type, its range, its default and what it means.

The walker, the template and the conversion all read these types; a key added here is validated
and documented with no further step. ``examples`` feed the template where the default says little.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from firmware.config import values
from firmware.config.capture import ProfileSettings, SourceSettings
from firmware.config.console import ConsoleSettings
from firmware.config.film_reception import FilmReceptionSettings
from firmware.config.metadata import ae, file, meta, seconds, text
from firmware.config.panel import CodeRuleSettings, PanelSettings, TriggerSettings
from firmware.config.printing import PrinterSettings
from firmware.config.update import UpdateSettings
from services.dicom.peers import Service


class StationTable(Struct, frozen=True, forbid_unknown_fields=True):
    """Who this box is in the hospital, and the legacy scanner that it speaks for."""

    ae_title: Annotated[str, Meta(min_length=1), ae("AE title of this box.", "GANTRY")] = "GANTRY"
    station_name: Annotated[str, text("Station Name in every object.", 16, "CT-ROOM-2")] = ""
    institution_name: Annotated[
        str, text("Institution Name in every object.", 64, "St Example Hospital")
    ] = ""
    institution_address: Annotated[
        str, text("Institution Address in every object.", 1024, "1 Example Street")
    ] = ""
    institutional_department_name: Annotated[
        str, text("Department in every object.", 64, "Radiology")
    ] = ""
    location: Annotated[str, text("Performed Location in MPPS, a short code.", 16, "ROOM 2", 0)] = (
        ""
    )
    modality: Annotated[
        str,
        meta(
            "Modality of the scanner; the worklist is asked for it.",
            min_length=2,
            max_length=16,
            examples=["CT"],
            check=values.code_string,
        ),
    ] = "OT"
    manufacturer: Annotated[str, text("Maker of the scanner.", 64, "Example Medical")] = ""
    manufacturer_model_name: Annotated[str, text("Model of the scanner.", 64, "Scan 2000")] = ""
    device_serial_number: Annotated[str, text("Serial number of the scanner.", 64, "A-12345")] = ""
    software_versions: Annotated[str, text("Software version of the scanner.", 64, "4.2")] = ""
    state_dir: Annotated[
        str,
        file(
            "Folder for images and the database; empty: the user's state folder.",
            "/var/lib/gantry",
        ),
    ] = ""
    character_set: Annotated[
        str | tuple[str, ...],
        meta(
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
        meta(
            "Make CT and MR images of captured pictures where every required value is accounted "
            "for; else, and always where one is not, they are Secondary Captures."
        ),
    ] = False
    timezone: Annotated[
        str,
        meta(
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
        meta(
            "Address of the interface to listen on.",
            min_length=1,
            check=values.bind_address,
            allowed="an IP address; 0.0.0.0 for every interface",
        ),
    ] = "0.0.0.0"  # noqa: S104 - archives report from other machines; callers are checked
    port: Annotated[int, meta("TCP port to listen on.", ge=1, le=65535)] = 4006
    max_associations: Annotated[int, meta("Peers served at once.", ge=1, le=100)] = 10
    allowed_callers: Annotated[
        tuple[Annotated[str, Meta(min_length=1), ae("", "ARCHIVE")], ...],
        meta("AE titles that may call; an empty list lets everybody in.", examples=[["ARCHIVE"]]),
    ] = ()
    idle_timeout: Annotated[
        float, seconds("A peer that says nothing for so long is cut off.", 1, 3600)
    ] = 60.0
    max_pdu: Annotated[
        int, meta("Largest PDU that is accepted, in bytes.", ge=4096, le=1048576)
    ] = 131072


class PeerTable(Struct, frozen=True, forbid_unknown_fields=True):
    """A remote system: a RIS, an archive, a printer. Repeat the table for each."""

    name: Annotated[str, text("What this box calls the peer.", 64, "archive", 1)]
    ae_title: Annotated[str, Meta(min_length=1), ae("AE title of the peer.", "ARCHIVE")]
    host: Annotated[
        str,
        meta(
            "Host name or IP address of the peer.",
            min_length=1,
            max_length=253,
            examples=["192.0.2.10"],
            check=values.host,
        ),
    ]
    port: Annotated[int, meta("TCP port of the peer.", ge=1, le=65535, examples=[104])]
    services: Annotated[
        tuple[Service, ...],
        meta(
            "What the peer does for this box.",
            min_length=1,
            examples=[[service.value for service in Service]],
        ),
    ]
    commitment: Annotated[
        Literal["required", "none"],
        meta(
            "Whether the archive must promise to keep an image before it may leave the box.",
            examples=["required"],
        ),
    ] = "none"
    instance_check: Annotated[
        bool, meta("Ask the archive by query instead of commitment: a weaker proof.")
    ] = False
    rejection_notes: Annotated[
        bool,
        meta(
            "Tell the archive of images that were discarded after they were sent, by a rejection "
            "note (Key Object Selection, IHE IOCM); only for one that acts upon it."
        ),
    ] = False
    calling_ae_title: Annotated[
        str, ae("AE title that this box uses towards the peer; empty: its own.", "GANTRY")
    ] = ""
    max_pdu: Annotated[
        int, meta("Largest PDU offered to the peer, in bytes.", ge=4096, le=1048576)
    ] = 131072
    connect_timeout: Annotated[float, seconds("Wait for a connection.", 0.5, 300)] = 10.0
    acse_timeout: Annotated[float, seconds("Wait for the association.", 0.5, 300)] = 15.0
    dimse_timeout: Annotated[float, seconds("Wait for a response.", 0.5, 3600)] = 60.0
    commitment_timeout: Annotated[
        float, seconds("Ask for commitment again when no report came for so long.", 1, 604800)
    ] = 3600.0
    commitment_wait: Annotated[
        float, seconds("Keep the association open for an immediate report.", 0, 600)
    ] = 2.0
    assume_character_set: Annotated[
        str,
        meta(
            "Character set of a RIS that names none in its answers; empty: ASCII.",
            examples=["ISO_IR 100"],
            allowed="as station.character_set, or empty",
        ),
    ] = ""
    tls_certificate: Annotated[
        str, file("Certificate of this box; the three tls keys go together.", "tls/box.crt")
    ] = ""
    tls_key: Annotated[str, file("Private key of this box.", "tls/box.key")] = ""
    tls_ca: Annotated[str, file("Authority that signed the peer.", "tls/ca.crt")] = ""


class ProtocolTable(Struct, frozen=True, forbid_unknown_fields=True):
    """An acquisition preset that the operator picks. Repeat the table for each."""

    name: Annotated[str, text("What the operator sees; Protocol Name.", 64, "Head", 1)]
    source: Annotated[str, text("Name of an entry of [[sources]].", 64, "scanner", 1)]
    object: Annotated[
        Literal["CT", "MR", "SC"],
        meta(
            "What is made: CT and MR need geometry and technique, else Secondary Capture is made.",
            examples=["CT"],
        ),
    ]
    modality: Annotated[
        str,
        meta(
            "Modality; empty: CT for CT, MR for MR, station.modality for SC.",
            max_length=16,
            examples=["CT"],
            check=values.code_string,
        ),
    ] = ""
    body_part: Annotated[
        str,
        meta(
            "Body Part Examined, as PS3.16 Annex L spells it.",
            max_length=16,
            examples=["HEAD"],
            check=values.code_string,
        ),
    ] = ""
    series_description: Annotated[str, text("Series Description.", 64, "Head axial")] = ""
    laterality: Annotated[
        Literal["", "L", "R"], meta("Side of a paired body part.", examples=["R"])
    ] = ""
    multi_frame: Annotated[
        bool, meta("All pictures of one acquisition into one object; SC only.")
    ] = False
    video: Annotated[
        bool,
        meta(
            "An H.264 video object instead, for archives that take it; SC, modality ES or XC only."
        ),
    ] = False
    burned_in_annotation: Annotated[
        bool, meta("Whether the picture itself may show the patient's identity.")
    ] = True
    geometry: Annotated[
        dict[str, Any],
        meta("Measured geometry, by DICOM keyword.", allowed="DICOM keywords with their values"),
    ] = field(default_factory=dict)
    technique: Annotated[
        dict[str, Any],
        meta("Known technique, by DICOM keyword.", allowed="DICOM keywords with their values"),
    ] = field(default_factory=dict)


class RetentionSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How long delivered images stay. What an archive still owes a promise for always stays."""

    keep_days: Annotated[int, meta("Days that a delivered image is kept.", ge=0, le=3650)] = 30
    high_water_percent: Annotated[
        int, meta("Above this use of the disk, delivered images go earlier.", ge=50, le=95)
    ] = 85


class Document(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    station: StationTable = field(default_factory=StationTable)
    listener: ListenerSettings = field(default_factory=ListenerSettings)
    console: ConsoleSettings = field(default_factory=ConsoleSettings)
    peers: tuple[PeerTable, ...] = ()
    printers: tuple[PrinterSettings, ...] = ()
    film_reception: FilmReceptionSettings = field(default_factory=FilmReceptionSettings)
    update: UpdateSettings = field(default_factory=UpdateSettings)
    sources: tuple[SourceSettings, ...] = ()
    profiles: tuple[ProfileSettings, ...] = ()
    protocols: tuple[ProtocolTable, ...] = ()
    panel: PanelSettings = field(default_factory=PanelSettings)
    triggers: tuple[TriggerSettings, ...] = ()
    code_rules: tuple[CodeRuleSettings, ...] = ()
    retention: RetentionSettings = field(default_factory=RetentionSettings)
