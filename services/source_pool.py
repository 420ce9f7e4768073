"""Sources that several look at: each device is opened once, and closed when nobody wants it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from device.ports import FrameSource
from services.armed_source import ArmedSource

MakeSource = Callable[[str], FrameSource]


class SourcePool:
    """Hands out running sources by name.

    A grabber serves one process, so the exam and whoever watches its picture share it.

    Parameters
    ----------
    make
        Returns the configured frame source of a name, not open.
    """

    def __init__(self, make: MakeSource) -> None:
        self._make = make
        self._lock = Lock()
        self._running: dict[str, ArmedSource] = {}
        self._holders: dict[int, int] = {}

    def take(self, name: str, *, wait: bool = True) -> ArmedSource:
        """A running source, the one that runs already where there is one.

        Parameters
        ----------
        wait
            Whether its device must be there now; else it is looked for again and again.

        Raises
        ------
        NotFound
            There is no such source.
        OSError
            The device cannot be opened, or its settings cannot be used.
        """
        with self._lock:
            source = self._running.get(name)
            if source is None:
                source = ArmedSource(self._make(name))
                if wait:
                    source.open()
                else:
                    source.start()
                self._running[name] = source
            self._holders[id(source)] = self._holders.get(id(source), 0) + 1
            return source

    def give_back(self, source: ArmedSource) -> None:
        """Have no more use for it; the last one to say so closes it."""
        with self._lock:
            left = self._holders[id(source)] - 1
            if left:
                self._holders[id(source)] = left
                return
            del self._holders[id(source)]
            self._running = {n: s for n, s in self._running.items() if s is not source}
            source.close()

    def check(self) -> None:
        """Raise the fault of ours, if one ended the reading of any of them."""
        with self._lock:
            running = tuple(self._running.values())
        for source in running:
            source.check()
