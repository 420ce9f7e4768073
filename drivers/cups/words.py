"""What a print queue says of itself and of its jobs, in IPP's terms (RFC 8011)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from drivers.errors import DriverError


class PrinterAway(DriverError, OSError):
    """The print server does not answer; nothing is known of the last request."""


class PrinterRefused(DriverError, OSError):
    """The print server answered, and does not do it."""


class Readiness(StrEnum):
    """``printer-state`` (RFC 8011 5.4.11)."""

    IDLE = "idle"
    PROCESSING = "processing"
    STOPPED = "stopped"


class JobState(StrEnum):
    """``job-state`` (RFC 8011 5.3.7)."""

    PENDING = "pending"
    HELD = "held"
    PROCESSING = "processing"
    STOPPED = "stopped"
    CANCELLED = "cancelled"
    ABORTED = "aborted"
    COMPLETED = "completed"

    @property
    def ended(self) -> bool:
        return self in (JobState.CANCELLED, JobState.ABORTED, JobState.COMPLETED)


@dataclass(frozen=True, slots=True)
class Media:
    """A sheet that a queue takes, by its self-describing name (PWG 5101.1), in millimetres."""

    name: str
    width_mm: float
    height_mm: float


@dataclass(frozen=True, slots=True)
class QueueState:
    """How a queue is.

    Attributes
    ----------
    reasons
        ``printer-state-reasons`` without ``none``, such as ``media-empty-error``.
    text
        The printer's own words; may be empty.
    """

    readiness: Readiness
    accepting: bool
    reasons: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class QueueAbilities:
    """What a queue can do, as it says itself; resolutions in dots per inch."""

    model: str
    media: tuple[Media, ...]
    resolutions: tuple[int, ...]
    colour: bool
    formats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A file to print; its pages have the size of the sheet."""

    path: Path
    mime_type: str = "application/pdf"


@dataclass(frozen=True, slots=True)
class Options:
    """How a document is to be printed."""

    media: str
    copies: int = 1
    colour: bool = False
    resolution: int | None = None


@dataclass(frozen=True, slots=True)
class Submitted:
    """Which job of the server a document was given to."""

    number: int
    uuid: str


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the server knows it.

    Attributes
    ----------
    complete
        Whether the whole document has arrived there.
    reasons
        ``job-state-reasons`` without ``none``.
    """

    number: int
    uuid: str
    state: JobState
    complete: bool
    reasons: tuple[str, ...] = ()
    text: str = ""
