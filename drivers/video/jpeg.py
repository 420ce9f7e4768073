"""JPEG pictures as cameras send them: whether they are whole, and what is in them.

Decoders make a picture out of nearly anything, so a stream is looked through marker by marker
before it is decoded (ISO/IEC 10918-1 annex B), and FFmpeg's decoder is told to stop at the first
thing that it would have to guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import av
from av.error import FFmpegError

_SOI, _EOI, _SOS, _DHT, _DRI = 0xD8, 0xD9, 0xDA, 0xC4, 0xDD
_BASELINE = 0xC0
_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_ALONE = {0x01, *range(0xD0, 0xD8)}
_PADDING = b"\0\xff"


class DamagedJpeg(ValueError):
    """The stream is cut, or is no JPEG."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A whole JPEG stream without the padding that a camera put behind it.

    ``interchange`` says that it stands for itself: JPEG Baseline with its own tables, as DICOM
    takes it. Some cameras leave out the Huffman tables that everybody knows.
    """

    data: bytes
    columns: int
    rows: int
    components: int
    interchange: bool


def inspect(data: bytes) -> Stream:
    """Look whether a stream is whole and what its header announces.

    Raises
    ------
    DamagedJpeg
        Saying what is missing.
    """
    if data[:2] != b"\xff\xd8":
        raise DamagedJpeg("does not begin as JPEG")
    end = data.rfind(b"\xff\xd9")
    if end < 0:
        raise DamagedJpeg("has no end")
    if data[end + 2 :].strip(_PADDING):
        raise DamagedJpeg("goes on behind its end")
    header: tuple[int, bytes] | None = None
    restarts = 0
    has_tables = False
    at = 2
    while True:
        marker, at, body = _segment(data, at)
        if marker in _FRAMES:
            header = marker, body
        elif marker == _DHT:
            has_tables = True
        elif marker == _DRI and len(body) >= 2:
            restarts = int.from_bytes(body[:2], "big")
        elif marker == _SOS:
            break
    if header is None:
        raise DamagedJpeg("has no frame header")
    _check_scan(data[at:end], restarts)
    return _stream(data[: end + 2], *header, has_tables)


def _segment(data: bytes, at: int) -> tuple[int, int, bytes]:
    """Marker, position behind it and its body."""
    while data[at : at + 2] == b"\xff\xff":
        at += 1
    if len(data) < at + 4 or data[at] != 0xFF:
        raise DamagedJpeg("has bytes between its segments")
    marker = data[at + 1]
    if marker in _ALONE:
        return marker, at + 2, b""
    if marker in (_SOI, _EOI, 0):
        raise DamagedJpeg("ends before its picture")
    length = int.from_bytes(data[at + 2 : at + 4], "big")
    behind = at + 2 + length
    if length < 2 or behind > len(data):
        raise DamagedJpeg("has a segment that is cut")
    return marker, behind, data[at + 4 : behind]


def _stream(data: bytes, marker: int, body: bytes, has_tables: bool) -> Stream:
    if len(body) < 6:
        raise DamagedJpeg("has a frame header that is cut")
    rows, columns = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
    if not rows or not columns:
        raise DamagedJpeg("announces no size")
    interchange = has_tables and marker == _BASELINE and body[0] == 8
    return Stream(data, columns, rows, body[5], interchange)


def _check_scan(scan: bytes, restarts: int) -> None:
    """Only stuffed bytes and restart markers in their turn may follow an FF in a scan."""
    expected = 0
    at = scan.find(b"\xff")
    while 0 <= at < len(scan) - 1:
        follows = scan[at + 1]
        if 0xD0 <= follows <= 0xD7:
            if not restarts or follows - 0xD0 != expected:
                raise DamagedJpeg("lost a part between two restart markers")
            expected = (expected + 1) % 8
        elif follows in (_SOI, _EOI):
            raise DamagedJpeg("holds the beginning or the end of another picture")
        elif follows not in (0x00, 0xFF, _DHT, _SOS) and follows < 0xC0:
            raise DamagedJpeg("has a marker in its picture that cannot be there")
        at = scan.find(b"\xff", at + (1 if follows == 0xFF else 2))


class Decoder:
    """Decodes one stream after the other; damage in one does not touch the next."""

    def __init__(self) -> None:
        self._codec = _codec()

    def decode(self, stream: Stream) -> Any:
        """Decode to an ``av.VideoFrame`` with planes as the camera coded them.

        Raises
        ------
        DamagedJpeg
            Where the coded data ends early or makes no sense.
        """
        try:
            frames = self._codec.decode(av.Packet(stream.data))
        except FFmpegError as error:
            self._codec = _codec()
            raise DamagedJpeg(f"cannot be decoded ({error.strerror})") from error
        if not frames or frames[0].is_corrupt:
            raise DamagedJpeg("cannot be decoded")
        if (frames[0].width, frames[0].height) != (stream.columns, stream.rows):
            raise DamagedJpeg("does not have the size that its header announces")
        return frames[0]


def _codec() -> Any:
    codec = av.codec.CodecContext.create("mjpeg", "r")
    codec.options = {"err_detect": "explode+crccheck+bitstream+buffer"}
    codec.thread_count = 1  # FFmpeg forgets the errors of slice threads
    return codec
