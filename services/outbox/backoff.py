"""How long to leave a peer or a delivery alone after a failure."""

from __future__ import annotations

import random

FIRST_DELAY = 2.0
LONGEST_DELAY = 600.0


def delay(failures: int) -> float:
    """Seconds to wait after ``failures`` failures in a row: doubling, jittered, capped.

    The jitter (half to all of the step) keeps a hospital's boxes from calling on a revived
    archive in the same second.
    """
    step = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(failures - 1, 30))
    return step * random.uniform(0.5, 1.0)  # noqa: S311 -- jitter, not a secret
