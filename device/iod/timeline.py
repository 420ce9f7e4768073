"""When the frames of one object were taken, and what its Cine module says of that."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Final

from pydicom.tag import Tag

from device.errors import UnsuitableFrame

UNIFORM_WITHIN: Final = 0.10
"""Share of the nominal frame time by which intervals may differ and still count as uniform."""

_LONGEST_VECTOR: Final = 2**16 - 2
"""Bytes that a value of DS or IS can have in Explicit VR (PS3.5 section 7.1.2), kept even."""


class Timeline:
    """The time stamps of an object's frames, eight bytes each.

    Parameters
    ----------
    frame_time_ms : float or None
        Nominal time between two frames in milliseconds; None for stills, which become pages.
    """

    def __init__(self, frame_time_ms: float | None) -> None:
        self._frame_time_ms = frame_time_ms
        self._times = array("q")
        self._even = True
        self._vector_length = 1

    @classmethod
    def of(cls, times_ns: Iterable[int], frame_time_ms: float | None) -> Timeline:
        """The timeline of frames that are all there.

        Raises
        ------
        UnsuitableFrame
            They run backwards, or are too many for one object.
        """
        timeline = cls(frame_time_ms)
        for time_ns in times_ns:
            if timeline.runs_backwards(time_ns):
                raise UnsuitableFrame("The frames are not in the order in which they were taken")
            if not timeline.takes(time_ns):
                raise UnsuitableFrame(
                    f"More than {len(timeline)} frames are more than one object can time; "
                    f"acquire fewer frames at a time"
                )
            timeline.add(time_ns)
        return timeline

    def __len__(self) -> int:
        return len(self._times)

    def first(self, count: int) -> Timeline:
        """The timeline of the first ``count`` frames."""
        return Timeline.of(self._times[:count], self._frame_time_ms)

    def runs_backwards(self, time_ns: int) -> bool:
        """Whether a frame of this time is older than the last one, where order has a meaning."""
        timed = self._frame_time_ms is not None and len(self._times) > 0
        return timed and time_ns < self._times[-1]

    def takes(self, time_ns: int) -> bool:
        """Whether a frame of this time fits in: later than the last, and still to be written."""
        if not self._times:
            return True
        if self.runs_backwards(time_ns):
            return False
        if self._even and self._keeps_even(time_ns):
            return True
        return self._vector_length + 1 + len(self._entry(time_ns)) <= _LONGEST_VECTOR

    def add(self, time_ns: int) -> None:
        """Count a frame that :meth:`takes` allowed; nanoseconds on a monotonic clock."""
        if self._times:
            self._even = self._even and self._keeps_even(time_ns)
            self._vector_length += 1 + len(self._entry(time_ns))
        self._times.append(time_ns)

    def values(self) -> dict[str, Any]:
        """Number of Frames and what leads from one to the next (PS3.3 C.7.6.5, C.7.6.6, C.8.6.4).

        A single frame has no next one, so nothing points anywhere. Even frames have a Frame Time,
        the nominal one as long as the last frame was taken where that puts it, else the mean. Every
        other run has the times that were, to the microsecond and without adding up errors.
        """
        count = len(self._times)
        if count == 1:
            return {"NumberOfFrames": 1}
        if self._frame_time_ms is None:
            pages = list(range(1, count + 1))
            return _pointing_at("PageNumberVector", count) | {"PageNumberVector": pages}
        if self._even:
            step_ms = self._even_step(self._frame_time_ms)
            timing = _pointing_at("FrameTime", count) | {"FrameTime": _milliseconds(step_ms)}
            return timing | _rates(step_ms)
        micros = [self._micros(time_ns) for time_ns in self._times]
        steps = [later - earlier for earlier, later in pairwise(micros)]
        vector = ["0", *(_milliseconds(step / 1000) for step in steps)]
        usual_ms = sorted(steps)[len(steps) // 2] / 1000
        timing = _pointing_at("FrameTimeVector", count) | {"FrameTimeVector": vector}
        return timing | _rates(usual_ms)

    def _keeps_even(self, time_ns: int) -> bool:
        if self._frame_time_ms is None:
            return False
        interval_ms = (time_ns - self._times[-1]) / 1e6
        return abs(interval_ms - self._frame_time_ms) <= UNIFORM_WITHIN * self._frame_time_ms

    def _even_step(self, nominal_ms: float) -> float:
        steps = len(self._times) - 1
        lasted_ms = (self._times[-1] - self._times[0]) / 1e6
        if abs(lasted_ms - steps * nominal_ms) <= UNIFORM_WITHIN * nominal_ms:
            return nominal_ms
        return lasted_ms / steps

    def _entry(self, time_ns: int) -> str:
        if self._frame_time_ms is None:
            return str(len(self._times) + 1)
        return _milliseconds((self._micros(time_ns) - self._micros(self._times[-1])) / 1000)

    def _micros(self, time_ns: int) -> int:
        return round((time_ns - self._times[0]) / 1000)


def _pointing_at(keyword: str, count: int) -> dict[str, Any]:
    return {"NumberOfFrames": count, "FrameIncrementPointer": Tag(keyword)}


def _rates(step_ms: float) -> dict[str, Any]:
    """Whole frames per second; slower than one frame in two seconds there is no such number."""
    rate = round(1000 / step_ms) if step_ms > 0 else 0
    return {"CineRate": rate, "RecommendedDisplayFrameRate": rate} if rate else {}


def _milliseconds(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")
