"""What can go wrong at the hardware.

::

    DriverError
    +-- SourceUnavailable (OSError)    the device or file is not there, or went away
    +-- SourceTimeout (TimeoutError)   no picture came in time
    +-- CorruptMedia (OSError)         nothing readable is left of a file or recording

Every text says what failed, on which device or file, and what the technician should do.
"""

from __future__ import annotations


class DriverError(Exception):
    """Root of every error raised by :mod:`drivers`.

    Attributes
    ----------
    device : str
        Name of the source as configured, with its file where it has one.
    reason : str
        What happened.
    advice : str
        What the technician should do.
    """

    def __init__(self, device: str, reason: str, advice: str) -> None:
        self.device = device
        self.reason = reason
        self.advice = advice
        super().__init__(f"{device}: {reason}. {advice}")

    def __reduce__(self) -> tuple[type[DriverError], tuple[str, str, str]]:
        return type(self), (self.device, self.reason, self.advice)


class SourceUnavailable(DriverError, OSError):
    """The device or file is not there, cannot be used, or went away."""


class SourceTimeout(DriverError, TimeoutError):
    """No picture came within the time that the caller gave."""


class CorruptMedia(DriverError, OSError):
    """Nothing readable is left of a file or recording."""
