"""Where the live socket is: Unix socket addresses hold 107 bytes, and a path may be longer."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LONGEST = 107


@contextmanager
def address_of(path: Path) -> Iterator[str]:
    """An address for ``bind`` and ``connect``, good while the block lasts.

    Raises
    ------
    OSError
        The folder is not there.
    """
    if len(os.fsencode(path)) <= _LONGEST:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def connect(path: Path, timeout: float) -> socket.socket:
    """A connection to whoever listens there.

    Raises
    ------
    OSError
        Nobody does.
    """
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.settimeout(timeout)
        with address_of(path) as address:
            made.connect(address)
    except BaseException:
        made.close()
        raise
    return made
