"""Building one CT object and making it durable."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

from services.acquisition import Acquisition
from tests.bench.compare import medians
from tests.bench.material import CT, Slices, make_box, start_exam

_COUNT = 50


def measure(folder: Path, runs: int) -> dict[str, float]:
    """Milliseconds an object, beside bare write-and-fsync of as many bytes on the same disk."""
    box = make_box(folder / "building")
    exam_id = start_exam(box)
    bare = folder / "bare"
    bare.mkdir()
    numbers = itertools.count()
    block = os.urandom(512 * 512 * 2)

    def write_bare() -> None:
        for _ in range(_COUNT):
            with (bare / str(next(numbers))).open("wb") as file:
                file.write(block)
                file.flush()
                os.fsync(file.fileno())

    seconds = medians(
        {
            "built": lambda: Acquisition(box, exam_id, CT).run(Slices(_COUNT)),
            "bare": write_bare,
        },
        runs,
    )
    return {
        "durable_object_milliseconds": 1000 * seconds["built"] / _COUNT,
        "bare_fsync_milliseconds": 1000 * seconds["bare"] / _COUNT,
        "durable_object_ratio_to_bare_fsync": seconds["built"] / seconds["bare"],
    }
