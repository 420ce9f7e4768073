"""From the configuration to what the capture process is told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.errors import SourceUnavailable
from firmware.capture.spec import (
    DigitiserSpec,
    PatternSpec,
    ReplaySpec,
    SimulatedSpec,
    Spec,
    VideoSpec,
)
from firmware.config import ProfileSettings, SourceSettings
from firmware.config.profiles import capture_profile, find_profile

if TYPE_CHECKING:
    from drivers.video.profile import CaptureProfile


def specify(settings: SourceSettings, profiles: Sequence[ProfileSettings]) -> Spec:
    """What to capture for a configured source of pictures.

    Raises
    ------
    SourceUnavailable
        Its profile, or the EDID file of it, cannot be used.
    """
    name = settings.name
    match settings.kind:
        case "replay":
            return ReplaySpec(name, settings.path, settings.rate, settings.loop)
        case "pattern":
            return PatternSpec(
                name,
                rate=settings.rate,
                rows=settings.rows,
                columns=settings.columns,
                bits=settings.bits,
                colour=settings.colour,
                frames=settings.frames,
                seed=settings.seed,
            )
        case "usb":
            return DigitiserSpec(name, settings.device)
        case "simulated":
            profile = _profile(settings, profiles) if settings.profile else None
            return SimulatedSpec(name, settings.model or "grabber", settings.faults, profile)
        case "v4l2":
            profile = _profile(settings, profiles)
            return VideoSpec(name, profile.on(settings.device) if settings.device else profile)
        case _:
            raise ValueError(f"{name}: no capture process reads a source of kind {settings.kind}")


def _profile(settings: SourceSettings, profiles: Sequence[ProfileSettings]) -> CaptureProfile:
    found = find_profile(profiles, settings.profile)
    if found is None:
        raise SourceUnavailable(
            settings.name,
            f"there is no profile {settings.profile!r}",
            "Name an entry of [[profiles]] or a shipped preset in the configuration.",
        )
    if not found.edid:
        return capture_profile(found)
    try:
        edid = Path(found.edid).read_bytes()
        return capture_profile(found, edid)
    except (OSError, ValueError) as error:
        raise SourceUnavailable(
            settings.name,
            f"the EDID file {found.edid} cannot be used ({error})",
            "Correct the key edid of the profile, or leave it empty.",
        ) from error
