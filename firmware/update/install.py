"""Writing an update beside the system that runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import IO

from firmware.update import record
from firmware.update.bundle import SYSTEM, Bundle, Manifest
from firmware.update.guard import Guard
from firmware.update.record import Record, Step
from firmware.update.signature import KEYS
from firmware.update.slots import BootFolder, Target, prepare_trial, try_other, write_system


def install(
    stream: IO[bytes],
    target: Target,
    guard: Guard,
    say: Callable[[str], None] = lambda _: None,
) -> Manifest:
    """Write an update and have the next start try it. Until the last step nothing has changed.

    Parameters
    ----------
    say
        Told each step, for the person who waits.

    Raises
    ------
    UpdateRefused
        The bundle is not taken, or not now.
    """
    guard.check_idle()
    bundle = Bundle(stream, _keys(target.root))
    manifest = bundle.manifest
    guard.check_bundle(manifest)
    say(f"Writing {manifest.version}, signed by {bundle.signed_by}, to slot {target.slot}.")
    record.keep(Record(Step.WRITING, target.slot, manifest.version), target.root)
    boot = BootFolder(target)
    for part in bundle.parts():
        if part.listed.name == SYSTEM:
            write_system(target, part.blocks(), part.listed.size, part.listed.sha256)
        else:
            boot.add(part.listed.name, b"".join(part.blocks()))
    # it took minutes: somebody may have begun an exam
    guard.check_idle()
    boot.put_in_place()
    prepare_trial(target)
    record.keep(Record(Step.TRYING, target.slot, manifest.version), target.root)
    try_other(target)
    say(f"Slot {target.slot} is written. The next start tries it.")
    return manifest


def inspect(stream: IO[bytes], root: Path = Path("/")) -> Manifest:
    """What a bundle is, without taking it; raises as :func:`install`."""
    return Bundle(stream, _keys(root)).manifest


def _keys(root: Path) -> Path:
    return root / KEYS
