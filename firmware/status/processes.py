"""Whether the box's services run: by systemd, or as ``gantry run`` started them."""

from __future__ import annotations

import os
from pathlib import Path

from firmware.config import Configuration
from firmware.status.model import Service
from firmware.workshop.commands import ask

UNITS = {
    "acquisition": "gantry-capture.service",
    "console": "gantry-console.service",
    "dispatcher": "gantry-dispatcher.service",
    "listener": "gantry-listener.service",
}
_NOT_THERE = "not-found"


def read_services(configuration: Configuration, proc: Path = Path("/proc")) -> tuple[Service, ...]:
    """The services that this configuration wants."""
    from firmware.acquisition_service import is_wanted

    names = [name for name in UNITS if name != "acquisition" or is_wanted(configuration)]
    told = _systemd(names)
    return told if told else _processes(names, configuration.file, proc)


def _systemd(names: list[str]) -> tuple[Service, ...]:
    """What systemd says; nothing where it does not know these units, or does not run."""
    if not Path("/run/systemd/system").is_dir():
        return ()
    units = [UNITS[name] for name in names]
    said = ask("systemctl", "show", "-p", "LoadState,ActiveState,NRestarts", *units, patience=10)
    blocks = [dict(_pairs(block)) for block in said.out.strip().split("\n\n")]
    if not said.good or len(blocks) != len(names):
        return ()
    if all(block.get("LoadState") == _NOT_THERE for block in blocks):
        return ()
    return tuple(
        Service(name, block.get("ActiveState", "unknown"), int(block.get("NRestarts") or 0))
        for name, block in zip(names, blocks, strict=True)
    )


def _pairs(block: str) -> list[tuple[str, str]]:
    lines = (line.partition("=") for line in block.splitlines())
    return [(key, value) for key, equals, value in lines if equals]


def _processes(names: list[str], file: Path | None, proc: Path) -> tuple[Service, ...]:
    running = set()
    for folder in proc.iterdir():
        if folder.name.isdecimal():
            running |= _service_of(folder, file)
    return tuple(Service(name, "active" if name in running else "inactive") for name in names)


def _service_of(process: Path, file: Path | None) -> set[str]:
    """The service that a process is, of a box with this configuration."""
    try:
        words = (process / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
        folder = os.readlink(process / "cwd")  # noqa: PTH115 -- it may be gone already
    except OSError:
        return set()
    said = _after_command(words)
    named = None
    if "--config" in said[:-1]:
        named = (Path(folder) / said[said.index("--config") + 1]).resolve()
    if not said or named != (file.resolve() if file else None):
        return set()
    return {said[0]}


def _after_command(words: list[str]) -> list[str]:
    """What follows ``python -m firmware`` or the script ``gantry``."""
    for at, word in enumerate(words[:-1]):
        if (word == "firmware" and words[at - 1] == "-m") or Path(word).name == "gantry":
            return words[at + 1 :]
    return []
