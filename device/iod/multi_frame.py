"""Multi-frame Secondary Capture: all frames of one acquisition in one instance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from pydicom.tag import Tag
from pydicom.valuerep import format_number_as_ds

from device.errors import UnsuitableFrame
from device.iod.context import BuiltObject, ObjectContext
from device.iod.offers import Offers, finish, gather
from device.iod.pixels import check_alike, lossy_values, pixel_values, time_values
from device.iod.secondary import describe_capture
from device.iod.tables import GRAYSCALE_BYTE, GRAYSCALE_WORD, TRUE_COLOR, Iod
from device.iod.values import accepted
from device.ports import Frame
from device.protocol import ObjectKind

UNIFORM_WITHIN: Final = 0.10
"""Share of the nominal frame time by which intervals may differ and still count as uniform."""

_LONGEST_VECTOR: Final = 2**16 - 2


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
    iod = _iod_for(frames[0])
    offers = gather(context, iod, _shared(frames))
    describe_capture(context, offers, ())
    offers.native |= time_values(frames[0], context.zone) | lossy_values(frames)
    if iod is TRUE_COLOR:
        offers.withdraw_grey()
    else:
        _make_identity(offers, context, frames)
    offers.native |= pixel_values(frames, bits_allocated=16 if iod is GRAYSCALE_WORD else 8)
    offers.generated |= _increments(frames, frame_time_ms)
    return finish(context, offers, ObjectKind.SC)


def _iod_for(frame: Frame) -> Iod:
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
    if any(_rescaled(source) for source in (configured, *(f.attributes for f in frames))):
        offers.withdraw("WindowCenter", "WindowWidth", "WindowCenterWidthExplanation")
    offers.generated |= {
        "RescaleIntercept": "0",
        "RescaleSlope": "1",
        "RescaleType": "US",
        "PresentationLUTShape": "IDENTITY",
    }


def _rescaled(attributes: Mapping[str, Any]) -> bool:
    slope = accepted("RescaleSlope", attributes.get("RescaleSlope"))
    intercept = accepted("RescaleIntercept", attributes.get("RescaleIntercept"))
    return float(slope or 1) != 1 or float(intercept or 0) != 0


def _increments(frames: Sequence[Frame], frame_time_ms: float | None) -> dict[str, Any]:
    """Number of Frames and what leads from one to the next (PS3.3 C.7.6.5, C.7.6.6, C.8.6.4).

    A single frame has no next one, so nothing points anywhere.
    """
    count = len(frames)
    if count == 1:
        return {"NumberOfFrames": 1}
    if frame_time_ms is None:
        pages = list(range(1, count + 1))
        return _pointing_at("PageNumberVector", count) | {"PageNumberVector": pages}
    times = [frame.monotonic_ns / 1e6 for frame in frames]
    intervals = [later - earlier for earlier, later in pairwise(times)]
    if min(intervals) < 0:
        raise UnsuitableFrame("The frames are not in the order in which they were taken")
    if all(abs(one - frame_time_ms) <= UNIFORM_WITHIN * frame_time_ms for one in intervals):
        return _pointing_at("FrameTime", count) | {"FrameTime": _milliseconds(frame_time_ms)}
    vector = ["0", *(_milliseconds(one) for one in intervals)]
    if len("\\".join(vector)) > _LONGEST_VECTOR:
        raise UnsuitableFrame(
            f"{count} frames at uneven intervals are more than one object can time; "
            f"acquire fewer frames at a time"
        )
    return _pointing_at("FrameTimeVector", count) | {"FrameTimeVector": vector}


def _pointing_at(keyword: str, count: int) -> dict[str, Any]:
    return {"NumberOfFrames": count, "FrameIncrementPointer": Tag(keyword)}


def _milliseconds(value: float) -> str:
    return str(format_number_as_ds(round(float(value), 3)))
