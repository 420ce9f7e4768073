"""Where the value of an attribute came from, and what a side channel or a person adds to a frame.

A picture knows little of itself. What is said beside it (by a serial line, a printer stream, a
calibration, the operator) is kept with its own words and with the name of whoever stands for it,
so that nobody has to take a CT or MR image on trust.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from device.pairing import PairedValue

LONGEST_RAW: Final = 1024
"""Characters of raw text that are kept of one value."""


class Source(StrEnum):
    """Where a value came from; also the words of :attr:`BuiltObject.provenance`."""

    NATIVE = "native"
    SERIAL = "serial"
    PRINT = "print"
    CALIBRATED = "calibrated"
    OPERATOR = "operator"
    PRESET = "preset"
    WORKLIST = "worklist"
    STATION = "station"
    GENERATED = "generated"
    ABSENT = "absent"


BESIDE: Final = (Source.SERIAL, Source.PRINT, Source.CALIBRATED, Source.OPERATOR)
"""Sources of values that come beside a frame, in order of precedence."""

DESCRIBING: Final = (Source.NATIVE, *BESIDE, Source.PRESET)
"""Sources that may describe a picture (geometry, technique), in order of precedence: the frame
itself, what was said of this very picture, then what the site configured for all of them."""

_NAMED: Final = (Source.CALIBRATED, Source.OPERATOR)


@dataclass(frozen=True, slots=True)
class Contribution:
    """One value that somebody or something beside the frame gives for one picture.

    Attributes
    ----------
    keyword : str
        DICOM keyword.
    value : Any
        As for a frame's own attributes.
    source : Source
        One of :data:`BESIDE`.
    raw : str
        The text that the value was read from, as it came.
    confirmed_by : str
        Who stands for the value; never empty for a calibration or an operator's entry.

    Raises
    ------
    ValueError
        Another source, or nobody stands for a value that a person made.
    """

    keyword: str
    value: Any
    source: Source
    raw: str = ""
    confirmed_by: str = ""

    def __post_init__(self) -> None:
        if self.source not in BESIDE:
            raise ValueError(f"{self.keyword}: nothing beside a frame is {self.source.value}")
        if self.source in _NAMED and not self.confirmed_by.strip():
            raise ValueError(
                f"{self.keyword}: a value of source {self.source.value} needs the name of whoever "
                f"stands for it"
            )


@dataclass(frozen=True, slots=True)
class Origin:
    """What the catalog keeps of one attribute: its source, raw text, and who confirmed it."""

    keyword: str
    source: Source
    raw: str = ""
    confirmed_by: str = ""


def said_beside(paired: Mapping[str, PairedValue], source: Source) -> tuple[Contribution, ...]:
    """Values of a side channel that were paired with a frame, as contributions.

    Parameters
    ----------
    paired : mapping
        By DICOM keyword, as :func:`device.pairing.pair` returns them.
    source : Source
        ``SERIAL`` or ``PRINT``.
    """
    return tuple(
        Contribution(keyword, one.value, source, one.raw) for keyword, one in paired.items()
    )


def by_source(contributions: tuple[Contribution, ...]) -> dict[Source, dict[str, Any]]:
    """Values by source and keyword; of two from one source the later stands."""
    values: dict[Source, dict[str, Any]] = {source: {} for source in BESIDE}
    for one in contributions:
        values[one.source][one.keyword] = one.value
    return values


def plain(value: Any) -> str:
    """A value as a person would write it, several parted as DICOM parts them (PS3.5 6.4)."""
    if value is None:
        return ""
    if isinstance(value, str | bytes) or not hasattr(value, "__iter__"):
        return str(value)
    return "\\".join(str(one) for one in value)
