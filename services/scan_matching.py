"""A scanned code against the worklist: whose entry is meant, or why none can be opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from services.scanned_identity import Scanned
from services.worklist_view import Entry

_OVER = ("completed", "discontinued", "cancelled")


class Meant(StrEnum):
    """What a code means for the worklist."""

    ONE = "one"
    NONE = "none"
    SEVERAL = "several"
    """Of one patient or of many: the person chooses."""
    CONTRADICTION = "contradiction"
    """One part of the code fits an entry and another does not."""
    OTHER_DAY = "other_day"
    ELSEWHERE = "started_elsewhere"
    OVER = "over"
    """Everything that fits was done, broken off or cancelled."""
    NO_IDENTIFIER = "no_identifier"
    """The code says a birth date and no number: that is nobody in particular."""


@dataclass(frozen=True, slots=True)
class Match:
    """What was found; ``agreed`` are the identifiers of the code that the entries have as well."""

    meant: Meant
    entries: tuple[Entry, ...] = ()
    agreed: tuple[str, ...] = ()

    @property
    def one_patient(self) -> bool:
        """Whether all entries are of one patient, as far as number and birth date tell."""
        patients = {
            (e.facts.patient_id, e.facts.issuer_of_patient_id, e.facts.birth_date)
            for e in self.entries
        }
        return len(patients) == 1


_IDENTIFIERS: tuple[tuple[str, Callable[[Entry], str]], ...] = (
    ("patient_id", lambda entry: entry.facts.patient_id),
    ("accession_number", lambda entry: entry.facts.accession_number),
    ("birth_date", lambda entry: entry.facts.birth_date),
)


def match(scanned: Scanned, entries: Sequence[Entry], today: date) -> Match:
    """Find the entry that a code is of.

    A number must be the entry's own: letters and digits as they are, for a wristband is printed
    from the same register. What the entry does not say is not compared. Today's entries are meant
    before those of other days, and open ones before those that are over.
    """
    said = {name: getattr(scanned, name) for name, _ in _IDENTIFIERS if getattr(scanned, name)}
    if not said.keys() - {"birth_date"}:
        return Match(Meant.NO_IDENTIFIER)
    fitting = [entry for entry in entries if _fits(said, entry)]
    if not fitting:
        partly = tuple(entry for entry in entries if _shares_a_number(said, entry))
        return Match(Meant.CONTRADICTION, partly) if partly else Match(Meant.NONE)
    found = _choose(fitting, today)
    return replace(found, agreed=tuple(name for name in said if _all_have(name, found.entries)))


def agreed(scanned: Scanned, entry: Entry) -> tuple[str, ...] | None:
    """The identifiers that a code and an entry have in common; None when they contradict."""
    said = {name: getattr(scanned, name) for name, _ in _IDENTIFIERS if getattr(scanned, name)}
    has = {name: value(entry) for name, value in _IDENTIFIERS if value(entry)}
    common = said.keys() & has.keys()
    if any(said[name] != has[name] for name in common):
        return None
    return tuple(sorted(common))


def _choose(fitting: Sequence[Entry], today: date) -> Match:
    alive = [entry for entry in fitting if entry.state not in _OVER]
    if not alive:
        return Match(Meant.OVER, tuple(fitting))
    ours = [entry for entry in alive if entry.state != "started_elsewhere"]
    todays = [e for e in ours if e.facts.start_date in ("", f"{today:%Y%m%d}")]
    if len(todays) == 1:
        return Match(Meant.ONE, tuple(todays))
    if todays:
        return Match(Meant.SEVERAL, tuple(todays))
    if not ours:
        return Match(Meant.ELSEWHERE, tuple(alive))
    return Match(Meant.OTHER_DAY, tuple(ours))


def _fits(said: dict[str, str], entry: Entry) -> bool:
    has = {name: value(entry) for name, value in _IDENTIFIERS}
    contradicts = any(has[name] and has[name] != value for name, value in said.items())
    return not contradicts and _shares_a_number(said, entry)


def _shares_a_number(said: dict[str, str], entry: Entry) -> bool:
    has = {name: value(entry) for name, value in _IDENTIFIERS if name != "birth_date"}
    return any(value and said.get(name) == value for name, value in has.items())


def _all_have(name: str, entries: Sequence[Entry]) -> bool:
    value = dict(_IDENTIFIERS)[name]
    return all(value(entry) for entry in entries)
