"""Back to the state of a card that was just flashed: without patients, keys, people, settings."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from firmware.durable import overwrite, write_durably
from firmware.provision.places import Places
from services.outbox.model import OPEN
from services.spool import sync_folder

NAME = "factory-reset.txt"
EVERYTHING = "EVERYTHING"
"""The word in the file that gives up what has not reached its peers."""

HONESTY = (
    "All files were overwritten, removed, and their blocks given back to the card. A memory card "
    "may still keep old copies that no computer can ask it for. Destroy the card where even a "
    "laboratory must not read it."
)
_NAMES = (NAME, "factory-reset", "factory-reset.txt.txt")
_REQUEST = "factory-reset"
_OWN = 0o600


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody wants a reset; ``everything`` where also what is still owed may go."""

    everything: bool


def ask(places: Places, *, everything: bool) -> None:
    """Have the box reset at its next start."""
    text = EVERYTHING if everything else ""
    write_durably(places.system / _REQUEST, text.encode(), _OWN)


def asked_for(places: Places) -> Asked | None:
    """Whether a reset is asked for, by a file on the card or on the box."""
    there = [file for file in _requests(places) if file.is_file()]
    if not there:
        return None
    return Asked(any(EVERYTHING in file.read_text("utf-8", "replace") for file in there))


def owed(places: Places, state: Path) -> int:
    """Deliveries that have not reached their peers; 0 where there is no readable catalog."""
    file = state / "catalog.sqlite"
    if not file.is_file() or (places.system / f"{_REQUEST}.begun").exists():
        return 0
    try:
        connection = sqlite3.connect(f"file:{file}?mode=rw", uri=True)
        try:
            row = connection.execute(f"SELECT count(*) FROM delivery WHERE {OPEN}").fetchone()  # noqa: S608 -- a constant
        finally:
            connection.close()
    except sqlite3.Error:
        return 0
    return int(row[0])


def erase(places: Places, state: Path) -> None:
    """Overwrite and remove everything that the box keeps, the requests excepted."""
    begun = places.system / f"{_REQUEST}.begun"
    write_durably(begun, b"", _OWN)
    kept = {*_requests(places), begun}
    # the catalog and the keys first, then the many images
    for folder in (places.config, state, places.state, places.system, places.logs):
        for file in _files(folder):
            if file not in kept:
                _remove(file)
        _empty(folder)


def done(places: Places) -> None:
    """Forget the request."""
    for file in (places.system / f"{_REQUEST}.begun", *_requests(places)):
        file.unlink(missing_ok=True)
    for folder in (places.card, places.system):
        if folder.is_dir():
            sync_folder(folder)


def _requests(places: Places) -> tuple[Path, ...]:
    return (*(places.card / name for name in _NAMES), places.system / _REQUEST)


def _files(folder: Path) -> Iterator[Path]:
    for base, _, names in os.walk(folder):
        yield from (Path(base) / name for name in sorted(names))


def _remove(file: Path) -> None:
    if file.is_symlink() or not file.is_file():
        file.unlink(missing_ok=True)
    else:
        overwrite(file)


def _empty(folder: Path) -> None:
    for base, folders, _ in os.walk(folder, topdown=False):
        for name in folders:
            path = Path(base) / name
            if path.is_symlink():
                path.unlink()
            elif not any(path.iterdir()):
                path.rmdir()
