"""A printer stream becomes the text that would have been printed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.tty.escp import PrinterText

PAGE = (
    b"\x1b@\x1bx\x01\x1b!\x08PATIENT ID: \x1bE4711\x1bF\r\n"
    b"\x1bC\x42\x1bD\x08\x10\x18\x00KV\t120\r\n"
    b"\x1b*\x21\x02\x00ABCDEF\x1bK\x03\x00xyz\x1b(V\x02\x00qqEND\x1bC\x00\x0b.\f"
)
TEXT = b"PATIENT ID: 4711\r\nKV\t120\r\nEND.\f"


def test_commands_their_parameters_and_graphics_are_taken_out() -> None:
    assert PrinterText().feed(PAGE) == TEXT


@given(st.integers(0, len(PAGE)))
def test_a_sequence_may_be_split_between_two_reads(at: int) -> None:
    printer = PrinterText()
    assert printer.feed(PAGE[:at]) + printer.feed(PAGE[at:]) == TEXT


@given(st.binary(max_size=200))
def test_nothing_is_made_up(data: bytes) -> None:
    text = iter(data)
    assert all(byte in text for byte in PrinterText().feed(data))


@pytest.mark.parametrize("text", [b"plain text\r\n", b"\xe4\xf6 umlauts\f"])
def test_plain_text_stays(text: bytes) -> None:
    assert PrinterText().feed(text) == text


def test_a_pause_lets_a_damaged_count_go() -> None:
    printer = PrinterText()
    assert printer.feed(b"\x1bK\xff\xffabc") == b""
    printer.reset()
    assert printer.feed(b"abc") == b"abc"
