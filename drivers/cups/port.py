"""What a print queue can be asked, real or simulated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from drivers.cups.words import Document, Job, Options, QueueAbilities, QueueState, Submitted


class PrintQueue(Protocol):
    """A queue; :class:`~drivers.cups.queue.CupsQueue` says what is raised."""

    @property
    def name(self) -> str: ...

    def state(self) -> QueueState: ...

    def abilities(self) -> QueueAbilities: ...

    def submit(
        self,
        document: Document,
        options: Options,
        ticket: str,
        note: Callable[[Submitted], None],
        before: Submitted | None = None,
    ) -> Job: ...

    def job(self, number: int) -> Job: ...

    def cancel(self, number: int) -> None: ...
