"""How far an update has got, kept on the data partition: it outlives both systems."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from firmware.durable import write_durably

_FILE = "data/system/update.json"
_READABLE = 0o644


class Step(StrEnum):
    """``writing -> trying -> good | fell-back``; one that was broken off stays ``writing``."""

    WRITING = "writing"
    TRYING = "trying"
    GOOD = "good"
    FELL_BACK = "fell-back"


@dataclass(frozen=True, slots=True)
class Record:
    """The last update.

    Attributes
    ----------
    slot
        The slot that it was written to.
    version
        That it brings.
    why
        Of a fall-back.
    """

    step: Step
    slot: str
    version: str
    why: str = ""


def read(root: Path = Path("/")) -> Record | None:
    """The last update; None where there was none."""
    try:
        told = json.loads((root / _FILE).read_text("utf-8"))
        return Record(Step(told["step"]), told["slot"], told["version"], told.get("why", ""))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep(record: Record, root: Path = Path("/")) -> None:
    """Keep it, durably."""
    write_durably(root / _FILE, json.dumps(asdict(record)).encode(), _READABLE)


def trial_word(root: Path = Path("/")) -> str:
    """The step of the last update; empty where there was none."""
    found = read(root)
    return found.step if found else ""
