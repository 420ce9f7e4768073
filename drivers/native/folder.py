"""Pictures out of files as somebody puts them into a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock

from drivers.errors import CorruptMedia, SourceTimeout, SourceUnavailable
from drivers.frame import Damage, Frame, Picture
from drivers.native.intake import Arrival, Intake
from drivers.timing import SYSTEM, Timing

POLL_SECONDS = 0.25
"""Between two looks into the folder; network file systems announce nothing."""

_SECOND = 1_000_000_000


@dataclass(slots=True)
class _Playing:
    """One file whose pictures are being handed out, and what came of it so far."""

    arrival: Arrival
    pictures: Iterator[Picture | Damage]
    last: int | None = None
    trouble: str = ""
    over: bool = False


class FolderSource:
    """A frame source that waits for files of any kind that can be replayed.

    A file is taken when it is whole: its size has stood still, and what belongs to it is there. It
    leaves the folder only when its pictures are durable (:meth:`acknowledge`), for ``done``; a file
    that cannot be read, or only in part, goes to ``failed`` with the reason beside it. What was not
    acknowledged when the source is closed stays, and comes again.

    Parameters
    ----------
    name : str
        As configured.
    path : Path
        The folder; it must be writable. Folders in it are not entered.
    settle : float
        Seconds for which a file has to stand still.
    timing : Timing
        Clocks.
    """

    def __init__(self, name: str, path: Path, settle: float = 2.0, timing: Timing = SYSTEM) -> None:
        self._name = name
        self._path = Path(path)
        self._settle = settle
        self._timing = timing
        self._lock = Lock()
        self._closing = Event()
        self._may_be: Callable[[Mapping[str, str]], bool] = lambda _: True
        self._intake: Intake | None = None
        self._playing: _Playing | None = None
        self._ahead: Picture | None = None
        self._played: list[_Playing] = []
        self._begin()

    @property
    def name(self) -> str:
        """Name as configured."""
        return self._name

    @property
    def dropped(self) -> int:
        """Pictures and files that could not be read since :meth:`open`."""
        return self._dropped

    @property
    def frame_time_ms(self) -> float | None:
        """None: files come when they come."""
        return None

    @property
    def state(self) -> str:
        """``live``, or ``no device`` while the folder is not there (a stick not plugged in)."""
        return "live" if self._path.is_dir() else "no device"

    def expect(self, may_be: Callable[[Mapping[str, str]], bool]) -> None:
        """Leave files lie that name a patient whom ``may_be`` does not let pass.

        They wait in the folder for the exam of their own patient. Holds from the next
        :meth:`open` on.
        """
        self._may_be = may_be

    def open(self) -> None:
        """Begin to watch; does nothing where the source is open already.

        Raises
        ------
        SourceUnavailable
            The folder is not there, or nothing can be moved in it.
        """
        with self._lock:
            if self._intake is None:
                self._intake = Intake(self._name, self._path, self._settle, self._may_be)
                self._closing = Event()
                self._begin()

    def read(self, timeout: float) -> Frame | None:
        """The next picture, as soon as a whole file is there.

        Parameters
        ----------
        timeout : float
            Seconds to wait at most.

        Returns
        -------
        Frame or None
            None where another thread closed the source.

        Raises
        ------
        SourceTimeout
            No whole file came in time.
        SourceUnavailable
            The source is not open, or the folder went away.
        """
        deadline = self._timing.monotonic_ns() + round(timeout * _SECOND)
        with self._lock:
            if self._intake is None:
                raise SourceUnavailable(self._name, "the source is not open", "Open it first.")
            while not self._closing.is_set():
                picture = self._next(self._intake)
                if picture is not None:
                    return self._frame(picture)
                now = self._timing.monotonic_ns()
                if now >= deadline:
                    raise self._nothing_came(timeout, self._intake)
                pause = min(POLL_SECONDS, (deadline - now) / _SECOND)
                self._timing.wait(self._closing, pause)
        return None

    def acknowledge(self, sequence: int) -> None:
        """Let files go whose pictures are durable up to this number."""
        with self._lock:
            self._durable = sequence
            if self._playing is not None and self._ahead is None:
                self._ahead = self._advance(self._playing)
            # where the folder is gone the next reading says so, and the files come again
            with suppress(SourceUnavailable):
                self._let_go()

    def close(self) -> None:
        """Stop watching; may be called twice, and from another thread."""
        self._closing.set()
        with self._lock:
            self._intake = None
            self._playing = None

    def _nothing_came(self, timeout: float, intake: Intake) -> SourceTimeout:
        if intake.others:
            return SourceTimeout(
                self._name,
                f"no file of this patient came within {timeout:g} s; of another one there "
                f"{'is 1' if intake.others == 1 else f'are {intake.others}'}",
                f"Compare {self._path} with the exam. Those files stay for the exam of their own "
                f"patient.",
            )
        return SourceTimeout(
            self._name,
            f"no whole file came within {timeout:g} s",
            f"Look whether files arrive in {self._path}.",
        )

    def _begin(self) -> None:
        self._dropped = 0
        self._sequence = 0
        self._durable = -1
        self._playing = None
        self._ahead = None
        self._played = []

    def _next(self, intake: Intake) -> Picture | None:
        """The next sound picture, None where no whole file is there."""
        while not self._closing.is_set():
            if self._playing is None:
                arrival = intake.next(self._timing.monotonic_ns())
                if arrival is None:
                    return None
                self._playing = _Playing(arrival, arrival.play())
                self._played.append(self._playing)
            playing, picture = self._playing, self._ahead
            self._ahead = None
            picture = picture or self._advance(playing)
            if picture is not None:
                playing.last = self._sequence
                return picture
            self._let_go()
        return None

    def _advance(self, playing: _Playing) -> Picture | None:
        """Go to the next sound picture of the file in hand; None at its end."""
        try:
            for item in playing.pictures:
                if isinstance(item, Picture):
                    return item
                self._lose(playing, item.reason)
        except CorruptMedia as error:
            self._lose(playing, error.reason)
        playing.over = True
        self._playing = None
        return None

    def _lose(self, playing: _Playing, reason: str) -> None:
        self._dropped += 1
        self._sequence += 1
        playing.trouble = playing.trouble or reason

    def _let_go(self) -> None:
        """Move the files away of which nothing is owed any more."""
        if self._intake is None:
            return
        for played in list(self._played):
            if not played.over or (played.last is not None and played.last > self._durable):
                continue
            if played.last is None and not played.trouble:
                self._lose(played, "there is no picture in it")
            self._intake.dismiss(played.arrival, played.trouble)
            self._played.remove(played)

    def _frame(self, picture: Picture) -> Frame:
        frame = Frame(
            pixels=picture.pixels,
            bits_stored=picture.bits_stored,
            photometric=picture.photometric,
            sequence=self._sequence,
            monotonic_ns=self._timing.monotonic_ns(),
            taken_at=self._timing.now(),
            attributes=picture.attributes,
            lossy_ratio=picture.lossy_ratio,
            lossy_method=picture.lossy_method,
            native=picture.native,
        )
        self._sequence += 1
        return frame
