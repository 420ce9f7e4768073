"""Storage Commitment reports that reach us, on whichever association (PS3.4 J.3.3)."""

from __future__ import annotations

import logging
from collections.abc import Callable

from pydicom.dataset import Dataset
from pynetdicom import evt

from services.dicom.encoding import UNREADABLE

log = logging.getLogger(__name__)

CommitmentReceiver = Callable[[Dataset, int, str], int]
"""Takes Event Information, Event Type ID and the peer's AE title; returns the DIMSE status."""

_PROCESSING_FAILURE = 0x0110
_INVALID_ARGUMENT = 0x0115


def receive_report(event: evt.Event, calling_ae: str, receiver: CommitmentReceiver) -> int:
    """Hand one N-EVENT-REPORT to its receiver and return the status to answer.

    A report that cannot be read is answered 0115. An error of the receiver is logged and answered
    0110, so that the archive may send the report again.
    """
    try:
        information = event.event_information
        event_type = int(event.event_type or 0)
    except UNREADABLE as error:
        log.warning(
            "a commitment report of %s cannot be read (%s); it was refused with status 0115",
            calling_ae,
            type(error).__name__,
        )
        return _INVALID_ARGUMENT
    try:
        return receiver(information, event_type, calling_ae)
    except Exception as error:  # whatever it is, the archive must get an answer
        log.error(
            "a commitment report of %s could not be recorded (%s); it was refused with status "
            "0110, and the box asks again when no other report comes",
            calling_ae,
            type(error).__name__,
        )
        log.debug("the error was", exc_info=error)
        return _PROCESSING_FAILURE
