"""What a DIMSE status means for the thing that was owed, as tables.

Sources: PS3.7 annex C (general statuses), PS3.4 B.2.3 (Storage), F.7.2.1.3 and F.7.2.2.3 (MPPS),
J.3.2.1 (Storage Commitment request). A warning counts as done: the peer has what it was sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

STEP_MAY_NO_LONGER_BE_UPDATED = 0xA710
"""Error ID of a step that is already final (PS3.4 F.7.2.2.3)."""

_FINAL_COMMENT = "may no longer be updated"
"""What the Error Comment that belongs to it says (PS3.4 F.7.2.2.3)."""


class Disposition(StrEnum):
    """What becomes of a delivery after its answer."""

    DONE = "done"
    DONE_WITH_WARNING = "done with warning"
    RETRY = "retry"
    HOLD = "hold"
    RECREATE = "recreate"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One answer, judged.

    ``text`` says what the peer answered, ``advice`` what the person who reads it should do.
    ``status`` is -1 where the peer gave no answer.
    """

    disposition: Disposition
    status: int
    text: str
    advice: str


@dataclass(frozen=True, slots=True)
class _Row:
    first: int
    last: int
    disposition: Disposition
    text: str
    advice: str


def _row(
    first: int, disposition: Disposition, text: str, advice: str, last: int | None = None
) -> _Row:
    return _Row(first, first if last is None else last, disposition, text, advice)


_DONE, _WARN = Disposition.DONE, Disposition.DONE_WITH_WARNING
_RETRY, _HOLD, _RECREATE = Disposition.RETRY, Disposition.HOLD, Disposition.RECREATE

_NOTHING = "Nothing needs to be done."
_AGAIN = "The box tries again by itself."
_COMPARE = "Compare the record at the peer with the exam on this box."
_ADMINISTRATOR = "Show this to the peer's administrator, then resend."
_RIGHTS = "Ask the peer's administrator to give this AE title the right, then resend."
_SERVICE = "Check that the peer is configured for the right service and port, then resend."

_GENERAL: tuple[_Row, ...] = (
    _row(0x0000, _DONE, "The peer confirmed it", _NOTHING),
    _row(0x0001, _WARN, "The peer did part of it", _COMPARE),
    _row(0x0105, _HOLD, "The peer knows no such attribute", _ADMINISTRATOR),
    _row(0x0106, _HOLD, "The peer refuses the value of an attribute", _ADMINISTRATOR),
    _row(0x0107, _WARN, "The peer did not take some attributes", _COMPARE),
    _row(0x0110, _RETRY, "The peer failed while processing it", _AGAIN),
    _row(0x0111, _HOLD, "The peer already has an object with this UID", _COMPARE),
    _row(0x0112, _HOLD, "The peer knows no object with this UID", _ADMINISTRATOR),
    _row(0x0113, _HOLD, "The peer knows no such event", _ADMINISTRATOR),
    _row(0x0114, _HOLD, "The peer refuses the event's arguments", _ADMINISTRATOR),
    _row(0x0115, _HOLD, "The peer refuses an argument", _ADMINISTRATOR),
    _row(0x0116, _WARN, "The peer changed a value that was out of its range", _COMPARE),
    _row(0x0117, _HOLD, "The peer refuses the object's UID", _ADMINISTRATOR),
    _row(0x0118, _HOLD, "The peer knows no such SOP class", _SERVICE),
    _row(0x0119, _HOLD, "The peer says the object is of another SOP class", _ADMINISTRATOR),
    _row(0x0120, _HOLD, "The peer misses an attribute", _ADMINISTRATOR),
    _row(0x0121, _HOLD, "The peer misses the value of an attribute", _ADMINISTRATOR),
    _row(0x0122, _HOLD, "The peer does not support this SOP class", _SERVICE),
    _row(0x0123, _HOLD, "The peer knows no such action", _SERVICE),
    _row(0x0124, _HOLD, "The peer does not authorise this box", _RIGHTS),
    _row(0x0131, _HOLD, "The peer has seen this transaction before", _ADMINISTRATOR),
    _row(0x0210, _RETRY, "The peer took it for a message it is still working on", _AGAIN),
    _row(0x0211, _HOLD, "The peer does not recognise the operation", _SERVICE),
    _row(0x0212, _HOLD, "The peer could not read an argument of the request", _ADMINISTRATOR),
    _row(0x0213, _RETRY, "The peer is short of resources", _AGAIN),
    _row(
        0xA700,
        _RETRY,
        "The peer is out of resources",
        "The box tries again by itself; if it lasts, ask whether the peer's disk is full.",
        last=0xA7FF,
    ),
    _row(0xA900, _HOLD, "The peer says it does not fit its class", _ADMINISTRATOR, last=0xA9FF),
    _row(0xB000, _WARN, "The peer took it with a warning", _COMPARE, last=0xBFFF),
    _row(0xC000, _HOLD, "The peer cannot understand it", _ADMINISTRATOR, last=0xCFFF),
)

_STORE: tuple[_Row, ...] = (
    _row(0x0000, _DONE, "The archive stored the object", _NOTHING),
    _row(0x0111, _WARN, "The archive already holds this object", _COMPARE),
    _row(0xB000, _WARN, "The archive changed values of the object", _COMPARE),
    _row(0xB006, _WARN, "The archive left out parts of the object", _COMPARE),
    _row(0xB007, _WARN, "The archive says the object does not fit its class", _COMPARE),
    _row(
        0xA900,
        _HOLD,
        "The archive refuses the object: it does not fit its class",
        _ADMINISTRATOR,
        last=0xA9FF,
    ),
    _row(0xC000, _HOLD, "The archive cannot understand the object", _ADMINISTRATOR, last=0xCFFF),
)

_COMMIT: tuple[_Row, ...] = (
    _row(0x0000, _DONE, "The archive took the commitment request", _NOTHING),
    _row(
        0x0131,
        _RECREATE,
        "The archive has seen this transaction before",
        "The box asks again under a new transaction.",
    ),
)

_UNKNOWN = _row(
    0x0000,
    _RETRY,
    "The peer gave an answer that DICOM does not define",
    "The box tries again by itself; if it lasts, show this to the peer's administrator.",
)


def _judge(status: int | None, comment: str, tables: Sequence[tuple[_Row, ...]]) -> Outcome:
    if status is None:
        return Outcome(_RETRY, -1, "The peer gave no answer", _AGAIN)
    rows = (row for table in tables for row in table)
    row = next((row for row in rows if row.first <= status <= row.last), _UNKNOWN)
    return Outcome(row.disposition, status, _sentence(row.text, status, comment), row.advice)


def _sentence(text: str, status: int, comment: str) -> str:
    words = comment.strip()
    return f"{text} (status {status:04X})" + (f": {words}" if words else "")


def store_outcome(status: int | None, comment: str = "") -> Outcome:
    """Judge a C-STORE answer (PS3.4 B.2.3)."""
    return _judge(status, comment, (_STORE, _GENERAL))


def commit_request_outcome(status: int | None, comment: str = "") -> Outcome:
    """Judge the answer to a Storage Commitment N-ACTION (PS3.4 J.3.2.1).

    ``RECREATE`` asks for the same request under a new Transaction UID.
    """
    return _judge(status, comment, (_COMMIT, _GENERAL))


def mpps_create_outcome(
    status: int | None, comment: str = "", error_id: int | None = None, earlier_attempts: int = 0
) -> Outcome:
    """Judge an MPPS N-CREATE answer (PS3.4 F.7.2.1.3).

    Parameters
    ----------
    status, comment, error_id
        The answer's status, Error Comment and Error ID.
    earlier_attempts : int
        How often this same request went out before; what an earlier one did may only come to
        light now, as "already there".
    """
    if status == 0x0111 and earlier_attempts > 0:
        text = "The RIS already has this step from an earlier attempt, whose answer was lost"
        return Outcome(_DONE, status, _sentence(text, status, comment), _NOTHING)
    return _final_step(_judge(status, comment, (_GENERAL,)), comment, error_id, earlier_attempts)


def mpps_set_outcome(
    status: int | None, comment: str = "", error_id: int | None = None, earlier_attempts: int = 0
) -> Outcome:
    """Judge an MPPS N-SET answer (PS3.4 F.7.2.2.3).

    ``RECREATE`` says that the RIS does not know the step: send its N-CREATE again, then this.
    Parameters as for :func:`mpps_create_outcome`.
    """
    outcome = _judge(status, comment, (_GENERAL,))
    if status == 0x0112:
        return replace(
            outcome,
            disposition=_RECREATE,
            text=_sentence("The RIS does not know this step", status, comment),
            advice="The box reports the step's start again, then this.",
        )
    return _final_step(outcome, comment, error_id, earlier_attempts)


def _final_step(
    outcome: Outcome, comment: str, error_id: int | None, earlier_attempts: int
) -> Outcome:
    """0110 with Error ID A710: the step is final, by our own earlier attempt or by somebody.

    Error ID is optional (PS3.7 C.4), so the comment that the standard gives with it counts as well.
    """
    final = error_id == STEP_MAY_NO_LONGER_BE_UPDATED or _FINAL_COMMENT in comment.lower()
    if outcome.status != 0x0110 or not final:
        return outcome
    if earlier_attempts > 0:
        text = "The RIS already closed this step at an earlier attempt, whose answer was lost"
        return Outcome(_DONE, 0x0110, _sentence(text, 0x0110, comment), _NOTHING)
    return Outcome(
        _HOLD,
        0x0110,
        _sentence("The RIS has closed this step and takes no more changes", 0x0110, comment),
        "Ask who closed the step at the RIS; cancel this report when the RIS is right.",
    )
