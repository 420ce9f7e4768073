"""Timing things that take turns, so that a noisy machine is noisy for all of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping


def medians(contenders: Mapping[str, Callable[[], object]], runs: int) -> dict[str, float]:
    """Median seconds of each contender over ``runs`` interleaved rounds, the first one unused."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for round_ in range(runs + 1):
        for name, run in contenders.items():
            began = time.perf_counter()
            run()
            if round_:
                seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(values) for name, values in seconds.items()}
