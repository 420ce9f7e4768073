"""The log of the box's own services, newest first, from the journal or from its files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from firmware.workshop.commands import ask, there

FOLDER: Final = "logs"
LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

_LINE = re.compile(
    r"(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)[,.]\d+ (?P<level>[A-Z]+)\s+(?P<words>.*)"
)
_PRIORITY = {0: "CRITICAL", 1: "CRITICAL", 2: "CRITICAL", 3: "ERROR", 4: "WARNING", 7: "DEBUG"}
_MOST = 5000
_UNIT = "gantry*"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line: when, how grave, of which service, and what it says."""

    at: str
    level: str
    service: str
    words: str


def newest(state_dir: Path, level: str, words: str, limit: int) -> list[LogLine]:
    """The newest lines of at least this level that hold these words, newest first."""
    least = LEVELS.index(level) if level in LEVELS else 0
    wanted = words.casefold()
    found = [
        line
        for line in _all(state_dir)
        if _rank(line.level) >= least and wanted in f"{line.service} {line.words}".casefold()
    ]
    found.sort(key=lambda line: line.at, reverse=True)
    return found[: max(0, min(limit, _MOST))]


def _all(state_dir: Path) -> list[LogLine]:
    if there("journalctl"):
        told = ask("journalctl", "-u", _UNIT, "-o", "json", "-n", str(_MOST), "--no-pager")
        lines = list(_of_journal(told.out.splitlines()))
        if lines:
            return lines
    return [line for path in _files(state_dir) for line in _of_file(path)]


def _files(state_dir: Path) -> list[Path]:
    folder = state_dir / FOLDER
    return sorted(folder.glob("*.log*")) if folder.is_dir() else []


def _of_file(path: Path) -> Iterator[LogLine]:
    service = path.name.split(".", 1)[0]
    last: LogLine | None = None
    try:
        text = path.read_text("utf-8", "replace")
    except OSError:
        return
    for line in text.splitlines():
        match = _LINE.match(line)
        if match is None:
            # the lines of a traceback belong to the line above them
            if last is not None:
                last = LogLine(last.at, last.level, service, f"{last.words}\n{line}")
            continue
        if last is not None:
            yield last
        last = LogLine(match["at"], match["level"], service, match["words"])
    if last is not None:
        yield last


def _of_journal(lines: Iterable[str]) -> Iterator[LogLine]:
    for line in lines:
        try:
            entry = json.loads(line)
            at = datetime.fromtimestamp(int(entry["__REALTIME_TIMESTAMP"]) / 1e6, UTC).astimezone()
            message = entry["MESSAGE"]
        except (ValueError, KeyError, TypeError):
            continue
        if not isinstance(message, str):
            continue
        match = _LINE.match(message)
        level = match["level"] if match else _PRIORITY.get(int(entry.get("PRIORITY", 6)), "INFO")
        service = str(entry.get("_SYSTEMD_UNIT", "")).removesuffix(".service")
        words = match["words"] if match else message
        yield LogLine(f"{at:%Y-%m-%d %H:%M:%S}", level, service, words)


def _rank(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else 1
