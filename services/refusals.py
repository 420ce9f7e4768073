"""Why nothing was taken: a code that the screen explains in its language, and an English sentence.

The codes are those of the console's table of problems; lamps, logs and the command line show the
sentence.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from device.errors import DeviceError
from services.errors import CatalogError, IdentityMismatch, NotFound, ServiceError, StorageFull

NO_EXAM = "G-2101"
RECORDING = "G-2102"
WRONG_PATIENT = "G-2103"
STILL_THIS_PATIENT = "G-2104"
NOT_LIVE = "G-2105"
NO_PICTURE = "G-2106"
NO_CLIPS = "G-2107"
STORAGE_FULL = "G-2108"
REFUSED_STEP = "G-2109"
SERVICE_AWAY = "G-2110"
NOT_UNDERSTOOD = "G-2111"
NOTHING_TO_COMPARE = "G-2112"
OTHER_EXAM = "G-2113"
NO_CODE_RULES = "G-2114"
NO_SUCH_PROTOCOL = "G-2115"
ENDED_BY_ITSELF = "G-2116"
ANOTHER_PATIENT_BESIDE = "G-2117"
SOURCE_GONE = "G-2118"
UNSURE = "G-2119"
BAD_REQUEST = "G-2120"

REFUSALS = (ServiceError, DeviceError, OSError, sqlite3.Error)
"""What is the operator's matter; everything else is a fault of ours."""


class Refused(Exception):
    """Why a trigger does nothing.

    Parameters
    ----------
    text
        A sentence for the operator.
    code
        Of the table of problems.
    params
        What the explanation of the code names.
    """

    def __init__(self, text: str, code: str = REFUSED_STEP, **params: Any) -> None:
        super().__init__(text)
        self.code = code
        self.params: Mapping[str, Any] = params or {"words": text}


def explain(error: Exception) -> Refused:
    """The refusal that an error of :data:`REFUSALS` amounts to."""
    if isinstance(error, Refused):
        return error
    text = str(error) or type(error).__name__
    return Refused(text, _code_of(error), words=text)


def _code_of(error: Exception) -> str:
    for kind, code in (
        (StorageFull, STORAGE_FULL),
        (IdentityMismatch, ANOTHER_PATIENT_BESIDE),
        (NotFound, REFUSED_STEP),
        (CatalogError, REFUSED_STEP),
        (TimeoutError, NO_PICTURE),
        (OSError, SOURCE_GONE),
    ):
        if isinstance(error, kind):
            return code
    return REFUSED_STEP


def no_exam() -> Refused:
    """There is nobody to take a picture of."""
    return Refused("no exam is open: choose the patient on the screen, then press again", NO_EXAM)


def recording() -> Refused:
    """One thing at a time."""
    return Refused("a clip is being recorded: stop it first", RECORDING)


def wrong_patient() -> Refused:
    """Somebody else's wristband was scanned."""
    return Refused(
        "the code that was scanned belongs to another patient or order than the open exam: nothing "
        "is taken until a right one is scanned, or the exam is chosen again on the screen",
        WRONG_PATIENT,
    )


def still_this_patient() -> Refused:
    """The exam lay open, and a person must look who is there."""
    return Refused(
        "confirm on the screen that this is still the patient of the open exam; until then nothing "
        "is taken",
        STILL_THIS_PATIENT,
    )


def other_exam() -> Refused:
    """The screen moved on while the source was still with the exam before."""
    return Refused(
        "the screen has another patient open than the one that is armed: press again", OTHER_EXAM
    )


def not_live(source: str, state: str, reason: str) -> Refused:
    """The source shows no patient now."""
    text = f"source {source}: {state}. {reason}".rstrip(". ")
    return Refused(text, NOT_LIVE, source=source, state=state, words=reason)
