"""The digitiser's protocol, byte by byte and against damage."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import SourceTimeout
from drivers.usb.digitiser_protocol import (
    BLOCK,
    HEADER_BYTES,
    DeviceState,
    FrameFlag,
    Header,
    Info,
    Input,
    Packing,
    ProtocolError,
    Status,
    pack_samples,
    payload_size,
    unpack_samples,
)
from drivers.usb.digitiser_stream import FrameStream, LostFrame, WholeFrame
from drivers.usb.numbering import Numbering

PACKET = 512


def frame_bytes(number: int, rows: int = 5, columns: int = 7) -> bytes:
    pixels = np.full((rows, columns), number % 4096, np.uint16)
    payload = pack_samples(pixels, Packing.PACKED_12)
    header = Header(
        FrameFlag.NONE, number, rows, columns, 12, Packing.PACKED_12, 0, len(payload),
        zlib.crc32(payload),
    )  # fmt: skip
    frame = header.pack() + payload
    return frame + bytes(-len(frame) % BLOCK)


class Wire:
    """Gives the bytes of a stream in transfers of the sizes that it is told."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self._data, self._sizes = data, sizes

    def read(self, length: int, _timeout: float) -> bytes:
        if not self._data:
            raise SourceTimeout("wire", "nothing left", "")
        size = self._sizes.pop(0) * PACKET if self._sizes else length
        part, self._data = self._data[: min(size, length)], self._data[min(size, length) :]
        return part

    def play(self) -> list[WholeFrame | LostFrame]:
        stream, found = FrameStream(self.read, PACKET, lambda: 0), []
        try:
            while True:
                one = stream.advance(1)
                if one is not None:
                    found.append(one)
        except SourceTimeout:
            return found


def numbers(found: list[WholeFrame | LostFrame]) -> list[int]:
    return [one.header.sequence for one in found if isinstance(one, WholeFrame)]


@given(st.data(), st.sampled_from(Packing), st.integers(1, 9), st.integers(1, 9))
def test_samples_come_out_as_they_went_in(
    data: st.DataObject, packing: Packing, rows: int, columns: int
) -> None:
    bits = data.draw(st.integers(8, 12 if packing is Packing.PACKED_12 else 16))
    count = rows * columns
    samples = data.draw(st.lists(st.integers(0, (1 << bits) - 1), min_size=count, max_size=count))
    pixels = np.array(samples, np.uint16).reshape(rows, columns)
    payload = pack_samples(pixels, packing)
    assert len(payload) == payload_size(rows, columns, packing)
    header = Header(
        FrameFlag.NONE, 1, rows, columns, bits, packing, 2, len(payload), zlib.crc32(payload)
    )
    assert (unpack_samples(payload, Header.unpack(header.pack())) == pixels).all()


def test_two_packed_samples_are_the_documented_three_bytes() -> None:
    assert pack_samples(np.array([[0xABC, 0x123]], np.uint16), Packing.PACKED_12) == b"\xbc\x3a\x12"


def test_a_header_is_the_documented_bytes() -> None:
    header = Header(FrameFlag.DAMAGED, 0x01020304, 2, 3, 12, Packing.WORDS, 5, 12, 0xAABBCCDD)
    packed = header.pack()
    assert len(packed) == HEADER_BYTES == 48
    assert packed[:44].hex() == (
        "47444947" "01" "30" "0100" "04030201" "0200" "0300" "0c" "00" "0000"
        "0500000000000000" "0c000000" "ddccbbaa" "0000000000000000"
    )  # fmt: skip
    assert packed[44:] == zlib.crc32(packed[:44]).to_bytes(4, "little")
    assert Header.unpack(packed + b"more") == header
    assert header.stream_bytes == BLOCK


@given(st.integers(0, HEADER_BYTES * 8 - 1))
def test_no_turned_bit_of_a_header_goes_unnoticed(bit: int) -> None:
    packed = bytearray(frame_bytes(1)[:HEADER_BYTES])
    packed[bit // 8] ^= 1 << (bit % 8)
    with pytest.raises(ProtocolError):
        Header.unpack(bytes(packed))


@given(st.binary(max_size=64))
def test_no_bytes_break_the_readers(data: bytes) -> None:
    for read in (Header.unpack, Info.unpack):
        with pytest.raises(ProtocolError):
            read(data)


@given(st.binary(max_size=9))
def test_a_status_is_of_a_known_state_or_none(data: bytes) -> None:
    if len(data) == 8 and data[0] <= 3:
        assert Status.unpack(data).state == data[0]
    else:
        with pytest.raises(ProtocolError):
            Status.unpack(data)


def test_the_answers_to_requests_come_out_as_they_went_in() -> None:
    info = Info(Input.DIGITAL, 1024, 1280, 12, Packing.PACKED_12, 40_000)
    assert Info.unpack(info.pack()) == info
    status = Status(DeviceState.UNSUPPORTED_MODE, 7)
    assert Status.unpack(status.pack()) == status


@pytest.mark.parametrize(
    ("rows", "columns", "bits", "packing"),
    [
        (0, 5, 12, 0),
        (5, 0, 12, 0),
        (5, 5, 7, 0),
        (5, 5, 17, 0),
        (5, 5, 13, 1),
        (65535, 65535, 8, 0),
    ],
)
def test_a_mode_that_makes_no_sense_is_refused(
    rows: int, columns: int, bits: int, packing: int
) -> None:
    with pytest.raises(ProtocolError):
        Info.unpack(Info(Input.ANALOGUE, rows, columns, bits, Packing(packing), 0).pack())


@given(st.lists(st.integers(1, 3), max_size=20), st.integers(1, 5))
def test_frames_are_found_however_the_transfers_are_cut(sizes: list[int], count: int) -> None:
    data = b"".join(frame_bytes(number) for number in range(count))
    found = Wire(data, sizes).play()
    assert numbers(found) == list(range(count))
    assert len(found) == count


@given(st.integers(1, 4), st.lists(st.integers(0, 255), min_size=1, max_size=4))
def test_after_blocks_of_noise_the_next_frame_is_found(blocks: int, noise: list[int]) -> None:
    rubbish = (bytes(noise) * BLOCK)[: blocks * BLOCK]
    found = Wire(frame_bytes(0) + rubbish + frame_bytes(1) + frame_bytes(2), []).play()
    assert numbers(found) == [0, 1, 2]
    assert sum(isinstance(one, LostFrame) for one in found) == 1


@given(st.binary(max_size=4 * BLOCK), st.lists(st.integers(1, 4), max_size=8))
def test_noise_is_never_a_frame_and_never_breaks_the_stream(noise: bytes, sizes: list[int]) -> None:
    assert numbers(Wire(noise, sizes).play()) == []


def test_numbers_go_on_over_wraps_losses_and_restarts() -> None:
    numbering = Numbering()
    numbering.reach(2**32 - 1)
    assert numbering.take() == 0
    numbering.reach(0)
    assert numbering.take() == 1
    numbering.reach(3)
    assert (numbering.take(), numbering.dropped) == (4, 2)
    numbering.restart()
    numbering.reach(0)
    assert (numbering.take(), numbering.dropped) == (6, 3)
    numbering.reach(1)
    numbering.drop()
    numbering.reach(2)
    numbering.skip()
    numbering.reach(3)
    assert (numbering.take(), numbering.dropped) == (9, 4)


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("tds")), max_size=30))
def test_every_gap_in_the_numbers_given_out_is_counted(steps: list[tuple[int, str]]) -> None:
    numbering, device, out, skipped = Numbering(), 0, [], 0
    for gap, what in steps:
        device += gap if out or skipped or numbering.dropped else 0
        numbering.reach(device)
        device += 1
        if what == "t":
            out.append(numbering.take())
        elif what == "d":
            numbering.drop()
        else:
            numbering.skip()
            skipped += 1
    assert device == len(out) + numbering.dropped + skipped
    assert out == sorted(set(out))
