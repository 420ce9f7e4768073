"""Checks that serial devices append to their messages."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from operator import xor

_MODBUS_POLYNOMIAL = 0xA001
"""x^16 + x^15 + x^2 + 1 with the bits reversed."""

_CCITT_POLYNOMIAL = 0x1021
"""x^16 + x^12 + x^5 + 1."""


class ChecksumKind(StrEnum):
    """How the check is computed.

    ``sum8`` adds all bytes modulo 256, ``lrc`` is the two's complement of that sum, ``xor`` is the
    exclusive or of all bytes. The CRCs begin with all ones; ``crc16-modbus`` takes the lowest bit
    first, ``crc16-ccitt`` the highest.
    """

    SUM8 = "sum8"
    XOR = "xor"
    LRC = "lrc"
    CRC16_MODBUS = "crc16-modbus"
    CRC16_CCITT = "crc16-ccitt"


@dataclass(frozen=True, slots=True)
class Checksum:
    """A check and where it stands.

    Attributes
    ----------
    kind : ChecksumKind
        How it is computed.
    hexadecimal : bool
        Written as hexadecimal digits instead of bytes.
    after_end : bool
        It follows the end of the message instead of standing before it.
    covers_start, covers_end : bool
        The start and the end of the message are part of what is checked.
    little_endian : bool
        The low byte of a CRC comes first.
    """

    kind: ChecksumKind
    hexadecimal: bool = False
    after_end: bool = True
    covers_start: bool = False
    covers_end: bool = False
    little_endian: bool = False

    @property
    def width(self) -> int:
        """Bytes that the check takes on the line."""
        plain = 2 if self.kind in (ChecksumKind.CRC16_MODBUS, ChecksumKind.CRC16_CCITT) else 1
        return plain * 2 if self.hexadecimal else plain

    def of(self, covered: bytes) -> bytes:
        """The check of these bytes as the device writes it; hexadecimal in capitals."""
        plain = self.width // 2 if self.hexadecimal else self.width
        order = "little" if self.little_endian else "big"
        check = _number(self.kind, covered).to_bytes(plain, order)  # type: ignore[arg-type]
        return check.hex().upper().encode() if self.hexadecimal else check

    def holds(self, covered: bytes, check: bytes) -> bool:
        """Whether the check on the line is that of these bytes."""
        return self.of(covered) == (check.upper() if self.hexadecimal else check)


def _number(kind: ChecksumKind, covered: bytes) -> int:
    if kind is ChecksumKind.SUM8:
        return sum(covered) & 0xFF
    if kind is ChecksumKind.LRC:
        return -sum(covered) & 0xFF
    if kind is ChecksumKind.XOR:
        return reduce(xor, covered, 0)
    if kind is ChecksumKind.CRC16_MODBUS:
        return _crc_low_bit_first(covered)
    return _crc_high_bit_first(covered)


def _crc_low_bit_first(covered: bytes) -> int:
    crc = 0xFFFF
    for byte in covered:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (_MODBUS_POLYNOMIAL if crc & 1 else 0)
    return crc


def _crc_high_bit_first(covered: bytes) -> int:
    crc = 0xFFFF
    for byte in covered:
        crc ^= byte << 8
        for _ in range(8):
            crc = ((crc << 1) ^ (_CCITT_POLYNOMIAL if crc & 0x8000 else 0)) & 0xFFFF
    return crc
