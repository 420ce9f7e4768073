"""Writes ACR-NEMA messages byte by byte, as machines of the time did."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ELEMENTS: dict[tuple[int, int], str | int] = {
    (0x0008, 0x0010): "ACR-NEMA 2.0",
    (0x0008, 0x0060): "CT",
    (0x0008, 0x0070): "ACME",
    (0x0010, 0x0010): "SECRET^PATIENT",
    (0x0010, 0x0020): "ID-4711",
    (0x0018, 0x0050): "5.0",
    (0x0018, 0x0060): "120",
    (0x0020, 0x0013): "7",
    (0x0020, 0x0030): "-120\\-120\\35",
    (0x0020, 0x0035): "1\\0\\0\\0\\1\\0",
    (0x0028, 0x0005): 2,
    (0x0028, 0x0030): "0.5\\0.5",
    (0x0028, 0x0040): "RECT",
    (0x0028, 0x1052): "-1024",
    (0x0028, 0x1053): "1",
}


def write(
    file: Path,
    pixels: NDArray[np.uint16],
    *,
    allocated: int = 16,
    stored: int = 12,
    little: bool = True,
    group: int = 0x7FE0,
    more: dict[tuple[int, int], str | int] | None = None,
) -> Path:
    """One message; ``allocated`` 12 packs the cells."""
    rows, columns = pixels.shape
    elements: dict[tuple[int, int], str | int | bytes] = {
        **ELEMENTS,
        (0x0028, 0x0010): rows,
        (0x0028, 0x0011): columns,
        (0x0028, 0x0100): allocated,
        (0x0028, 0x0101): stored,
        (0x0028, 0x0102): stored - 1,
        (0x0028, 0x0103): 0,
        (0x0028, 0x0200): group,
        (group, 0x0010): _cells(pixels, allocated, little),
        **(more or {}),
    }
    order = "<" if little else ">"
    body = b""
    for number in sorted({tag[0] for tag in elements}):
        content = b"".join(
            _element(order, tag, elements[tag]) for tag in sorted(elements) if tag[0] == number
        )
        body += struct.pack(f"{order}HHLL", number, 0, 4, len(content)) + content
    file.write_bytes(body)
    return file


def _element(order: str, tag: tuple[int, int], value: str | int | bytes) -> bytes:
    if isinstance(value, int):
        raw = struct.pack(f"{order}H", value)
    else:
        raw = value.encode("ascii") if isinstance(value, str) else value
        raw += b" " * (len(raw) % 2)
    return struct.pack(f"{order}HHL", *tag, len(raw)) + raw


def _cells(pixels: NDArray[np.uint16], allocated: int, little: bool) -> bytes:
    words = pixels.reshape(-1)
    if allocated == 12:
        number = sum(int(cell) << (12 * place) for place, cell in enumerate(words))
        length = -(-words.size * 12 // 16) * 2
        words = np.frombuffer(number.to_bytes(length, "little"), "<u2")
    return words.astype("<u2" if little else ">u2").tobytes()


def of(patient_id: str, name: str) -> dict[tuple[int, int], str | int]:
    """Elements that name a patient."""
    return {(0x0010, 0x0010): name, (0x0010, 0x0020): patient_id}
