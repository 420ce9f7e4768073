"""From a spec to the source that it describes: the one place that knows every frame source."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.errors import SourceUnavailable
from drivers.timing import Timing
from firmware.capture.simulated import (
    DIGITISER,
    profile_for,
    simulated_digitiser,
    simulated_grabber,
)
from firmware.capture.spec import (
    DigitiserSpec,
    PatternSpec,
    ReplaySpec,
    SimulatedSpec,
    Spec,
    VideoSpec,
)

if TYPE_CHECKING:
    from drivers.pattern import PatternSource
    from drivers.replay import ReplaySource
    from drivers.usb.digitiser import DigitiserSource
    from drivers.video.discovery import Roots
    from drivers.video.source import VideoSource

    Source = PatternSource | ReplaySource | VideoSource | DigitiserSource


def build(spec: Spec, timing: Timing) -> Source:
    """The source of a spec, not opened yet. Libraries are loaded for what is asked for only."""
    match spec:
        case ReplaySpec():
            return _replay(spec, timing)
        case PatternSpec():
            return _pattern(spec, timing)
        case VideoSpec():
            return _video(spec, timing)
        case DigitiserSpec():
            from drivers.usb.digitiser import DigitiserSource

            return DigitiserSource(spec.name, spec.device, timing=timing)
        case SimulatedSpec():
            if spec.model == DIGITISER:
                return simulated_digitiser(spec.name, spec.faults, timing)
            return _simulated_grabber(spec, timing)


def _replay(spec: ReplaySpec, timing: Timing) -> ReplaySource:
    from drivers.replay import ReplaySource

    return ReplaySource(spec.name, Path(spec.path), spec.rate, spec.loop, timing)


def _pattern(spec: PatternSpec, timing: Timing) -> PatternSource:
    from drivers.pattern import PatternSource

    return PatternSource(
        spec.name,
        spec.rate,
        rows=spec.rows,
        columns=spec.columns,
        bits=spec.bits,
        colour=spec.colour,
        frames=spec.frames,
        seed=spec.seed,
        timing=timing,
    )


def _video(spec: VideoSpec, timing: Timing) -> VideoSource:
    from drivers.video.discovery import factory
    from drivers.video.source import VideoSource

    profile = replace(spec.profile, name=spec.name)
    if profile.device:
        return VideoSource(profile, factory(profile.device), timing)
    return VideoSource(profile, lambda: factory(only_grabber(spec.name))(), timing)


def only_grabber(name: str, roots: Roots | None = None) -> str:
    """The path of the one grabber that is plugged in, where the configuration names none."""
    from drivers.video.discovery import SYSTEM, list_devices

    paths = sorted({device.path for device in list_devices(roots or SYSTEM)})
    if len(paths) == 1:
        return paths[0]
    reason = "no grabber is plugged in"
    if paths:
        reason = f"several grabbers are plugged in, and none is named: {', '.join(paths)}"
    raise SourceUnavailable(
        name, reason, "Name one as the source's device; 'gantry devices' shows them."
    )


def _simulated_grabber(spec: SimulatedSpec, timing: Timing) -> VideoSource:
    from drivers.video.source import VideoSource

    profile = spec.profile or profile_for(spec.model)
    grabber = simulated_grabber(spec.model, spec.faults, profile, timing)
    return VideoSource(replace(profile, name=spec.name), lambda: grabber, timing)
