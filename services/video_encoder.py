"""Frames into an H.264 stream, one in and its bytes out."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from device.ports import Frame

_ENCODER: Final = "libx264"
_CLOCK: Final = 90_000
"""Ticks per second of an MPEG-2 transport stream."""

_HIGH_DEFINITION_ROWS: Final = 720
_BT709, _BT601 = 1, 6
"""Colour descriptions of ITU-T H.264 tables E-3 to E-5."""

_KEY_FRAME_SECONDS: Final = 1


def encoder_available() -> bool:
    """Whether the video library of this machine can encode H.264."""
    return _ENCODER in av.codecs_available


class VideoEncoder:
    """Encodes frames of one size as H.264 High Profile, Level 4.1, in an MPEG-2 transport stream.

    Every frame is complete in the bytes that :meth:`encode` returns for it, so a stream that is cut
    off loses none before; there are no frames that depend on later ones. The presentation times are
    those of the frames.

    Parameters
    ----------
    first : Frame
        Gives size and kind of all frames: 8-bit grey or RGB with even sides.
    frame_time_ms : float
        Nominal time between two frames in milliseconds.

    Notes
    -----
    It is work for the processor: pictures of standard definition take a quarter of a PC's core in
    real time, 1080 rows at 30 frames per second more than one. A source that gets ahead loses
    frames, which are counted like any other loss.
    """

    def __init__(self, first: Frame, frame_time_ms: float) -> None:
        rows, columns = first.pixels.shape[:2]
        rate = Fraction(1000 / frame_time_ms).limit_denominator(1001)
        self._sink = _Sink()
        self._container: Any = av.open(
            self._sink, "w", format="mpegts", options={"flush_packets": "1"}
        )
        self._stream = self._container.add_stream(_ENCODER, rate=rate)
        self._high = rows >= _HIGH_DEFINITION_ROWS
        self._start_ns = first.monotonic_ns
        self._format = "rgb24" if first.photometric == "RGB" else "gray"
        context = self._stream.codec_context
        context.width, context.height, context.pix_fmt = columns, rows, "yuv420p"
        context.time_base = Fraction(1, _CLOCK)
        context.thread_count = 0
        context.color_range = ColorRange.MPEG
        context.colorspace = context.color_primaries = context.color_trc = (
            _BT709 if self._high else _BT601
        )
        context.options = {
            "preset": "superfast",
            "tune": "zerolatency",
            "profile": "high",
            "level": "4.1",
            "crf": "18",
            "maxrate": "40M",
            "bufsize": "40M",
            "x264-params": f"keyint={max(1, round(rate * _KEY_FRAME_SECONDS))}:repeat-headers=1",
        }

    def encode(self, frame: Frame) -> bytes:
        """Take a frame in; the bytes that it adds to the stream."""
        pixels = np.ascontiguousarray(frame.pixels, dtype=np.uint8)
        picture = av.VideoFrame.from_ndarray(pixels, format=self._format)
        picture = picture.reformat(
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709 if self._high else Colorspace.ITU601,
            dst_color_range=ColorRange.MPEG,
        )
        picture.pts = round((frame.monotonic_ns - self._start_ns) * _CLOCK / 1e9)
        picture.time_base = Fraction(1, _CLOCK)
        for packet in self._stream.encode(picture):
            self._container.mux(packet)
        return self._sink.take()


class _Sink:
    """What the muxer writes to: keeps the bytes until they are taken."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data
