"""Heads that fit into the gap that was left for them, whatever was known when it was left."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.encaps import generate_frames, parse_basic_offsets

from device.iod.clip import LARGEST_GROWTH, MOST_JPEG_FRAMES, Clip, complete
from device.iod.encoding import encode, encode_head, head_room
from device.protocol import ObjectKind
from services.dicom.part10 import read_head
from tests.device.iod.factories import Picture, context, grey
from tests.device.iod.jpegs import motion_jpeg

CONTEXT = context(ObjectKind.SC)


def clip_of(frames: list[Picture], nominal_ms: float = 40.0) -> tuple[Clip, list[bytes]]:
    clip = Clip(CONTEXT, frames[0], nominal_ms)
    return clip, [bytes(clip.add(frame)[0]) for frame in frames]


@given(st.lists(st.integers(0, 10**12), max_size=40), st.integers(0, 10**9))
def test_every_ending_fits_into_the_gap(steps_ns: list[int], dropped: int) -> None:
    at = 5
    clip = Clip(CONTEXT, grey(3, 5, 8, monotonic_ns=at), 40.0)
    room = head_room(clip.describe().dataset, LARGEST_GROWTH)
    pixels = b""
    for step in [0, *steps_ns]:
        at += step
        frame = grey(3, 5, 8, monotonic_ns=at)
        if clip.takes(frame):
            pixels += bytes(clip.add(frame)[0])
    pixels += b"\0" * (len(pixels) % 2)
    built = clip.describe()
    complete(built, clip.timeline, clip.ratios, dropped=dropped, remark="Cut off")

    head = encode_head(built.dataset, room, pixel_bytes=len(pixels))

    assert len(head) == room
    assert room % 4096 == 0
    ds = dcmread(io.BytesIO(head + pixels))
    assert ds.PixelData == pixels
    assert ds.NumberOfFrames == len(clip.timeline)
    assert read_head(memoryview(head + pixels)).sop_instance_uid == CONTEXT.sop_instance_uid


def test_the_longest_vector_and_table_fit() -> None:
    clip = Clip(CONTEXT, motion_jpeg(1), 40.0)
    first = clip.describe()
    room = head_room(first.dataset, LARGEST_GROWTH + 4 * MOST_JPEG_FRAMES)
    at = 0
    while clip.timeline.takes(at):
        clip.timeline.add(at)
        at += 57_123_000
    complete(first, clip.timeline, [], dropped=10**9, remark="x" * 200)
    head = encode_head(first.dataset, room, pixel_bytes=0, frame_lengths=[1000] * MOST_JPEG_FRAMES)
    assert len(head) == room


def test_the_data_set_is_the_one_of_the_plain_encoding() -> None:
    clip, pieces = clip_of([grey(4, 4, 8, monotonic_ns=n * 40_000_000) for n in range(3)])
    built = clip.describe()
    complete(built, clip.timeline, clip.ratios, dropped=0)
    pixels = b"".join(pieces)
    head = encode_head(built.dataset, 131_072, pixel_bytes=len(pixels))
    with_gap = memoryview(head + pixels)
    built.dataset.add_new("PixelData", "OB", pixels)
    plain = memoryview(encode(built.dataset))
    assert (
        with_gap[read_head(with_gap).data_set_offset :]
        == (plain[read_head(plain).data_set_offset :])
    )


def test_the_offsets_lead_to_the_frames() -> None:
    clip, pieces = clip_of([motion_jpeg(n) for n in range(1, 6)])
    built = clip.describe()
    complete(built, clip.timeline, clip.ratios, dropped=0)
    lengths = [len(piece) for piece in pieces]
    room = head_room(built.dataset, 4096)
    head = encode_head(built.dataset, room, pixel_bytes=0, frame_lengths=lengths)
    items = b"".join(
        b"\xfe\xff\x00\xe0" + len(piece).to_bytes(4, "little") + piece for piece in pieces
    )
    ds = dcmread(io.BytesIO(head + items + b"\xfe\xff\xdd\xe0" + bytes(4)))
    offsets = parse_basic_offsets(ds.PixelData)
    assert [items[offset + 8 : offset + 8 + 2] for offset in offsets] == [b"\xff\xd8"] * 5
    assert list(generate_frames(ds.PixelData, number_of_frames=5)) == pieces


def test_a_head_that_does_not_fit_is_refused() -> None:
    clip, _ = clip_of([grey(4, 4, 8)])
    with pytest.raises(ValueError, match="does not fit into 512"):
        encode_head(clip.describe().dataset, 512, pixel_bytes=16)
