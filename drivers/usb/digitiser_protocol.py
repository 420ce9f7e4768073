"""What the bulk-transfer grey-scale digitiser says, byte by byte (docs/usb-digitiser.md).

All numbers are little-endian.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum, IntFlag

import numpy as np
from numpy.typing import NDArray

from drivers.frame import LARGEST_SIDE, MOST_SAMPLES

VENDOR_ID, PRODUCT_ID = 0x1209, 0x0001
"""The identity that pid.codes keeps for tests; a device that is sold has one of its own."""

INTERFACE = 0
BULK_IN = 0x81
PACKET_BYTES = 512
"""Of the high-speed endpoint."""

BLOCK = 1024
"""Every frame begins on a multiple of so many bytes of the stream, and is filled up to one."""

MAGIC = b"GDIG"
INFO_MAGIC = b"GDIN"
VERSION = 1

_HEADER = struct.Struct("<4sBBHIHHBBHQII8x")
_CHECK = struct.Struct("<I")
_INFO = struct.Struct("<4sBBHHBBI")
_STATUS = struct.Struct("<B3xI")

HEADER_BYTES = _HEADER.size + _CHECK.size
INFO_BYTES = _INFO.size
STATUS_BYTES = _STATUS.size


class Request(IntEnum):
    """Vendor requests to the interface."""

    GET_INFO = 1
    START = 2
    STOP = 3
    GET_STATUS = 4


class Packing(IntEnum):
    """How the samples of a payload are laid out."""

    WORDS = 0
    PACKED_12 = 1


class Input(IntEnum):
    """What the digitiser is connected to."""

    ANALOGUE = 0
    DIGITAL = 1


class DeviceState(IntEnum):
    """What the digitiser says of its input."""

    IDLE = 0
    LIVE = 1
    NO_SIGNAL = 2
    UNSUPPORTED_MODE = 3


class FrameFlag(IntFlag):
    """What the digitiser says of one frame."""

    NONE = 0
    DAMAGED = 1
    NO_SIGNAL = 2
    UNSUPPORTED_MODE = 4


class ProtocolError(ValueError):
    """Bytes that are not what the protocol says."""


@dataclass(frozen=True, slots=True)
class Info:
    """The digitiser and its present mode; ``interval_us`` is 0 where frames come on demand."""

    input: Input
    rows: int
    columns: int
    bits: int
    packing: Packing
    interval_us: int

    def pack(self) -> bytes:
        """The answer to GET_INFO."""
        return _INFO.pack(
            INFO_MAGIC, VERSION, self.input, self.rows, self.columns, self.bits, self.packing,
            self.interval_us,
        )  # fmt: skip

    @classmethod
    def unpack(cls, data: bytes) -> Info:
        """Read the answer to GET_INFO.

        Raises
        ------
        ProtocolError
            It is another device, another version, or no sensible mode.
        """
        if len(data) != INFO_BYTES:
            raise ProtocolError(f"it describes itself in {len(data)} bytes, not {INFO_BYTES}")
        magic, version, kind, rows, columns, bits, packing, interval = _INFO.unpack(data)
        if magic != INFO_MAGIC or version != VERSION:
            raise ProtocolError("it does not speak version 1 of the digitiser protocol")
        if kind not in set(Input):
            raise ProtocolError(f"it has an unknown kind of input ({kind})")
        _check_mode(rows, columns, bits, packing)
        return cls(Input(kind), rows, columns, bits, Packing(packing), interval)


@dataclass(frozen=True, slots=True)
class Status:
    """What the digitiser says of its input, and how many frames it lost inside."""

    state: DeviceState
    lost: int

    def pack(self) -> bytes:
        """The answer to GET_STATUS."""
        return _STATUS.pack(self.state, self.lost)

    @classmethod
    def unpack(cls, data: bytes) -> Status:
        """Read the answer to GET_STATUS.

        Raises
        ------
        ProtocolError
            It is none.
        """
        if len(data) != STATUS_BYTES:
            raise ProtocolError(f"it tells its state in {len(data)} bytes, not {STATUS_BYTES}")
        state, lost = _STATUS.unpack(data)
        if state not in set(DeviceState):
            raise ProtocolError(f"it is in an unknown state ({state})")
        return cls(DeviceState(state), lost)


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the samples of a frame; ``device_us`` is the device's own clock."""

    flags: FrameFlag
    sequence: int
    rows: int
    columns: int
    bits: int
    packing: Packing
    device_us: int
    payload_bytes: int
    payload_crc: int

    @property
    def stream_bytes(self) -> int:
        """Bytes of the whole frame in the stream, filled up to blocks."""
        return -(-(HEADER_BYTES + self.payload_bytes) // BLOCK) * BLOCK

    def pack(self) -> bytes:
        """The header with its check."""
        head = _HEADER.pack(
            MAGIC, VERSION, HEADER_BYTES, self.flags, self.sequence, self.rows, self.columns,
            self.bits, self.packing, 0, self.device_us, self.payload_bytes, self.payload_crc,
        )  # fmt: skip
        return head + _CHECK.pack(zlib.crc32(head))

    @classmethod
    def unpack(cls, data: bytes) -> Header:
        """Read a header from the beginning of a block.

        Raises
        ------
        ProtocolError
            There is none, it is damaged, or what it says makes no sense.
        """
        if len(data) < HEADER_BYTES or data[:4] != MAGIC:
            raise ProtocolError("no frame begins here")
        head = data[: _HEADER.size]
        if _CHECK.unpack_from(data, _HEADER.size)[0] != zlib.crc32(head):
            raise ProtocolError("the check of the header does not fit")
        (_, version, size, flags, sequence, rows, columns, bits, packing, _, device_us, payload,
         crc) = _HEADER.unpack(head)  # fmt: skip
        if (version, size) != (VERSION, HEADER_BYTES):
            raise ProtocolError("the header is one of another version")
        _check_mode(rows, columns, bits, packing)
        header = cls(
            FrameFlag(flags & 7), sequence, rows, columns, bits, Packing(packing), device_us,
            payload, crc,
        )  # fmt: skip
        if payload != payload_size(rows, columns, header.packing):
            raise ProtocolError("the length of the payload does not fit rows and columns")
        return header


def payload_size(rows: int, columns: int, packing: Packing) -> int:
    """Bytes of the samples of a frame."""
    samples = rows * columns
    return 2 * samples if packing is Packing.WORDS else -(-samples * 3 // 2)


def pack_samples(pixels: NDArray[np.uint16], packing: Packing) -> bytes:
    """Lay samples out as the digitiser does."""
    if packing is Packing.WORDS:
        return pixels.astype("<u2").tobytes()
    flat = pixels.reshape(-1)
    if flat.size % 2:
        flat = np.append(flat, np.uint16(0))
    first, second = flat[0::2], flat[1::2]
    out = np.empty((first.size, 3), np.uint8)
    out[:, 0] = first & 0xFF
    out[:, 1] = (first >> 8) | ((second & 0xF) << 4)
    out[:, 2] = second >> 4
    return out.tobytes()[: payload_size(pixels.shape[0], pixels.shape[1], packing)]


def unpack_samples(payload: bytes, header: Header) -> NDArray[np.uint16]:
    """Read the samples of a frame.

    Raises
    ------
    ProtocolError
        The payload's check does not fit, or a sample is beyond the header's bits.
    """
    if zlib.crc32(payload) != header.payload_crc:
        raise ProtocolError("the check of the samples does not fit")
    count = header.rows * header.columns
    if header.packing is Packing.WORDS:
        samples = np.frombuffer(payload, "<u2").astype(np.uint16)
    else:
        samples = _unpack_12(np.frombuffer(payload + b"\0" * (-len(payload) % 3), np.uint8), count)
    if int(samples.max()) >> header.bits:
        raise ProtocolError(f"a sample has more than {header.bits} bits")
    return samples.reshape(header.rows, header.columns)


def _unpack_12(octets: NDArray[np.uint8], count: int) -> NDArray[np.uint16]:
    triples = octets.reshape(-1, 3).astype(np.uint16)
    samples = np.empty((triples.shape[0], 2), np.uint16)
    samples[:, 0] = triples[:, 0] | ((triples[:, 1] & 0xF) << 8)
    samples[:, 1] = (triples[:, 1] >> 4) | (triples[:, 2] << 4)
    return samples.reshape(-1)[:count]


def _check_mode(rows: int, columns: int, bits: int, packing: int) -> None:
    if not (1 <= rows <= LARGEST_SIDE and 1 <= columns <= LARGEST_SIDE):
        raise ProtocolError(f"{rows} rows of {columns} are no picture")
    if rows * columns > MOST_SAMPLES:
        raise ProtocolError(f"{rows} rows of {columns} are too large a picture")
    if not 8 <= bits <= 16 or packing not in set(Packing):
        raise ProtocolError(f"{bits} bits in packing {packing} are not known here")
    if packing == Packing.PACKED_12 and bits > 12:
        raise ProtocolError(f"{bits} bits do not fit into 12")
