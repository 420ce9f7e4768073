"""What the technician reads on the card, on any PC."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from firmware.durable import write_durably

NAME = "gantry-report.txt"
_READABLE = 0o644
_SHARED = 0o660


def compose(
    headline: str, paragraphs: Sequence[tuple[str, Sequence[str]]], at: datetime, version: str
) -> str:
    """The report's text: a headline, then titled lists; lists without entries are left out."""
    lines = [headline, ""]
    for title, entries in paragraphs:
        if not entries:
            continue
        lines += [title]
        for entry in entries:
            first, *rest = entry.splitlines()
            lines += [f"  - {first}", *(f"    {line.strip()}" for line in rest)]
        lines.append("")
    lines.append(f"{at:%Y-%m-%d %H:%M} by the box's clock; Gantry {version}")
    return "\n".join(lines) + "\n"


def write(card: Path, text: str) -> None:
    """Put the report on the card; with the mark and line ends that every editor understands.

    The last line, which holds the time, alone is no reason to write: cards wear out.
    """
    file = card / NAME
    if file.is_file() and _but_last(file.read_text("utf-8-sig")) == _but_last(text):
        return
    write_durably(file, text.replace("\n", "\r\n").encode("utf-8-sig"), _READABLE)


def keep(file: Path, outcome: str, text: str, at: datetime) -> None:
    """Keep the result for the console and ``gantry status``."""
    told = {"outcome": outcome, "at": at.isoformat(timespec="seconds"), "text": text}
    write_durably(file, json.dumps(told, ensure_ascii=False).encode(), _SHARED)


def kept_outcome(file: Path) -> str:
    """The outcome that was kept last; empty where there is none."""
    return str(kept(file).get("outcome", ""))


def kept(file: Path) -> dict[str, str]:
    """Outcome, time and text of the last result; empty where there is none."""
    try:
        told = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _but_last(text: str) -> list[str]:
    return text.splitlines()[:-1]
