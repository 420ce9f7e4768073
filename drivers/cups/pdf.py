"""Rasters as a PDF whose pages have the size of the sheets (ISO 32000-1 sections 7 and 8.9.5).

Written here, since what writes PDFs either compresses grey pictures with loss or keeps whole sheets
in memory; this one takes bands and deflates them as they come.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

_POINTS_PER_MM = 72 / 25.4


@dataclass(frozen=True, slots=True)
class Page:
    """One sheet.

    Attributes
    ----------
    width_mm, height_mm
        Of the sheet; the raster covers it wholly.
    columns, rows
        Of the raster.
    bands
        From the top: ``(n, columns)`` grey or ``(n, columns, 3)`` RGB, uint8; ``rows`` lines.
    """

    width_mm: float
    height_mm: float
    columns: int
    rows: int
    colour: bool
    bands: Iterable[NDArray[np.uint8]]


def write_pdf(path: Path, pages: Iterable[Page]) -> None:
    """Write a durable file of these pages; losslessly, and never more than a band in memory.

    Raises
    ------
    ValueError
        The bands are not what the page says.
    OSError
        The medium does not take it.
    """
    with path.open("wb") as file:
        _Writer(file).write(pages)
        file.flush()
        os.fsync(file.fileno())


class _Writer:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._offsets: dict[int, int] = {}
        self._next = 3

    def write(self, pages: Iterable[Page]) -> None:
        self._file.write(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
        kids = [self._page(page) for page in pages]
        self._object(1, b"<< /Type /Catalog /Pages 2 0 R >>")
        listed = " ".join(f"{kid} 0 R" for kid in kids)
        self._object(2, f"<< /Type /Pages /Count {len(kids)} /Kids [ {listed} ] >>".encode())
        self._end()

    def _page(self, page: Page) -> int:
        number, content, image, length = (self._number() for _ in range(4))
        width, height = page.width_mm * _POINTS_PER_MM, page.height_mm * _POINTS_PER_MM
        self._object(
            number,
            f"<< /Type /Page /Parent 2 0 R /MediaBox [ 0 0 {width:.4f} {height:.4f} ] "
            f"/Contents {content} 0 R /Resources << /XObject << /S {image} 0 R >> >> >>".encode(),
        )
        drawing = f"q {width:.4f} 0 0 {height:.4f} 0 0 cm /S Do Q".encode()
        self._object(content, b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing))
        self._image(page, image, length)
        return number

    def _image(self, page: Page, image: int, length: int) -> None:
        space = "DeviceRGB" if page.colour else "DeviceGray"
        self._begin(image)
        self._file.write(
            f"<< /Type /XObject /Subtype /Image /Width {page.columns} /Height {page.rows} "
            f"/ColorSpace /{space} /BitsPerComponent 8 /Interpolate false /Filter /FlateDecode "
            f"/Length {length} 0 R >>\nstream\n".encode()
        )
        begin = self._file.tell()
        self._samples(page)
        size = self._file.tell() - begin
        self._file.write(b"\nendstream\nendobj\n")
        self._object(length, str(size).encode())

    def _samples(self, page: Page) -> None:
        shape = (page.columns, 3) if page.colour else (page.columns,)
        packer = zlib.compressobj(6)
        rows = 0
        for band in page.bands:
            if band.shape[1:] != shape or band.dtype != np.uint8:
                raise ValueError(f"a band of {band.shape} {band.dtype} on a page of {shape}")
            rows += band.shape[0]
            self._file.write(packer.compress(np.ascontiguousarray(band).data))
        if rows != page.rows:
            raise ValueError(f"{rows} lines on a page of {page.rows}")
        self._file.write(packer.flush())

    def _number(self) -> int:
        number, self._next = self._next, self._next + 1
        return number

    def _begin(self, number: int) -> None:
        self._offsets[number] = self._file.tell()
        self._file.write(b"%d 0 obj\n" % number)

    def _object(self, number: int, body: bytes) -> None:
        self._begin(number)
        self._file.write(body + b"\nendobj\n")

    def _end(self) -> None:
        begin = self._file.tell()
        count = self._next
        self._file.write(b"xref\n0 %d\n0000000000 65535 f \n" % count)
        for number in range(1, count):
            self._file.write(b"%010d 00000 n \n" % self._offsets[number])
        self._file.write(
            b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, begin)
        )
