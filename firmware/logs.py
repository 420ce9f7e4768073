"""Log lines for the journal and for the terminal: one line each, no patient data above DEBUG."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

_JOURNAL = "%(asctime)s %(levelname)-7s %(threadName)s: %(message)s"
_TERMINAL = "%(message)s"
_RING_BYTES = 512 * 1024
_LIBRARIES = ("pydicom", "pynetdicom", "py.warnings")


def begin(level: int = logging.INFO) -> None:
    """Send a service's log to standard error, once, before anything else is started."""
    _send(level, _JOURNAL)
    # the library tells every step of every association; what matters of it we tell ourselves
    logging.getLogger("pynetdicom").setLevel(max(level, logging.WARNING))


def begin_for_person(level: int = logging.WARNING) -> None:
    """Show the person at the terminal what a command has to say, in plain sentences.

    The libraries' own warnings are not for them, and may quote patient data.
    """
    _send(level, _TERMINAL)
    for name in _LIBRARIES:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def begun() -> bool:
    """Whether this process has said already where its log goes."""
    return bool(logging.getLogger().handlers)


def keep(folder: Path, service: str) -> None:
    """Keep the newest lines of a service in a file too, where no journal does.

    The technician's screen and the support bundle read them; two files of at most 512 KiB each.
    """
    if os.environ.get("JOURNAL_STREAM"):
        return
    folder.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(
        folder / f"{service}.log", maxBytes=_RING_BYTES, backupCount=1, encoding="utf-8"
    )
    handler.setFormatter(_Discreet(_JOURNAL))
    logging.getLogger().addHandler(handler)


class _Discreet(logging.Formatter):
    """Says where an exception came from and of what type it is; its text may quote a patient."""

    def formatException(  # noqa: N802 -- logging's own name
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        kind, _, trace = ei
        name = kind.__name__ if kind else "no exception"
        return "".join(traceback.format_tb(trace)) + f"{name} (its text may name a patient)"


def _send(level: int, form: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(level)
    handler.setFormatter(_Discreet(form))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # a warning would otherwise go to standard error past every filter, with the value it is about
    logging.captureWarnings(True)
