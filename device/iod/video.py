"""Video objects: a recording as one H.264 stream, for archives that take it (PS3.3 A.32.5, A.32.7).

The stream itself is made elsewhere and handed in; here is what the object says of it.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Final

from pydicom.dataset import Dataset
from pydicom.uid import MPEG4HP41

from device.iod.anatomic_regions import ANATOMIC_REGIONS
from device.iod.context import BuiltObject, ObjectContext
from device.iod.offers import Offers, finish, gather
from device.iod.pixels import check_frame, lossy_method, lossy_ratio, pixel_values, time_values
from device.iod.secondary import describe_capture
from device.iod.tables import VIDEO_ENDOSCOPIC, VIDEO_PHOTOGRAPHIC
from device.iod.timeline import Timeline
from device.ports import Frame
from device.protocol import ObjectKind

H264_METHOD: Final = "ISO_14496_10"
"""Defined term for H.264 (PS3.3 C.7.6.1.1.5.1)."""

_IODS: Final = {"ES": VIDEO_ENDOSCOPIC, "XC": VIDEO_PHOTOGRAPHIC}
VIDEO_MODALITIES: Final = tuple(_IODS)
VIDEO_SOP_CLASSES: Final = frozenset(iod.sop_class_uid for iod in _IODS.values())

_MOST_MACROBLOCKS: Final = 8192
_MOST_MACROBLOCKS_PER_SECOND: Final = 245_760


def video_obstacle(context: ObjectContext, frame: Frame, frame_time_ms: float | None) -> str:
    """Why such frames cannot be a video object, in one sentence; empty where they can.

    The limits are those of H.264 High Profile at Level 4.1 (PS3.5 section 8.2.7, ITU-T H.264 table
    A-1) with 4:2:0 sampling, and of the two video IODs.
    """
    rows, columns = frame.pixels.shape[:2]
    blocks = -(-rows // 16) * -(-columns // 16)
    if context.series.modality not in _IODS:
        return f"Video objects are for modality ES or XC, not {context.series.modality}"
    if context.series.body_part not in ANATOMIC_REGIONS:
        return "Video objects need a body part that has an anatomic region code"
    if frame.bits_stored != 8 or frame.photometric == "MONOCHROME1":
        return "Video objects take colour or MONOCHROME2 of 8 bits"
    if rows % 2 or columns % 2 or min(rows, columns) < 16:
        return f"H.264 takes even sides of 16 pixels at least, not {columns} x {rows}"
    if frame_time_ms is None:
        return "The source gives stills, which are no video"
    if blocks > _MOST_MACROBLOCKS or blocks * 1000 > _MOST_MACROBLOCKS_PER_SECOND * frame_time_ms:
        return (
            f"{columns} x {rows} at {1000 / frame_time_ms:.0f} frames per second are beyond "
            f"Level 4.1 of H.264"
        )
    return ""


class VideoClip:
    """One video object in the making; the counterpart of :class:`device.iod.clip.Clip`.

    Parameters
    ----------
    context, first, frame_time_ms
        As for :class:`device.iod.clip.Clip`; :func:`video_obstacle` has to be empty for them.
    encode : callable
        Takes a frame into the stream and returns the bytes that it added: MPEG-2 transport stream
        packets with H.264 High Profile, Level 4.1.
    """

    def __init__(
        self,
        context: ObjectContext,
        first: Frame,
        frame_time_ms: float | None,
        encode: Callable[[Frame], bytes],
    ) -> None:
        check_frame(first)
        self._context = context
        self._first = first
        self._encode = encode
        self._iod = _IODS[context.series.modality]
        self.timeline = Timeline(frame_time_ms)
        self.ratios = array("d")

    def takes(self, frame: Frame) -> bool:
        """Whether the frame belongs into this object."""
        first = self._first
        return (
            first.pixels.shape == frame.pixels.shape
            and first.photometric == frame.photometric
            and frame.bits_stored == 8
            and lossy_method(first) == lossy_method(frame)
            and self.timeline.takes(frame.monotonic_ns)
        )

    def size_of(self, frame: Frame) -> int:
        """At most how many bytes the frame will take: as many as its samples."""
        return frame.pixels.nbytes

    def add(self, frame: Frame) -> tuple[memoryview, bool]:
        """Take a frame in; its part of the stream, and False: the description stays."""
        check_frame(frame)
        data = self._encode(frame)
        self.timeline.add(frame.monotonic_ns)
        self.ratios.append(lossy_ratio(frame) or 0.0)
        return memoryview(data), False

    def cut_to(self, frames: int) -> None:
        """Forget the frames after so many: they were not written."""
        self.timeline = self.timeline.first(frames)
        del self.ratios[frames:]

    def describe(self) -> BuiltObject:
        """The object without its stream, as if it had one frame."""
        offers = gather(self._context, self._iod, {})
        describe_capture(self._context, offers, ())
        offers.withdraw_grey()
        offers.native |= time_values(self._first, self._context.zone)
        offers.native |= pixel_values([self._first], bits_allocated=8)
        offers.native |= {
            "SamplesPerPixel": 3,
            "PhotometricInterpretation": "YBR_PARTIAL_420",
            "PlanarConfiguration": 0,
            "PixelData": b"",
        }
        self._say_compression(offers)
        offers.generated["NumberOfFrames"] = 1
        offers.generated["AnatomicRegionSequence"] = [_region(self._context.series.body_part)]
        built = finish(self._context, offers, ObjectKind.SC)
        del built.dataset["PixelData"]
        built.dataset.file_meta.TransferSyntaxUID = MPEG4HP41
        return built

    def _say_compression(self, offers: Offers) -> None:
        earlier = lossy_method(self._first)
        offers.native["LossyImageCompression"] = "01"
        offers.native["LossyImageCompressionMethod"] = (
            [earlier, H264_METHOD] if earlier else H264_METHOD
        )


def _region(body_part: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodeMeaning = ANATOMIC_REGIONS[body_part]
    item.CodingSchemeDesignator = "SCT"
    return item
