"""What every area of the console is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from services.box import Box
from services.console.options import Options
from services.console.people import People
from services.console.preferences import Preferences
from services.worklist_view import WorklistView

if TYPE_CHECKING:
    from services.film_reception.cabinet import Cabinet
    from services.film_reception.intake import Intake

Push = dict[str, Any]


class LiveLink(Protocol):
    """The way to the acquisition service, for what must not wait and is never kept."""

    @property
    def connected(self) -> bool:
        """Whether the acquisition service is there now."""

    def listen(self, take: Callable[[Push], None]) -> Callable[[], None]:
        """Hand every push to ``take`` in the event loop until the returned function is called."""

    async def request(self, do: str, **params: Any) -> dict[str, Any]:
        """Ask for something and wait for the answer; never queued."""

    async def run(self) -> None:
        """Connect, and connect again, until cancelled."""


@dataclass(frozen=True, slots=True)
class FilmDesk:
    """Where received films lie, and what takes their pictures into exams."""

    cabinet: Cabinet
    intake: Intake


@dataclass(frozen=True, slots=True)
class Context:
    """One box and what the firmware gives its console.

    Attributes
    ----------
    options : Options
        What the configuration says of the console.
    people : People
        Who is signed in; ``people.note`` writes into the audit.
    preferences : Preferences
        How the screen looks.
    live : LiveLink or None
        None where no acquisition service is configured.
    workshop : object or None
        What a technician may do, as :mod:`services.console.workshop` declares it.
    films : callable or None
        Makes what takes received films into exams, when it is first needed.
    read_scan : callable or None
        Reads a scanned code by the rules of the site.
    clock_trust : callable
        Whether the clock is ``synchronised``, ``unsynchronised`` or ``unknown``.
    worklist : WorklistView
        The worklist of the box, read once for all areas.
    """

    box: Box
    options: Options
    people: People
    preferences: Preferences
    live: LiveLink | None = None
    workshop: Any = None
    films: Callable[[], FilmDesk] | None = None
    read_scan: Callable[[str], Any] | None = None
    clock_trust: Callable[[], str] = lambda: "unknown"
    worklist: WorklistView = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "worklist", WorklistView(self.box))
