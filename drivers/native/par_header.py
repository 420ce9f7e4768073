"""The text half of a PAR/REC pair (Philips MR research export, versions 4, 4.1 and 4.2).

The file explains itself: lines that begin with a dot are ``name : value``, a list of comments names
the columns with their counts, and each further line describes one picture. Columns are read by
their names, so that it does not matter which version has which.

Example of the list, and of one of its wider entries::

    #  slice number                             (integer)
    #  image offcentre (ap,fh,rl in mm )        (3*float)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from drivers.errors import CorruptMedia

LARGEST = 16 * 1024 * 1024
"""Bytes of a header; the largest real ones have some thousand pictures of 300 bytes each."""

_VERSIONS = ("V4", "V4.1", "V4.2")
_VERSION = re.compile(r"export tool\s+(V\S+)")
_GENERAL = re.compile(r"\.\s*(.*?)\s*:\s*(.*?)$")
_COLUMN = re.compile(r"#\s+(.*?)\s*\((?:(\d+)\*)?(?:integer|float|string)\)\s*$")
_REMARK = re.compile(r"\s*[(<\[].*$")


@dataclass(frozen=True, slots=True)
class Entry:
    """What the header says of one picture, by column name without its remarks."""

    columns: Mapping[str, tuple[str, ...]]

    def text(self, name: str) -> str:
        """The first value of a column, empty where there is no such column."""
        return self.columns.get(name, ("",))[0]

    def number(self, name: str) -> float | None:
        """The first value of a column as a number, None where there is none."""
        return number(self.text(name))

    def numbers(self, name: str) -> tuple[float, ...]:
        """All values of a column; empty where one of them is no number."""
        values = [number(text) for text in self.columns.get(name, ())]
        return tuple(value for value in values if value is not None and None not in values)


@dataclass(frozen=True, slots=True)
class Header:
    """A whole PAR file; ``general`` is by name without remarks in brackets."""

    version: str
    general: Mapping[str, str]
    entries: tuple[Entry, ...]


def number(text: str) -> float | None:
    """Read a number as PAR files write them, also with an exponent of three digits."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if value == value and abs(value) != float("inf") else None


def read_header(path: Path) -> Header:
    """Read a PAR file.

    Raises
    ------
    CorruptMedia
        It is no PAR file of a known version, or a line does not fit the columns that it names.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(LARGEST + 1)
    except OSError as error:
        raise corrupt(path, f"cannot be read ({error.strerror})") from error
    if len(raw) > LARGEST:
        raise corrupt(path, "is too large for a PAR header")
    return _parse(path, raw.decode("latin-1"))


def _parse(path: Path, text: str) -> Header:
    version = _VERSION.search(text)
    if version is None or version[1] not in _VERSIONS:
        said = version[1] if version else "none"
        raise corrupt(path, f"is no PAR file of the versions {', '.join(_VERSIONS)} ({said})")
    general: dict[str, str] = {}
    columns: list[tuple[str, int]] = []
    entries: list[Entry] = []
    for line in map(str.strip, text.splitlines()):
        if found := _GENERAL.match(line):
            general[_plain(found[1])] = found[2]
        elif line.startswith("#"):
            if not entries and (found := _COLUMN.match(line)):
                columns.append((_plain(found[1]), int(found[2] or 1)))
        elif line and not line.startswith("."):
            entries.append(_entry(path, line, columns, len(entries) + 1))
    if not entries:
        raise corrupt(path, "describes no picture")
    return Header(version[1], general, tuple(entries))


def _entry(path: Path, line: str, columns: list[tuple[str, int]], place: int) -> Entry:
    words = line.split()
    if len(words) != sum(count for _, count in columns):
        raise corrupt(path, f"describes picture {place} with {len(words)} values")
    taken: dict[str, tuple[str, ...]] = {}
    at = 0
    for name, count in columns:
        taken[name] = tuple(words[at : at + count])
        at += count
    return Entry(taken)


def _plain(name: str) -> str:
    return _REMARK.sub("", name).strip().casefold()


def corrupt(path: Path, reason: str) -> CorruptMedia:
    """The one kind of error of a PAR/REC pair."""
    return CorruptMedia(str(path), reason, "Export the scan again, or leave it out.")
