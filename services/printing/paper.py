"""Printers for paper as the services see them, by shape: who prints a PDF that was handed over."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from services.errors import NotFound, ServiceError


class PaperAway(ServiceError):
    """The print server does not answer; it is asked again later."""


class PaperRefused(ServiceError):
    """The print server answered, and does not do it: a person must look."""


class PaperState(StrEnum):
    """How a job stands."""

    WAITING = "waiting"
    PRINTING = "printing"
    STOPPED = "stopped"
    PRINTED = "printed"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PaperJob:
    """A job of the print server; ``text`` holds the printer's own words."""

    state: PaperState
    text: str = ""


@dataclass(frozen=True, slots=True)
class PaperTicket:
    """Which job of the server a document was given to; noted before anything can be printed."""

    number: int
    uuid: str


@dataclass(frozen=True, slots=True)
class PaperHealth:
    """How the printer is.

    Attributes
    ----------
    status
        ``NORMAL``, ``WARNING`` or ``FAILURE``, as a DICOM printer would say (PS3.3 C.13.10).
    reasons
        In IPP's words (RFC 8011 5.4.12), such as ``media-empty-error``.
    text
        The printer's own words.
    """

    status: str
    reasons: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class PaperPage:
    """A raster that covers a sheet wholly: bands from its top, grey or RGB, uint8."""

    width_mm: float
    height_mm: float
    columns: int
    rows: int
    colour: bool
    bands: Iterable[NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class PaperOrder:
    """What is to be printed: a document whose pages have the size of the sheet."""

    path: Path
    width_mm: float
    height_mm: float
    copies: int = 1
    colour: bool = False
    title: str = "gantry"


class PaperPrinter(Protocol):
    """A queue. Each call may raise :class:`PaperAway` and :class:`PaperRefused`."""

    @property
    def dpi(self) -> int:
        """Resolution that sheets are rendered for."""
        ...

    def health(self) -> PaperHealth: ...

    def sizes(self) -> tuple[tuple[float, float], ...]:
        """Width and height of the sheets that it takes, in millimetres."""
        ...

    def write(self, path: Path, pages: Iterable[PaperPage]) -> None:
        """Write a durable document; may raise ``OSError`` and what the bands raise."""
        ...

    def hand_over(
        self,
        order: PaperOrder,
        note: Callable[[PaperTicket], None],
        before: PaperTicket | None = None,
    ) -> PaperJob:
        """Give a document to the printer, once.

        ``note`` is called before anything of it can be printed. With ``before``, what was noted at
        an earlier attempt, a job that arrived whole then is not sent again.
        """
        ...

    def look(self, ticket: PaperTicket) -> PaperJob:
        """How a job stands."""
        ...

    def cancel(self, ticket: PaperTicket) -> None:
        """Stop a job that has not ended."""
        ...


PaperPrinters = Callable[[str], PaperPrinter]
"""Finds the printer of a configured name; raises ``NotFound``."""


def no_paper_printers(name: str) -> PaperPrinter:
    """Of a box without any."""
    raise NotFound(f"no paper printer is called {name!r}: none is configured")
