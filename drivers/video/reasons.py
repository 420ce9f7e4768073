"""What a technician is told about an input that gives no pictures."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from drivers.errors import SourceUnavailable
from drivers.video.signal import SignalState

REASONS: Mapping[SignalState, tuple[str, str]] = MappingProxyType(
    {
        SignalState.NO_SIGNAL: (
            "there is no signal",
            "Look whether the modality is on and its video cable is plugged in.",
        ),
        SignalState.UNSUPPORTED_MODE: (
            "the signal is not what the profile says",
            "Set the modality's output as before, or make a profile for the new one.",
        ),
        SignalState.PROTECTED: (
            "the signal is copy-protected",
            "Use an output of the modality that is not protected; protection is not broken.",
        ),
        SignalState.FROZEN: (
            "the picture is frozen",
            "Look at the modality; if its picture moves, unplug the grabber and plug it in again.",
        ),
        SignalState.LIVE: (
            "no picture came in time",
            "Look whether the source runs and its cable is plugged in.",
        ),
    }
)
"""What is the matter, and what to do about it."""


def gone(name: str) -> SourceUnavailable:
    """A device that was pulled, or was never there."""
    return SourceUnavailable(
        name, "the device is gone", "Plug it in again; it is opened by itself."
    )


def explain(name: str, error: OSError) -> SourceUnavailable:
    """What a driver said, under the name of the source that a technician knows."""
    if isinstance(error, SourceUnavailable):
        return SourceUnavailable(name, error.reason, error.advice)
    return SourceUnavailable(
        name,
        f"the driver failed ({error.strerror or error})",
        "It is opened again by itself; plug it in again if that does not help.",
    )
