"""Brings what a side channel reported together with the picture that it belongs to.

A generator tells kV and mAs when the exposure is over, and the picture of that exposure is the next
one. A reading that no picture follows in time belongs to none, and the attribute stays empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

Value = str | int | float

IDENTITY: Final = frozenset(
    {
        "AccessionNumber",
        "IssuerOfPatientID",
        "OtherPatientIDs",
        "OtherPatientNames",
        "PatientAge",
        "PatientBirthDate",
        "PatientBirthTime",
        "PatientID",
        "PatientName",
        "PatientSex",
    }
)
"""Who the picture is of comes from the exam alone, so these are never paired."""

MOST_PENDING: Final = 256
"""Readings that wait for a picture; the oldest go first."""


class Reading(Protocol):
    """The shape of a side channel's reading; a value of None withdraws what was said before."""

    @property
    def source(self) -> str: ...

    @property
    def keyword(self) -> str: ...

    @property
    def value(self) -> Value | None: ...

    @property
    def raw(self) -> str: ...

    @property
    def monotonic_ns(self) -> int: ...


@dataclass(frozen=True, slots=True)
class PairedValue:
    """A value for one attribute of one picture, the text it was read from, and who said it."""

    value: Value
    raw: str
    source: str


def pair(frame_time_ns: int, readings: Iterable[Reading], window_ns: int) -> dict[str, PairedValue]:
    """Choose the readings that belong to one picture.

    Parameters
    ----------
    frame_time_ns : int
        When the picture was taken, monotonic.
    readings : iterable of Reading
        In the order in which they came.
    window_ns : int
        How long after a reading its picture may come at most, nanoseconds.

    Returns
    -------
    dict
        By DICOM keyword. An attribute is left out where nothing was read within the window, where
        the last word of a source withdraws it, where two sources contradict each other, and where
        it identifies the patient.
    """
    last: dict[str, dict[str, Reading]] = {}
    for reading in readings:
        if not 0 <= frame_time_ns - reading.monotonic_ns <= window_ns:
            continue
        if reading.keyword in IDENTITY:
            continue
        said = last.setdefault(reading.keyword, {})
        before = said.get(reading.source)
        if before is None or before.monotonic_ns <= reading.monotonic_ns:
            said[reading.source] = reading
    paired = {keyword: _agreed(said) for keyword, said in last.items()}
    return {keyword: value for keyword, value in paired.items() if value is not None}


class PendingReadings:
    """Readings that wait for their picture; each is given to one picture at most.

    Parameters
    ----------
    window_ns : int
        How long after a reading its picture may come at most, nanoseconds, from 1.

    Raises
    ------
    ValueError
        The window is not positive.
    """

    def __init__(self, window_ns: int) -> None:
        if window_ns < 1:
            raise ValueError("the window of side channel readings is longer than nothing")
        self._window_ns = window_ns
        self._waiting: list[Reading] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, readings: Iterable[Reading]) -> None:
        """Let readings wait; beyond :data:`MOST_PENDING` the oldest are forgotten."""
        self._waiting = [*self._waiting, *readings][-MOST_PENDING:]

    def take(self, frame_time_ns: int) -> dict[str, PairedValue]:
        """The values of the picture taken now; readings older than it wait no longer."""
        paired = pair(frame_time_ns, self._waiting, self._window_ns)
        self._waiting = [
            reading for reading in self._waiting if reading.monotonic_ns > frame_time_ns
        ]
        return paired


def _agreed(said: Mapping[str, Reading]) -> PairedValue | None:
    """The value on which all sources agree; a withdrawal agrees with nothing."""
    readings = list(said.values())
    newest = max(readings, key=lambda reading: reading.monotonic_ns)
    if newest.value is None or any(reading.value != newest.value for reading in readings):
        return None
    return PairedValue(newest.value, newest.raw, newest.source)
