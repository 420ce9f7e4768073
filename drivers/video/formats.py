"""Pixel formats that can be decoded, and how large their pictures are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """One pixel format.

    Attributes
    ----------
    fourcc : str
        Four characters as in ``linux/videodev2.h``, trailing blanks cut.
    bytes_per_pixel : int
        Of the first plane; 0 for compressed pictures.
    bits : int
        Significant bits of a grey sample, or of each colour.
    grey : bool
        There is no colour in it at all.
    chroma_rows : int
        Half-height plane of colour below the first: 1 for NV12, else 0.
    """

    fourcc: str
    bytes_per_pixel: int
    bits: int = 8
    grey: bool = False
    chroma_rows: int = 0

    @property
    def compressed(self) -> bool:
        """Whether pictures differ in size."""
        return self.bytes_per_pixel == 0

    def picture_size(self, bytes_per_line: int, rows: int) -> int:
        """Bytes of a whole uncompressed picture; the last line may come without padding."""
        return bytes_per_line * (rows + self.chroma_rows * (rows // 2))


FORMATS: Mapping[str, PixelFormat] = MappingProxyType(
    {
        form.fourcc: form
        for form in (
            PixelFormat("YUYV", 2),
            PixelFormat("UYVY", 2),
            PixelFormat("NV12", 1, chroma_rows=1),
            PixelFormat("GREY", 1, grey=True),
            PixelFormat("Y10", 2, bits=10, grey=True),
            PixelFormat("Y12", 2, bits=12, grey=True),
            PixelFormat("Y16", 2, bits=16, grey=True),
            PixelFormat("RGB3", 3),
            PixelFormat("BGR3", 3),
            PixelFormat("MJPG", 0),
            PixelFormat("JPEG", 0),
        )
    }
)
"""By fourcc. ``RGB3`` is the kernel's RGB24, ``BGR3`` its BGR24, samples of ``Y10`` to ``Y16`` are
little-endian words with the significant bits below."""
