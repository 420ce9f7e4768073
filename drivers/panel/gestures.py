"""Presses and releases of one switch become gestures: a pure state machine over their times."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.triggers import Gesture

Gestures = list[tuple[Gesture, int]]
"""Gestures with the time, in monotonic nanoseconds, at which each was certain."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What makes a press short, long or a hold, in nanoseconds.

    Attributes
    ----------
    long_ns : int
        A press shorter than this is short. Above 0.
    hold_ns : int
        A press that lasts this long is a hold, reported while it lasts. 0 switches holds off: a
        long press is then reported as soon as it is one, not when it ends. Else above ``long_ns``.
    double_ns : int
        Two short presses with less than this between them are a double. 0 switches doubles off:
        a short press is then reported when it ends, without waiting for a second.
    """

    long_ns: int = 600_000_000
    hold_ns: int = 0
    double_ns: int = 0

    def __post_init__(self) -> None:
        if self.long_ns <= 0:
            raise ValueError("the time of a long press must be above 0")
        if self.hold_ns and self.hold_ns <= self.long_ns:
            raise ValueError("a hold must take longer than a long press")
        if self.double_ns < 0 or self.hold_ns < 0:
            raise ValueError("times of gestures are not negative")


class GestureClassifier:
    """What the presses of one switch mean.

    Every press is reported as it happens, and is classified exactly once: short, long, hold, or
    together with its neighbour a double.
    """

    def __init__(self, thresholds: Thresholds) -> None:
        self._thresholds = thresholds
        self._pressed: int | None = None
        self._classified = False
        self._first_ended: int | None = None

    @property
    def deadline(self) -> int | None:
        """When :meth:`advance` has to be called, in nanoseconds; None where nothing is pending."""
        if self._pressed is None:
            ended = self._first_ended
            return None if ended is None else ended + self._thresholds.double_ns
        if self._classified:
            return None
        return self._pressed + (self._thresholds.hold_ns or self._thresholds.long_ns)

    def press(self, at: int) -> Gestures:
        """The switch closed at ``at``; nothing comes of it where it is closed already."""
        if self._pressed is not None:
            return []
        gestures = self.advance(at)
        self._pressed = at
        self._classified = False
        return [*gestures, (Gesture.PRESS, at)]

    def release(self, at: int) -> Gestures:
        """The switch opened at ``at``; nothing comes of it where it was open."""
        if self._pressed is None:
            return []
        gestures = [*self.advance(at), (Gesture.RELEASE, at)]
        lasted, self._pressed = at - self._pressed, None
        if self._classified:
            return gestures
        if lasted >= self._thresholds.long_ns:
            return [*gestures, *self._first_alone(at), (Gesture.LONG, at)]
        if self._first_ended is not None:
            self._first_ended = None
            return [*gestures, (Gesture.DOUBLE, at)]
        if self._thresholds.double_ns:
            self._first_ended = at
            return gestures
        return [*gestures, (Gesture.SHORT, at)]

    def advance(self, now: int) -> Gestures:
        """Let time pass."""
        due = self.deadline
        if due is None or now < due:
            return []
        if self._pressed is None:
            return self._first_alone(due)
        self._classified = True
        gesture = Gesture.HOLD if self._thresholds.hold_ns else Gesture.LONG
        return [*self._first_alone(due), (gesture, due)]

    def _first_alone(self, at: int) -> Gestures:
        """The short press that waited for a second one which did not come."""
        if self._first_ended is None:
            return []
        self._first_ended = None
        return [(Gesture.SHORT, at)]
