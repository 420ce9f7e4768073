"""The keys of ``[panel]``, ``[[triggers]]`` and ``[[code_rules]]``: what hands and feet can do."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from firmware.config import values
from firmware.config.metadata import meta, text

ON_PINS = ("pedal", "exposure")
"""Kinds of trigger that hang on a pin."""

ON_USB = ("hid-pedal", "scanner")
"""Kinds of trigger that pretend to be a keyboard."""

_PEDALS = ("pedal", "hid-pedal")
_LINE = "line"

HIGHEST_PIN = 27

Action = Literal[
    "",
    "capture",
    "record",
    "record_start",
    "record_stop",
    "next_protocol",
    "complete",
]


def _pin(description: str, kinds: tuple[str, ...] | None = None) -> Meta:
    return meta(
        f"{description} GPIO number as the chip counts (BCM); 0: none.",
        ge=0,
        le=HIGHEST_PIN,
        kinds=kinds,
    )


def _seconds(description: str, lowest: float = 0.05) -> Meta:
    return meta(f"{description} In seconds.", ge=lowest, le=10, kinds=_PEDALS)


def _on(gesture: str, kinds: tuple[str, ...]) -> Meta:
    return meta(
        f"What {gesture} does.",
        examples=["capture"],
        kinds=kinds,
        allowed="capture, record (starts a clip or stops it), record_start, record_stop, "
        "next_protocol, complete; empty: nothing",
    )


class PanelSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Lamps and buzzer on the pins of the board."""

    ready_pin: Annotated[int, _pin("Lamp: a press would take a picture.")] = 0
    recording_pin: Annotated[int, _pin("Lamp: a clip is being recorded.")] = 0
    fault_pin: Annotated[int, _pin("Lamp: somebody has to look at the screen.")] = 0
    buzzer_pin: Annotated[int, _pin("Buzzer with an oscillator of its own.")] = 0
    gs1_codes: Annotated[
        bool, meta("Codes without an AIM prefix are GS1, as on a wristband with AI 8018.")
    ] = False

    @property
    def pins(self) -> tuple[int, ...]:
        """Those that are wired."""
        wired = (self.ready_pin, self.recording_pin, self.fault_pin, self.buzzer_pin)
        return tuple(pin for pin in wired if pin)


class TriggerSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A pedal, an exposure line or a code scanner. Repeat the table for each."""

    name: Annotated[
        str,
        text("What this box calls it; of a line: as its source is called.", 64, "left pedal", 1),
    ]
    kind: Annotated[
        Literal["pedal", "exposure", "hid-pedal", "scanner", "line"],
        meta(
            "What it is: pedal and exposure are contacts on a pin, hid-pedal is a USB pedal that "
            "types keys, scanner a USB code scanner that types what it reads, line a source of "
            "kind serial whose device tells of presses, exposures or scans."
        ),
    ]
    pin: Annotated[int, _pin("Where the contact hangs.", ON_PINS)] = 0
    closed_high: Annotated[
        bool,
        meta("The line is driven to 3.3 V when closed, not connected to ground.", kinds=ON_PINS),
    ] = False
    device: Annotated[
        str,
        meta(
            "Which USB device; any other keyboard is left alone.",
            max_length=256,
            examples=["3553:b001@usb-0000:01:00.0-1.3"],
            check=values.input_device,
            allowed="as 'gantry panel pair' prints it",
            kinds=ON_USB,
        ),
    ] = ""
    long_seconds: Annotated[float, _seconds("A press that lasts so long is a long one.")] = 0.6
    hold_seconds: Annotated[
        float, _seconds("A press that lasts so long is a hold; 0: there are none.", 0)
    ] = 0.0
    double_seconds: Annotated[
        float,
        _seconds(
            "Two short presses with less than this between them are a double; 0: there are none, "
            "and a short press need not wait for a second.",
            0,
        ),
    ] = 0.0
    on_press: Annotated[Action, _on("the moment of a press", _PEDALS)] = ""
    on_release: Annotated[Action, _on("letting go", _PEDALS)] = ""
    on_short: Annotated[Action, _on("a short press", (*_PEDALS, _LINE))] = ""
    on_long: Annotated[Action, _on("a long press", _PEDALS)] = ""
    on_double: Annotated[Action, _on("a double press", _PEDALS)] = ""
    on_hold: Annotated[Action, _on("a hold", _PEDALS)] = ""
    on_expose: Annotated[Action, _on("an exposure", ("exposure", _LINE))] = ""


class CodeRuleSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How this hospital writes one identifier into its codes. Repeat the table for each."""

    gives: Annotated[
        Literal["patient_id", "accession_number", "birth_date"],
        meta("What the code says; a birth date is written YYYYMMDD."),
    ]
    mask: Annotated[
        str,
        meta(
            "Which part of the code: $ keeps a character, * drops one, ~ drops a digit, + drops "
            "a letter, ^ before a sign keeps what fits it, other signs stand for themselves, "
            "... repeats the last; empty: the whole code.",
            max_length=256,
            examples=["P^~..."],
            check=values.code_mask,
            allowed="a mask that keeps something",
        ),
    ] = ""
    element: Annotated[
        str,
        meta(
            "GS1 Application Identifier to look at; empty: codes that are not GS1.",
            max_length=4,
            examples=["8018"],
            check=values.gs1_element,
            allowed="two to four digits, or empty",
        ),
    ] = ""
    symbology: Annotated[
        str,
        meta(
            "Letter of the AIM prefix that the scanner sends, C for Code 128, A for Code 39.",
            max_length=1,
            examples=["C"],
            check=values.printable,
            allowed="one letter, or empty for any symbology",
        ),
    ] = ""
