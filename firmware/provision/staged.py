"""All of an offer or nothing: gathered on the data partition first, then put in place.

What is gathered counts from one rename on. From there every later start puts it in place again
from the beginning until that has been done to the end; before it, nothing was changed.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from firmware.durable import write_durably
from firmware.provision.places import Places
from firmware.workshop.history import History, fingerprint
from services.console.workshop import WorkshopRefusal
from services.spool import sync_folder

_GATHERING = "gathering"
_READY = "ready"
_PLAN = "plan.json"

SHARED = 0o640
"""Read by the services, which are of one group; the folder gives the group."""

OWN = 0o600
"""Read by root alone, as NetworkManager demands it of profiles."""

_CONFIGURATION = 0o660


@dataclass(frozen=True, slots=True)
class Placement:
    """A file's content and where it shall be."""

    target: Path
    data: bytes
    mode: int


def gather(places: Places, text: str | None, files: list[Placement]) -> None:
    """Gather what is to be put in place; from the return on it will be, whatever happens."""
    folder = places.staging / _GATHERING
    clear(places)
    folder.mkdir(parents=True, mode=0o700)
    plan = []
    for number, each in enumerate(files):
        write_durably(folder / str(number), each.data, OWN)
        plan.append({"target": str(each.target), "mode": each.mode})
    if text is not None:
        write_durably(folder / "configuration", text.encode(), OWN)
    write_durably(folder / _PLAN, json.dumps(plan).encode(), OWN)
    folder.rename(places.staging / _READY)
    sync_folder(places.staging)


def put_in_place(places: Places, state: Path, now: datetime) -> bool:
    """Put in place what was gathered; False where nothing waits for it.

    The configuration comes last: it names the other files.

    Parameters
    ----------
    state
        State folder of the box, where earlier configurations are kept.
    """
    folder = places.staging / _READY
    if not folder.is_dir():
        return False
    plan = json.loads((folder / _PLAN).read_text("utf-8"))
    for number, entry in enumerate(plan):
        data = (folder / str(number)).read_bytes()
        write_durably(Path(entry["target"]), data, entry["mode"])
    configuration = folder / "configuration"
    if configuration.is_file():
        _configure(places, state, configuration.read_text("utf-8"), now)
    # what is half removed must not be taken for something to put in place
    folder.rename(places.staging / _GATHERING)
    sync_folder(places.staging)
    clear(places)
    return True


def waiting(places: Places) -> bool:
    """Whether something was gathered and is not in place yet."""
    return (places.staging / _READY).is_dir()


def clear(places: Places) -> None:
    """Remove what was gathered only in part."""
    shutil.rmtree(places.staging / _GATHERING, ignore_errors=True)


def _configure(places: Places, state: Path, text: str, now: datetime) -> None:
    history = History(places.file, state)
    try:
        base = fingerprint(history.current())
    except WorkshopRefusal:
        write_durably(places.file, text.encode(), _CONFIGURATION)
        return
    history.replace(text, base, "card", "gantry.toml of the card", now)
    os.chmod(places.file, _CONFIGURATION)  # noqa: PTH101 -- a link is followed, as replace does
