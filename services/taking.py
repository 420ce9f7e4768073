"""One trigger, one acquisition: what it takes, and what is said of it afterwards."""

from __future__ import annotations

import time
from typing import Any

from device.ports import Frame
from services.acquisition import Summary
from services.catalog.exams import Instance
from services.refusals import ENDED_BY_ITSELF, NO_PICTURE, Refused, explain
from services.trigger_words import Outcome, Trigger


class Durable:
    """Notes when the first instance of a trigger was durable."""

    def __init__(self, trigger: Trigger) -> None:
        self._since = trigger.monotonic_ns
        self.milliseconds: float | None = None

    def __call__(self, _: Instance) -> None:
        if self.milliseconds is None:
            self.milliseconds = (time.monotonic_ns() - self._since) / 1_000_000


class OnePicture:
    """A picture that is there already, as a source of just that one."""

    frame_time_ms: float | None = None

    def __init__(self, name: str, frame: Frame, dropped: int) -> None:
        self.name = name
        self.dropped = dropped
        self._frame: Frame | None = frame

    def open(self) -> None:
        """It is there."""

    def read(self, timeout: float) -> Frame | None:  # noqa: ARG002 - nothing to wait for
        frame, self._frame = self._frame, None
        return frame

    def close(self) -> None:
        """Nothing to let go of."""


def outcome(trigger: Trigger, **more: Any) -> Outcome:
    return Outcome(trigger.action or "", trigger.source, **more)


def refusal(trigger: Trigger, error: Exception) -> Outcome:
    """What became of a trigger that could not be followed."""
    refused = explain(error)
    return outcome(trigger, refused=str(refused), code=refused.code, params=refused.params)


def taken(trigger: Trigger, summary: Summary, durable: Durable) -> Outcome:
    if not summary.instances:
        words = summary.ended_by or "no picture came: nothing was taken"
        raise Refused(words, NO_PICTURE, words=words)
    by_itself = {"code": ENDED_BY_ITSELF, "params": {"words": summary.ended_by}}
    return outcome(
        trigger,
        **(by_itself if summary.ended_by else {}),
        instances=tuple(instance.sop_instance_uid for instance in summary.instances),
        refused=f"it ended by itself: {summary.ended_by}. What had come until then is safe"
        if summary.ended_by
        else "",
        note=summary.refused,
        durable_ms=durable.milliseconds,
    )
