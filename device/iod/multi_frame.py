"""Multi-frame Secondary Capture: all frames of one acquisition in one instance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from device.errors import UnsuitableFrame
from device.iod.context import BuiltObject, ObjectContext
from device.iod.offers import Offers, finish, gather
from device.iod.pixels import check_alike, lossy_values, pixel_values, time_values
from device.iod.secondary import describe_capture
from device.iod.tables import GRAYSCALE_BYTE, GRAYSCALE_WORD, TRUE_COLOR, Iod
from device.iod.timeline import Timeline
from device.iod.values import accepted
from device.ports import Frame
from device.protocol import ObjectKind


def build_multi_frame(
    context: ObjectContext, frames: Sequence[Frame], frame_time_ms: float | None
) -> BuiltObject:
    """Build one multi-frame Secondary Capture of like frames (PS3.3 A.8.3 to A.8.5).

    Parameters
    ----------
    context : ObjectContext
        As for :func:`build_image`.
    frames : sequence of Frame
        In the order in which they were taken; 8-bit grey becomes Grayscale Byte, 9 to 16 bits
        Grayscale Word, colour True Color.
    frame_time_ms : float or None
        Nominal time between two frames in milliseconds; None for stills, which become pages.

    Raises
    ------
    UnsuitableFrame
        The frames differ, run backwards in time, are too many for one object, or are not unsigned
        MONOCHROME2 or RGB, which is all that these IODs allow.
    CharacterSetError, InvalidIdentity
        As for :func:`build_image`.
    """
    check_alike(frames)
    iod = iod_for(frames[0])
    offers = describe(context, iod, frames, _shared(frames))
    offers.native |= lossy_values(frames)
    offers.native |= pixel_values(frames, bits_allocated=bits_allocated(iod))
    timeline = Timeline.of((frame.monotonic_ns for frame in frames), frame_time_ms)
    offers.generated |= timeline.values()
    return finish(context, offers, ObjectKind.SC)


def describe(
    context: ObjectContext, iod: Iod, frames: Sequence[Frame], shared: Mapping[str, Any]
) -> Offers:
    """Everything but pixels and frame times, from the first frame and what all of them share."""
    offers = gather(context, iod, shared)
    describe_capture(context, offers, ())
    offers.native |= time_values(frames[0], context.zone)
    if iod is TRUE_COLOR:
        offers.withdraw_grey()
    else:
        _make_identity(offers, context, frames)
    return offers


def bits_allocated(iod: Iod) -> int:
    """Cell size that the IOD prescribes."""
    return 16 if iod is GRAYSCALE_WORD else 8


def iod_for(frame: Frame) -> Iod:
    """The multi-frame IOD that such frames belong in.

    Raises
    ------
    UnsuitableFrame
        None takes them.
    """
    if frame.photometric == "RGB":
        return TRUE_COLOR
    if frame.photometric != "MONOCHROME2" or frame.pixels.dtype.kind == "i":
        what = "signed" if frame.pixels.dtype.kind == "i" else frame.photometric
        raise UnsuitableFrame(
            f"Frame {frame.sequence} is {what}; multi-frame Secondary Capture takes unsigned "
            f"MONOCHROME2 or RGB only. Switch multi_frame off in the protocol"
        )
    return GRAYSCALE_BYTE if frame.bits_stored == 8 else GRAYSCALE_WORD


def _shared(frames: Sequence[Frame]) -> Mapping[str, Any]:
    """What the source says alike of every frame; the rest cannot be said of the object."""
    first, *others = (frame.attributes for frame in frames)
    return {
        keyword: value
        for keyword, value in first.items()
        if all(keyword in other and other[keyword] == value for other in others)
    }


def _make_identity(offers: Offers, context: ObjectContext, frames: Sequence[Frame]) -> None:
    """Rescale is fixed to the identity in these IODs (PS3.3 C.8.6.3).

    A window that was meant for other, rescaled units is left out.
    """
    configured = {**context.protocol.technique, **context.protocol.geometry}
    if any(rescaled(source) for source in (configured, *(f.attributes for f in frames))):
        offers.withdraw("WindowCenter", "WindowWidth", "WindowCenterWidthExplanation")
    offers.generated |= {
        "RescaleIntercept": "0",
        "RescaleSlope": "1",
        "RescaleType": "US",
        "PresentationLUTShape": "IDENTITY",
    }


def rescaled(attributes: Mapping[str, Any]) -> bool:
    """Whether a source speaks of samples in other units than the stored ones."""
    slope = accepted("RescaleSlope", attributes.get("RescaleSlope"))
    intercept = accepted("RescaleIntercept", attributes.get("RescaleIntercept"))
    return float(slope or 1) != 1 or float(intercept or 0) != 0
