"""Two half pictures into one: analogue video sends every other line first, the rest 20 ms later."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, cast

import av
import numpy as np
from numpy.typing import NDArray

from drivers.frame import Pixels
from drivers.video.device import FieldOrder, Layout

COMBED = 0.001
"""Part of the picture from which on :func:`comb` means movement between the fields."""

_STEP = 12 / 255
"""Of the whole range: differences below it are noise of an analogue cable."""

_TIME_BASE = Fraction(1, 25)

_SEQUENTIAL = (FieldOrder.SEQUENTIAL_TOP, FieldOrder.SEQUENTIAL_BOTTOM)
_BOTH = (
    FieldOrder.INTERLACED,
    FieldOrder.INTERLACED_TOP,
    FieldOrder.INTERLACED_BOTTOM,
    *_SEQUENTIAL,
)


def has_both(order: FieldOrder) -> bool:
    """Whether a buffer carries both fields."""
    return order in _BOTH


def is_top_first(layout: Layout) -> bool:
    """Which field was taken first; ``INTERLACED`` alone leaves that to the standard."""
    if layout.fields in (FieldOrder.INTERLACED_BOTTOM, FieldOrder.SEQUENTIAL_BOTTOM):
        return False
    if layout.fields in (FieldOrder.INTERLACED_TOP, FieldOrder.SEQUENTIAL_TOP):
        return True
    return not layout.standard.startswith("NTSC")


def woven(pixels: Pixels, order: FieldOrder) -> Pixels:
    """Both fields line by line; those that came one below the other are put together."""
    if order not in _SEQUENTIAL:
        return pixels
    first = 0 if order is FieldOrder.SEQUENTIAL_TOP else 1
    both = np.empty_like(pixels)
    first_lines = len(both[first::2])
    both[first::2] = pixels[:first_lines]
    both[1 - first :: 2] = pixels[first_lines:]
    return both


def doubled(pixels: Pixels, keep_top: bool) -> Pixels:
    """One field alone, the other's lines made of their neighbours: nothing moves, half as sharp."""
    first = 0 if keep_top else 1
    kept = pixels[first::2].astype(np.uint32)
    result = pixels.copy()
    # the line above the first and below the last kept one have one neighbour only
    framed = np.concatenate([kept[:1], kept, kept[-1:]])
    between = (framed[:-1] + framed[1:] + 1) // 2
    made = result[1 - first :: 2]
    made[:] = between[1 - first :][: len(made)]
    return result


def comb(pixels: NDArray[Any], bits: int = 8) -> float:
    """Part of the picture, 0 to 1, where every other line belongs to another moment.

    A pixel counts where it differs from both lines beside it in the same direction and agrees with
    the lines of its own field, two above and two below. Edges of a standing picture do not.
    """
    values = (pixels if pixels.ndim == 2 else pixels[:, :, 1]).astype(np.int32)
    if len(values) < 5:
        return 0.0
    step = round(_STEP * ((1 << bits) - 1))
    middle = values[2:-2]
    up, down = middle - values[1:-3], middle - values[3:-1]
    jumps = ((up > step) & (down > step)) | ((up < -step) & (down < -step))
    agrees = (np.abs(middle - values[:-4]) <= step) & (np.abs(middle - values[4:]) <= step)
    return float((jumps & agrees).mean())


class Deinterlacer:
    """FFmpeg's bwdif over a run of pictures; each comes out when the next has gone in.

    Parameters
    ----------
    top_first : bool
        Which field was taken first.
    """

    def __init__(self, top_first: bool) -> None:
        self._top_first = top_first
        self._graph: Any = None
        self._source = self._format = ""
        self._count = 0

    def push(self, pixels: Pixels) -> Pixels | None:
        """Put one picture in, take the one before out; None for the first."""
        if self._graph is None:
            self._build(pixels)
        frame = av.VideoFrame.from_ndarray(
            cast("Any", np.ascontiguousarray(pixels)), format=self._source
        )
        frame = frame.reformat(format=self._format)
        frame.pts = self._count
        self._count += 1
        self._graph.push(frame)
        try:
            done = self._graph.pull()
        except (BlockingIOError, EOFError):
            return None
        values: Pixels = done.to_ndarray(format=self._source)
        return values

    def _build(self, pixels: Pixels) -> None:
        self._source, self._format = _formats(pixels)
        graph = av.filter.Graph()
        rows, columns = pixels.shape[:2]
        begin = graph.add_buffer(
            width=columns, height=rows, format=av.VideoFormat(self._format), time_base=_TIME_BASE
        )
        parity = "tff" if self._top_first else "bff"
        deinterlace = graph.add("bwdif", f"mode=send_frame:parity={parity}:deint=all")
        end = graph.add("buffersink")
        begin.link_to(deinterlace)
        deinterlace.link_to(end)
        graph.configure()
        self._graph = graph


def _formats(pixels: Pixels) -> tuple[str, str]:
    """How the picture is handed over, and how the filter takes it: in planes."""
    if pixels.ndim == 3:
        return "rgb24", "gbrp"
    if pixels.dtype == np.uint8:
        return "gray", "gray"
    return "gray16le", "gray16le"
