"""Keeps what belongs to patients out of the libraries' log lines.

pydicom and pynetdicom write values of data sets into messages and exception texts. Above DEBUG
nothing of that may reach a log.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from types import TracebackType

from pynetdicom import _config

_LIBRARIES = ("pydicom", "pynetdicom", "py.warnings")
_ELEMENT_LINE = re.compile(r"\(?[0-9A-Fa-f]{4},\s?[0-9A-Fa-f]{4}\)?")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|\[[^\]]*\]")
_MASK = "'...'"


class DiscretionFilter(logging.Filter):
    """Masks or drops records above DEBUG that could name a patient.

    Lines that print an element are dropped, quoted and bracketed values are masked, and an
    exception is reduced to its type and the place where it was raised. Records of other
    programs' parts pass untouched, so the filter may also sit on a handler.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno <= logging.DEBUG or not _is_library(record.name):
            return True
        if record.exc_info and record.exc_info[1] is not None:
            record.msg = _without_values(record.exc_info[1], record.exc_info[2])
        else:
            message = record.getMessage()
            if _ELEMENT_LINE.search(message):
                return False
            record.msg = _QUOTED.sub(_MASK, message)
        record.args = None
        record.exc_info = None
        record.exc_text = None
        return True


def _without_values(error: BaseException, trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace, limit=-1)
    place = f" in {frames[0].name}, line {frames[0].lineno}" if frames else ""
    return f"{type(error).__name__}{place} (details at level DEBUG)"


def keep_discreet() -> None:
    """Put one :class:`DiscretionFilter` on every logger of the DICOM libraries. Idempotent."""
    _config.LOG_REQUEST_IDENTIFIERS = False
    _config.LOG_RESPONSE_IDENTIFIERS = False
    for name in _library_loggers():
        logger = logging.getLogger(name)
        if not any(isinstance(present, DiscretionFilter) for present in logger.filters):
            logger.addFilter(DiscretionFilter())


def _library_loggers() -> set[str]:
    """Name the loggers of all loaded library modules: a logger's filter does not bind children."""
    known = {*sys.modules, *logging.root.manager.loggerDict, *_LIBRARIES}
    return {name for name in known if _is_library(name)}


def _is_library(name: str) -> bool:
    return any(name == library or name.startswith(f"{library}.") for library in _LIBRARIES)
