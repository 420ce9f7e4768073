"""The two systems of a card, and which of them is started."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from firmware.durable import write_durably
from firmware.status.machine import slot as running_slot
from firmware.update.bundle import BOOT, SLOT
from firmware.update.errors import UpdateRefused
from services.spool import sync_folder

CONFIG = "config.txt"
PROVEN = "config-proven.txt"
"""There while a new system is tried: first of all it makes it ``config.txt`` again."""

NUMBERS = {"A": 2, "B": 3}
_BY_LABEL = Path("/dev/disk/by-label/gantry-data")
_FAT_MODE = 0o644
_BLOCK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Target:
    """Where an update goes.

    Attributes
    ----------
    boot
        The boot partition, mounted for writing.
    running
        The slot that runs.
    device
        The other slot's partition.
    root
        Folder of the system that runs.
    """

    boot: Path
    running: str
    device: Path
    root: Path = Path("/")

    @classmethod
    def of_box(cls, boot: Path = Path("/boot/firmware")) -> Target:
        """Of the card that this box was started from; whoever only judges needs no device there.

        Raises
        ------
        UpdateRefused
            It was not started from such a card.
        """
        running = running_slot()
        data = str(_BY_LABEL.resolve())
        if running not in NUMBERS:
            raise UpdateRefused(
                "this machine was not started from a card with two slots: update its software as "
                "it was installed"
            )
        if not os.access(boot / CONFIG, os.W_OK):
            raise UpdateRefused(f"the boot partition is not mounted for writing at {boot}")
        return cls(boot, running, Path(f"{data[:-1]}{NUMBERS[_other(running)]}"))

    @property
    def slot(self) -> str:
        """The slot that is written to."""
        return _other(self.running)


def _other(slot: str) -> str:
    return "B" if slot == "A" else "A"


def write_system(target: Target, blocks: Iterable[bytes], size: int, sha256: str) -> None:
    """Write the other slot's partition, and read it back from the card.

    Raises
    ------
    UpdateRefused
        It does not fit, or the card gives back something else.
    """
    if not target.device.exists():
        raise UpdateRefused(f"the card's second slot is not there ({target.device})")
    with target.device.open("r+b", buffering=0) as device:
        room = device.seek(0, os.SEEK_END)
        if size > room:
            raise UpdateRefused(
                f"the update has {size // _BLOCK} MiB and the slot only {room // _BLOCK}: this "
                f"card must be flashed anew"
            )
        device.seek(0)
        for block in blocks:
            view = memoryview(block)
            while view:
                view = view[device.write(view) :]
        os.fsync(device.fileno())
        # what is read now comes from the card and not from memory
        os.posix_fadvise(device.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if _digest(device.fileno(), size) != sha256:
            raise UpdateRefused("the card gives back something else than was written: replace it")


def _digest(descriptor: int, size: int) -> str:
    digest, at = hashlib.sha256(), 0
    while at < size:
        block = os.pread(descriptor, min(_BLOCK, size - at), at)
        if not block:
            break
        digest.update(block)
        at += len(block)
    return digest.hexdigest()


class BootFolder:
    """The other slot's folder on the boot partition, made aside and put in place as a whole."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._made = target.boot / f"{target.slot}.new"
        shutil.rmtree(self._made, ignore_errors=True)
        self._made.mkdir()
        self._config = b""

    def add(self, name: str, data: bytes) -> None:
        """One file of the bundle's ``boot/``; the slot is filled in where it is named."""
        plain = name.removeprefix(BOOT)
        if plain in (CONFIG, "cmdline.txt"):
            data = data.replace(SLOT.encode(), self._target.slot.encode())
        if plain == CONFIG:
            self._config = data
        write_durably(self._made / plain, data, _FAT_MODE)

    def put_in_place(self) -> None:
        """Replace the slot's folder; nothing starts from it at this time."""
        folder = self._target.boot / self._target.slot
        shutil.rmtree(folder, ignore_errors=True)
        self._made.rename(folder)
        sync_folder(self._target.boot)


def prepare_trial(target: Target) -> None:
    """Keep the configuration of the system that runs for the other one to put back."""
    proven = (target.boot / CONFIG).read_bytes()
    write_durably(target.boot / PROVEN, proven, _FAT_MODE)


def try_other(target: Target) -> None:
    """Have the next start be the other slot's."""
    write_durably(target.boot / CONFIG, _config_of(target, target.slot), _FAT_MODE)


def put_back(boot: Path) -> bool:
    """Have every later start be the proven system's, where another one is being tried.

    The first act of a system that starts.
    """
    proven = boot / PROVEN
    if not proven.is_file():
        return False
    # on FAT this changes one sector: the entry of config.txt then names the blocks of the other
    proven.replace(boot / CONFIG)
    sync_folder(boot)
    return True


def make_permanent(target: Target) -> None:
    """Have every start be that of the slot that runs."""
    write_durably(target.boot / CONFIG, _config_of(target, target.running), _FAT_MODE)
    (target.boot / PROVEN).unlink(missing_ok=True)
    sync_folder(target.boot)


def _config_of(target: Target, slot: str) -> bytes:
    return (target.boot / slot / CONFIG).read_bytes()
