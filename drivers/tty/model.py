"""What a driver file says of a serial device, once it has been found free of faults."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from drivers.tty.checksum import Checksum

LONGEST_MESSAGE = 4096
"""Bytes of one message that any driver file may ask for."""

NO_WORDS: Mapping[str, str] = MappingProxyType({})


class Parity(StrEnum):
    """Parity bit of a character."""

    NONE = "none"
    EVEN = "even"
    ODD = "odd"


class Flow(StrEnum):
    """Who may stop the talking, and how."""

    NONE = "none"
    XON_XOFF = "xon-xoff"
    RTS_CTS = "rts-cts"


class FramingKind(StrEnum):
    """How the beginning and end of a message are found."""

    TERMINATED = "terminated"
    DELIMITED = "delimited"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class LineSettings:
    """How the line is set: baud from 50 to 4000000, 7 or 8 data bits, 1 or 2 stop bits."""

    baud: int
    data_bits: int = 8
    parity: Parity = Parity.NONE
    stop_bits: int = 1
    flow: Flow = Flow.NONE


@dataclass(frozen=True, slots=True)
class Framing:
    """Where a message begins and ends.

    Attributes
    ----------
    kind : FramingKind
        Terminated by one of ``ends``; delimited by ``start`` and one of ``ends``; or of a fixed
        ``length``, after ``start`` where there is one.
    start : bytes
        What comes before the payload, empty for none.
    ends : tuple of bytes
        What may come after it.
    length : int
        Bytes of a fixed payload, 0 for the other kinds.
    longest : int
        Bytes of the longest payload; more without an end is noise.
    gap_seconds : float
        A message that pauses longer than this is broken.
    printer_codes : bool
        ESC/P control sequences are taken out first.
    """

    kind: FramingKind
    start: bytes = b""
    ends: tuple[bytes, ...] = ()
    length: int = 0
    longest: int = 256
    gap_seconds: float = 2.0
    printer_codes: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent back for a sound and for a damaged message; only for files that transmit."""

    good: bytes
    bad: bytes


@dataclass(frozen=True, slots=True)
class Field:
    """One attribute within a message.

    Attributes
    ----------
    keyword : str
        DICOM keyword; its value representation says how the text is read.
    vr : str
        That value representation (PS3.5 section 6.2).
    group : str
        Name of the group of the pattern, empty where ``columns`` says the place.
    columns : tuple of int or None
        First and last column, from 1, both included.
    unit : str
        Unit of the value after scaling, as DICOM asks for it.
    scale : Decimal
        Factor from the number on the line to that unit.
    plausible : tuple of Decimal or None
        Least and greatest value that can be true, after scaling; None for text.
    date_format : str
        How a date or time is written on the line, as :func:`datetime.datetime.strptime` has it.
    words : mapping
        The device's words and what each is in DICOM; any other word is implausible. Empty for text
        that is taken as it stands.
    """

    keyword: str
    vr: str
    group: str = ""
    columns: tuple[int, int] | None = None
    unit: str = ""
    scale: Decimal = Decimal(1)
    plausible: tuple[Decimal, Decimal] | None = None
    date_format: str = ""
    words: Mapping[str, str] = field(default_factory=lambda: NO_WORDS)

    def date(self, text: str) -> datetime:
        """Read a date or time as the device writes it.

        Raises
        ------
        ValueError
            It is not written so.
        """
        # only the written figures are taken over, so no time zone is involved
        return datetime.strptime(text, self.date_format)  # noqa: DTZ007


@dataclass(frozen=True, slots=True)
class Trigger:
    """A message that is an event: the gesture it stands for, and the group that is its text."""

    gesture: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One kind of message.

    ``pattern`` has to match the whole text of a message; where it is None, the text begins with
    ``prefix``.
    """

    name: str
    pattern: re.Pattern[str] | None
    prefix: str
    fields: tuple[Field, ...]
    trigger: Trigger | None
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LineModel:
    """A serial device as its driver file describes it.

    Attributes
    ----------
    name : str
        What the device is.
    encoding : str
        Of the characters on the line.
    transmit : bool
        Whether the box may ever write to the line.
    closed : bool
        The device says nothing but ``messages``: any other is a damaged one.
    decimal_comma : bool
        Numbers are written with a comma.
    silence_seconds : float or None
        The device speaks at least this often; None for one that may be silent for days.
    """

    name: str
    line: LineSettings
    framing: Framing
    checksum: Checksum | None
    messages: tuple[Message, ...]
    encoding: str = "ascii"
    transmit: bool = False
    reply: Reply | None = None
    closed: bool = False
    decimal_comma: bool = False
    silence_seconds: float | None = None

    @property
    def keywords(self) -> tuple[str, ...]:
        """Every attribute that the device can speak of, in the order of the file."""
        found = (one.keyword for message in self.messages for one in message.fields)
        return tuple(dict.fromkeys(found))
