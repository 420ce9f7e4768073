"""Images for the screen: 8-bit grey or colour, at a frame, a window and a size."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.picture_file import Layout, read_jpeg, read_layout, read_stored
from services.video_frames import VideoFrames

_KNOWN: Final = 64
"""Files whose layout is remembered."""

Format = Literal["jpeg", "png"]


@dataclass(frozen=True, slots=True)
class Window:
    """Centre and width in modality values (PS3.3 C.11.2.1.2); the width is 1 at least."""

    centre: float
    width: float


def grey_lut(layout: Layout, window: Window) -> NDArray[np.uint8]:
    """What each possible stored value looks like, by its bits read as an unsigned number.

    Modality LUT, linear window and MONOCHROME1 in one table, so that a picture is one look-up.
    """
    bits = layout.bits_allocated
    stored = np.arange(2**bits, dtype=np.float64)
    if layout.signed:
        stored = np.where(stored >= 2 ** (bits - 1), stored - 2**bits, stored)
    values = stored * layout.slope + layout.intercept
    if window.width <= 1:
        shown = np.where(values > window.centre - 0.5, 1.0, 0.0)
    else:
        shown = (values - (window.centre - 0.5)) / (window.width - 1) + 0.5
    grey = np.rint(np.clip(shown, 0.0, 1.0) * 255.0).astype(np.uint8)
    return 255 - grey if layout.inverted else grey


def full_range(layout: Layout, values: NDArray[Any]) -> Window:
    """The window that shows everything: 8-bit pictures as they are, deeper ones by their range."""
    if layout.bits_stored == 8 and not layout.signed:
        low, high = 0.0, 255.0
    else:
        low, high = float(values.min()), float(values.max())
    ends = sorted((low * layout.slope + layout.intercept, high * layout.slope + layout.intercept))
    width = ends[1] - ends[0] + 1
    return Window(ends[0] + width / 2, width)


class Renderer:
    """Renders frames of files; remembers layouts, and the decoder of the clip shown last.

    Safe for threads: reading and windowing go on side by side, video decoding takes turns.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._layouts: OrderedDict[tuple[Path, int, int], tuple[Layout, Window | None]] = (
            OrderedDict()
        )
        self._decoding = threading.Lock()
        self._decoder: tuple[tuple[Path, int, int], VideoFrames] | None = None

    def layout(self, path: Path) -> Layout:
        """What is known of a file's pixels.

        Raises
        ------
        Unreadable
            See :func:`services.picture_file.explained`.
        """
        return self._known(path)[0]

    def window(self, path: Path) -> Window | None:
        """How an image is shown unless somebody says otherwise; None for colour.

        The object's own window, else all values of its first frame; the same for every frame.
        """
        return self._known(path)[1]

    def stored(self, path: Path, frame: int = 1) -> NDArray[Any]:
        """The values of one frame as they are stored; a video's as RGB."""
        layout = self.layout(path)
        return self._video(path, frame) if layout.video else read_stored(path, layout, frame)

    def picture(
        self, path: Path, frame: int = 1, window: Window | None = None
    ) -> NDArray[np.uint8]:
        """One frame for the screen at its own size, grey or RGB.

        Raises
        ------
        NotFound
            There is no such frame.
        Unreadable
            See :func:`services.picture_file.explained`.
        """
        layout, own = self._known(path)
        values = self.stored(path, frame)
        if layout.colour:
            return np.asarray(values, dtype=np.uint8)
        chosen = window or own or full_range(layout, values)
        lut = grey_lut(layout, chosen)
        return np.asarray(lut[values.view(f"u{values.dtype.itemsize}")])

    def encoded(
        self,
        path: Path,
        frame: int = 1,
        *,
        window: Window | None = None,
        size: int | None = None,
        form: Format = "jpeg",
        quality: int = 90,
    ) -> bytes:
        """One frame as a JPEG or PNG whose longer side is ``size`` pixels at most.

        A kept JPEG that is wanted as it is goes out as it is.
        """
        layout = self.layout(path)
        fits = size is None or max(layout.rows, layout.columns) <= size
        if layout.jpeg and form == "jpeg" and fits and window is None and _plain(layout):
            return read_jpeg(path, layout, frame)
        picture = Image.fromarray(self.picture(path, frame, window))
        wanted = _shown_size(layout, size)
        if wanted != picture.size:
            picture = picture.resize(wanted, Image.Resampling.BOX if fits else None, reducing_gap=2)
        out = io.BytesIO()
        options = {"quality": quality} if form == "jpeg" else {"compress_level": 1}
        picture.save(out, form, **options)
        return out.getvalue()

    def samples(self, path: Path, frame: int = 1, size: int | None = None) -> NDArray[np.uint16]:
        """Stored values of a grey frame, for windowing where they are shown.

        Blocks of pixels are averaged while the picture stays at least ``size`` on its longer side.

        Returns
        -------
        array of uint16
            The bits of the stored values, little-endian; a signed one's as two's complement.
        """
        values = self.stored(path, frame)
        factor = max(1, max(values.shape[:2]) // size) if size else 1
        if factor > 1:
            values = _block_means(values, factor)
        wide = values.astype("<i2" if values.dtype.kind == "i" else "<u2", copy=False)
        return np.ascontiguousarray(wide).view("<u2")

    def _known(self, path: Path) -> tuple[Layout, Window | None]:
        key = _key(path)
        with self._lock:
            found = self._layouts.get(key)
            if found is not None:
                self._layouts.move_to_end(key)
                return found
        layout = read_layout(path)
        window = None
        if not layout.colour and not layout.video:
            own = layout.window
            window = Window(*own) if own else full_range(layout, read_stored(path, layout, 1))
        with self._lock:
            self._layouts[key] = layout, window
            while len(self._layouts) > _KNOWN:
                self._layouts.popitem(last=False)
        return layout, window

    def _video(self, path: Path, frame: int) -> NDArray[Any]:
        key = _key(path)
        with self._decoding:
            if self._decoder is None or self._decoder[0] != key:
                self._forget_decoder()
                self._decoder = key, VideoFrames(path, self.layout(path))
            try:
                return self._decoder[1].read(frame)
            except BaseException:
                self._forget_decoder()
                raise

    def _forget_decoder(self) -> None:
        if self._decoder is not None:
            self._decoder[1].close()
            self._decoder = None

    def close(self) -> None:
        """Let go of the decoder."""
        with self._decoding:
            self._forget_decoder()


def _key(path: Path) -> tuple[Path, int, int]:
    """A file by its name and what it holds: one that was written anew is another one."""
    try:
        found = path.stat()
    except OSError:
        return path, 0, 0
    return path, found.st_mtime_ns, found.st_ino


def _plain(layout: Layout) -> bool:
    return not layout.inverted and abs(layout.aspect - 1) < 0.01


def _shown_size(layout: Layout, size: int | None) -> tuple[int, int]:
    """Width and height with square pixels, within ``size``."""
    width, height = float(layout.columns), float(layout.rows)
    if layout.aspect > 1.01:
        height *= layout.aspect
    elif layout.aspect < 0.99:
        width /= layout.aspect
    scale = min(1.0, size / max(width, height)) if size else 1.0
    return max(1, round(width * scale)), max(1, round(height * scale))


def _block_means(values: NDArray[Any], factor: int) -> NDArray[Any]:
    rows = np.arange(0, values.shape[0], factor)
    columns = np.arange(0, values.shape[1], factor)
    sums = np.add.reduceat(values, rows, axis=0, dtype=np.int32)
    sums = np.add.reduceat(sums, columns, axis=1)
    counts = np.outer(
        np.diff(np.append(rows, values.shape[0])), np.diff(np.append(columns, values.shape[1]))
    )
    return np.asarray((sums // counts).astype(values.dtype))
