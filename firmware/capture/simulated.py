"""Grabbers and digitisers that are not there, and how they misbehave."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from drivers.timing import Timing
from firmware.capture import faults
from firmware.capture.faults import Fault, Faults

if TYPE_CHECKING:
    from drivers.usb.digitiser import DigitiserSource
    from drivers.video.profile import CaptureProfile
    from drivers.video.sim import SimulatedGrabber

DIGITISER = "digitiser"

_SIZES = MappingProxyType({"grabber": (640, 480), "analogue": (720, 576), "bridge": (1280, 720)})
_RATE = 25.0
_ANALOGUE_NOISE = 1.5
_MORE_NOISE = 6.0

GRABBER_FAULTS: Faults = MappingProxyType(
    {
        "unplug": Fault(
            "pulled at a picture, for so many seconds",
            lambda at, length: {"unplug_at": at, "replug_seconds": length},
            2.0,
        ),
        "stall": Fault(
            "silent before a picture, for so many seconds, without an error",
            lambda at, length: {"stall_at": at, "stall_seconds": length},
            10.0,
        ),
        "no-signal": Fault(
            "blue from a picture on, for so many pictures",
            lambda at, length: {"no_signal_at": at, "no_signal_frames": int(length)},
            50,
        ),
        "rainbow": Fault(
            "coloured bars from a picture on, for so many pictures",
            lambda at, length: {
                "no_signal_at": at,
                "no_signal_frames": int(length),
                "no_signal_picture": "rainbow",
            },
            50,
        ),
        "freeze": Fault(
            "the same picture again and again, so many times",
            lambda at, length: {"freeze_at": at, "freeze_frames": int(length)},
            75,
        ),
        "protected": Fault(
            "copy-protected from a picture on, for so many pictures",
            lambda at, length: {"protected_at": at, "protected_frames": int(length)},
            50,
        ),
        "format-change": Fault(
            "another picture size from a picture on", lambda at, _: {"change_at": at}
        ),
        "corrupt": Fault(
            "every so-manieth picture is known to be damaged, or half a JPEG",
            lambda at, _: {"error_every": at, "half_jpeg_every": at + 1},
        ),
        "short": Fault("every so-manieth picture lacks its end", lambda at, _: {"short_every": at}),
        "gaps": Fault(
            "every so-manieth picture is followed by a lost one", lambda at, _: {"gap_every": at}
        ),
        "wrong-size": Fault(
            "pictures have another size than is announced", lambda *_: {"wrong_size": True}
        ),
        "noise": Fault("analogue noise, and much of it", lambda *_: {}),
    }
)

DIGITISER_FAULTS: Faults = MappingProxyType(
    {
        "stall": Fault("the endpoint halts at a picture", lambda at, _: {"stall_at": at}),
        "short": Fault("a transfer ends within a picture", lambda at, _: {"short_at": at}),
        "corrupt": Fault("the check of a picture does not fit", lambda at, _: {"bad_check_at": at}),
        "bad-header": Fault(
            "the check of a header does not fit", lambda at, _: {"bad_header_at": at}
        ),
        "overrun": Fault("a picture is flagged as damaged", lambda at, _: {"overrun_at": at}),
        "lose": Fault("a picture is lost in the digitiser", lambda at, _: {"lose_at": at}),
        "wrong-size": Fault(
            "a picture has another size than the mode", lambda at, _: {"wrong_size_at": at}
        ),
        "no-signal": Fault(
            "the console is switched off at a picture, for so many pictures",
            lambda at, length: {"no_signal_at": at, "signal_back_at": at + int(length)},
            50,
        ),
        "freeze": Fault("the picture stands still from one on", lambda at, _: {"freeze_at": at}),
        "hang": Fault("nothing comes any more from a picture on", lambda at, _: {"hang_at": at}),
        "mute": Fault("with hang: it answers no requests either", lambda *_: {"mute": True}),
    }
)


def faults_of(model: str) -> Faults:
    """The faults that a model can have."""
    return DIGITISER_FAULTS if model == DIGITISER else GRABBER_FAULTS


def fault_meanings(model: str) -> Mapping[str, str]:
    """The words for the faults of a model, each with what it does."""
    return {word: fault.meaning for word, fault in faults_of(model).items()}


def simulated_grabber(
    model: str, texts: tuple[str, ...], profile: CaptureProfile, timing: Timing
) -> SimulatedGrabber:
    """A grabber of a model, ``grabber``, ``analogue`` or ``bridge``, that can do what is asked.

    It sends the profile's own pixel format, size and rate, where the profile has them.
    """
    from drivers.video.sim import SimulatedGrabber
    from drivers.video.sim_faults import GrabberFaults
    from drivers.video.sim_signal import GrabberModel

    noise = _MORE_NOISE if "noise" in faults.names(texts) else 0.0
    columns, rows = _SIZES[model]
    made = GrabberModel(
        formats=(profile.pixel_format,),
        columns=profile.columns or columns,
        rows=profile.rows or rows,
        rate=profile.rate or _RATE,
        interlaced=model == "analogue",
        noise=noise or (_ANALOGUE_NOISE if model == "analogue" else 0.0),
        bridge=model == "bridge",
        card=f"Simulated {model}",
    )
    return SimulatedGrabber(made, GrabberFaults(**faults.values(GRABBER_FAULTS, texts)), timing)


def profile_for(model: str) -> CaptureProfile:
    """A profile that fits a simulated grabber."""
    from drivers.video.presets import PRESETS
    from drivers.video.profile import CaptureProfile

    if model == "analogue":
        return PRESETS["composite-pal"]
    if model == "bridge":
        return PRESETS["hdmi-csi"]
    return CaptureProfile("simulated", "", freeze_seconds=1.0)


def simulated_digitiser(name: str, texts: tuple[str, ...], timing: Timing) -> DigitiserSource:
    """A digitiser on a bus of its own."""
    from drivers.usb.digitiser import DigitiserSource
    from drivers.usb.sim_bus import SimulatedBus
    from drivers.usb.sim_digitiser import DigitiserFaults, SimulatedDigitiser

    bus = SimulatedBus()
    found = DigitiserFaults(**faults.values(DIGITISER_FAULTS, texts))
    bus.plug(SimulatedDigitiser(faults=found, timing=timing))
    return DigitiserSource(name, backend=bus, freeze_seconds=1.0, timing=timing)
