"""Multi-frame Secondary Capture while its frames come in; the pixels themselves are not kept.

A :class:`Clip` says which frames belong into one object and how each is written;
:func:`complete` adds to its description what is known only in the end. Both the recording that
ends well and the recovery of one that was cut off end with it.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.uid import JPEGBaseline8Bit

from device.iod.context import BuiltObject, ObjectContext
from device.iod.jpeg import interchange_format
from device.iod.kept_jpeg import jpeg_values, kept_jpeg
from device.iod.multi_frame import bits_allocated, describe, iod_for, rescaled
from device.iod.offers import finish, loss_remark
from device.iod.pixels import (
    check_frame,
    frame_bytes,
    lossy_method,
    lossy_ratio,
    lossy_values,
    mean_ratio,
    pixel_values,
)
from device.iod.timeline import Timeline
from device.ports import Frame
from device.protocol import ObjectKind
from device.provenance import Source

MOST_JPEG_FRAMES: Final = 2**16
"""Frames of one object with a Basic Offset Table; its room is set aside when the object begins."""

LARGEST_GROWTH: Final = 2**16 + 2048
"""Bytes by which a description may grow until it is complete: a vector and a remark."""


class Clip:
    """One multi-frame object in the making.

    Parameters
    ----------
    context : ObjectContext
        As for :func:`device.iod.build_image`; losses are told to :func:`complete`.
    first : Frame
        The first frame; it has still to be :meth:`added <add>`.
    frame_time_ms : float or None
        Nominal time between two frames in milliseconds; None for stills, which become pages.

    Raises
    ------
    UnsuitableFrame
        No multi-frame IOD takes such frames.
    """

    def __init__(self, context: ObjectContext, first: Frame, frame_time_ms: float | None) -> None:
        check_frame(first)
        self._context = context
        self._first = first
        self._iod = iod_for(first)
        self._shared = dict(first.attributes)
        self._coding = kept_jpeg(first)
        self.timeline = Timeline(frame_time_ms)
        self.ratios = array("d")

    @property
    def encapsulated(self) -> bool:
        """Whether the frames keep the JPEG streams of their device."""
        return self._coding is not None

    def size_of(self, frame: Frame) -> int:
        """About how many bytes the frame will take."""
        return len(frame.jpeg) if self.encapsulated and frame.jpeg else frame.pixels.nbytes

    def takes(self, frame: Frame) -> bool:
        """Whether the frame belongs into this object; the first one always does."""
        first = self._first
        return (
            first.pixels.shape == frame.pixels.shape
            and first.pixels.dtype == frame.pixels.dtype
            and first.photometric == frame.photometric
            and first.bits_stored == frame.bits_stored
            and lossy_method(first) == lossy_method(frame)
            and rescaled(first.attributes) == rescaled(frame.attributes)
            and self._coding == kept_jpeg(frame)
            and not (self.encapsulated and len(self.timeline) >= MOST_JPEG_FRAMES)
            and self.timeline.takes(frame.monotonic_ns)
        )

    def add(self, frame: Frame) -> tuple[memoryview, bool]:
        """Take a frame in.

        Returns
        -------
        tuple
            Its bytes as they are stored, without the header of an item, and whether
            :meth:`describe` would now say less than before this frame.

        Raises
        ------
        UnsuitableFrame
            The frame is not what it says it is.
        """
        check_frame(frame)
        self.timeline.add(frame.monotonic_ns)
        self.ratios.append(lossy_ratio(frame) or 0.0)
        known = len(self._shared)
        if frame.attributes is not self._first.attributes:
            self._shared = {
                keyword: value
                for keyword, value in self._shared.items()
                if keyword in frame.attributes and frame.attributes[keyword] == value
            }
        narrower = len(self._shared) < known
        if self.encapsulated and frame.jpeg is not None:
            return memoryview(interchange_format(frame.jpeg)), narrower
        return frame_bytes(frame, bits_allocated(self._iod)), narrower

    def cut_to(self, frames: int) -> None:
        """Forget the frames after so many: they were not written."""
        self.timeline = self.timeline.first(frames)
        del self.ratios[frames:]

    def describe(self) -> BuiltObject:
        """The object without pixel data, as if it had one frame: it is true at any time."""
        offers = describe(self._context, self._iod, [self._first], self._shared)
        offers.native |= lossy_values([self._first])
        offers.native |= pixel_values([self._first], bits_allocated=bits_allocated(self._iod))
        if self._coding is not None:
            offers.native |= jpeg_values(self._coding)
        offers.native["PixelData"] = b""
        offers.generated["NumberOfFrames"] = 1
        built = finish(self._context, offers, ObjectKind.SC)
        del built.dataset["PixelData"]
        if self.encapsulated:
            built.dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
        return built


def complete(
    built: BuiltObject,
    timeline: Timeline,
    ratios: Sequence[float],
    *,
    dropped: int,
    remark: str = "",
    stream_bytes: int = 0,
) -> None:
    """Add to a described clip how many frames it has, when they were taken and what was lost.

    Parameters
    ----------
    built : BuiltObject
        From :meth:`Clip.describe`; it is changed.
    timeline : Timeline
        Of all frames that are in the object.
    ratios : sequence of float
        Lossy compression ratio of each frame, 0 where it is not known.
    dropped : int
        Frames that the source lost while these were taken.
    remark : str
        What else a reader of the clip must know; it goes into Image Comments.
    stream_bytes : int
        Length of the video stream that holds all frames; 0 where each has its own pixels.
    """
    dataset = built.dataset
    values: dict[str, Any] = timeline.values()
    if dataset.get("LossyImageCompression") == "01":
        _say_ratio(dataset, len(timeline), ratios, stream_bytes)
    remarks = [dataset.get("ImageComments", ""), remark, loss_remark(dropped) if dropped else ""]
    if remark or dropped:
        values["ImageComments"] = "\n".join(filter(None, remarks))
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
        built.provenance[keyword] = Source.GENERATED.value


def _say_ratio(dataset: Dataset, frames: int, ratios: Sequence[float], stream_bytes: int) -> None:
    """One ratio for each step of the lossy history, or none at all (PS3.3 C.7.6.1.1.5)."""
    found = [mean_ratio(ratios)] if ratios and all(ratios) else []
    if stream_bytes:
        plain = frames * dataset.Rows * dataset.Columns * dataset.SamplesPerPixel
        found.append(f"{plain / stream_bytes:.2f}")
        if len(found) != dataset["LossyImageCompressionMethod"].VM:
            return
    if found:
        dataset.LossyImageCompressionRatio = found
