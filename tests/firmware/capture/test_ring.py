"""The shared memory: what is lent stays as it was, what nobody reads is written again."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.frame import Pixels
from firmware.capture.ring import BUDGET, FEWEST_SLOTS, ReaderRing, WriterRing, slot_bytes

SIDE = 16


def pair(size: int = 4096) -> tuple[WriterRing, ReaderRing]:
    writer = WriterRing(size)
    reader = ReaderRing(os.dup(writer.descriptor), writer.slots, size, writer.free)
    return writer, reader


def picture(number: int) -> Pixels:
    return np.full((SIDE, SIDE), number, np.uint16)


def test_what_is_written_is_read_with_its_jpeg_and_cannot_be_changed() -> None:
    writer, reader = pair()
    pixels = np.arange(SIDE * SIDE, dtype=np.int16).reshape(SIDE, SIDE) - 100
    slot = writer.write(pixels, b"\xff\xd8jpeg\xff\xd9")
    assert slot is not None
    seen, jpeg = reader.read(slot, (SIDE, SIDE), "<i2", 8)
    assert np.array_equal(seen, pixels)
    assert seen.dtype == np.int16
    assert jpeg == b"\xff\xd8jpeg\xff\xd9"
    with pytest.raises(ValueError, match="read-only"):
        seen[0, 0] = 1


def test_a_lent_picture_keeps_its_slot_until_the_last_view_of_it_is_gone() -> None:
    writer, reader = pair()
    slot = writer.write(picture(7), b"")
    assert slot is not None
    seen, _ = reader.read(slot, (SIDE, SIDE), "<u2", 0)
    corner = seen[:2, :2]
    del seen
    taken = {writer.write(picture(number), b"") for number in range(writer.slots - 1)}
    assert slot not in taken
    assert writer.write(picture(0), b"") is None
    assert (corner == 7).all()
    del corner
    assert writer.write(picture(9), b"") == slot


def test_who_keeps_pictures_gets_copies_before_the_ring_is_used_up() -> None:
    writer, reader = pair()
    kept = []
    for number in range(3 * writer.slots):
        slot = writer.write(picture(number), b"")
        assert slot is not None, "the ring starved"
        kept.append(reader.read(slot, (SIDE, SIDE), "<u2", 0)[0])
    assert [int(each[0, 0]) for each in kept] == list(range(3 * writer.slots))


def test_slots_are_whole_pages_within_the_budget() -> None:
    assert slot_bytes(1, 0) == 4096
    assert slot_bytes(4096, 100) > 2 * 4096
    large = WriterRing(slot_bytes(1920 * 1080 * 3, 200_000))
    assert large.slots * large.slot_bytes <= BUDGET
    assert WriterRing(BUDGET).slots == FEWEST_SLOTS


def test_a_ring_smaller_than_it_is_said_to_be_is_refused() -> None:
    writer = WriterRing(4096)
    with pytest.raises(ValueError, match="smaller"):
        ReaderRing(os.dup(writer.descriptor), writer.slots + 1, 4096, writer.free)
    with pytest.raises(OSError, match="not permitted"):
        os.ftruncate(writer.descriptor, 4096)


@settings(max_examples=200)
@given(
    slot=st.integers(-2, 60),
    shape=st.lists(st.integers(-2, 70), max_size=4).map(tuple),
    dtype=st.sampled_from(["|u1", "<u2", "<i2", "<f8", "|O", "nonsense"]),
    jpeg=st.integers(-5, 5000),
)
def test_no_header_shows_memory_that_is_no_picture(
    slot: int, shape: tuple[int, ...], dtype: str, jpeg: int
) -> None:
    writer, reader = pair()
    try:
        pixels, stream = reader.read(slot, shape, dtype, jpeg)
    except ValueError:
        return
    assert 0 <= slot < writer.slots
    assert pixels.nbytes + len(stream or b"") <= 4096
