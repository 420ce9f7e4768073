"""What stands in the way of a delivery, as a code that every language has words for.

The catalog keeps the peer's own words and the advice in English; screens say the same by code
(``G-41xx``), and show the words as they came.
"""

from __future__ import annotations

import re

from services.outbox.model import Delivery, Kind, State

_STATUS = re.compile(r"\(status ([0-9A-F]{4})\)(?:: (.*))?$", re.DOTALL)

UNREACHABLE = "G-4101"
BUSY = "G-4102"
RIGHTS = "G-4103"
VALUE = "G-4104"
CLOSED_STEP = "G-4105"
ALREADY_THERE = "G-4106"
UNKNOWN_THERE = "G-4107"
NO_SUCH_SERVICE = "G-4108"
UNFIT = "G-4109"
NOT_UNDERSTOOD = "G-4110"
NOT_PROMISED = "G-4111"
NOT_TAKEN = "G-4112"
OWN_FAULT = "G-4113"
FILE_GONE = "G-4114"
UNKNOWN_ANSWER = "G-4115"
MATCHING = "G-4116"
BEFORE_IT_HELD = "G-4117"
NOT_CONFIGURED = "G-4118"
NO_REPORT = "G-4119"
PRINTER = "G-4120"

_BY_STATUS: tuple[tuple[int, int, str], ...] = (
    (0x0105, 0x0107, VALUE),
    (0x0110, 0x0110, BUSY),
    (0x0111, 0x0111, ALREADY_THERE),
    (0x0112, 0x0112, UNKNOWN_THERE),
    (0x0113, 0x0116, VALUE),
    (0x0117, 0x0117, NOT_UNDERSTOOD),
    (0x0118, 0x0118, NO_SUCH_SERVICE),
    (0x0119, 0x0119, UNFIT),
    (0x0120, 0x0121, VALUE),
    (0x0122, 0x0123, NO_SUCH_SERVICE),
    (0x0124, 0x0124, RIGHTS),
    (0x0131, 0x0131, NOT_UNDERSTOOD),
    (0x0210, 0x0210, BUSY),
    (0x0211, 0x0211, NO_SUCH_SERVICE),
    (0x0212, 0x0212, VALUE),
    (0x0213, 0x0213, BUSY),
    (0xA700, 0xA7FF, BUSY),
    (0xA900, 0xA9FF, UNFIT),
    (0xC000, 0xCFFF, NOT_UNDERSTOOD),
)


def code_of(delivery: Delivery, *, peer_fault: str = "", stuck: str = "") -> str:
    """The code of what stands in the way; empty where nothing does.

    Parameters
    ----------
    peer_fault
        Why the peer is left alone for a while, empty where it is not.
    stuck
        :data:`BEFORE_IT_HELD` or :data:`NOT_CONFIGURED`, where the delivery moves only when a
        person acts on something else.
    """
    if delivery.state in (State.DONE, State.CANCELLED):
        return ""
    if stuck:
        return stuck
    if delivery.state is State.HELD:
        return _held(delivery)
    if delivery.state is State.AWAITING:
        return NO_REPORT if "no report" in delivery.last_text else ""
    if peer_fault:
        return UNREACHABLE
    if delivery.last_status is None or delivery.last_status <= 0:
        return UNREACHABLE if delivery.last_text and delivery.attempts else ""
    return by_status(delivery.last_status)


def _held(delivery: Delivery) -> str:
    text, advice = delivery.last_text, delivery.advice
    if text.startswith("kept back while"):
        return MATCHING
    if delivery.kind in (Kind.FILM, Kind.PAPER):
        return PRINTER
    if text.startswith("commitment refused"):
        return NOT_PROMISED
    if "the file is gone" in text:
        return FILE_GONE
    if "fault of its own" in advice:
        return OWN_FAULT
    if "has closed this step" in text:
        return CLOSED_STEP
    if delivery.last_status is None or delivery.last_status < 0:
        return NOT_TAKEN
    return by_status(delivery.last_status)


def by_status(status: int) -> str:
    """The code of a status that is no success."""
    for first, last, code in _BY_STATUS:
        if first <= status <= last:
            return code
    return UNKNOWN_ANSWER


def own_words(delivery: Delivery) -> str:
    """What the peer itself said, as it came; what the box says of it where it said nothing."""
    found = _STATUS.search(delivery.last_text)
    if found is None:
        return delivery.last_text
    return f"{found[1]} {found[2] or ''}".strip()
