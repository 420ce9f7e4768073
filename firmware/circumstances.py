"""How a source takes its pictures, in one word: what a calibration is bound to."""

from __future__ import annotations

import hashlib

import msgspec

from firmware.config import Configuration
from services.calibration import Circumstances
from services.errors import NotFound

_LENGTH = 16


def capture_circumstances(
    configuration: Configuration, source_name: str, zoom: str = ""
) -> Circumstances:
    """The circumstances under which this source takes pictures now.

    Any change to what is configured of the source makes other circumstances, so that what was
    measured before holds no longer.

    Raises
    ------
    NotFound
        There is no such source.
    """
    for settings in configuration.sources:
        if settings.name == source_name:
            digest = hashlib.sha256(msgspec.json.encode(settings)).hexdigest()[:_LENGTH]
            return Circumstances(source_name, f"{settings.kind} {digest}", zoom)
    names = ", ".join(source.name for source in configuration.sources) or "none"
    raise NotFound(f"no source is called {source_name!r}; configured: {names}")
