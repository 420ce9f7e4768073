"""One contact without its bounce: a pure state machine over the times of its edges.

A mechanical contact opens and closes several times before it rests, and a long cable beside a
generator picks up spikes. The machine believes a level that has lasted; it reports the moment at
which the burst began, not the one at which it ended.
"""

from __future__ import annotations

from dataclasses import dataclass

SETTLE_NS = 10_000_000
"""How long a level lasts until it is believed, in nanoseconds. Foot switches bounce up to 5 ms."""

UNSTEADY_NS = 500_000_000
"""A burst as long as this is no bounce: a broken contact, a loose plug or a missing pull-up."""


@dataclass(frozen=True, slots=True)
class Change:
    """A contact that closed or opened.

    Attributes
    ----------
    closed : bool
        What it is now.
    monotonic_ns : int
        When the burst of edges began that ended in this level.
    """

    closed: bool
    monotonic_ns: int


class Debouncer:
    """What a contact does, told by its edges.

    Edges that follow one another faster than the settling time are one burst; a burst brings at
    most one change, and none where the contact ends as it was. A level that lasts for the settling
    time is always reported.

    Parameters
    ----------
    settle_ns : int
        Settling time in nanoseconds, above 0.
    closed : bool
        The level at the beginning; it is not reported.
    """

    def __init__(self, settle_ns: int = SETTLE_NS, closed: bool = False) -> None:
        if settle_ns <= 0:
            raise ValueError(f"a settling time of {settle_ns} ns makes no sense")
        self._settle = settle_ns
        self._closed = closed
        self._level = closed
        self._began: int | None = None
        self._last = 0

    @property
    def closed(self) -> bool:
        """The level that is believed."""
        return self._closed

    @property
    def level(self) -> bool:
        """The level of the last edge."""
        return self._level

    @property
    def deadline(self) -> int | None:
        """When :meth:`advance` has to be called, in nanoseconds; None while the contact rests."""
        return None if self._began is None else self._last + self._settle

    def edge(self, at: int, closed: bool) -> list[Change]:
        """Take one edge: at ``at`` nanoseconds the contact was seen ``closed`` or open.

        Edges come in order of time; one that seems older than the last is taken as simultaneous.
        Edges may be missing: a level seen twice in a row is one that changed twice.
        """
        at = max(at, self._last)
        changes = self.advance(at)
        self._last = at
        self._level = closed
        if self._began is None and closed != self._closed:
            self._began = at
        return changes

    def advance(self, now: int) -> list[Change]:
        """Let time pass; at most one change comes of it."""
        if self._began is None or now < self._last + self._settle:
            return []
        began, self._began = self._began, None
        if self._level == self._closed:
            return []
        self._closed = self._level
        return [Change(self._closed, began)]

    def unsteady(self, now: int) -> bool:
        """Whether the contact has been bouncing for longer than any sound one does."""
        return self._began is not None and now - self._began >= UNSTEADY_NS
