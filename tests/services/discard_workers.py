"""What other processes do while images are discarded."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pydicom.config

from services import discards
from services import exams as lives
from services.outbox import queue
from services.outbox.model import Kind
from tests.services.boxes import archive, make_box, ris


def end_and_die_after_the_note(folder: Path) -> None:
    """Die by SIGKILL when the rejection note is a file and its row is not yet committed."""
    pydicom.config.settings.writing_validation_mode = pydicom.config.RAISE
    box = make_box(folder, [ris(), archive(rejection_notes=True)])
    discards._owe = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]
    lives.complete(box, "1")


def claim_all(folder: Path, start: Any, claimed: Any) -> None:
    """Claim as a dispatcher does, a few at a time, until nothing is left for a while."""
    box = make_box(folder, [archive()])
    start.wait()
    got: list[str] = []
    idle = 0
    while idle < 200:
        batch = queue.claim(box.catalog, "pacs", [Kind.STORE], "test:1:1", at=box.wall(), limit=2)
        idle = 0 if batch else idle + 1
        got += [str(each.sop_instance_uid) for each in batch]
    claimed.put(got)
    claimed.close()
    claimed.join_thread()
