"""Single frames out of the box's own files, without reading the rest of them.

Objects of this box are Explicit VR Little Endian, JPEG Baseline with one fragment a frame, or one
H.264 stream. A clip may be a gigabyte: frames are found by arithmetic, by the Basic Offset Table
(PS3.5 A.4), or by the time stamps of the stream.
"""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import MPEG4HP41, MPEG4HP41BD, ExplicitVRLittleEndian, JPEGBaseline8Bit

from services.errors import NotFound, ServiceError

_UNDEFINED: Final = 0xFFFFFFFF
_PIXEL_DATA: Final = b"\xe0\x7f\x10\x00"
_ITEM: Final = b"\xfe\xff\x00\xe0"
_VIDEO: Final = (MPEG4HP41, MPEG4HP41BD)


class Unreadable(ServiceError):
    """The file of an image is damaged, or of a kind that this box never writes."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What a reader of pixels has to know, and where they are in the file.

    Attributes
    ----------
    frames, rows, columns, samples : int
        As in the object.
    bits_allocated, bits_stored : int
        Of one sample.
    signed, inverted : bool
        Pixel Representation, and whether the lowest value is white (MONOCHROME1).
    slope, intercept : float
        Modality LUT: stored values times ``slope`` plus ``intercept``.
    window : tuple of float or None
        The object's own centre and width, after the modality LUT.
    aspect : float
        Height of a pixel divided by its width.
    times : tuple of float
        Milliseconds from the first frame to each one; empty for stills and pages.
    syntax : str
        Transfer Syntax UID.
    offset, length : int
        Where the value of Pixel Data begins, and how long it is (of undefined length: 2^32 - 1).
    """

    frames: int
    rows: int
    columns: int
    samples: int
    bits_allocated: int
    bits_stored: int
    signed: bool
    inverted: bool
    slope: float
    intercept: float
    window: tuple[float, float] | None
    aspect: float
    times: tuple[float, ...]
    syntax: str
    offset: int
    length: int

    @property
    def colour(self) -> bool:
        return self.samples == 3

    @property
    def jpeg(self) -> bool:
        return self.syntax == JPEGBaseline8Bit

    @property
    def video(self) -> bool:
        return self.syntax in _VIDEO

    @property
    def frame_bytes(self) -> int:
        """Bytes of one uncompressed frame."""
        return self.rows * self.columns * self.samples * self.bits_allocated // 8


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Say of whatever goes wrong with a file that it cannot be shown.

    Raises
    ------
    Unreadable
        In place of everything that a damaged file makes a reader raise.
    """
    try:
        yield
    except (ServiceError, MemoryError):
        raise
    except (OSError, ValueError, TypeError, LookupError, AttributeError, InvalidDicomError,
            SyntaxError, struct.error) as error:  # fmt: skip
        raise Unreadable(
            f"{path.name} cannot be shown ({type(error).__name__}): its file is gone or damaged. "
            f"Do not delete anything; tell service, and take the picture again if it is needed"
        ) from error


def read_layout(path: Path) -> Layout:
    """Read the description of the pixels; nothing of the pixels themselves.

    Raises
    ------
    Unreadable
        See :func:`explained`.
    """
    with explained(path), path.open("rb") as file:
        dataset = dcmread(file, stop_before_pixels=True)
        offset, length = _pixel_data(file)
        syntax = str(dataset.file_meta.TransferSyntaxUID)
        if syntax not in (ExplicitVRLittleEndian, JPEGBaseline8Bit, *_VIDEO):
            raise Unreadable(f"{path.name} is in a transfer syntax that this box does not show")
        return Layout(
            frames=int(dataset.get("NumberOfFrames") or 1),
            rows=int(dataset.Rows),
            columns=int(dataset.Columns),
            samples=int(dataset.SamplesPerPixel),
            bits_allocated=int(dataset.BitsAllocated),
            bits_stored=int(dataset.BitsStored),
            signed=int(dataset.PixelRepresentation) == 1,
            inverted=dataset.PhotometricInterpretation == "MONOCHROME1",
            slope=float(dataset.get("RescaleSlope") or 1),
            intercept=float(dataset.get("RescaleIntercept") or 0),
            window=_window(dataset),
            aspect=_aspect(dataset),
            times=_times(dataset),
            syntax=syntax,
            offset=offset,
            length=length,
        )


def read_stored(path: Path, layout: Layout, frame: int) -> NDArray[Any]:
    """The stored values of one frame that is not of a video, counted from 1.

    Raises
    ------
    NotFound
        There is no such frame.
    Unreadable
        See :func:`explained`.
    """
    require_frame(layout, frame)
    with explained(path):
        if layout.jpeg:
            with Image.open(io.BytesIO(read_jpeg(path, layout, frame))) as picture:
                return np.asarray(picture.convert("RGB" if layout.colour else "L"))
        with path.open("rb") as file:
            at = layout.offset + (frame - 1) * layout.frame_bytes
            data = os.pread(file.fileno(), layout.frame_bytes, at)
        kind = np.dtype(f"<{'i' if layout.signed else 'u'}{layout.bits_allocated // 8}")
        shape = (layout.rows, layout.columns, 3)[: 3 if layout.colour else 2]
        return np.frombuffer(data, kind).reshape(shape)


def read_jpeg(path: Path, layout: Layout, frame: int) -> bytes:
    """The JPEG stream of one frame as the object holds it.

    Raises
    ------
    NotFound, Unreadable
        As for :func:`read_stored`.
    """
    require_frame(layout, frame)
    with explained(path), path.open("rb") as file:
        at, length = _fragment(file.fileno(), layout, frame)
        return os.pread(file.fileno(), length, at)


def video_span(path: Path, layout: Layout) -> tuple[int, int]:
    """Where the stream of a video object begins, and its length in bytes."""
    with explained(path), path.open("rb") as file:
        return _fragment(file.fileno(), layout, 1)


def require_frame(layout: Layout, frame: int) -> None:
    """Refuse a frame that the object does not have.

    Raises
    ------
    NotFound
        Naming how many there are.
    """
    if not 1 <= frame <= layout.frames:
        raise NotFound(f"there is no frame {frame}: the image has {layout.frames}")


def _pixel_data(file: io.BufferedReader) -> tuple[int, int]:
    """Read the header of Pixel Data, at which pydicom has stopped."""
    head = file.read(12)
    if head[:4] != _PIXEL_DATA:
        raise ValueError("no Pixel Data")
    return file.tell(), struct.unpack("<L", head[8:])[0]


def _fragment(descriptor: int, layout: Layout, frame: int) -> tuple[int, int]:
    """Where the fragment of a frame is; the first item of all is the offset table."""
    table_length = _item_length(descriptor, layout.offset)
    first = layout.offset + 8 + table_length
    if table_length >= 4 * frame:
        entry = os.pread(descriptor, 4, layout.offset + 8 + 4 * (frame - 1))
        at = first + struct.unpack("<L", entry)[0]
        return at + 8, _item_length(descriptor, at)
    at = first
    for _ in range(frame - 1):
        at += 8 + _item_length(descriptor, at)
    return at + 8, _item_length(descriptor, at)


def _item_length(descriptor: int, at: int) -> int:
    head = os.pread(descriptor, 8, at)
    if head[:4] != _ITEM:
        raise ValueError("no item where one has to be")
    length = int(struct.unpack("<L", head[4:])[0])
    if length == _UNDEFINED:
        raise ValueError("an item of undefined length")
    return length


def _window(dataset: Dataset) -> tuple[float, float] | None:
    centre, width = (_first(dataset.get(word)) for word in ("WindowCenter", "WindowWidth"))
    return None if centre is None or width is None or width < 1 else (centre, width)


def _first(value: Any) -> float | None:
    if value is None or value == "":
        return None
    return float(value if isinstance(value, (int, float, str)) else value[0])


def _aspect(dataset: Dataset) -> float:
    for keyword in ("PixelSpacing", "PixelAspectRatio"):
        value = dataset.get(keyword)
        if value:
            return float(value[0]) / float(value[1])
    return 1.0


def _times(dataset: Dataset) -> tuple[float, ...]:
    frames = int(dataset.get("NumberOfFrames") or 1)
    vector = dataset.get("FrameTimeVector")
    if vector is not None and vector != "":
        steps = [vector] if isinstance(vector, (int, float)) else list(vector)
        return tuple(np.cumsum([0.0, *(float(step) for step in steps[1:])]).tolist())[:frames]
    step = dataset.get("FrameTime")
    return tuple(float(step) * number for number in range(frames)) if step else ()
