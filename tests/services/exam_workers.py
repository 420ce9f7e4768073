"""What other processes do to an exam in the tests."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pydicom.config

from device.errors import IllegalTransition
from services import exams as lives
from services.acquisition import Acquisition
from services.catalog import exams
from services.errors import CatalogError
from tests.services.boxes import acquire, archive, make_box, ris


def complete(folder: Path, exam_id: str, start: Any, outcomes: Any) -> None:
    """Try to end the exam at the same moment as others."""
    pydicom.config.settings.writing_validation_mode = pydicom.config.RAISE
    box = make_box(folder, [ris(), archive()])
    start.wait()
    try:
        lives.complete(box, exam_id)
    except (CatalogError, IllegalTransition) as error:
        outcomes.put(str(error))
    else:
        outcomes.put("completed")
    outcomes.close()
    outcomes.join_thread()


def acquire_and_die_before_the_row(folder: Path, exam_id: str) -> None:
    """Die by SIGKILL when the second file has its name and its row is not yet committed."""
    pydicom.config.settings.writing_validation_mode = pydicom.config.RAISE
    box = make_box(folder, [ris(), archive()])
    real = Acquisition._enter

    def enter_or_die(self: Acquisition, instance: exams.Instance) -> None:
        if instance.instance_number == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        real(self, instance)

    Acquisition._enter = enter_or_die  # type: ignore[method-assign]
    acquire(box, exams.load(box.catalog, exam_id), frames=3)
