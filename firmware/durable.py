"""Files that are whole after a cut at any moment: the old content or the new one."""

from __future__ import annotations

import os
from pathlib import Path

from services.spool import sync_folder


def write_durably(file: Path, data: bytes, mode: int) -> None:
    """Replace a file's content by a rename; its folder is made when missing.

    Parameters
    ----------
    mode
        Permissions of the new file, whatever the process's mask; FAT has none and keeps its own.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.part")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with os.fdopen(handle, "wb") as stream:
        try:
            os.fchmod(handle, mode)
        except PermissionError:
            if mode & 0o077 == 0:
                raise
        stream.write(data)
        stream.flush()
        os.fsync(handle)
    temporary.replace(file)
    sync_folder(file.parent)


def overwrite(file: Path) -> None:
    """Write zeros over a file's content, and remove it.

    On flash memory the old blocks may survive until the controller erases them; after a discard
    it will not give them out any more.
    """
    with file.open("r+b", buffering=0) as stream:
        left = os.fstat(stream.fileno()).st_size
        zeros = bytes(min(left, _BLOCK))
        while left > 0:
            left -= stream.write(zeros[: min(left, len(zeros))])
        os.fsync(stream.fileno())
    file.unlink()
    sync_folder(file.parent)


_BLOCK = 1024 * 1024
