"""What a technician is told about an input that gives no pictures."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

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
