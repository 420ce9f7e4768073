"""What a side channel says about the next picture: one attribute, its value and its raw text."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reading:
    """One attribute as a device reported it.

    Attributes
    ----------
    source : str
        Name of the source as configured.
    keyword : str
        DICOM keyword (PS3.6 section 6) of the attribute that the value belongs to.
    value : str, int, float or None
        In the unit that DICOM asks for. None withdraws what was said of the attribute before: the
        device reported it again, and what it said could not be read or cannot be true.
    unit : str
        Unit of the value, empty for text.
    raw : str
        What stood on the line, for the record.
    monotonic_ns : int
        When the message was complete, on the machine's monotonic clock.

    Notes
    -----
    Value and raw text may identify the patient, so they are left out of the representation.
    """

    source: str
    keyword: str
    value: str | int | float | None = field(repr=False)
    unit: str
    raw: str = field(repr=False)
    monotonic_ns: int
