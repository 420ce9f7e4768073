"""Changes of a TOML text by key; what is not changed stays as it was written, comments included."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Array

from services.console.workshop import Edit, WorkshopRefusal

_MOST_DIFF_LINES = 2000
_WIDEST_DIFF_LINE = 300


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text after all changes.

    Raises
    ------
    WorkshopRefusal
        ``G-5101`` where a change names a place that the file does not have, ``G-5102`` where the
        text is not TOML.
    """
    try:
        document = tomlkit.parse(text)
    except (TOMLKitError, ValueError) as error:
        raise WorkshopRefusal("G-5102", said=str(error)) from error
    for edit in edits:
        try:
            _DO[edit.do](document, edit)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, TOMLKitError) as error:
            raise WorkshopRefusal("G-5101", key=spelt(edit.path)) from error
    return tomlkit.dumps(document)


def diff(before: str, after: str) -> tuple[str, ...]:
    """Lines of a unified diff, without file names."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    told = [line[:_WIDEST_DIFF_LINE] for line in lines if not line.startswith(("---", "+++"))]
    return tuple(told[:_MOST_DIFF_LINES])


def spelt(path: Iterable[str | int]) -> str:
    """``("peers", 1, "port")`` as ``peers[1].port``."""
    said = ""
    for step in path:
        said += f"[{step}]" if isinstance(step, int) else f".{step}" if said else str(step)
    return said


def _set(document: Any, edit: Edit) -> None:
    *way, key = edit.path
    if not way or not isinstance(key, str):
        raise TypeError("a table as a whole is not set")
    table = document
    for step in way:
        if isinstance(step, str) and isinstance(table, Mapping) and step not in table:
            table[step] = tomlkit.table()  # type: ignore[index]
        table = table[step]
    if not isinstance(table, Mapping):
        raise TypeError("not a table")
    table[key] = edit.value  # type: ignore[index]


def _unset(document: Any, edit: Edit) -> None:
    table = _inside(document, edit.path[:-1])
    table.pop(edit.path[-1], None)


def _add(document: Any, edit: Edit) -> None:
    *way, section = edit.path
    parent = _inside(document, way)
    if section not in parent:
        parent[section] = tomlkit.aot()
    entries = parent[section]
    if isinstance(entries, AoT):
        entry = tomlkit.table()
        for key, value in edit.value.items():
            entry[key] = value
        entries.append(entry)
        return
    if not isinstance(entries, Array):
        raise TypeError("not a list")
    line = tomlkit.inline_table()
    line.update(edit.value)
    entries.append(line)


def _remove(document: Any, edit: Edit) -> None:
    *way, index = edit.path
    entries = _inside(document, way)
    if not isinstance(index, int) or not isinstance(entries, AoT | Array) or index < 0:
        raise TypeError("not an entry")
    del entries[index]
    if not entries:
        del _inside(document, way[:-1])[way[-1]]


def _inside(document: Any, way: Iterable[str | int]) -> Any:
    for step in way:
        document = document[step]
    return document


_DO = {"set": _set, "unset": _unset, "add": _add, "remove": _remove}
