"""Writes down every byte of a line, to find out how a device really speaks, and plays it again.

A log holds whatever the device says, patients included. It is off unless it is configured, only
its owner may read it, and it is bounded.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Event, Lock

from drivers.errors import CorruptMedia
from drivers.timing import SYSTEM, Timing
from drivers.tty.port import POLL_SECONDS

RECEIVED, SENT = "<", ">"

_SECOND = 1_000_000_000
_LONGEST_PAUSE = 3600.0
"""Seconds; a log that goes on after a restart of the machine has no time between."""


class RawLog:
    """A log of one line in files of bounded size.

    Each entry is one line of text: monotonic nanoseconds, wall time, ``<`` for received or ``>``
    for sent, and the bytes as hexadecimal digits.

    Parameters
    ----------
    path : Path
        The newest file; older ones have ``.1``, ``.2`` and so on after it.
    file_bytes : int
        Size at which the next file begins.
    keep : int
        Older files that are kept.
    """

    def __init__(self, path: Path, file_bytes: int = 1024 * 1024, keep: int = 4) -> None:
        if file_bytes < 1 or keep < 0:
            raise ValueError("a raw log has files of at least one byte, and keeps none or some")
        self._path = path
        self._file_bytes = file_bytes
        self._keep = keep
        self._lock = Lock()

    def record(self, direction: str, data: bytes, monotonic_ns: int, wall: datetime) -> None:
        """Write one entry.

        Raises
        ------
        OSError
            The file cannot be written.
        """
        entry = f"{monotonic_ns} {wall.isoformat()} {direction} {data.hex()}\n".encode()
        with self._lock:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._rotate(len(entry))
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(handle, "ab") as stream:
                stream.write(entry)

    def _rotate(self, more: int) -> None:
        with suppress(FileNotFoundError):
            if self._path.stat().st_size + more <= self._file_bytes:
                return
            if not self._keep:
                self._path.unlink()
                return
            for number in range(self._keep - 1, 0, -1):
                with suppress(FileNotFoundError):
                    _older(self._path, number).rename(_older(self._path, number + 1))
            self._path.rename(_older(self._path, 1))


class ReplayPort:
    """Plays a raw log as if the device spoke; silent for good at its end.

    Parameters
    ----------
    path : Path
        The newest file; the older ones are played before it.
    speed : float
        1 for the pauses of the recording, 2 for half of them, 0 for none.
    timing : Timing
        Clocks.

    Raises
    ------
    CorruptMedia
        There is no log, or a line of it is no entry.
    """

    def __init__(self, path: Path, speed: float = 1.0, timing: Timing = SYSTEM) -> None:
        self._speed = speed
        self._timing = timing
        self._closing = Event()
        self._entries = iter(list(_entries(path)))
        self._next = next(self._entries, None)
        self._due = timing.monotonic_ns()
        self.sent: list[bytes] = []

    @property
    def ended(self) -> bool:
        """Whether everything was played."""
        return self._next is None

    def read(self) -> bytes:
        """What the device said next, when it is due; empty where nothing is due soon."""
        wait = POLL_SECONDS
        if self._next is not None:
            wait = min(wait, (self._due - self._timing.monotonic_ns()) / _SECOND)
        if wait > 0:
            self._timing.wait(self._closing, wait)
        if self._next is None or self._timing.monotonic_ns() < self._due:
            return b""
        at, data = self._next
        self._next = next(self._entries, None)
        if self._next is not None and self._speed:
            pause = (self._next[0] - at) / _SECOND
            if 0 < pause <= _LONGEST_PAUSE:
                self._due += round(pause / self._speed * _SECOND)
        return data

    def write(self, data: bytes) -> None:
        """Nobody listens; what was sent is kept in :attr:`sent`."""
        self.sent.append(data)

    def close(self) -> None:
        """Let go whoever waits."""
        self._closing.set()


def _entries(path: Path) -> Iterator[tuple[int, bytes]]:
    """Received bytes of all files of a log, oldest first."""
    older = sorted(
        (file for file in path.parent.glob(f"{path.name}.*") if file.suffix[1:].isdigit()),
        key=lambda file: -int(file.suffix[1:]),
    )
    for file in [*older, path]:
        yield from _file_entries(file)


def _file_entries(file: Path) -> Iterator[tuple[int, bytes]]:
    try:
        lines = file.read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CorruptMedia(str(file), "is no raw log that can be read", "Name another.") from error
    for number, line in enumerate(lines, 1):
        try:
            at, _, direction, data = line.split(" ")
            entry = int(at), bytes.fromhex(data)
        except ValueError as error:
            reason = f"line {number} is no entry of a raw log"
            raise CorruptMedia(str(file), reason, "Copy the log again.") from error
        if direction == RECEIVED:
            yield entry


def _older(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")
