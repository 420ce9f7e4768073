"""Log lines for the journal: one line each, no patient data above DEBUG."""

from __future__ import annotations

import logging
import sys

_FORMAT = "%(asctime)s %(levelname)-7s %(threadName)s: %(message)s"


def begin(level: int = logging.INFO) -> None:
    """Send the log to standard error, once, before anything else is started."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(_FORMAT))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # the library tells every step of every association; what matters of it we tell ourselves
    logging.getLogger("pynetdicom").setLevel(max(level, logging.WARNING))
