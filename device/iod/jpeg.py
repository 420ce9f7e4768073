"""JPEG Baseline streams as devices deliver them: looked into, completed, never decoded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

_SOI, _EOI, _SOS, _DHT, _APP14 = 0xD8, 0xD9, 0xDA, 0xC4, 0xEE
_SOF_BASELINE: Final = 0xC0
_OTHER_FRAMES: Final = frozenset(range(0xC1, 0xD0)) - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_ADOBE: Final = b"Adobe"
_IDS_OF_RGB: Final = b"RGB"


@dataclass(frozen=True, slots=True)
class JpegStream:
    """What the headers of a JPEG Baseline stream say (ISO/IEC 10918-1 annex B).

    Attributes
    ----------
    rows, columns : int
        Size of the picture.
    photometric : str
        ``MONOCHROME2``, ``YBR_FULL_422`` where the chroma is subsampled, ``YBR_FULL`` where it is
        not, or ``RGB`` (PS3.5 section 8.2.1).
    complete : bool
        False for the abbreviated format without Huffman tables, as many cameras send it.
    """

    rows: int
    columns: int
    photometric: str
    complete: bool


def look_into(data: bytes) -> JpegStream | None:
    """Read the headers of a stream; None where it is no JPEG Baseline stream of 8 bits."""
    if data[:2] != bytes((0xFF, _SOI)) or _end(data) is None:
        return None
    frame: bytes | None = None
    tables = False
    transform: int | None = None
    for marker, start, end in _segments(data):
        if marker == _SOF_BASELINE:
            frame = data[start:end]
        elif marker in _OTHER_FRAMES:
            return None
        elif marker == _DHT:
            tables = True
        elif marker == _APP14 and data[start : start + 5] == _ADOBE and end - start >= 12:
            transform = data[start + 11]
        elif marker == _SOS:
            return None if frame is None else _described(frame, transform, complete=tables)
    return None


def interchange_format(data: bytes) -> bytes:
    """The stream in the interchange format that DICOM asks for (PS3.5 section A.4.1).

    A stream without Huffman tables was coded with the typical ones of ISO/IEC 10918-1 annex K.3,
    which are put in; anything after the end of the image is left out. The coded picture stays as it
    is, bit by bit, and the length becomes even.

    Raises
    ------
    ValueError
        This is no JPEG Baseline stream.
    """
    stream, end = look_into(data), _end(data)
    if stream is None or end is None:
        raise ValueError("this is no JPEG Baseline stream")
    whole = data[:end]
    if not stream.complete:
        at = next(start - 4 for marker, start, _ in _segments(data) if marker == _SOS)
        whole = data[:at] + _typical_tables() + data[at:end]
    return whole + b"\0" * (len(whole) % 2)


def _end(data: bytes) -> int | None:
    """Where the image ends; a marker cannot occur in coded data."""
    at = data.rfind(bytes((0xFF, _EOI)))
    return None if at < 0 else at + 2


def _segments(data: bytes) -> list[tuple[int, int, int]]:
    """Marker, start and end of the parameters of each segment up to the first scan."""
    found: list[tuple[int, int, int]] = []
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in _WITHOUT_LENGTH:
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        end = at + 2 + length
        if length < 2 or end > len(data):
            break
        found.append((marker, at + 4, end))
        if marker == _SOS:
            break
        at = end
    return found


def _described(frame: bytes, transform: int | None, *, complete: bool) -> JpegStream | None:
    if len(frame) < 6 or frame[0] != 8 or len(frame) < 6 + 3 * frame[5]:
        return None
    rows, columns = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    components = [frame[6 + 3 * n : 9 + 3 * n] for n in range(frame[5])]
    if not rows or not columns:
        return None
    if len(components) == 1:
        return JpegStream(rows, columns, "MONOCHROME2", complete)
    if len(components) != 3:
        return None
    sampling = {component[1] for component in components}
    identifiers = bytes(component[0] for component in components)
    if transform == 0 or (transform is None and identifiers == _IDS_OF_RGB):
        photometric = "RGB"
    else:
        photometric = "YBR_FULL" if len(sampling) == 1 else "YBR_FULL_422"
    return JpegStream(rows, columns, photometric, complete)


_DC_COUNTS: Final = (
    (0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0),
    (0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0),
)
_AC_COUNTS: Final = (
    (0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125),
    (0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119),
)
_AC_SYMBOLS: Final = (
    "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a"
    "25262728292a3435363738393a434445464748494a535455565758595a636465666768696a73747576777879"
    "7a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9"
    "cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa",
    "000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f117"
    "18191a262728292a35363738393a434445464748494a535455565758595a636465666768696a737475767778"
    "797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7"
    "c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa",
)


@cache
def _typical_tables() -> bytes:
    """The four typical Huffman tables (ISO/IEC 10918-1 tables K.3 to K.6) as one DHT segment."""
    body = b""
    for destination in (0, 1):
        body += bytes((destination, *_DC_COUNTS[destination], *range(12)))
        symbols = bytes.fromhex(_AC_SYMBOLS[destination])
        body += bytes((0x10 | destination, *_AC_COUNTS[destination])) + symbols
    return bytes((0xFF, _DHT)) + (len(body) + 2).to_bytes(2, "big") + body
