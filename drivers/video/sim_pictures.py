"""Pictures that the simulated grabber shows, packed as real ones pack them."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from drivers.pattern_counter import draw_counter
from drivers.video import levels
from drivers.video.formats import FORMATS

Plane = NDArray[np.uint8]

STEPS = 32
"""The moving picture comes back to where it was after so many frames."""

JPEG_QUALITY = 90

_BARS = ((235, 128, 128), (210, 16, 146), (170, 166, 16), (145, 54, 34),
         (106, 202, 222), (81, 90, 240), (41, 240, 110), (16, 128, 128))  # fmt: skip
"""Y, Cb and Cr of the eight colour bars."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Luma at full size and both chroma planes at half its width."""

    luma: Plane
    blue: Plane
    red: Plane


class Scene:
    """A grey ramp that moves under fixed pale colours, its number drawn in the corner.

    Parameters
    ----------
    columns, rows : int
        At least 32 each, columns even.
    noise : float
        Standard deviation of the noise on luma, 0 for none.
    """

    def __init__(self, columns: int, rows: int, noise: float = 0.0) -> None:
        self.columns, self.rows = columns, rows
        down = np.linspace(0, 60, rows)[:, np.newaxis]
        ramp = 30 + 140 * np.arange(columns) / columns + down
        self._luma = np.rint(np.hstack([ramp, ramp])).astype(np.uint8)
        across = np.linspace(112, 144, columns // 2).astype(np.uint8)
        self._blue = np.repeat(across[np.newaxis], rows, axis=0)
        self._red = np.ascontiguousarray(self._blue[:, ::-1])
        self._noise = noise
        self._random = np.random.default_rng(0)

    def moving(self, number: int, combed: bool = False) -> Picture:
        """The picture of one frame; ``combed`` takes the second field a little later."""
        luma = self._at(number)
        if combed:
            luma[1::2] = self._at(number + 1)[1::2]
        draw_counter(luma, number, 235)
        if self._noise:
            grain = self._random.normal(0, self._noise, luma.shape)
            luma = np.clip(luma + grain, 0, 255).astype(np.uint8)
        return Picture(luma, self._blue, self._red)

    def blue(self) -> Picture:
        """What many grabbers show without a signal."""
        return self._flat(*_BARS[6])

    def black(self) -> Picture:
        """What the others show."""
        return self._flat(*_BARS[7])

    def rainbow(self) -> Picture:
        """Coloured bars from top to bottom."""
        which = np.arange(self.columns) * len(_BARS) // self.columns
        planes = np.array(_BARS, np.uint8)[which]
        luma, blue, red = (np.repeat(planes[np.newaxis, :, i], self.rows, axis=0) for i in range(3))
        return Picture(luma, blue[:, ::2], red[:, ::2])

    def _at(self, number: int) -> Plane:
        shift = (number % STEPS) * self.columns // STEPS
        return self._luma[:, shift : shift + self.columns].copy()

    def _flat(self, luma: int, blue: int, red: int) -> Picture:
        half = (self.rows, self.columns // 2)
        return Picture(
            np.full((self.rows, self.columns), luma, np.uint8),
            np.full(half, blue, np.uint8),
            np.full(half, red, np.uint8),
        )


def pack(picture: Picture, fourcc: str) -> bytes:
    """Bytes of the picture in one of :data:`drivers.video.formats.FORMATS`."""
    luma, blue, red = picture.luma, picture.blue, picture.red
    form = FORMATS[fourcc]
    if fourcc in ("YUYV", "UYVY"):
        first = 0 if fourcc == "YUYV" else 1
        packed = np.empty((luma.shape[0], luma.shape[1] * 2), np.uint8)
        packed[:, first::2] = luma
        packed[:, 1 - first :: 4] = blue
        packed[:, 3 - first :: 4] = red
        return packed.tobytes()
    if fourcc == "NV12":
        colour = np.stack([blue[: len(blue) // 2 * 2 : 2], red[: len(red) // 2 * 2 : 2]], axis=2)
        return luma.tobytes() + colour.tobytes()
    if form.grey and form.bits > 8:
        deep = luma.astype("<u2") << (form.bits - 8)
        return bytes(deep.tobytes())
    if form.grey:
        return luma.tobytes()
    if form.compressed:
        return _jpeg(picture)
    colours = levels.to_rgb(luma, np.repeat(blue, 2, axis=1), np.repeat(red, 2, axis=1))
    return (colours if fourcc == "RGB3" else colours[:, :, ::-1]).tobytes()


def _jpeg(picture: Picture) -> bytes:
    full = np.stack(
        [picture.luma, np.repeat(picture.blue, 2, axis=1), np.repeat(picture.red, 2, axis=1)],
        axis=2,
    )
    stream = io.BytesIO()
    Image.fromarray(full, "YCbCr").save(stream, "JPEG", quality=JPEG_QUALITY, subsampling="4:2:2")
    return stream.getvalue()
