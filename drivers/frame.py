"""Pictures as they leave a source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.int16]

NOTHING_KNOWN: Mapping[str, Any] = MappingProxyType({})

LARGEST_SIDE = 65535
"""Rows and Columns are unsigned 16-bit values in DICOM (PS3.3 C.7.6.3)."""

MOST_SAMPLES = 2**27
"""Samples of one picture; more is a damaged header, not an image of a scanner."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One decoded picture before it is given a time and a number.

    Attributes
    ----------
    pixels : array
        Grey ``(rows, columns)`` uint8, uint16 or int16; colour ``(rows, columns, 3)`` uint8.
    bits_stored : int
        Significant bits of a sample, 8 to 16.
    photometric : str
        ``MONOCHROME1``, ``MONOCHROME2`` or ``RGB`` (PS3.3 C.7.6.3.1.2).
    attributes : mapping
        Geometry and technique by DICOM keyword, as far as the medium itself knows them.
    native : bool
        Whether the samples are the scanner's own stored values rather than a picture of its screen.
    lossy_ratio : float or None
        Compression ratio where the picture was ever lossy and the ratio is known.
    lossy_method : str or None
        Lossy Image Compression Method (PS3.3 C.7.6.1.1.5.1) where it was ever lossy, empty where
        the method is not known; None says that it never was.
    after : float or None
        Seconds since the picture before in the recording; None where the medium has no time.
    hold : float
        Seconds that the source is silent before this picture, whatever its rate.
    """

    pixels: Pixels
    bits_stored: int
    photometric: str
    attributes: Mapping[str, Any] = field(default_factory=lambda: NOTHING_KNOWN)
    lossy_ratio: float | None = None
    lossy_method: str | None = None
    after: float | None = None
    hold: float = 0.0
    native: bool = False


@dataclass(frozen=True, slots=True)
class Damage:
    """A picture that was lost or is not fit to be shown, and why."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture from a source, with its time and number.

    ``monotonic_ns`` is on the machine's monotonic clock, ``taken_at`` is aware wall time; both say
    when the picture was due from the source, not when somebody read it. A gap in ``sequence`` means
    lost pictures. ``jpeg`` is the JPEG Baseline stream (ISO/IEC 10918-1) that the device itself
    delivered and ``pixels`` were decoded from, None where it delivered none. The other attributes
    are those of :class:`Picture`.
    """

    pixels: Pixels
    bits_stored: int
    photometric: str
    sequence: int
    monotonic_ns: int
    taken_at: datetime
    attributes: Mapping[str, Any] = field(default_factory=lambda: NOTHING_KNOWN)
    lossy_ratio: float | None = None
    lossy_method: str | None = None
    jpeg: bytes | None = None
    native: bool = False
