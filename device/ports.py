"""What the modality needs from the world, by shape alone.

Drivers satisfy these protocols without importing them; ``firmware/assembly.py`` is where the type
checker proves the fit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.int16]


class Frame(Protocol):
    """One picture from a source.

    Raw grey values keep the depth that the source delivered (8 to 16 bits); colour is 8-bit RGB.
    """

    @property
    def pixels(self) -> Pixels:
        """Grey ``(rows, columns)`` uint8, uint16 or int16; colour ``(rows, columns, 3)`` uint8."""
        ...

    @property
    def bits_stored(self) -> int:
        """Significant bits of a sample, 8 to 16; never more than the array's own width."""
        ...

    @property
    def photometric(self) -> str:
        """``MONOCHROME1``, ``MONOCHROME2`` or ``RGB`` (PS3.3 C.7.6.3.1.2)."""
        ...

    @property
    def sequence(self) -> int:
        """The source's own running number; a gap means lost frames."""
        ...

    @property
    def monotonic_ns(self) -> int:
        """When the picture was taken, on the kernel's monotonic clock, in nanoseconds."""
        ...

    @property
    def taken_at(self) -> datetime:
        """When the picture was taken, aware wall time."""
        ...

    @property
    def attributes(self) -> Mapping[str, Any]:
        """What the source itself knows of this picture, by DICOM keyword (geometry, technique).

        Empty for a plain grabber. Never a patient's identity.
        """
        ...

    @property
    def native(self) -> bool:
        """Whether the samples are the scanner's own stored values, and not a picture of its screen.

        True only for what came out of a file or link of the scanner that says so itself. CT and MR
        images of other pictures need the site's permission and a complete provenance.
        """
        ...

    @property
    def lossy_ratio(self) -> float | None:
        """Compression ratio where the picture was ever lossy, else None."""
        ...

    @property
    def lossy_method(self) -> str | None:
        """Lossy Image Compression Method defined term, such as ``ISO_10918_1``, else None."""
        ...

    @property
    def jpeg(self) -> bytes | None:
        """The picture's own JPEG Baseline stream where the source delivered one, else None."""
        ...


class FrameSource(Protocol):
    """Where frames come from: a grabber, a replayed file, a test pattern.

    ``read`` raises ``TimeoutError`` when no frame came in time and another ``OSError`` when the
    device is gone; frames known to be damaged never leave the source, they are counted.
    """

    @property
    def name(self) -> str: ...

    @property
    def dropped(self) -> int:
        """Frames lost or thrown away as damaged since ``open``."""
        ...

    @property
    def frame_time_ms(self) -> float | None:
        """Nominal time between two frames in milliseconds, None for stills."""
        ...

    def open(self) -> None: ...

    def read(self, timeout: float) -> Frame | None:
        """The next frame, or None at the end of a source that ends."""
        ...

    def close(self) -> None: ...


@runtime_checkable
class KeepingSource(Protocol):
    """A source that keeps its material until the box has it: a folder that files are put into."""

    def acknowledge(self, sequence: int) -> None:
        """Take notice that every picture up to this number is durable."""
        ...


@runtime_checkable
class AddressedSource(Protocol):
    """A source whose material names its patients: files of several may lie in one folder."""

    def expect(self, may_be: Callable[[Mapping[str, str]], bool]) -> None:
        """Give out only what names nobody, or somebody whom ``may_be`` lets pass.

        It is asked with what the material says, by DICOM keyword.
        """
        ...


class Clock(Protocol):
    """Wall time for what is written down, monotonic time for what is waited for."""

    def now(self) -> datetime:
        """Aware wall time in the station's time zone."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump."""
        ...


class UidSource(Protocol):
    """Mints DICOM UIDs that were never used before (PS3.5 section 9)."""

    def __call__(self) -> str: ...
