"""Logs, versions, the shift's list, and the support bundle, which names nobody."""

from __future__ import annotations

import io
import json
import os
import platform
import re
import tarfile
from collections.abc import Iterable
from dataclasses import asdict
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from firmware.workshop import log_lines, scrub
from firmware.workshop.secrets import bare
from firmware.workshop.self_test import self_test
from firmware.workshop.sources import Sources
from services.box import Box
from services.console.workshop import ClockDesk, Line, WorkshopRefusal
from services.outbox import peer_state

_LOG_LINES = 5000
_MOUNTED = ("/media/", "/run/media/", "/mnt/")
_STICKS = {"vfat", "exfat", "ntfs", "ntfs3", "ext4", "fuseblk"}
_SLOT = re.compile(r"(?:gantry|rauc)\.slot=(\S+)")
_ESCAPED = re.compile(r"\\([0-7]{3})")


class Support:
    """Satisfies :class:`services.console.workshop.SupportDesk`.

    Parameters
    ----------
    file : Path or None
        The configuration, of which the bundle holds a copy without secrets.
    mounts : Path
        List of what is mounted.
    """

    def __init__(
        self,
        box: Box,
        file: Path | None,
        clock: ClockDesk,
        sources: Sources,
        mounts: Path = Path("/proc/self/mounts"),
    ) -> None:
        self._box = box
        self._file = file
        self._clock = clock
        self._sources = sources
        self._mounts = mounts

    def logs(self, level: str, words: str, limit: int) -> dict[str, Any]:
        """The newest lines, scrubbed once more."""
        scrubber = scrub.of_catalog(self._box)
        lines = log_lines.newest(self._box.state_dir, level, words, limit)
        return {"lines": [{**asdict(line), "words": scrubber.clean(line.words)} for line in lines]}

    def about(self) -> dict[str, Any]:
        """What runs here."""
        return {
            "software_version": self._box.software_version,
            "slot": _slot(),
            "python": platform.python_version(),
            "kernel": f"{platform.system()} {platform.release()}",
            "machine": _model() or platform.machine(),
        }

    def self_test(self) -> list[Line]:
        """The list of the shift."""
        return list(self_test(self._box, self._clock, self._sources))

    def bundle(self) -> bytes:
        """A gzipped tar archive of JSON and text files, every one of them scrubbed."""
        scrubber = scrub.of_catalog(self._box)
        now = self._box.clock.now()
        files = {
            "about.json": _json(self.about() | {"made": now.isoformat(timespec="seconds")}),
            "packages.json": _json(_packages()),
            "configuration.toml": self._configuration(),
            "catalog.json": _json(self._counts()),
            "queue.json": _json(self._queue()),
            "peers.json": _json(self._peers()),
            "devices.json": _json(self._sources.inventory()),
            "self-test.json": _json([asdict(line) for line in self.self_test()]),
            "clock.json": _json(asdict(self._clock.state())),
            "log.txt": self._log(),
        }
        out = io.BytesIO()
        folder = f"gantry-support-{now:%Y%m%d-%H%M%S}"
        with tarfile.open(fileobj=out, mode="w:gz") as archive:
            for name, text in files.items():
                data = scrubber.clean(text).encode()
                member = tarfile.TarInfo(f"{folder}/{name}")
                member.size, member.mtime, member.mode = len(data), int(now.timestamp()), 0o644
                archive.addfile(member, io.BytesIO(data))
        return out.getvalue()

    def sticks(self) -> list[dict[str, Any]]:
        """Removable media that are mounted and can be written to."""
        found = []
        for path in self._mounted():
            try:
                room = os.statvfs(path)
            except OSError:
                continue
            free = room.f_bavail * room.f_frsize
            found.append({"path": path, "name": Path(path).name, "free": free})
        return found

    def write_bundle(self, stick: str) -> str:
        """Write the bundle onto a stick, durably; the name of the file.

        Raises
        ------
        WorkshopRefusal
            ``G-5601`` where there is no such stick, ``G-5602`` where it cannot be written.
        """
        if stick not in {each["path"] for each in self.sticks()}:
            raise WorkshopRefusal("G-5601")
        name = f"gantry-support-{self._box.clock.now():%Y%m%d-%H%M%S}.tar.gz"
        path = Path(stick) / name
        try:
            with path.open("wb") as file:
                file.write(self.bundle())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise WorkshopRefusal("G-5602", said=error.strerror or str(error)) from error
        return name

    def _mounted(self) -> Iterable[str]:
        try:
            lines = self._mounts.read_text("utf-8", "replace").splitlines()
        except OSError:
            return
        for line in lines:
            words = line.split()
            if len(words) < 4:
                continue
            path = _ESCAPED.sub(lambda match: chr(int(match[1], 8)), words[1])
            writable = "rw" in words[3].split(",") and os.access(path, os.W_OK)
            if words[2] in _STICKS and path.startswith(_MOUNTED) and writable:
                yield path

    def _configuration(self) -> str:
        if self._file is None:
            return "# the built-in configuration\n"
        try:
            return bare(self._file.read_text("utf-8-sig"))
        except (OSError, ValueError) as error:
            return f"# it cannot be read: {type(error).__name__}\n"

    def _counts(self) -> dict[str, Any]:
        rows = self._box.catalog.rows
        usage = self._box.spool.usage()
        return {
            "exams": {
                row["state"]: row["n"]
                for row in rows("SELECT state, count(*) AS n FROM exam GROUP BY state")
            },
            "images": {
                row["object"]: row["n"]
                for row in rows("SELECT object, count(*) AS n FROM instance GROUP BY object")
            },
            "deliveries": rows(
                "SELECT kind, peer, state, count(*) AS n FROM delivery"
                " GROUP BY kind, peer, state ORDER BY kind, peer, state"
            ),
            "disk": {"used": usage.used, "free": usage.free},
        }

    def _queue(self) -> list[dict[str, Any]]:
        return self._box.catalog.rows(
            "SELECT id, kind, peer, state, attempts, last_status, last_text, advice, created"
            " FROM delivery WHERE state IN ('waiting', 'sending', 'awaiting', 'held')"
            " ORDER BY id DESC LIMIT 500"
        )

    def _peers(self) -> list[dict[str, Any]]:
        return [
            {
                "name": peer.name,
                "services": sorted(service.value for service in peer.services),
                "tls": peer.tls is not None,
                **asdict(peer_state.get(self._box.catalog, peer.name)),
            }
            for peer in self._box.peers
        ]

    def _log(self) -> str:
        lines = log_lines.newest(self._box.state_dir, "DEBUG", "", _LOG_LINES)
        return "\n".join(
            f"{line.at} {line.level} {line.service}: {line.words}" for line in reversed(lines)
        )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n"


def _packages() -> dict[str, str]:
    found = {each.metadata["Name"]: each.version for each in distributions()}
    return dict(sorted(found.items()))


def _slot() -> str:
    """Which of the two systems of the card was started; empty where there is but one."""
    try:
        found = _SLOT.search(Path("/proc/cmdline").read_text("utf-8", "replace"))
    except OSError:
        return ""
    return found[1] if found else ""


def _model() -> str:
    try:
        text = Path("/proc/device-tree/model").read_text("utf-8", "replace")
    except OSError:
        return ""
    return text.strip("\0\n ")
