"""From the bytes of a buffer to a picture, and what is wrong with bytes that make none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any, cast

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from drivers.frame import Pixels
from drivers.video import levels
from drivers.video.device import Layout
from drivers.video.formats import FORMATS, PixelFormat
from drivers.video.jpeg import DamagedJpeg, Decoder, Stream, inspect
from drivers.video.profile import CaptureProfile
from drivers.video.signal import Thumbnail

Bytes = NDArray[np.uint8]

_THUMBNAIL_SIDE = 96
_AV_NAMES = MappingProxyType(
    {(1, 1): "yuv444p", (1, 2): "yuv422p", (2, 1): "yuv440p", (2, 2): "yuv420p", (1, 4): "yuv411p"}
)
_SPACES: Mapping[str, Any] = MappingProxyType({"601": Colorspace.ITU601, "709": Colorspace.ITU709})


class DamagedFrame(ValueError):
    """The buffer does not hold a whole picture."""


class WrongSize(DamagedFrame):
    """The buffer holds a picture of another size than the device announces."""


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """One picture out of a buffer, in memory of its own.

    Attributes
    ----------
    pixels : array
        Grey or RGB with the range of the profile expanded; not yet deinterlaced or cropped.
    bits : int
        Significant bits of a sample.
    thumbnail : array
        Small and in colour whatever the profile, raw values; what the signal is judged by.
    jpeg : bytes or None
        The device's own stream, where ``pixels`` are exactly what every decoder makes of it.
    ratio : float or None
        Compression ratio of a compressed picture.
    """

    pixels: Pixels
    bits: int
    thumbnail: Thumbnail
    jpeg: bytes | None = None
    ratio: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Planes:
    """Luma and, at whatever size they came, both chroma planes; None where there is no colour."""

    luma: NDArray[Any]
    blue: Bytes | None = None
    red: Bytes | None = None


class PictureDecoder:
    """Decodes the buffers of one device as one profile wants them.

    Parameters
    ----------
    layout : Layout
        As read back from the device.
    profile : CaptureProfile
        Range, matrix, and whether only luma is wanted.
    """

    def __init__(self, layout: Layout, profile: CaptureProfile) -> None:
        self._layout = layout
        self._profile = profile
        self._format = FORMATS[layout.fourcc]
        self._grey = profile.grey or self._format.grey
        self._levels = levels.table(profile.range, self._format.bits)
        self._chroma = levels.chroma_table(profile.range)
        self._jpeg = Decoder()

    def decode(self, data: Bytes) -> Decoded:
        """Make a picture of the used part of a buffer.

        Raises
        ------
        DamagedFrame
            Where it is short, cut or damaged.
        WrongSize
            Where it is a whole picture, but not one of the size that the device announces.
        """
        if self._format.compressed:
            return self._decode_jpeg(bytes(data))
        rows = _lines(data, self._layout, self._format)
        if self._format.fourcc in ("RGB3", "BGR3"):
            return self._decode_rgb(rows)
        planes = _planes(rows, self._layout, self._format)
        if self._grey:
            luma = levels.apply(planes.luma, self._levels, self._format.bits)
            return Decoded(luma, self._format.bits, _thumbnail(planes, self._format.bits))
        return Decoded(self._to_rgb(planes), 8, _thumbnail(planes, 8))

    def _decode_rgb(self, rows: Bytes) -> Decoded:
        width = self._layout.columns
        colours = rows[: self._layout.rows, : width * 3].reshape(-1, width, 3)
        if self._format.fourcc == "BGR3":
            colours = colours[:, :, ::-1]
        step = _step(*colours.shape[:2])
        thumbnail = colours[::step, ::step].copy()
        if self._grey:
            luma = levels.luma(colours, self._profile.matrix)
            return Decoded(levels.apply(luma, self._levels, 8), 8, thumbnail)
        return Decoded(levels.apply(colours, self._levels, 8), 8, thumbnail)

    def _decode_jpeg(self, data: bytes) -> Decoded:
        try:
            stream = inspect(data)
            self._check_size(stream)
            frame = self._jpeg.decode(stream)
        except DamagedJpeg as error:
            raise DamagedFrame(f"the JPEG {error}") from error
        planes = _frame_planes(frame)
        grey = self._grey or planes.blue is None
        samples = stream.columns * stream.rows * stream.components
        return Decoded(
            levels.apply(planes.luma, self._levels, 8) if grey else self._to_rgb(planes),
            8,
            _thumbnail(planes, 8),
            stream.data if self._keeps(stream) else None,
            round(samples / len(stream.data), 2),
        )

    def _check_size(self, stream: Stream) -> None:
        if (stream.columns, stream.rows) != (self._layout.columns, self._layout.rows):
            raise WrongSize(
                f"the JPEG is {stream.columns} by {stream.rows} instead of "
                f"{self._layout.columns} by {self._layout.rows}"
            )

    def _keeps(self, stream: Stream) -> bool:
        """Whether the stream alone, decoded by anybody, is the picture that the profile wants."""
        profile = self._profile
        return (
            profile.lossy
            and stream.interchange
            and profile.crop is None
            and profile.range == "full"
            and profile.fields == "progressive"
            and (stream.components == 1 or (profile.matrix == "601" and not self._grey))
        )

    def _to_rgb(self, planes: _Planes) -> Pixels:
        """Expand the range of luma and chroma, then convert with the profile's matrix."""
        rows, columns = planes.luma.shape
        assert planes.blue is not None
        assert planes.red is not None
        frame = av.VideoFrame(columns, rows, _planar(planes.luma.shape, planes.blue.shape))
        tables = (self._levels, self._chroma, self._chroma)
        for plane, values, new in zip(
            frame.planes, (planes.luma, planes.blue, planes.red), tables, strict=True
        ):
            lines = np.frombuffer(cast("Any", plane), np.uint8).reshape(-1, plane.line_size)
            into = lines[: values.shape[0], : values.shape[1]]
            into[:] = values if new is None else new.take(values)
        space = _SPACES[self._profile.matrix]
        rgb = frame.to_ndarray(
            format="rgb24",
            src_colorspace=space,
            dst_colorspace=space,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.JPEG,
        )
        return np.asarray(rgb, np.uint8)


def _planar(luma: tuple[int, ...], chroma: tuple[int, ...]) -> str:
    """FFmpeg's name for planes of these sizes."""
    down, across = -(-luma[0] // chroma[0]), -(-luma[1] // chroma[1])
    try:
        return _AV_NAMES[down, across]
    except KeyError as error:
        raise DamagedFrame(f"colours at 1 of {down} by {across} pixels cannot be shown") from error


def pixel_aspect(layout: Layout, profile: CaptureProfile) -> tuple[int, int] | None:
    """Vertical and horizontal size of a pixel, None where it is square (PS3.3 C.7.6.3.1.7).

    The kernel's ``pixelaspect`` is height by width, 54/59 for PAL, just as DICOM's.
    """
    aspect = profile.pixel_aspect or layout.pixel_aspect
    if aspect is None or min(aspect) < 1:
        return None
    ratio = Fraction(*aspect)
    return None if ratio == 1 else (ratio.numerator, ratio.denominator)


def _lines(data: Bytes, layout: Layout, form: PixelFormat) -> Bytes:
    """The buffer as lines with their padding, which may be missing from the last."""
    pitch = max(layout.bytes_per_line, layout.columns * form.bytes_per_pixel)
    lines = layout.rows + form.chroma_rows * (layout.rows // 2)
    whole = form.picture_size(pitch, layout.rows)
    least = whole - (pitch - layout.columns * form.bytes_per_pixel)
    if len(data) < least:
        raise DamagedFrame(f"the picture has {len(data)} of {least} bytes")
    if len(data) > max(whole, layout.size):
        raise WrongSize(f"the picture has {len(data)} bytes instead of {whole}")
    if len(data) < whole:
        data = np.concatenate([data, np.zeros(whole - len(data), np.uint8)])
    return data[:whole].reshape(lines, pitch)


def _planes(rows: Bytes, layout: Layout, form: PixelFormat) -> _Planes:
    """Views of luma and chroma, nothing copied."""
    width = layout.columns
    if form.fourcc == "YUYV":
        used = rows[:, : width * 2]
        return _Planes(used[:, 0::2], used[:, 1::4], used[:, 3::4])
    if form.fourcc == "UYVY":
        used = rows[:, : width * 2]
        return _Planes(used[:, 1::2], used[:, 0::4], used[:, 2::4])
    if form.fourcc == "NV12":
        colour = rows[layout.rows :, :width]
        return _Planes(rows[: layout.rows, :width], colour[:, 0::2], colour[:, 1::2])
    if form.bytes_per_pixel == 1:
        return _Planes(rows[:, :width])
    words = np.ascontiguousarray(rows[:, : width * 2]).view("<u2")
    return _Planes(words.astype(np.uint16, copy=False) & np.uint16((1 << form.bits) - 1))


def _frame_planes(frame: Any) -> _Planes:
    """Views of the planes of a decoded JPEG."""
    views = []
    for plane in frame.planes[:3]:
        lines = np.frombuffer(cast("Any", plane), np.uint8).reshape(-1, plane.line_size)
        views.append(lines[: plane.height, : plane.width])
    return _Planes(*views) if len(views) == 3 else _Planes(views[0])


def _step(rows: int, columns: int) -> int:
    return max(1, min(rows, columns) // _THUMBNAIL_SIDE)


def _thumbnail(planes: _Planes, bits: int) -> Thumbnail:
    """A small RGB picture of the raw values, every so-manieth pixel of them."""
    rows, columns = planes.luma.shape
    step = _step(rows, columns)
    down, across = np.arange(0, rows, step), np.arange(0, columns, step)
    luma = planes.luma[np.ix_(down, across)] >> (bits - 8)
    if planes.blue is None or planes.red is None:
        return np.repeat(luma.astype(np.uint8)[:, :, np.newaxis], 3, axis=2)
    height, width = planes.blue.shape
    place = np.ix_(
        np.minimum(down * height // rows, height - 1),
        np.minimum(across * width // columns, width - 1),
    )
    return levels.to_rgb(luma, planes.blue[place], planes.red[place])
