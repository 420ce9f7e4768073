"""How the acquisition service is, as it tells the console."""

from __future__ import annotations

import time
from typing import Any

from services.armed import View
from services.live.words import Words
from services.refusals import WRONG_PATIENT, Refused

_PAUSE = 0.2
_CALM = 1.0
"""Seconds between two words while nothing changes."""

_LIVELY = 0.5
"""While a clip grows."""


def as_plain(view: View, refused: Refused | None, *, panel: bool, trouble: str = "") -> Words:
    """The state that is pushed.

    Parameters
    ----------
    refused
        Why the screen lets nothing be taken now.
    panel
        Whether there is anything for hands and feet beside the screen.
    trouble
        Why the exam at hand cannot be armed at all.
    """
    recording = None
    if view.seconds is not None:
        recording = {"seconds": round(view.seconds, 1), "frames": view.frames}
    code = refused.code if refused else ""
    return {
        "push": "state",
        "exam": view.exam_id,
        "protocol": view.protocol,
        "source": _source(view),
        "recording": recording,
        "stopped": view.stopped or code == WRONG_PATIENT,
        "hold": code or (WRONG_PATIENT if view.stopped else ""),
        "verdict": view.verdict.name.lower() if view.verdict else "",
        "panel": panel,
        "trouble": trouble,
    }


def _source(view: View) -> dict[str, Any] | None:
    source = view.source
    if source is None:
        return None
    newest = source.newest
    age = None if newest is None else (time.monotonic_ns() - newest.monotonic_ns) / 1e6
    return {
        "name": source.name,
        "state": source.state,
        "reason": source.reason,
        "age_ms": age,
        "frames": source.frames,
        "dropped": source.dropped,
        "moving": source.moving,
    }


class Beat:
    """Says when the state is worth telling: when it has changed, and now and then."""

    pause = _PAUSE

    def __init__(self) -> None:
        self._told: Words = {}
        self._at = 0.0

    def is_due(self, said: Words) -> bool:
        """Whether to push this; taken as pushed where it is."""
        now = time.monotonic()
        lasting = _lasting(said)
        calm = _LIVELY if said["recording"] else _CALM
        if lasting == self._told and now < self._at + calm:
            return False
        self._told, self._at = lasting, now
        return True


def _lasting(said: Words) -> Words:
    """Without the figures that always grow."""
    source = said["source"]
    still = source and {key: source[key] for key in ("name", "state", "reason", "moving")}
    return {**said, "source": still, "recording": bool(said["recording"])}
