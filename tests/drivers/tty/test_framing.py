"""Messages are found in whatever comes over a line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.tty.framing import Framer, Garble, Payload, enframe
from drivers.tty.model import LineModel
from tests.drivers.tty.models import (
    CHECKED,
    DELIMITED,
    FIXED,
    TERMINATED,
    VARIANTS,
    dose_meter,
)

ALL = st.sampled_from(list(VARIANTS.values()))
BODY = st.integers(0, 9999999).map(lambda number: f"D{number:07}".encode())
SHORT_BODY = st.integers(0, 99999).map(lambda number: f"D{number:05}".encode())


def bodies(model: LineModel) -> st.SearchStrategy[bytes]:
    hex_in_fixed = model.framing.length and model.checksum and not model.checksum.after_end
    return SHORT_BODY if hex_in_fixed else BODY


def payloads(found: list[Payload | Garble]) -> list[bytes]:
    return [one.data for one in found if isinstance(one, Payload)]


def garbles(found: list[Payload | Garble]) -> list[str]:
    return [one.reason for one in found if isinstance(one, Garble)]


@given(st.data())
def test_every_message_comes_out_however_it_is_cut_into_reads(data: st.DataObject) -> None:
    model = data.draw(ALL)
    sent = data.draw(st.lists(bodies(model), min_size=1, max_size=5))
    stream = b"".join(enframe(model, body) for body in sent)
    framer, found = Framer(model), []
    while stream:
        count = data.draw(st.integers(1, len(stream)))
        found += framer.feed(stream[:count])
        stream = stream[count:]
    assert found == [Payload(body) for body in sent]
    assert framer.pending == 0


@given(ALL, st.lists(st.binary(max_size=300), max_size=10))
def test_whatever_comes_the_framer_holds_back_no_more_than_one_message(
    model: LineModel, chunks: list[bytes]
) -> None:
    framer = Framer(model)
    for chunk in chunks:
        framer.feed(chunk)
        bound = max(model.framing.longest, model.framing.length) + 16
        assert framer.pending <= bound


@given(ALL, st.binary(max_size=200), st.integers(1, 199))
def test_where_reads_end_makes_no_difference_to_what_is_found(
    model: LineModel, stream: bytes, cut: int
) -> None:
    at_once, in_two = Framer(model), Framer(model)
    whole = payloads(at_once.feed(stream))
    parts = payloads(in_two.feed(stream[:cut])) + payloads(in_two.feed(stream[cut:]))
    assert [one for one in parts if one] == [one for one in whole if one]


@given(st.sampled_from(list(CHECKED.values())), st.data())
def test_a_turned_bit_never_changes_what_a_checked_message_says(
    model: LineModel, data: st.DataObject
) -> None:
    body = data.draw(bodies(model))
    frame = bytearray(enframe(model, body))
    frame[data.draw(st.integers(0, len(frame) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    following = enframe(model, b"D80.5000"[: len(body)])
    found = payloads(Framer(model).feed(bytes(frame) + following * 3))
    assert set(found) <= {body, b"D80.5000"[: len(body)]}
    assert b"D80.5000"[: len(body)] in found


def test_noise_between_delimited_messages_is_told_and_idle_characters_are_not() -> None:
    model = dose_meter(DELIMITED)
    message = enframe(model, b"D80")
    found = Framer(model).feed(b"\r\n\x00" + message + b"\x06\n" + message + b"x!y" + message)
    assert payloads(found) == [b"D80"] * 3
    assert garbles(found) == ["there is noise between messages"]


def test_a_message_that_breaks_off_does_not_swallow_the_next() -> None:
    model = dose_meter(DELIMITED)
    found = Framer(model).feed(b"\x02D8" + enframe(model, b"D81"))
    assert payloads(found) == [b"D81"]
    assert garbles(found) == ["the message broke off"]


@pytest.mark.parametrize("framing", [TERMINATED, DELIMITED])
def test_a_message_without_end_is_given_up_and_the_next_one_is_found(framing: str) -> None:
    model = dose_meter(framing)
    framer = Framer(model)
    found = framer.feed(model.framing.start + b"9" * 5000)
    found += framer.feed(b"\r\n" + enframe(model, b"D82"))
    assert payloads(found) == [b"D82"]
    assert "the message is too long" in garbles(found)


def test_a_fixed_message_is_found_again_within_what_was_taken_for_one() -> None:
    model = dose_meter(FIXED, "[checksum]\nkind = 'sum8'\n")
    good = enframe(model, b"D80.5000")
    found = Framer(model).feed(b"##12" + good + good)
    assert payloads(found) == [b"D80.5000"] * 2


def test_a_pause_ends_a_message_that_is_not_complete() -> None:
    model = dose_meter(DELIMITED)
    framer = Framer(model)
    assert framer.feed(b"\x02D8") == []
    assert framer.abandon() == Garble(b"\x02D8", "the message broke off")
    assert framer.abandon() is None
    assert payloads(framer.feed(enframe(model, b"D83"))) == [b"D83"]


def test_empty_lines_are_no_messages() -> None:
    model = dose_meter(TERMINATED)
    assert Framer(model).feed(b"\r\n\n\r\nD80\n\n") == [Payload(b"D80")]
