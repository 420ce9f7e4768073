"""Objects in another transfer syntax than their file's: without further loss, flat in memory.

Uncompressed objects change between the two little-endian syntaxes. JPEG Baseline, which the box
keeps where a device delivered it, is decoded for a peer that does not take it: the pixels are those
that any viewer would show, and their lossy history stays in the object (PS3.3 C.7.6.1.1.5). Nothing
is ever compressed here.
"""

from __future__ import annotations

import mmap
import struct
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final, cast

import pydicom
from PIL import Image
from pydicom.dataset import Dataset, FileDataset
from pydicom.encaps import generate_frames
from pydicom.filereader import read_dataset
from pydicom.uid import UID, JPEGBaseline8Bit

from services.dicom.encoding import UNREADABLE, encode_data_set
from services.dicom.sop_classes import IMPLICIT_VR_LITTLE_ENDIAN, UNCOMPRESSED
from services.errors import CatalogError

_PIXEL_DATA: Final = 0x7FE00010
_PIECE: Final = 2**20

MOST_DECODED: Final = 2**30
"""Bytes of decoded pixels; writing more of them takes longer than peers wait for their object."""


class TooLarge(Exception):
    """Decoded, the pixels are more than :data:`MOST_DECODED`."""

    def __init__(self, size: int) -> None:
        super().__init__(
            f"decoded, its pixels are {size / 2**30:.1f} GiB, and the box decodes "
            f"{MOST_DECODED / 2**30:.0f} GiB at most on the way"
        )


def alternatives(transfer_syntax: str) -> tuple[str, ...]:
    """Syntaxes that an object can be sent in instead, without further loss, the best first."""
    if transfer_syntax in UNCOMPRESSED:
        return tuple(syntax for syntax in UNCOMPRESSED if syntax != transfer_syntax)
    return UNCOMPRESSED if transfer_syntax == JPEGBaseline8Bit else ()


def recoded(path: Path, transfer_syntax: str) -> memoryview:
    """The data set of a file in one of its :func:`alternatives`.

    It is written to an unnamed file beside the original, which vanishes with the last view of it.

    Raises
    ------
    TooLarge
        Decoded, the pixels are too many to be made while the peer waits.
    CatalogError
        The file cannot be read or decoded, or the medium has no room for the copy.
    """
    try:
        with path.open("rb") as source, tempfile.TemporaryFile(dir=path.parent) as target:
            _write(source, cast(BinaryIO, target), transfer_syntax)
            target.flush()
            return memoryview(mmap.mmap(target.fileno(), 0, access=mmap.ACCESS_READ))
    except UNREADABLE as error:
        raise CatalogError(
            f"{path.name} in the spool cannot be sent: it cannot be re-encoded "
            f"({type(error).__name__}: {error}). It stays on this box; see that the card has room, "
            f"and acquire the picture again if it is damaged"
        ) from error


def _write(source: BinaryIO, target: BinaryIO, transfer_syntax: str) -> None:
    data_set = pydicom.dcmread(source, stop_before_pixels=True)
    own = data_set.file_meta.TransferSyntaxUID
    length = _pixel_header(source, own)
    if length is None:
        target.write(encode_data_set(data_set, transfer_syntax))
        return
    if own == JPEGBaseline8Bit:
        _write_decoded(data_set, source, target, transfer_syntax)
        return
    _write_front(data_set, target, transfer_syntax, length)
    _copy(source, target, length)
    behind = read_dataset(source, own == IMPLICIT_VR_LITTLE_ENDIAN, True)
    target.write(encode_data_set(behind, transfer_syntax))


def _pixel_header(source: BinaryIO, own: UID) -> int | None:
    """Read the header of the pixel data; their length, None where there are none."""
    group, element = struct.unpack("<HH", source.read(4).ljust(4, b"\0"))
    if (group << 16) + element != _PIXEL_DATA:
        return None
    if not own.is_implicit_VR:
        source.read(4)
    (length,) = struct.unpack("<L", source.read(4))
    return int(length)


def _write_front(data_set: Dataset, target: BinaryIO, transfer_syntax: str, length: int) -> None:
    target.write(encode_data_set(data_set, transfer_syntax))
    target.write(struct.pack("<HH", _PIXEL_DATA >> 16, _PIXEL_DATA & 0xFFFF))
    if transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN:
        target.write(struct.pack("<L", length))
    else:
        vr = b"OW" if data_set.BitsAllocated > 8 else b"OB"
        target.write(struct.pack("<2s2xL", vr, length))


def _copy(source: BinaryIO, target: BinaryIO, length: int) -> None:
    end = source.tell() + length
    while source.tell() < end:
        piece = source.read(min(end - source.tell(), _PIECE))
        if not piece:
            raise EOFError("its pixels are cut off")
        target.write(piece)


def _write_decoded(
    data_set: FileDataset, source: BinaryIO, target: BinaryIO, transfer_syntax: str
) -> None:
    frames = int(data_set.get("NumberOfFrames") or 1)
    size = frames * data_set.Rows * data_set.Columns * data_set.SamplesPerPixel
    length = size + size % 2
    if length > MOST_DECODED:
        raise TooLarge(size)
    if data_set.SamplesPerPixel == 3:
        data_set.PhotometricInterpretation = "RGB"
        data_set.PlanarConfiguration = 0
    _write_front(data_set, target, transfer_syntax, length)
    for picture in _decoded(data_set, source, frames):
        target.write(picture)
    target.write(b"\0" * (length - size))


def _decoded(data_set: Dataset, source: BinaryIO, frames: int) -> Iterator[bytes]:
    mode = "RGB" if data_set.SamplesPerPixel == 3 else "L"
    count = 0
    for stream in generate_frames(source, number_of_frames=frames):
        with Image.open(BytesIO(stream), formats=("JPEG",)) as image:
            if image.size != (data_set.Columns, data_set.Rows):
                raise ValueError("a frame has another size than the object")
            yield image.convert(mode).tobytes()
        count += 1
    if count != frames:
        raise EOFError(f"it holds {count} of {frames} frames")
