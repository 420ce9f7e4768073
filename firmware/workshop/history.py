"""The configuration file and all its earlier contents, safe against a cut at any moment.

Every content that ever was in force is first filed as a version, durably, and only then takes the
place of the file, by a rename: after a loss of power the file is the old one or the new one.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from firmware.workshop.document import diff
from services.console.workshop import Version, WorkshopRefusal
from services.spool import sync_folder

FOLDER = "configurations"
BY_HAND = "edited outside this screen"
_READABLE = 0o640


class History:
    """Versions of one file in a folder of their own.

    Parameters
    ----------
    file : Path
        The configuration; a link is followed, and what it points to is replaced.
    state_dir : Path
        State folder of the box; versions lie in its ``configurations``.
    """

    def __init__(self, file: Path, state_dir: Path) -> None:
        self._file = file.resolve()
        self._folder = state_dir / FOLDER

    def current(self) -> str:
        """Content of the file that is in force.

        Raises
        ------
        WorkshopRefusal
            ``G-5103`` where it cannot be read.
        """
        try:
            return self._file.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise WorkshopRefusal("G-5103", file=str(self._file), said=str(error)) from error

    def replace(self, text: str, base: str, by: str, what: str, at: datetime) -> None:
        """Put ``text`` in force, where what it was made from still is.

        Raises
        ------
        WorkshopRefusal
            ``G-5104`` where somebody else has changed the file since, ``G-5105`` where the medium
            refuses; the file is then as it was.
        """
        try:
            with self._alone():
                before = self.current()
                if fingerprint(before) != base:
                    raise WorkshopRefusal("G-5104")
                if self._latest() != fingerprint(before):
                    self._file_version(before, "", BY_HAND, at)
                if text == before:
                    return
                self._file_version(text, by, what, at)
                _write(self._file, text, _mode(self._file))
        except OSError as error:
            raise WorkshopRefusal("G-5105", file=str(self._file), said=str(error)) from error

    def versions(self) -> list[Version]:
        """What was in force, newest first; the newest that matches the file is the current one."""
        try:
            now = fingerprint(self.current())
        except WorkshopRefusal:
            now = ""
        told: list[Version] = []
        for number in reversed(self._numbers()):
            note = self._note(number)
            current = note.get("fingerprint") == now and not any(one.current for one in told)
            told.append(Version(number, note["at"], note["by"], note["what"], current))
        return told

    def text_of(self, number: int) -> str:
        """Content of one version.

        Raises
        ------
        WorkshopRefusal
            ``G-5106`` where there is none of this number.
        """
        try:
            return self._path(number).read_text("utf-8")
        except OSError as error:
            raise WorkshopRefusal("G-5106", number=number) from error

    def changes_of(self, number: int) -> tuple[str, ...]:
        """Diff of one version against the one before it."""
        text = self.text_of(number)
        earlier = [each for each in self._numbers() if each < number]
        return diff(self.text_of(earlier[-1]) if earlier else "", text)

    def writable(self) -> str:
        """Empty, or why the file cannot be changed."""
        folder = self._file.parent
        if not os.access(folder, os.W_OK):
            return f"this service may not write in {folder}"
        return ""

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let nobody else change the file meanwhile."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _file_version(self, text: str, by: str, what: str, at: datetime) -> None:
        numbers = self._numbers()
        number = numbers[-1] + 1 if numbers else 1
        note = {
            "at": at.isoformat(timespec="seconds"),
            "by": by,
            "what": what,
            "fingerprint": fingerprint(text),
        }
        # the note first: a version counts from the moment that its text is there
        _write(self._path(number).with_suffix(".json"), json.dumps(note), _READABLE)
        _write(self._path(number), text, _READABLE)

    def _latest(self) -> str:
        numbers = self._numbers()
        return fingerprint(self.text_of(numbers[-1])) if numbers else ""

    def _numbers(self) -> list[int]:
        if not self._folder.is_dir():
            return []
        return sorted(int(path.stem) for path in self._folder.glob("*.toml") if path.stem.isdigit())

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:06d}.toml"

    def _note(self, number: int) -> dict[str, str]:
        try:
            note = json.loads(self._path(number).with_suffix(".json").read_text("utf-8"))
        except (OSError, ValueError):
            note = {}
        return {key: str(note.get(key, "")) for key in ("at", "by", "what", "fingerprint")}


def fingerprint(text: str) -> str:
    """What tells one content from another."""
    return hashlib.sha256(text.encode()).hexdigest()


def _mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode) if file.exists() else _READABLE


def _write(file: Path, text: str, mode: int) -> None:
    temporary = file.with_name(f".{file.name}.part")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            os.fchmod(handle, mode)
            stream.write(text)
            stream.flush()
            os.fsync(handle)
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(file.parent)
