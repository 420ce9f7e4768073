"""A serial device that is not there: it speaks its driver file's language over a pseudo-terminal.

Any driver file can be spoken, since its examples are what is said. What goes wrong on real lines
can be made to go wrong here.
"""

from __future__ import annotations

import itertools
import os
import pty
import random
import tempfile
import tty
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from select import select
from threading import Event

from drivers.tty.framing import enframe
from drivers.tty.model import LineModel

_NOISE_BYTES = 12
_UNPLUGGED_SECONDS = 1.0
_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class LineFaults:
    """What goes wrong on purpose; each with every so-manieth message, 0 for never.

    Attributes
    ----------
    noise_every : int
        Random bytes come before the message.
    drop_every : int
        One byte of the message is lost.
    garble_every : int
        One bit of the message is turned.
    cut_every : int
        The message breaks off in the middle.
    unplug_every : int
        The adapter is pulled after the message, and plugged in again a second later.
    seed : int
        Another seed hits other bytes.
    """

    noise_every: int = 0
    drop_every: int = 0
    garble_every: int = 0
    cut_every: int = 0
    unplug_every: int = 0
    seed: int = 0


NO_FAULTS = LineFaults()


class SimulatedLine:
    """A simulated serial device; its port is at :attr:`path`, before and after it was unplugged.

    Parameters
    ----------
    model : LineModel
        How it speaks.
    faults : LineFaults
        What goes wrong on purpose.

    Notes
    -----
    A context manager: the port is there within it.
    """

    def __init__(self, model: LineModel, faults: LineFaults = NO_FAULTS) -> None:
        self._model = model
        self._faults = faults
        self._random = random.Random(faults.seed)  # noqa: S311, it only picks what to damage
        self._folder = tempfile.TemporaryDirectory(prefix="gantry-line-")
        self._ends: tuple[int, int] | None = None
        self._said = 0

    @property
    def path(self) -> Path:
        """Where the port is while it is plugged in."""
        return Path(self._folder.name) / "port"

    def __enter__(self) -> SimulatedLine:
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()
        self._folder.cleanup()

    def plug(self) -> None:
        """Plug the adapter in; does nothing where it is."""
        if self._ends is not None:
            return
        master, slave = pty.openpty()
        tty.setraw(slave)  # else the terminal echoes, and edits what is said
        os.set_blocking(master, False)
        self._ends = master, slave
        self.path.symlink_to(os.ttyname(slave))

    def unplug(self) -> None:
        """Pull the adapter; does nothing where it is pulled."""
        if self._ends is None:
            return
        self.path.unlink()
        for end in self._ends:
            os.close(end)
        self._ends = None

    def say(self, text: str) -> None:
        """Say one message, framed and checked, with the faults that are due."""
        self._said += 1
        self.send(self._spoil(enframe(self._model, text.encode(self._model.encoding))))

    def send(self, data: bytes) -> None:
        """Put bytes on the line as they are; lost where nobody takes them, as on a real line.

        Raises
        ------
        RuntimeError
            The adapter is unplugged.
        """
        if self._ends is None:
            raise RuntimeError("the simulated adapter is unplugged; plug it in first")
        with suppress(BlockingIOError):
            while data:
                data = data[os.write(self._ends[0], data) :]

    def received(self, timeout: float) -> bytes:
        """What the box sent, waiting at most so many seconds for it; empty for nothing."""
        if self._ends is None or not select([self._ends[0]], [], [], timeout)[0]:
            return b""
        return os.read(self._ends[0], _AT_ONCE)

    def examples(self) -> Iterator[str]:
        """The messages of the driver file's examples, over and over."""
        return itertools.cycle(
            example for message in self._model.messages for example in message.examples
        )

    def run(self, stop: Event, interval: float = 2.0) -> None:
        """Say one example after the other, every so many seconds, until told to stop."""
        for example in self.examples():
            if stop.wait(interval):
                return
            self.say(example)
            if self._due(self._faults.unplug_every):
                self.unplug()
                stop.wait(_UNPLUGGED_SECONDS)
                self.plug()

    def _due(self, every: int) -> bool:
        return every > 0 and self._said % every == 0

    def _spoil(self, data: bytes) -> bytes:
        faults = self._faults
        at = self._random.randrange(len(data))
        if self._due(faults.drop_every):
            data = data[:at] + data[at + 1 :]
        elif self._due(faults.garble_every):
            turned = data[at] ^ (1 << self._random.randrange(8))
            data = data[:at] + bytes([turned]) + data[at + 1 :]
        elif self._due(faults.cut_every):
            data = data[: len(data) // 2]
        if self._due(faults.noise_every):
            data = self._random.randbytes(_NOISE_BYTES) + data
        return data
