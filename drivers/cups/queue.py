"""One queue of a CUPS server, over IPP."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from drivers.cups import media
from drivers.cups.words import (
    Document,
    Job,
    JobState,
    Options,
    PrinterAway,
    PrinterRefused,
    QueueAbilities,
    QueueState,
    Readiness,
    Submitted,
)

if TYPE_CHECKING:
    import cups

_CHUNK = 65536
_PORT = 631

_READINESS = {3: Readiness.IDLE, 4: Readiness.PROCESSING, 5: Readiness.STOPPED}
_JOB_STATES = {
    3: JobState.PENDING,
    4: JobState.HELD,
    5: JobState.PROCESSING,
    6: JobState.STOPPED,
    7: JobState.CANCELLED,
    8: JobState.ABORTED,
    9: JobState.COMPLETED,
}
_JOB_ATTRIBUTES = [
    "job-id",
    "job-uuid",
    "job-state",
    "job-state-reasons",
    "job-printer-state-message",
    "number-of-documents",
]

_AWAY = frozenset({0x0502, 0x0503, 0x0505, 0x0507})
"""IPP statuses that pass: service unavailable, version, temporary error, busy (RFC 8011 B.1.5)."""

_NOT_FOUND = 0x0406


class CupsQueue:
    """A print queue.

    Parameters
    ----------
    name
        Of the queue, as ``lpstat -p`` shows it.
    server
        ``host:port``, or the path of the server's socket; empty for the system's own server.

    Notes
    -----
    Every call connects anew: calls are rare, and a server that was restarted is met again at once.
    """

    def __init__(self, name: str, server: str = "") -> None:
        self.name = name
        self._server = server

    def state(self) -> QueueState:
        """How the queue is now.

        Raises
        ------
        PrinterAway
            The server does not answer.
        PrinterRefused
            There is no such queue, or it may not be asked.
        """
        said = self._attributes()
        return QueueState(
            _READINESS.get(said.get("printer-state", 5), Readiness.STOPPED),
            bool(said.get("printer-is-accepting-jobs", False)),
            _reasons(said.get("printer-state-reasons")),
            str(said.get("printer-state-message", "")),
        )

    def abilities(self) -> QueueAbilities:
        """What the queue says it can do; raises as :meth:`state`."""
        said = self._attributes()
        names = [str(name) for name in _many(said.get("media-supported"))]
        known = (media.parse(name) for name in names)
        return QueueAbilities(
            model=str(said.get("printer-make-and-model", "")),
            media=tuple(each for each in known if each is not None),
            resolutions=_resolutions(said.get("printer-resolution-supported")),
            colour=bool(said.get("color-supported", False)),
            formats=tuple(str(each) for each in _many(said.get("document-format-supported"))),
        )

    def submit(
        self,
        document: Document,
        options: Options,
        ticket: str,
        note: Callable[[Submitted], None],
        before: Submitted | None = None,
    ) -> Job:
        """Hand a document over, once.

        The job is made first, empty, and nothing is printed of it; ``note`` keeps its number; then
        the document follows. With ``before``, what an earlier call noted, a job that the server
        has whole is taken for this one, and a torn one is cancelled. So a call whose answer was
        lost can be repeated. (Names do not serve: servers hide them from whoever asks.) A job that
        the server does not know any more is refused: it may have been printed.

        Parameters
        ----------
        ticket
            Name of the job; servers show and log it.

        Raises
        ------
        PrinterAway, PrinterRefused
            It may be repeated with what was noted last.
        """
        if before is not None:
            known = self._known(before)
            if known is None:
                raise PrinterRefused(
                    self._where(),
                    f"it has forgotten job {before.number}, which may have been printed",
                    "Look at the printer: print again if the sheets did not come out",
                )
            if known.complete:
                return known
            self.cancel(known.number)
        with self._asking() as (connection, _):
            number = connection.createJob(self.name, ticket, _ipp(options))
        note(Submitted(number, self.job(number).uuid))
        with self._asking() as (connection, _):
            connection.startDocument(self.name, number, ticket, document.mime_type, True)
            with document.path.open("rb") as file:
                while piece := file.read(_CHUNK):
                    connection.writeRequestData(piece, len(piece))
            connection.finishDocument(self.name)
        return self.job(number)

    def _known(self, before: Submitted) -> Job | None:
        """That very job; a server that was set up anew counts from 1 again."""
        with self._asking() as (connection, cups):
            try:
                said = connection.getJobAttributes(
                    before.number, requested_attributes=_JOB_ATTRIBUTES
                )
            except cups.IPPError as error:
                if error.args[0] != _NOT_FOUND:
                    raise
                return None
        job = _job(before.number, said)
        return job if job.uuid == before.uuid else None

    def job(self, number: int) -> Job:
        """How a job stands; raises as :meth:`state`, also where the server has forgotten it."""
        with self._asking() as (connection, _):
            said = connection.getJobAttributes(number, requested_attributes=_JOB_ATTRIBUTES)
        return _job(number, said)

    def cancel(self, number: int) -> None:
        """Stop a job; nothing happens to one that has ended."""
        with self._asking() as (connection, cups):
            try:
                connection.cancelJob(number)
            except cups.IPPError as error:
                # "not possible" is what the server says of a job that has ended
                if error.args[0] not in (cups.IPP_NOT_POSSIBLE, cups.IPP_NOT_FOUND):
                    raise

    def _attributes(self) -> Mapping[str, Any]:
        with self._asking() as (connection, _):
            said: Mapping[str, Any] = connection.getPrinterAttributes(self.name)
        return said

    @contextmanager
    def _asking(self) -> Iterator[tuple[cups.Connection, Any]]:
        try:
            import cups
        except ImportError as error:
            raise PrinterRefused(
                self.name, "this machine has no pycups", "Install Gantry with its extra 'cups'"
            ) from error
        try:
            yield self._connect(cups), cups
        except cups.HTTPError as error:
            raise self._away(f"it broke off with HTTP {error.args[0]}") from error
        except cups.IPPError as error:
            raise self._said(error.args[0], str(error.args[1])) from error
        except RuntimeError as error:
            raise self._away(f"it does not answer: {error}") from error

    def _connect(self, cups: Any) -> cups.Connection:
        # libcups looks a queue up at its own server, whatever the connection: kept by the thread
        cups.setUser("gantry")
        host, port = self._server, _PORT
        if self._server and not self._server.startswith("/"):
            host, _, digits = self._server.rpartition(":")
            port = int(digits)
        cups.setServer(host)
        cups.setPort(port)
        return cups.Connection()

    def _said(self, status: int, words: str) -> OSError:
        if status in _AWAY or status < 0:
            return self._away(f"it cannot take requests now: {words}")
        if status == _NOT_FOUND:
            return PrinterRefused(
                self._where(),
                f"it knows no such queue or job: {words}",
                "Compare the queue's name with what 'lpstat -p' shows",
            )
        return PrinterRefused(
            self._where(), f"it refused the request: {words}", "Look at the queue on that server"
        )

    def _away(self, reason: str) -> PrinterAway:
        return PrinterAway(
            self._where(), reason, "See that the print server runs and can be reached"
        )

    def _where(self) -> str:
        return f"print server {self._server or 'of this box'}, queue {self.name}"


def _ipp(options: Options) -> dict[str, str]:
    said = {
        "media": options.media,
        "copies": str(options.copies),
        # the page has the size of the sheet: what a driver scales is no longer true to size
        "print-scaling": "none",
        "print-color-mode": "color" if options.colour else "monochrome",
        "sides": "one-sided",
        "job-sheets": "none",
    }
    if options.resolution:
        said["printer-resolution"] = f"{options.resolution}dpi"
    return said


def _job(number: int, said: Mapping[str, Any]) -> Job:
    state = _JOB_STATES.get(said.get("job-state", 3), JobState.PENDING)
    return Job(
        number=number,
        uuid=str(said.get("job-uuid", "")),
        state=state,
        complete=int(said.get("number-of-documents", 0)) > 0,
        reasons=_reasons(said.get("job-state-reasons")),
        text=str(said.get("job-printer-state-message", "")),
    )


def _reasons(said: Any) -> tuple[str, ...]:
    return tuple(str(each) for each in _many(said) if each != "none")


def _resolutions(said: Any) -> tuple[int, ...]:
    """Both directions alike, in dots per inch; other ones are left out."""
    found = {each[0] for each in _many(said) if each[0] == each[1] and each[2] == 3}
    return tuple(sorted(found))


def _many(said: Any) -> list[Any]:
    if said is None:
        return []
    return list(said) if isinstance(said, list) else [said]
