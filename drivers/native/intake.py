"""The watched folder itself: which files are whole, and where they go afterwards."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from drivers.errors import CorruptMedia, SourceUnavailable
from drivers.frame import Damage, Picture
from drivers.native import par_rec
from drivers.native.identity import named_in
from drivers.replay_files import list_files, reader_of
from drivers.replay_raw import SIDECAR

DONE, FAILED = "done", "failed"
UNFINISHED = (".part", ".partial", ".tmp", ".filepart", ".crdownload", ".swp")
"""Endings under which copying programs keep what they have not finished."""

PATIENCE_SECONDS = 60.0
"""How long a PAR file waits for its REC file before it counts as failed."""

_SECOND = 1_000_000_000
_REASON = ".reason.txt"
_Mark = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that is whole, with the files that belong to it."""

    file: Path
    belongings: tuple[Path, ...]

    def play(self) -> Iterator[Picture | Damage]:
        """Its pictures; raises CorruptMedia where it, or the rest of it, cannot be read."""
        try:
            reader = reader_of(self.file)
            if reader is None:
                raise CorruptMedia(
                    str(self.file), "is of no kind that can be read", "Convert it, then try again."
                )
            yield from reader.play(self.file)
        except FileNotFoundError as error:
            raise CorruptMedia(str(self.file), "was taken away", "Copy it again.") from error


@dataclass(slots=True)
class _Seen:
    """When a file, with all that belongs to it, was first seen as it is now."""

    mark: _Mark
    since: int
    first: int


class Intake:
    """Looks into the folder, and moves files out of the way.

    Parameters
    ----------
    name : str
        Of the source, for messages.
    path : Path
        The folder.
    settle : float
        Seconds for which a file has to stand still.
    may_be : callable
        Whether a file that names this patient is to be taken.

    Raises
    ------
    SourceUnavailable
        The folder is not there or not writable.
    """

    def __init__(
        self,
        name: str,
        path: Path,
        settle: float,
        may_be: Callable[[Mapping[str, str]], bool] = lambda _: True,
    ) -> None:
        self._name = name
        self._may_be = may_be
        self._others: dict[Path, _Mark] = {}
        self._path = path
        self._settle_ns = round(settle * _SECOND)
        self._seen: dict[Path, _Seen] = {}
        self._taken: set[Path] = set()
        if not path.is_dir():
            raise self._gone()
        try:
            for folder in (DONE, FAILED):
                (path / folder).mkdir(exist_ok=True)
        except OSError as error:
            raise SourceUnavailable(
                f"{name} ({path})",
                f"nothing can be moved in the folder ({error.strerror})",
                "Make it writable, or play a read-only medium with a source of kind replay.",
            ) from error

    @property
    def others(self) -> int:
        """Whole files in the folder that name another patient."""
        return len(self._others)

    def next(self, now: int) -> Arrival | None:
        """The first file, in natural order, that is whole and was not taken yet.

        Raises
        ------
        SourceUnavailable
            The folder went away.
        """
        try:
            files = [file for file in list_files(self._path) if _finished(file)]
        except OSError as error:
            raise self._gone() from error
        self._seen = {file: seen for file, seen in self._seen.items() if file in set(files)}
        self._others = {file: mark for file, mark in self._others.items() if file in set(files)}
        for file in files:
            if file in self._taken or not self._stands_still(file, now):
                continue
            if self._is_of_another(file):
                continue
            self._taken.add(file)
            return Arrival(file, _belongings(file))
        return None

    def _is_of_another(self, file: Path) -> bool:
        """Whether a file names another patient; asked once for each state of the file."""
        mark = self._seen[file].mark
        if self._others.get(file) == mark:
            return True
        self._others.pop(file, None)
        if not self._may_be(named_in(file)):
            self._others[file] = mark
        return file in self._others

    def dismiss(self, arrival: Arrival, trouble: str) -> None:
        """Move a file to ``done``, or to ``failed`` with the reason beside it.

        Raises
        ------
        SourceUnavailable
            The folder went away.
        """
        folder = self._path / (FAILED if trouble else DONE)
        try:
            for file in (arrival.file, *_belongings(arrival.file)):
                if file.exists():
                    _move(file, folder)
            if trouble:
                note = _free(folder / f"{arrival.file.name}{_REASON}")
                note.write_text(f"{arrival.file.name}: {trouble}.\n", "utf-8")
            for changed in (folder, self._path):
                _sync(changed)
        except OSError as error:
            raise self._gone() from error
        self._taken.discard(arrival.file)

    def _stands_still(self, file: Path, now: int) -> bool:
        mark = _mark(file)
        seen = self._seen.get(file)
        if seen is None or seen.mark != mark:
            first = now if seen is None else seen.first
            self._seen[file] = seen = _Seen(mark, now, first)
        if now - seen.since < self._settle_ns:
            return False
        lonely = file.suffix.casefold() == par_rec.SUFFIX and not _belongings(file)
        return not lonely or now - seen.first >= PATIENCE_SECONDS * _SECOND

    def _gone(self) -> SourceUnavailable:
        return SourceUnavailable(
            f"{self._name} ({self._path})",
            "the folder is not there",
            "Plug the medium in, or correct the path.",
        )


def _finished(file: Path) -> bool:
    return file.suffix.casefold() not in UNFINISHED


def _belongings(file: Path) -> tuple[Path, ...]:
    if file.suffix.casefold() == par_rec.SUFFIX:
        samples = par_rec.companion(file)
        return (samples,) if samples else ()
    sidecar = file.with_name(file.name + SIDECAR)
    return (sidecar,) if sidecar.exists() else ()


def _mark(file: Path) -> _Mark:
    """Sizes and times of a file and its belongings; empty where it went away meanwhile."""
    try:
        states = [one.stat() for one in (file, *_belongings(file))]
    except FileNotFoundError:
        return ()
    return tuple(part for state in states for part in (state.st_size, state.st_mtime_ns))


def _move(file: Path, folder: Path) -> None:
    file.rename(_free(folder / file.name))


def _free(wanted: Path) -> Path:
    """The name itself, or with the first number that is not taken."""
    number = 1
    free = wanted
    while free.exists():
        free = wanted.with_name(f"{wanted.stem}.{number}{wanted.suffix}")
        number += 1
    return free


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
