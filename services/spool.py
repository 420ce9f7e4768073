"""The spool: DICOM files that are durable before anybody is told that they exist."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from services.errors import CatalogError, ExamBusy, StorageFull

TEMPORARY_SUFFIX = ".part"

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class Usage:
    """How full the file system under the spool is."""

    used: int
    free: int

    @property
    def percent(self) -> float:
        """Used space in percent of what we could ever use, as ``df`` counts it."""
        room = self.used + self.free
        return 100.0 * self.used / room if room else 100.0


class Spool:
    """A folder of Part-10 files, one sub-folder an exam, and a quarantine beside it.

    ``write`` returns only after the bytes, the name and the folder entry are on the medium
    (temporary file, fsync, rename, fsync of the folder).
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.quarantine = root.parent / "quarantine"
        root.mkdir(parents=True, exist_ok=True)

    def path_of(self, exam_id: str, sop_instance_uid: str) -> str:
        """The relative path under which an instance is filed."""
        return f"{exam_id}/{sop_instance_uid}.dcm"

    def absolute(self, relative: str) -> Path:
        return self.root / relative

    def write(self, relative: str, data: bytes) -> Path:
        """File ``data`` durably under ``relative``.

        Raises
        ------
        StorageFull
            When the medium has no room; nothing is left behind.
        CatalogError
            When a file of that name exists already, or the medium fails; nothing is left behind.
        """
        final = self.root / relative
        temporary = final.with_name(final.name + TEMPORARY_SUFFIX)
        try:
            self.prepare(relative)
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            self.give_name(temporary, relative)
        except OSError as error:
            # a name that is not on the medium for certain must not look acquired after a restart
            for leftover in (temporary, final):
                with suppress(OSError):
                    leftover.unlink()
            raise self.failure(
                error, "It was not acquired; free space or replace the card, then take it again"
            ) from error
        return final

    def prepare(self, relative: str) -> Path:
        """Make the folder of a file that is written bit by bit; where it will be.

        Raises
        ------
        CatalogError
            When a file of that name exists already.
        OSError
            When the medium fails.
        """
        final = self.root / relative
        if final.exists():
            raise CatalogError(f"{relative} is in the spool already and is never overwritten")
        self._make_folder(final.parent)
        return final

    def give_name(self, temporary: Path, relative: str) -> None:
        """Durably give a file whose bytes are synced the name under which it is filed."""
        final = self.root / relative
        temporary.rename(final)
        sync_folder(final.parent)

    def failure(self, error: OSError, consequence: str) -> CatalogError:
        """What to raise when the medium failed: :class:`StorageFull` where it has no room."""
        kind = StorageFull if error.errno in _FULL else CatalogError
        return kind(
            f"the image could not be written to {self.root}: {error.strerror}. {consequence}"
        )

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        folder.mkdir(parents=True, exist_ok=True)
        sync_folder(folder.parent)

    def remove(self, relative: str) -> None:
        """Delete a file that retention has released, and its folder when that is empty."""
        path = self.root / relative
        path.unlink(missing_ok=True)
        if path.parent.is_dir() and not any(path.parent.iterdir()):
            path.parent.rmdir()

    def set_aside(self, path: Path) -> Path:
        """Move a file that belongs to nobody into quarantine, keeping its name."""
        self.quarantine.mkdir(parents=True, exist_ok=True)
        target = self.quarantine / path.name
        number = 1
        while target.exists():
            target = self.quarantine / f"{path.name}.{number}"
            number += 1
        path.rename(target)
        sync_folder(self.quarantine)
        sync_folder(path.parent)
        return target

    def files(self) -> Iterator[Path]:
        """Every file in the spool, temporary ones included.

        Walked without a look at each file: an operator waits for it when an exam begins.
        """
        for folder, folders, names in os.walk(self.root):
            folders.sort()
            yield from (Path(folder, name) for name in sorted(names))

    def usage(self) -> Usage:
        disk = shutil.disk_usage(self.root)
        return Usage(used=disk.used, free=disk.free)

    @contextmanager
    def acquiring(self, exam_id: str) -> Iterator[None]:
        """Held while files are written whose rows are not committed yet; once an exam.

        The kernel lets go of it when the process dies, so a reconciliation that gets the lock
        knows that every file without a row is left over from a crash.

        Raises
        ------
        ExamBusy
            When another process is acquiring for the same exam.
        """
        own = self.root.parent / f"acquiring-{exam_id}.lock"
        with self._lock_file().open("w") as everybody:
            fcntl.flock(everybody, fcntl.LOCK_SH)
            try:
                mine = _lock(own)
            except BlockingIOError as error:
                raise ExamBusy(
                    f"exam {exam_id} is being acquired by another process: let it finish first"
                ) from error
            with mine:
                try:
                    yield
                finally:
                    own.unlink(missing_ok=True)

    @contextmanager
    def quiet(self) -> Iterator[bool]:
        """True inside when nobody is acquiring and nobody can begin to."""
        with self._lock_file().open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def _lock_file(self) -> Path:
        return self.root.parent / "acquiring.lock"


def _lock(path: Path) -> IO[str]:
    """Lock the file that bears this name now, not one that its holder has just unlinked.

    Raises
    ------
    BlockingIOError
        When somebody else holds it.
    """
    while True:
        file = path.open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.stat().st_ino == os.fstat(file.fileno()).st_ino:
                return file
        except FileNotFoundError:
            file.close()
            continue
        except BaseException:
            file.close()
            raise
        file.close()


def sync_folder(folder: Path) -> None:
    """Make a folder's entries durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
