"""How printers are, with each reason in plain words, whatever dialect a printer speaks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from services.box import Box
from services.errors import NotFound
from services.outbox import peer_state
from services.printing.paper import PaperAway, PaperRefused
from services.printing.printers import Printer, PrinterKind, facts_of


class Condition(StrEnum):
    """Whether a printer can be expected to print."""

    READY = "ready"
    WARNING = "warning"
    FAILURE = "failure"
    AWAY = "away"
    UNKNOWN = "unknown"


SENTENCES: Final[dict[str, str]] = {
    "media_empty": "There is no film or paper left: load some.",
    "media_low": "There is little film or paper left.",
    "media_jam": "Film or paper is jammed: take it out.",
    "cover_open": "A door or cover is open: close it.",
    "ink_empty": "Toner, ink or chemicals are used up: replace them.",
    "ink_low": "Toner, ink or chemicals are low.",
    "waste_full": "The waste container is full or almost full: change it.",
    "output_full": "The output tray is full or missing: empty it or put it in.",
    "tray_missing": "The wanted film or paper is not in the printer: put in the right tray.",
    "paused": "The printer is paused: let it go on at the printer or the print server.",
    "connecting": "The print server is trying to reach the printer.",
    "offline": "The printer is switched off or not connected.",
    "warming": "The printer is getting ready: wait a moment.",
    "setup": "The print server is not set up for this printer: tell the technician.",
    "fault": "The printer needs attention: look at its own display.",
}
"""What is to be said and done for each reason, by the name that screens translate by."""

_IPP: Final[dict[str, str]] = {
    "media-empty": "media_empty",
    "media-needed": "media_empty",
    "media-low": "media_low",
    "media-jam": "media_jam",
    "cover-open": "cover_open",
    "door-open": "cover_open",
    "interlock-open": "cover_open",
    "toner-empty": "ink_empty",
    "toner-low": "ink_low",
    "marker-supply-empty": "ink_empty",
    "marker-supply-low": "ink_low",
    "developer-empty": "ink_empty",
    "developer-low": "ink_low",
    "marker-waste-full": "waste_full",
    "marker-waste-almost-full": "waste_full",
    "output-area-full": "output_full",
    "output-area-almost-full": "output_full",
    "output-tray-missing": "output_full",
    "input-tray-missing": "tray_missing",
    "paused": "paused",
    "moving-to-paused": "paused",
    "stopping": "paused",
    "stopped-partly": "paused",
    "connecting-to-device": "connecting",
    "offline": "offline",
    "shutdown": "offline",
    "timed-out": "offline",
    "cups-missing-filter": "setup",
    "cups-insecure-filter": "setup",
    "cups-invalid-filter": "setup",
}
"""Printer State Reasons without their severity (RFC 8011 5.4.12), and those that CUPS adds."""

_DICOM: Final[dict[str, str]] = {
    "SUPPLY EMPTY": "media_empty",
    "NO SUPPLY MGZ": "media_empty",
    "SUPPLY LOW": "media_low",
    "FILM JAM": "media_jam",
    "FILM TRANSP ERR": "media_jam",
    "COVER OPEN": "cover_open",
    "DOOR OPEN": "cover_open",
    "CHEMICALS EMPTY": "ink_empty",
    "NO RIBBON": "ink_empty",
    "CHEMICALS LOW": "ink_low",
    "RECEIVER FULL": "output_full",
    "NO RECEIVE MGZ": "output_full",
    "BAD RECEIVE MGZ": "output_full",
    "FINISHER LOW": "ink_low",
    "FINISHER EMPTY": "ink_empty",
    "BAD SUPPLY MGZ": "tray_missing",
    "REQ MED NOT INST": "tray_missing",
    "REQ MED NOT AVAI": "tray_missing",
    "PRINTER OFFLINE": "offline",
    "PRINTER DOWN": "offline",
    "ELEC DOWN": "offline",
    "PROC DOWN": "offline",
    "PRINTER INIT": "warming",
    "PROC INIT": "warming",
    "CALIBRATING": "warming",
}
"""Printer Status Info (PS3.3 C.13.9.1, the defined terms)."""

_SEVERITIES: Final = ("-error", "-warning", "-report")
_NO_REASON: Final = frozenset({"", "none", "NORMAL", "QUEUED", "UNKNOWN"})
_STATUS: Final = {
    "NORMAL": Condition.READY,
    "WARNING": Condition.WARNING,
    "FAILURE": Condition.FAILURE,
}


@dataclass(frozen=True, slots=True)
class Health:
    """How a printer is.

    Attributes
    ----------
    reasons : tuple of str
        Keys of :data:`SENTENCES`, each once.
    told : tuple of str
        The reasons as the printer or its server spelt them.
    words : str
        What else it said, or why it could not be asked.
    asked : float or None
        Unix seconds of when it said so; None for just now, or never.
    """

    condition: Condition
    reasons: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    words: str = ""
    asked: float | None = None

    def as_plain(self) -> dict[str, Any]:
        return {
            "condition": self.condition.value,
            "reasons": list(self.reasons),
            "told": list(self.told),
            "words": self.words,
            "asked": self.asked,
        }

    def sentences(self) -> tuple[str, ...]:
        """Every reason in English."""
        return tuple(SENTENCES[each] for each in self.reasons)


def reason_of(told: str) -> str:
    """The key of a reason that a printer spelt its own way; empty where it is none."""
    text = told.strip()
    if text in _NO_REASON:
        return ""
    if text in _DICOM:
        return _DICOM[text]
    if text.startswith(("EMPTY ", "LOW ")):
        return "media_empty" if text.startswith("EMPTY") else "media_low"
    for severity in _SEVERITIES:
        text = text.removesuffix(severity)
    return _IPP.get(text, "fault")


def reasons_of(told: tuple[str, ...]) -> tuple[str, ...]:
    """The same for several, each once."""
    return tuple(dict.fromkeys(key for key in map(reason_of, told) if key))


def look(box: Box, printer: Printer) -> Health:
    """How a printer is: a paper printer is asked, of a DICOM printer is told what it said last."""
    if printer.kind is PrinterKind.CUPS:
        return _of_paper(box, printer)
    facts, state = facts_of(box.catalog, printer.name), peer_state.get(box.catalog, printer.name)
    told = (facts.status_info,) if facts.status_info else ()
    asked = facts.asked or None
    if state.last_error:
        return Health(Condition.AWAY, (), (), state.last_error, asked)
    condition = _STATUS.get(facts.status, Condition.UNKNOWN)
    return Health(condition, reasons_of(told), told, "", asked)


def _of_paper(box: Box, printer: Printer) -> Health:
    try:
        health = box.find_paper(printer.name).health()
    except PaperAway as error:
        return Health(Condition.AWAY, words=str(error))
    except (PaperRefused, NotFound) as error:
        return Health(Condition.FAILURE, ("setup",), words=str(error))
    condition = _STATUS.get(health.status, Condition.UNKNOWN)
    return Health(condition, reasons_of(health.reasons), health.reasons, health.text)
