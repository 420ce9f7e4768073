"""After a start: keep the new system when the box is well with it, else go back."""

from __future__ import annotations

import time
from collections.abc import Callable

from firmware.update import record
from firmware.update.record import Record, Step
from firmware.update.slots import Target, make_permanent, put_back

PATIENCE = 300.0
"""Seconds that the services are given to come up."""

STEADY = 30.0
"""Seconds for which they must be well without a break."""

_GLANCE = 2.0


def settle(
    target: Target,
    ailment: Callable[[], str],
    *,
    patience: float = PATIENCE,
    steady: float = STEADY,
    glance: float = _GLANCE,
) -> Record | None:
    """Judge the start of a system that is tried.

    Parameters
    ----------
    ailment
        What is wrong with the box now; empty where nothing is.

    Returns
    -------
    Record or None
        What became of the update: ``GOOD``; or ``FELL_BACK``, after which the caller starts the
        box anew where the new system still runs. None where none is being tried.
    """
    tried = record.read(target.root)
    if tried is None or tried.step is not Step.TRYING:
        return None
    if tried.slot != target.running:
        why = "it did not start, or was switched off before it had proved well"
        return _fall_back(target, tried, why)
    wrong = _wait(ailment, patience, steady, glance)
    if wrong:
        return _fall_back(target, tried, wrong)
    make_permanent(target)
    good = Record(Step.GOOD, tried.slot, tried.version)
    record.keep(good, target.root)
    return good


def _wait(ailment: Callable[[], str], patience: float, steady: float, glance: float) -> str:
    """Empty when the box was well for long enough, else what was wrong with it last."""
    end = time.monotonic() + patience
    well_since: float | None = None
    wrong = "it was never seen well for long enough"
    while time.monotonic() < end:
        now = ailment()
        if now:
            wrong, well_since = now, None
        elif well_since is None:
            well_since = time.monotonic()
        if well_since is not None and time.monotonic() - well_since >= steady:
            return ""
        time.sleep(glance)
    return wrong


def _fall_back(target: Target, tried: Record, why: str) -> Record:
    put_back(target.boot)
    fallen = Record(Step.FELL_BACK, tried.slot, tried.version, why)
    record.keep(fallen, target.root)
    return fallen
