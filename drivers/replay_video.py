"""Pictures out of video files, decoded by PyAV; what a decoder had to guess never gets out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import av
import numpy as np
from av.error import FFmpegError, InvalidDataError

from drivers.errors import CorruptMedia
from drivers.frame import LARGEST_SIDE, MOST_SAMPLES, Damage, Picture, Pixels

_METHODS = {
    "mjpeg": "ISO_10918_1",
    "mpeg2video": "ISO_13818_2",
    "mpeg4": "ISO_14496_2",
    "h264": "ISO_14496_10",
    "hevc": "ISO_23008_2",
}
"""Lossy Image Compression Method by codec (PS3.3 C.7.6.1.1.5.1, whose terms may be extended)."""

_LOSSLESS = {"ffv1", "rawvideo", "huffyuv", "ffvhuff", "png", "utvideo", "v210", "r210"}
_GREY = {"gray": 8, "gray9le": 9, "gray10le": 10, "gray12le": 12, "gray14le": 14, "gray16le": 16}
_VIDEO = MappingProxyType({"ConversionType": "DV"})
_LONGEST_CS = 16
_LARGEST_HOLE = 10_000
"""Pictures; a larger jump is a broken time stamp rather than a loss."""


def period(path: Path) -> float | None:
    """Seconds per picture as the file says."""
    with closing(_open(path)) as container:
        rate = _stream(path, container).average_rate
        return float(1 / rate) if rate else None


def play(path: Path) -> Iterator[Picture | Damage]:
    """Yield every sound picture of the first video stream.

    A packet that cannot be decoded is lost, and so is every picture until the next key frame after
    it, since those are built upon it. Where the recording has an even rate, a hole in it counts as
    the pictures that should be there. Damage that leaves a valid bit stream cannot be noticed.

    Raises
    ------
    CorruptMedia
        Where the file, or the rest of it, cannot be read.
    """
    with closing(_open(path)) as container:
        stream = _stream(path, container)
        stream.codec_context.options = {"err_detect": "explode+crccheck+bitstream+buffer"}
        stream.codec_context.thread_count = 1  # FFmpeg forgets the errors of slice threads
        ratio, method = _lossy(path, stream)
        even = _even_period(stream)
        before: float | None = None
        told = 0
        for item in _sound(path, _decode(path, container, stream), even):
            if isinstance(item, Damage):
                told += 1
                yield item
                continue
            after = _gap(before, item.time)
            for _ in range(told, _missing(after, even)):
                yield Damage(str(path), f"the recording has a hole after {before:.2f} s")
            before, told = item.time, 0
            pixels, bits, photometric = _present(path, item)
            yield Picture(pixels, bits, photometric, _VIDEO, ratio, method, after)
        if not told and _missing(_left(container, before), even) > 1:
            yield Damage(str(path), "the recording ends before its announced length")


def _sound(path: Path, decoded: Iterator[Any], even: float | None) -> Iterator[Any]:
    """Leave out what is built upon damage; decoders hand pictures out later than they come in."""
    damaged_at: float | None = None
    before: float | None = None
    for item in decoded:
        if isinstance(item, _Broken):
            damaged_at = max(item.time, damaged_at or 0.0)
            yield Damage(str(path), item.reason)
            continue
        if item.is_corrupt:
            damaged_at = max(item.time or 0.0, damaged_at or 0.0)
        if before is not None and _missing(_gap(before, item.time), even):
            damaged_at = max(before, damaged_at or 0.0)
        before = item.time
        if damaged_at is not None and item.key_frame and (item.time or 0.0) > damaged_at:
            damaged_at = None
        if damaged_at is None:
            yield item
        else:
            yield Damage(str(path), "a picture is built upon a damaged one")


@dataclass(frozen=True, slots=True)
class _Broken:
    """A packet that gave no picture, and its place in the recording in seconds."""

    time: float
    reason: str


def _open(path: Path) -> Any:
    try:
        return av.open(str(path), mode="r")
    except (FFmpegError, ValueError) as error:
        raise _corrupt(path, f"is not readable as video ({error})") from error


def _stream(path: Path, container: Any) -> Any:
    if not container.streams.video:
        raise _corrupt(path, "holds no video stream")
    stream = container.streams.video[0]
    context = stream.codec_context
    if context is None:
        raise _corrupt(path, "needs a decoder that this machine does not have")
    largest = max(context.width, context.height)
    if largest > LARGEST_SIDE or context.width * context.height > MOST_SAMPLES:
        raise _corrupt(path, f"has pictures of {context.width} by {context.height}")
    return stream


def _decode(path: Path, container: Any, stream: Any) -> Iterator[Any]:
    """Yield decoded pictures, and :class:`_Broken` for each packet that gave none."""
    packets = container.demux(stream)
    at = 0.0
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except FFmpegError as error:
            raise _corrupt(path, f"ends in damage ({error})") from error
        if packet.pts is not None and packet.time_base:
            at = float(packet.pts * packet.time_base)
        if packet.is_corrupt:
            yield _Broken(at, "a damaged packet")
            continue
        try:
            frames = packet.decode()
        except InvalidDataError as error:
            yield _Broken(at, f"a packet cannot be decoded ({error})")
            continue
        except FFmpegError as error:
            raise _corrupt(path, f"cannot be decoded further ({error})") from error
        yield from frames


def _present(path: Path, frame: Any) -> tuple[Pixels, int, str]:
    """Grey at its depth, everything else as 8-bit RGB."""
    bits = _GREY.get(frame.format.name)
    try:
        if bits is None:
            return frame.to_ndarray(format="rgb24"), 8, "RGB"
        if bits == 8:
            return frame.to_ndarray(format="gray"), 8, "MONOCHROME2"
        values = np.asarray(frame.to_ndarray(), dtype=np.uint16)
        return values, bits, "MONOCHROME2"
    except (FFmpegError, ValueError) as error:
        raise _corrupt(path, f"{frame.format.name} cannot be converted ({error})") from error


def _gap(before: float | None, time: float | None) -> float | None:
    """Seconds between two presentation times, None where they say nothing."""
    if before is None or time is None or time <= before:
        return None
    return time - before


def _even_period(stream: Any) -> float | None:
    """Seconds per picture where the recording has them evenly, else None."""
    if not stream.average_rate or stream.average_rate != stream.base_rate:
        return None
    return float(1 / stream.average_rate)


def _missing(gap: float | None, even: float | None) -> int:
    """Pictures that should lie within a gap, at most :data:`_LARGEST_HOLE`."""
    if gap is None or even is None:
        return 0
    return min(_LARGEST_HOLE, max(0, round(gap / even) - 1))


def _left(container: Any, last: float | None) -> float | None:
    """Seconds announced after the last picture, where nothing but the picture can be meant."""
    if last is None or len(container.streams) != 1 or not container.duration:
        return None
    begin = (container.start_time or 0) / av.time_base
    return float(container.duration / av.time_base + begin - last)


def _lossy(path: Path, stream: Any) -> tuple[float | None, str | None]:
    codec = stream.codec_context.name
    if codec in _LOSSLESS:
        return None, None
    method = _METHODS.get(codec, codec.upper()[:_LONGEST_CS])
    return _ratio(path, stream), method


def _ratio(path: Path, stream: Any) -> float:
    """Size before over size after, on average over the file."""
    frames = stream.frames
    if not frames and stream.container.duration and stream.average_rate:
        frames = stream.container.duration / av.time_base * float(stream.average_rate)
    frames = frames or _count_packets(path)
    context = stream.codec_context
    samples = 1 if context.pix_fmt in _GREY else 3
    before = frames * context.width * context.height * samples
    return round(float(before) / max(1, path.stat().st_size), 2)


def _count_packets(path: Path) -> int:
    """Pictures of a recording that announces no length; reads it once without decoding."""
    count = 0
    with closing(_open(path)) as container, suppress(FFmpegError):  # as far as it goes
        count = sum(packet.size > 0 for packet in container.demux(_stream(path, container)))
    return max(1, count)


def _corrupt(path: Path, reason: str) -> CorruptMedia:
    return CorruptMedia(str(path), reason, "Copy the file again, or leave it out.")
