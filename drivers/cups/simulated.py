"""A print queue that is not there: it runs out of sheets, loses answers and forgets, as they do."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from uuid import uuid4

from drivers.cups.words import (
    Document,
    Job,
    JobState,
    Media,
    Options,
    PrinterAway,
    PrinterRefused,
    QueueAbilities,
    QueueState,
    Readiness,
    Submitted,
)

_MEDIA_EMPTY = "media-empty-error"

FILMS = (
    Media("oe_14x17-film_14x17in", 355.6, 431.8),
    Media("oe_8x10-film_8x10in", 203.2, 254.0),
    Media("iso_a4_210x297mm", 210.0, 297.0),
)


@dataclass
class SimulatedQueue:
    """A queue with the manners of a real one; a test or a technician turns its faults on.

    Attributes
    ----------
    away
        The server does not answer.
    empty
        No sheet is left: jobs wait until there is one.
    lose_answer
        The next job is taken, and its answer never comes.
    tear
        The next job breaks off half-way.
    abort
        What is printed next is aborted.
    """

    name: str = "simulated"
    media: tuple[Media, ...] = FILMS
    away: bool = False
    empty: bool = False
    lose_answer: bool = False
    tear: bool = False
    abort: bool = False
    printed: list[tuple[str, bytes, Options]] = field(default_factory=list)
    _jobs: dict[int, Job] = field(default_factory=dict)
    _waiting: dict[int, tuple[str, bytes, Options]] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def state(self) -> QueueState:
        self._answer()
        stuck = self.empty and bool(self._waiting)
        return QueueState(
            Readiness.PROCESSING if stuck else Readiness.IDLE,
            accepting=True,
            reasons=(_MEDIA_EMPTY,) if self.empty else (),
            text="the magazine is empty" if self.empty else "",
        )

    def abilities(self) -> QueueAbilities:
        self._answer()
        return QueueAbilities(
            "Simulated film imager", self.media, (300,), True, ("application/pdf", "image/png")
        )

    def submit(
        self,
        document: Document,
        options: Options,
        ticket: str,
        note: Callable[[Submitted], None],
        before: Submitted | None = None,
    ) -> Job:
        self._answer()
        known = self._jobs.get(before.number) if before else None
        if known is not None and before is not None and known.uuid != before.uuid:
            known = None
        if before is not None and known is None:
            raise PrinterRefused(
                self.name, f"it has forgotten job {before.number}", "Look at the printer"
            )
        if known is not None and known.complete:
            return known
        if known is not None:
            self.cancel(known.number)
        if options.media not in {media.name for media in self.media}:
            raise PrinterRefused(self.name, f"it has no {options.media}", "Choose another sheet")
        number = next(self._numbers)
        job = Job(number, f"urn:uuid:{uuid4()}", JobState.PENDING, complete=False)
        self._jobs[number] = job
        note(Submitted(number, job.uuid))
        if self.tear:
            self.tear = False
            raise self._away("it broke off")
        self._jobs[number] = replace(job, complete=True)
        self._waiting[number] = (ticket, document.path.read_bytes(), options)
        if self.lose_answer:
            self.lose_answer = False
            self._print()
            raise self._away("its answer never came")
        return self.job(number)

    def job(self, number: int) -> Job:
        self._answer()
        if number not in self._jobs:
            raise PrinterRefused(self.name, f"it knows no job {number}", "Look at its history")
        return self._jobs[number]

    def cancel(self, number: int) -> None:
        self._answer()
        self._waiting.pop(number, None)
        job = self._jobs.get(number)
        if job is not None and not job.state.ended:
            self._jobs[number] = replace(job, state=JobState.CANCELLED)

    def _answer(self) -> None:
        if self.away:
            raise self._away("it does not answer")
        self._print()

    def _print(self) -> None:
        for number, (ticket, data, options) in list(self._waiting.items()):
            job = self._jobs[number]
            if self.empty:
                self._jobs[number] = replace(
                    job, state=JobState.PROCESSING, text="the magazine is empty"
                )
                continue
            del self._waiting[number]
            if self.abort:
                self.abort = False
                self._jobs[number] = replace(job, state=JobState.ABORTED)
                continue
            self.printed.append((ticket, data, options))
            self._jobs[number] = replace(job, state=JobState.COMPLETED, text="")

    def _away(self, reason: str) -> PrinterAway:
        return PrinterAway(self.name, reason, "See that the print server runs")
