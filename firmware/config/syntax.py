"""Reads the file and explains what is not TOML about it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from firmware.config.faults import ConfigurationError, Fault

LARGEST = 1024 * 1024
"""Bytes; a configuration is never larger, so a wrong path does not fill the memory."""

_POSITION = re.compile(r"\(at line (\d+), column (\d+)\)")
_ADVICE = (
    ("invalid value", 'put text in quotes: name = "archive"; numbers and true/false go without'),
    ("expected '='", "each line is a key, an equals sign and a value: port = 4006"),
    ("invalid statement", "a line begins with a key, a [table] or a # comment"),
    (
        "cannot declare",
        "this table stands in the file twice; keep one, or write [[...]] for a list",
    ),
    ("cannot overwrite", "this key stands in the table twice; keep one"),
    ("cannot mutate", "this table was closed above; put all of its keys in one place"),
    ("cannot namespace", "this table was closed above; put all of its keys in one place"),
    ("illegal character", "a text ends with the quote that it began with, on the same line"),
    ("unescaped '\\'", "write a backslash twice, or put the text in single quotes"),
    ("unterminated", "a text ends with the quote that it began with"),
    ("unclosed array", "a list ends with ]"),
    ("expected newline", "one key to a line; text with quotes inside needs other quotes around"),
    ("end of document", "the file ends too early: a quote or a bracket is not closed"),
)
_GENERAL = "compare the line with the output of 'gantry config template'"


def read_toml(path: Path) -> tuple[str, dict[str, Any]]:
    """Read a file of at most :data:`LARGEST` bytes.

    Returns
    -------
    tuple of str and dict
        The text, for finding lines, and the document.

    Raises
    ------
    ConfigurationError
        Where the file cannot be read or is not TOML.
    """
    file = str(path)
    text = _decode(_read(path), file)
    return text, parse(text, file)


def parse(text: str, file: str) -> dict[str, Any]:
    """Parse a TOML text; ``file`` is what the report calls it."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _explain(str(error), text, file) from error
    except (ValueError, RecursionError) as error:
        raise _whole(file, "holds a number or a nesting beyond all use", _GENERAL) from error


def _read(path: Path) -> bytes:
    file = str(path)
    try:
        if not path.is_file():
            problem = "is a folder or a device" if path.exists() else "there is no such file"
            raise _whole(file, problem, "write one with 'gantry config template'")
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        raise _whole(file, f"cannot be read: {error}", "look at its owner and mode") from error
    if len(data) > LARGEST:
        raise _whole(file, "is larger than 1 MiB", "this is hardly a gantry.toml: check the path")
    return data


def _decode(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        fault = Fault(
            file=file,
            key="",
            value="",
            problem=f"byte {error.start} is not UTF-8",
            suggestion="save the file as UTF-8 (not Latin-1 or UTF-16)",
            line=line,
        )
        raise ConfigurationError((fault,)) from error


def _explain(message: str, text: str, file: str) -> ConfigurationError:
    lowered = message.lower()
    advice = next((advice for sign, advice in _ADVICE if sign in lowered), _GENERAL)
    lines = text.splitlines() or [""]
    at = _POSITION.search(message)
    line, column = (int(at[1]), int(at[2])) if at else (len(lines), len(lines[-1]) + 1)
    quoted = lines[line - 1] if line <= len(lines) else ""
    what = message[: at.start()].strip() if at else message
    begin = max(0, column - 60)
    pointer = " " * (column - 1 - begin) + "^"
    fault = Fault(
        file=file,
        key="",
        value=f"column {column}",
        problem=f"not TOML: {what}\n      {quoted[begin : begin + 100]}\n      {pointer}",
        suggestion=advice,
        line=line,
    )
    return ConfigurationError((fault,))


def _whole(file: str, problem: str, suggestion: str) -> ConfigurationError:
    return ConfigurationError((Fault(file, "", "", problem, suggestion=suggestion),))
