"""What a printer's answer means for a print job (PS3.4 H.4, the tables of status codes).

A failure of the action that prints says that nothing was printed only where the standard says so;
after any other one a person has to look, since a film that came out must not come out again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.dicom.outcome import Disposition


class Step(StrEnum):
    """Which request was answered."""

    STATUS = "asking for the printer's state"
    SESSION = "opening the film session"
    LUT = "sending the grey scale"
    FILM_BOX = "laying out the film"
    IMAGE_BOX = "sending a picture"
    ANNOTATION = "sending a text"
    ACTION = "printing"


@dataclass(frozen=True, slots=True)
class PrintOutcome:
    """One answer, judged.

    ``code`` is what screens translate by; ``text`` and ``advice`` are its English, with the
    printer's own words. ``doubtful`` says that the film may have come out all the same.
    """

    disposition: Disposition
    status: int
    code: str
    text: str
    advice: str
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class _Row:
    disposition: Disposition
    code: str
    text: str
    advice: str
    doubtful: bool = False


_WARN, _RETRY, _HOLD = Disposition.DONE_WITH_WARNING, Disposition.RETRY, Disposition.HOLD
_AGAIN = "The box tries again by itself; nothing was printed"
_LOOK = "Look at the film when it comes out"
_AT_PRINTER = "Look at the printer: print again if the film did not come out, else mark it printed"
_OTHER_LAYOUT = "Choose another layout, film size or printer"
_TECHNICIAN = "Ask the technician to compare the printer's profile with its manual, then resend"

_PRINT: dict[int, _Row] = {
    0xB600: _Row(_WARN, "G-6101", "The printer does not reserve memory", "Nothing needs doing"),
    0xB601: _Row(
        _HOLD, "G-6102", "The printer does not print sessions as a whole", _AT_PRINTER, True
    ),
    0xB602: _Row(_HOLD, "G-6103", "The printer got a session without pictures", _TECHNICIAN),
    0xB603: _Row(_HOLD, "G-6104", "The printer got a film without pictures", _TECHNICIAN),
    0xB604: _Row(_WARN, "G-6105", "The printer made a picture smaller to fit", _LOOK),
    0xB605: _Row(_WARN, "G-6106", "The printer uses densities of its own", _LOOK),
    0xB609: _Row(_WARN, "G-6107", "The printer cut a picture off to fit", _LOOK),
    0xB60A: _Row(_WARN, "G-6108", "The printer left out lines of a picture to fit", _LOOK),
    0xC600: _Row(_HOLD, "G-6201", "The printer found no film in the session", _TECHNICIAN),
    0xC601: _Row(_RETRY, "G-6202", "The printer's queue is full", _AGAIN),
    0xC602: _Row(_RETRY, "G-6202", "The printer's queue is full", _AGAIN),
    0xC603: _Row(_HOLD, "G-6203", "A picture is larger than its place on the film", _OTHER_LAYOUT),
    0xC605: _Row(_RETRY, "G-6204", "The printer has no memory left for a picture", _AGAIN),
    0xC613: _Row(_HOLD, "G-6205", "The pictures are larger than the film", _OTHER_LAYOUT),
    0xC616: _Row(_RETRY, "G-6206", "The printer is still busy with the film before", _AGAIN),
}

_GENERAL: dict[int, _Row] = {
    0x0105: _Row(_HOLD, "G-6301", "The printer knows no such attribute", _TECHNICIAN),
    0x0106: _Row(_HOLD, "G-6302", "The printer refuses a value", _OTHER_LAYOUT),
    0x0107: _Row(_WARN, "G-6303", "The printer did not take every attribute", _LOOK),
    0x0110: _Row(_RETRY, "G-6304", "The printer failed while working on it", _AGAIN),
    0x0116: _Row(_WARN, "G-6305", "The printer changed a value that it cannot do", _LOOK),
    0x0122: _Row(_HOLD, "G-6306", "The printer does not do this service", _TECHNICIAN),
    0x0124: _Row(
        _HOLD,
        "G-6307",
        "The printer does not authorise this box",
        "Have this box's AE title entered at the printer, then resend",
    ),
    0x0213: _Row(_RETRY, "G-6308", "The printer is short of resources", _AGAIN),
}

_OTHER = _Row(_HOLD, "G-6309", "The printer refuses the request", _TECHNICIAN)
_OTHER_WARNING = _Row(_WARN, "G-6310", "The printer took it with a warning", _LOOK)

_SCALING = frozenset({0xB604, 0xB609, 0xB60A})
_NOT_PRINTED = frozenset({0xB602, 0xB603, 0xC600, 0xC601, 0xC602, 0xC603, 0xC605, 0xC613, 0xC616})
"""Answers to the action after which no film with our pictures comes out."""


def print_outcome(
    step: Step, status: int, comment: str = "", *, true_size: bool = False
) -> PrintOutcome:
    """Judge one answer.

    Parameters
    ----------
    true_size
        Whether the film was promised at true size: one that the printer scaled is held then.
    """
    if status == 0x0000:
        return PrintOutcome(Disposition.DONE, 0, "", "The printer confirmed it", "")
    row = _PRINT.get(status) or _GENERAL.get(status) or _fallback(status)
    disposition, doubtful, advice = row.disposition, row.doubtful, row.advice
    if true_size and status in _SCALING:
        disposition, advice = _HOLD, _OTHER_LAYOUT
        doubtful = step is Step.ACTION
    elif step is Step.ACTION and disposition is not _WARN and status not in _NOT_PRINTED:
        disposition, doubtful, advice = _HOLD, True, _AT_PRINTER
    words = f": {comment.strip()}" if comment.strip() else ""
    text = f"{row.text} while {step.value} (status {status:04X}){words}"
    return PrintOutcome(disposition, status, row.code, text, advice, doubtful)


def _fallback(status: int) -> _Row:
    return _OTHER_WARNING if 0xB000 <= status <= 0xBFFF or status == 0x0001 else _OTHER
