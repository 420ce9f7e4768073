"""Notices that the configuration has changed, and lets a service end so that it starts anew.

A service never changes its configuration while it runs: it ends with :data:`CHANGED`, and whoever
supervises it starts it again with the new one. A file that is faulty changes nothing.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from device.exam import ExamState
from firmware.config import ConfigurationError, load
from services.box import Box
from services.catalog import at_hand

_log = logging.getLogger(__name__)

CHANGED = 75
"""Exit code of a service that wants to be started anew (EX_TEMPFAIL of sysexits.h)."""

_GLANCE = 1.0
"""Seconds between two looks at the file."""


class Reload:
    """Watches one configuration file for a service.

    Parameters
    ----------
    file : Path or None
        None where the service runs on the built-in configuration, which never changes.
    may_end : callable
        Asked before the service is ended: False while it must not, as with an exam at hand.
    """

    def __init__(self, file: Path | None, may_end: Callable[[], bool] = lambda: True) -> None:
        self._file = file
        self._may_end = may_end
        self._known = _content(file)
        self._seen = _mark(file)
        self._pending = False
        self._done = threading.Event()
        self.changed = False

    def start(self, end: Callable[[], object]) -> None:
        """Call ``end`` from a thread, once, as soon as the service is to start anew."""
        if self._file is not None:
            threading.Thread(target=self._watch, args=[end], name="reload", daemon=True).start()

    def stop(self) -> None:
        """Watch no longer."""
        self._done.set()

    def due(self) -> bool:
        """Look once: whether there is a new, sound configuration and the service may end."""
        if self._file is None:
            return False
        mark = _mark(self._file)
        if mark != self._seen:
            self._seen = mark
            self._pending = self._is_new()
        return self._pending and self._may_end()

    def _is_new(self) -> bool:
        assert self._file is not None
        content = _content(self._file)
        if content in (self._known, b""):
            return False
        try:
            load(self._file)
        except ConfigurationError as error:
            _log.warning("the configuration was changed, and is not used: %s", error)
            return False
        return True

    def _watch(self, end: Callable[[], object]) -> None:
        while not self._done.wait(_GLANCE):
            if self.due():
                _log.info("the configuration has changed: starting anew")
                self.changed = True
                end()
                return


@contextmanager
def started_anew(
    file: Path | None, end: Callable[[], object], may_end: Callable[[], bool] = lambda: True
) -> Iterator[None]:
    """Run a service in this block: ``end`` is called when its configuration has changed.

    Raises
    ------
    SystemExit
        With :data:`CHANGED`, behind a block that ended because of that.
    """
    reload = Reload(file, may_end)
    reload.start(end)
    try:
        yield
    finally:
        reload.stop()
    if reload.changed:
        raise SystemExit(CHANGED)


def nobody_at_hand(box: Box) -> bool:
    """Whether no exam is at hand: neither a chosen one nor the only one that is open."""
    if at_hand.get(box.catalog) is not None:
        return False
    rows = box.catalog.rows("SELECT 1 FROM exam WHERE state = ? LIMIT 2", [ExamState.IN_PROGRESS])
    return len(rows) != 1


def _mark(file: Path | None) -> tuple[int, ...]:
    """What changes whenever the file does; empty where it is not there."""
    try:
        status = file.stat() if file is not None else None
    except OSError:
        return ()
    return (status.st_mtime_ns, status.st_size, status.st_ino) if status else ()


def _content(file: Path | None) -> bytes:
    try:
        return hashlib.sha256(file.read_bytes()).digest() if file is not None else b""
    except OSError:
        return b""
