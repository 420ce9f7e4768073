"""Two identifiers are compared before a patient's exam is opened, and what was compared counts.

The page sends the values that the person had before their eyes. Should the worklist have changed
under the screen, those are no longer the entry's, and nothing is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from device.worklist import WorklistItem
from services.scanned_identity import NEEDED, Scanned

IDENTIFIERS: Mapping[str, Callable[[WorklistItem], str]] = {
    "patient_name": lambda item: item.patient_name,
    "birth_date": lambda item: item.patient_birth_date,
    "patient_id": lambda item: item.patient_id,
    "accession_number": lambda item: item.accession_number,
}
"""What a patient can be told by, the first ones being what a patient can say themselves."""


class By(StrEnum):
    """How identifiers were compared."""

    HOLD = "hold"
    """A person compared them and held the button."""
    SCAN = "scan"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What was compared: identifiers with their values as shown, or codes as scanned."""

    by: By
    shown: tuple[tuple[str, str], ...] = ()
    scans: tuple[Scanned, ...] = ()


class TooFew(Exception):
    """Fewer than two identifiers agree; ``agreed`` and ``known`` are names of them."""

    def __init__(self, agreed: Sequence[str], known: Sequence[str]) -> None:
        self.agreed = tuple(agreed)
        self.known = tuple(known)
        super().__init__(f"{len(self.agreed)} of {len(self.known)} identifiers agree")


class Differs(Exception):
    """An identifier is not the patient's; ``names`` says which."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        super().__init__(", ".join(self.names))


def known(items: Sequence[WorklistItem]) -> dict[str, tuple[str, ...]]:
    """Every identifier that the items have, with its values; accession numbers may be several."""
    found: dict[str, tuple[str, ...]] = {}
    for name, value in IDENTIFIERS.items():
        values = tuple(dict.fromkeys(filter(None, map(value, items))))
        if values:
            found[name] = values
    return found


def confirm(
    items: Sequence[WorklistItem], confirmation: Confirmation, needed: int = NEEDED
) -> tuple[str, ...]:
    """The names of the identifiers that agree: at least ``needed``.

    Raises
    ------
    Differs
        Something that was shown or scanned is not what the items say now.
    TooFew
        Not enough was compared, or there is not enough to compare.
    """
    has = known(items)
    compared = [(name, value) for name, value in confirmation.shown if value]
    if confirmation.by is By.SCAN:
        compared = [pair for scanned in confirmation.scans for pair in _said(scanned)]
    differing = [name for name, value in compared if name in has and value not in has[name]]
    if differing:
        raise Differs(differing)
    agreed = tuple(dict.fromkeys(name for name, _ in compared if name in has))
    if len(agreed) < needed:
        raise TooFew(agreed, tuple(has))
    return agreed


def _said(scanned: Scanned) -> list[tuple[str, str]]:
    pairs = (
        ("patient_id", scanned.patient_id),
        ("accession_number", scanned.accession_number),
        ("birth_date", scanned.birth_date),
    )
    return [(name, value) for name, value in pairs if value]
