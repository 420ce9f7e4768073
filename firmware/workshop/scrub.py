"""Takes out of a text everything that could name a patient or a member of the staff.

What the services write has no patient in it to begin with; this is the second net. It knows every
value that the catalog holds, and the shapes that such values have.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from pydicom.dataset import Dataset

from device.errors import DeviceError
from device.worklist import WorklistItem
from services.box import Box
from services.errors import ServiceError

REMOVED: Final = "[removed]"

_PERSONAL = {
    "PatientID",
    "OtherPatientIDs",
    "PatientBirthDate",
    "PatientAddress",
    "PatientTelephoneNumbers",
    "PatientComments",
    "AccessionNumber",
    "AdmissionID",
    "RequestedProcedureID",
    "ScheduledProcedureStepID",
    "MedicalRecordLocator",
    "MilitaryRank",
    "OtherPatientNames",
}
_NAME_SHAPE = re.compile(r"[^\s\"'=,;:(){}\[\]]+(?:\^[^\s\"'=,;:(){}\[\]]*)+")
_UID = re.compile(r"\b[012](?:\.\d+){4,}\b")
_STANDARD = "1.2.840.10008."
_PARTS = re.compile(r"[\^=\s,]+")
_SHORTEST = 2


class Scrubber:
    """Removes known values and telling shapes from any text.

    Parameters
    ----------
    values : iterable of str
        Names, numbers and dates that must not occur.
    """

    def __init__(self, values: Iterable[str]) -> None:
        words = sorted({word for value in values for word in _words(value)}, key=len, reverse=True)
        alternatives = "|".join(re.escape(word) for word in words)
        self._known = (
            re.compile(rf"(?<![^\W_])(?:{alternatives})(?![^\W_])", re.IGNORECASE)
            if words
            else None
        )

    def clean(self, text: str) -> str:
        """The text with everything personal replaced."""
        text = _NAME_SHAPE.sub(REMOVED, text)
        if self._known is not None:
            text = self._known.sub(REMOVED, text)
        return _UID.sub(_shortened, text)


def of_catalog(box: Box) -> Scrubber:
    """A scrubber that knows everybody whom this box knows."""
    return Scrubber(_everybody(box))


def _everybody(box: Box) -> Iterator[str]:
    for table in ("worklist_item", "exam_item"):
        for row in box.catalog.rows(f"SELECT dataset FROM {table}"):  # noqa: S608 - our own names
            try:
                dataset = WorklistItem.decode(row["dataset"]).dataset
            except (DeviceError, ServiceError):
                continue  # damaged: what nobody can read is written nowhere else either
            yield from _personal(dataset)
    columns = "operators_name, performing_physicians_name"
    for row in box.catalog.rows(f"SELECT DISTINCT {columns} FROM exam"):  # noqa: S608 - our own
        yield from row.values()
    for row in box.catalog.rows("SELECT name FROM sqlite_master WHERE name = 'person'"):
        for person in box.catalog.rows(f"SELECT name FROM {row['name']}"):  # noqa: S608 - our own
            yield str(person["name"])
    for row in box.catalog.rows("SELECT DISTINCT confirmed_by FROM ruler_calibration"):
        yield str(row["confirmed_by"])


def _personal(dataset: Dataset) -> Iterator[str]:
    for element in dataset.iterall():
        if element.VR == "PN" or element.keyword in _PERSONAL:
            values = element.value if element.VM > 1 else [element.value]
            for value in values:
                text = str(value or "")
                yield text
                if element.VR == "DA" and len(text) == 8:
                    yield f"{text[:4]}-{text[4:6]}-{text[6:]}"


def _words(value: str) -> Iterator[str]:
    whole = value.strip()
    for word in (whole, *_PARTS.split(whole)):
        if len(word) >= _SHORTEST:
            yield word


def _shortened(match: re.Match[str]) -> str:
    """UIDs of the standard say what kind of thing it is; others say whose."""
    return match[0] if match[0].startswith(_STANDARD) else REMOVED
