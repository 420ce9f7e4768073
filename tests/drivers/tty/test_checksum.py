"""Checksums against published values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.tty.checksum import Checksum, ChecksumKind

NINE = b"123456789"


@pytest.mark.parametrize(
    ("kind", "check"),
    [
        (ChecksumKind.SUM8, b"\xdd"),
        (ChecksumKind.LRC, b"\x23"),
        (ChecksumKind.XOR, b"\x31"),
        (ChecksumKind.CRC16_MODBUS, b"\x4b\x37"),
        (ChecksumKind.CRC16_CCITT, b"\x29\xb1"),
    ],
)
def test_the_check_of_the_usual_nine_digits(kind: ChecksumKind, check: bytes) -> None:
    assert Checksum(kind).of(NINE) == check
    assert Checksum(kind).width == len(check)
    assert Checksum(kind, little_endian=True).of(NINE) == check[::-1]
    assert Checksum(kind, hexadecimal=True).of(NINE) == check.hex().upper().encode()
    assert Checksum(kind, hexadecimal=True).width == 2 * len(check)
    assert Checksum(kind, hexadecimal=True).holds(NINE, check.hex().encode())


@given(st.sampled_from(ChecksumKind), st.binary(min_size=1, max_size=40), st.data())
def test_no_single_turned_bit_goes_unnoticed(
    kind: ChecksumKind, data: bytes, draw: st.DataObject
) -> None:
    at = draw.draw(st.integers(0, len(data) - 1))
    bit = draw.draw(st.integers(0, 7))
    turned = data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :]
    check = Checksum(kind)
    assert check.holds(data, check.of(data))
    assert not check.holds(turned, check.of(data))
