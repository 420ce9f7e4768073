"""What a grabber may answer besides being there or gone."""

from __future__ import annotations

from drivers.errors import SourceUnavailable


class UnsupportedMode(SourceUnavailable):
    """The device is there, but does not do what the profile asks."""
