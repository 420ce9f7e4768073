"""The EDID that a bridge shows where nobody gave it one: without any, no source sends anything.

It announces what a bridge on two CSI lanes can take (VESA E-EDID 1.4): 1080p30 first, then what old
consoles send. It has no HDMI extension, so sources send DVI: RGB of full range, not encrypted.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DetailedTiming:
    """One detailed timing with positive pulses.

    ``clock`` is in units of 10 kHz; ``across`` in pixels and ``down`` in lines are each the active
    part, the blanking, the front porch and the length of the sync pulse.
    """

    clock: int
    across: tuple[int, int, int, int]
    down: tuple[int, int, int, int]

    def encoded(self) -> bytes:
        """The 18 bytes of E-EDID 1.4 section 3.10.2; the size in millimetres is left unknown."""
        columns, column_blank, column_porch, column_sync = self.across
        rows, row_blank, row_porch, row_sync = self.down
        block = bytearray(18)
        block[0:2] = self.clock.to_bytes(2, "little")
        block[2], block[3] = columns & 0xFF, column_blank & 0xFF
        block[4] = columns >> 8 << 4 | column_blank >> 8
        block[5], block[6] = rows & 0xFF, row_blank & 0xFF
        block[7] = rows >> 8 << 4 | row_blank >> 8
        block[8], block[9] = column_porch & 0xFF, column_sync & 0xFF
        block[10] = (row_porch & 0xF) << 4 | row_sync & 0xF
        block[11] = column_porch >> 8 << 6 | column_sync >> 8 << 4
        block[11] |= row_porch >> 4 << 2 | row_sync >> 4
        block[17] = 0x1E
        return bytes(block)


_1080P30 = DetailedTiming(7425, (1920, 280, 88, 44), (1080, 45, 4, 5))
_SXGA = DetailedTiming(10800, (1280, 408, 48, 112), (1024, 42, 1, 3))

_HEADER = b"\0\xff\xff\xff\xff\xff\xff\0"
_ESTABLISHED = bytes((0x21, 0x08, 0x00))
"""640x480, 800x600 and 1024x768, all at 60 Hz."""
_STANDARD = bytes((0x81, 0x80, 0x81, 0xC0))
"""1280x1024 and 1280x720 at 60 Hz."""


def default() -> bytes:
    """One block of 128 bytes."""
    return _block(
        _HEADER,
        _maker("GTY"),
        bytes((1, 0, 0, 0, 0, 0)),  # product and serial number: there is only this one
        bytes((0, 36)),  # made in 2026, in no particular week
        bytes((1, 4)),
        bytes((0x80, 0, 0, 120, 0x06)),  # digital, no size, gamma 2.2, sRGB, first timing preferred
        bytes.fromhex("ee91a3544c99260f5054"),  # the primaries of sRGB
        _ESTABLISHED,
        _STANDARD.ljust(16, b"\x01"),
        _1080P30.encoded(),
        _SXGA.encoded(),
        _text(0xFC, "Gantry"),
        _range_limits(),
        b"\0",
    )


def _block(*parts: bytes) -> bytes:
    """Put the parts together and make the sum of all bytes 0."""
    body = b"".join(parts)
    return body + bytes((-sum(body) % 256,))


def _maker(letters: str) -> bytes:
    number = 0
    for letter in letters:
        number = number << 5 | (ord(letter) - ord("A") + 1)
    return number.to_bytes(2, "big")


def _text(tag: int, words: str) -> bytes:
    return bytes((0, 0, 0, tag, 0)) + (words + "\n").encode("ascii").ljust(13)


def _range_limits() -> bytes:
    """24 to 61 Hz down, 15 to 80 kHz across, 120 MHz at most."""
    return bytes((0, 0, 0, 0xFD, 0, 24, 61, 15, 80, 12, 0x01)) + b"\n".ljust(7)
