"""What the capture process is told to capture: all it needs, and nothing of the hospital."""

from __future__ import annotations

from msgspec import Struct

from drivers.video.profile import CaptureProfile


class ReplaySpec(Struct, frozen=True, tag="replay"):
    """Files, played as a grabber would; ``rate`` as :class:`drivers.replay.ReplaySource` has it."""

    name: str
    path: str
    rate: float | None = None
    loop: bool = False


class PatternSpec(Struct, frozen=True, tag="pattern"):
    """The moving test picture; as :class:`drivers.pattern.PatternSource` has it."""

    name: str
    rate: float | None = None
    rows: int = 512
    columns: int = 512
    bits: int = 8
    colour: bool = False
    frames: int = 0
    seed: int = 0


class VideoSpec(Struct, frozen=True, tag="video"):
    """A grabber of the kernel's; the profile names the device."""

    name: str
    profile: CaptureProfile


class DigitiserSpec(Struct, frozen=True, tag="digitiser"):
    """The bulk-transfer digitiser; an empty device means the only one."""

    name: str
    device: str = ""


class SimulatedSpec(Struct, frozen=True, tag="simulated"):
    """A device that is not there, by the words of :mod:`firmware.capture.simulated`.

    Without a profile, a simulated grabber gets the one that fits it.
    """

    name: str
    model: str = "grabber"
    faults: tuple[str, ...] = ()
    profile: CaptureProfile | None = None


Spec = ReplaySpec | PatternSpec | VideoSpec | DigitiserSpec | SimulatedSpec
