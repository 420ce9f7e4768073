"""How a source takes its pictures, in one word: what a calibration is bound to."""

from __future__ import annotations

import hashlib
from typing import Any

from firmware.config import Configuration
from firmware.config.profiles import capture_profile, find_profile
from services.calibration import Circumstances
from services.errors import NotFound

_LENGTH = 16
_OF_SOURCE = ("kind", "path", "device", "model", "rows", "columns")
_OF_PROFILE = (
    "device",
    "pixel_format",
    "columns",
    "rows",
    "standard",
    "input",
    "crop",
    "fields",
    "pixel_aspect",
)


def capture_circumstances(
    configuration: Configuration, source_name: str, zoom: str = ""
) -> Circumstances:
    """The circumstances under which this source takes pictures now.

    Another device, profile, crop or size makes other circumstances, so that what was measured
    before holds no longer. Grey range, rate and what no signal looks like move no pixel.

    Raises
    ------
    NotFound
        There is no such source.
    """
    for settings in configuration.sources:
        if settings.name == source_name:
            told: list[Any] = [getattr(settings, key) for key in _OF_SOURCE]
            found = find_profile(configuration.profiles, settings.profile)
            if settings.profile and found is not None:
                profile = capture_profile(found)
                told += [getattr(profile, key) for key in _OF_PROFILE]
            digest = hashlib.sha256(repr(told).encode()).hexdigest()[:_LENGTH]
            return Circumstances(source_name, f"{settings.kind} {digest}", zoom)
    names = ", ".join(source.name for source in configuration.sources) or "none"
    raise NotFound(f"no source is called {source_name!r}; configured: {names}")
