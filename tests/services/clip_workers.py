"""What other processes do with recordings in the tests."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom.config

from services import clips
from services.acquisition import Acquisition
from services.catalog import exams
from tests.device.iod.factories import Picture
from tests.device.iod.jpegs import motion_jpeg
from tests.services import processes
from tests.services.boxes import CAPTURE, CLIP, archive, make_box

SCOPE = replace(CAPTURE, name="Scope", video=True, modality="ES", body_part="COLON")


class Camera:
    """Frames without end or up to a number, made as they are asked for."""

    name = "camera"
    dropped = 0
    frame_time_ms = 40.0

    def __init__(self, frames: Iterator[Picture], beat: float = 0.0) -> None:
        self._frames = frames
        self._beat = beat

    def open(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Nothing to close."""

    def read(self, timeout: float) -> Any:
        time.sleep(self._beat)
        return next(self._frames, None)


def colours(count: int, rows: int, columns: int) -> Iterator[Picture]:
    """Colour frames whose every sample is their number, 40 ms apart."""
    for number in range(1, count + 1):
        pixels = np.full((rows, columns, 3), number % 256, np.uint8)
        yield Picture(pixels, 8, "RGB", sequence=number, monotonic_ns=number * 40_000_000)


def record_and_measure(folder: Path, exam_id: str, count: int, answer: Any) -> None:
    """Record many frames; answer with the peak of resident memory before and after, in bytes."""
    pydicom.config.settings.writing_validation_mode = pydicom.config.RAISE
    box = make_box(folder, [archive()])
    acquisition = Acquisition(box, exam_id, CLIP)
    acquisition.run(Camera(colours(20, 480, 640)))  # type: ignore[arg-type]
    before = _peak()
    summary = acquisition.run(Camera(colours(count, 480, 640)))  # type: ignore[arg-type]
    answer.put((before, _peak(), [instance.frames for instance in summary.instances]))
    answer.close()
    answer.join_thread()


def _peak() -> int:
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def until(condition: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    deadline = time.monotonic() + processes.PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def record_until_killed(folder: Path, exam_id: str, kind: str, recorded: Any) -> None:
    """Record for ever, telling the number of each frame that was written."""
    pydicom.config.settings.writing_validation_mode = pydicom.config.RAISE
    box = make_box(folder, [archive()])
    real = clips.Recording.add

    def add_and_tell(self: clips.Recording, frame: Any, dropped: int) -> None:
        real(self, frame, dropped)
        recorded.value = frame.sequence

    clips.Recording.add = add_and_tell  # type: ignore[method-assign]
    frames = (
        (motion_jpeg(number) for number in range(1, 10**6))
        if kind == "jpeg"
        else colours(10**6, 48, 64)
    )
    exam = exams.load(box.catalog, exam_id)
    protocol = SCOPE if kind == "video" else CLIP
    Acquisition(box, exam.exam_id, protocol).run(Camera(frames, beat=0.002))  # type: ignore[arg-type]


def record_and_die_before_the_name(folder: Path, exam_id: str) -> None:
    """Die by SIGKILL when a clip of nine frames is complete but for its name."""
    pydicom.config.settings.writing_validation_mode = pydicom.config.RAISE
    box = make_box(folder, [archive()])

    def die(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    type(box.spool).give_name = die  # type: ignore[method-assign]
    Acquisition(box, exam_id, CLIP).run(Camera(colours(9, 48, 64)))  # type: ignore[arg-type]
