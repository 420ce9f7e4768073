"""What other processes do to the spool in the tests."""

from __future__ import annotations

import os
import resource
import signal
from pathlib import Path
from typing import Any

import pytest

from services.errors import StorageFull
from services.spool import Spool


def acquire_until_told(root: Path, exam_id: str, began: Any, enough: Any) -> None:
    """Hold the exam's lock, as an acquisition does."""
    with Spool(root).acquiring(exam_id):
        began.set()
        enough.wait()


def write_and_die_between(root: Path, relative: str) -> None:
    """Die by SIGKILL when the bytes are written and the name is not yet given."""
    spool = Spool(root)
    real = os.fsync

    def fsync_then_die(descriptor: int) -> None:
        real(descriptor)
        if Path(f"/proc/self/fd/{descriptor}").readlink().suffix == ".part":
            os.kill(os.getpid(), signal.SIGKILL)

    os.fsync = fsync_then_die
    spool.write(relative, bytes(1000))


def write_too_much(root: Path, relative: str) -> None:
    """Write more than the medium takes; it must say so and clean up."""
    spool = Spool(root)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    with pytest.raises(StorageFull, match="was not acquired"):
        spool.write(relative, bytes(200_000))
