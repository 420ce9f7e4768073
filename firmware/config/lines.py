"""Finds the line on which each key of a TOML text stands.

``tomllib`` keeps no positions. Reading the headers and the beginnings of lines is enough to send
a technician to the right place; a key inside an inline table has the line of the table.
"""

from __future__ import annotations

import re

from firmware.config.faults import KeyPath

_PART = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_DOTTED = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_DOTTED})\s*\]")
_KEY = re.compile(rf"\s*({_DOTTED})\s*=")
_PARTS = re.compile(_PART)
_LONG_QUOTES = re.compile(r"\"\"\"|'''")


def locate(text: str) -> dict[KeyPath, int]:
    """Map each key path that begins a line to its line number, counted from 1."""
    found: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    open_quotes = ""
    for number, line in enumerate(text.splitlines(), start=1):
        inside = bool(open_quotes)
        open_quotes = _quotes_after(line, open_quotes)
        if inside:
            continue
        header = _HEADER.match(line)
        if header:
            table = _enter(_split(header[2]), header[1] == "[[", counts)
            found.setdefault(table, number)
            continue
        key = _KEY.match(line)
        if key:
            found.setdefault(table + _split(key[1]), number)
    return found


def _enter(names: tuple[str, ...], repeated: bool, counts: dict[KeyPath, int]) -> KeyPath:
    """The path of a table header, with the index of the latest entry of each repeated table."""
    path: KeyPath = ()
    for name in names[:-1]:
        path = (*path, name)
        if path in counts:
            path = (*path, counts[path])
    path = (*path, names[-1])
    if not repeated:
        return path
    counts[path] = counts.get(path, -1) + 1
    return (*path, counts[path])


def _split(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PARTS.findall(dotted))


def _quotes_after(line: str, opened: str) -> str:
    """Which kind of long quotes is still open at the end of the line."""
    for quotes in _LONG_QUOTES.findall(line):
        if not opened:
            opened = quotes
        elif opened == quotes:
            opened = ""
    return opened
