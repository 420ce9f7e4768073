"""The framing of the live link: whole messages in any pieces, and nothing unbounded."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.live.words import BrokenWords, Message, Shown, Unpacker, pack

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.text(), values, max_size=4)
messages = objects | st.builds(Shown, objects, st.binary(max_size=300))


@given(st.lists(messages, max_size=5), st.lists(st.integers(0, 2000), max_size=8))
def test_messages_come_whole_in_whatever_pieces(sent: list[Message], cuts: list[int]) -> None:
    stream = b"".join(pack(message) for message in sent)
    places = sorted({0, len(stream), *(min(cut, len(stream)) for cut in cuts)})
    unpacker = Unpacker(1 << 20)
    got = [m for a, b in pairwise(places) for m in unpacker.feed(stream[a:b])]
    assert got == sent


@given(st.lists(st.binary(max_size=200), max_size=6))
def test_nonsense_is_told_as_such_and_never_kept(pieces: list[bytes]) -> None:
    unpacker = Unpacker(64)
    with suppress(BrokenWords):
        for piece in pieces:
            for message in unpacker.feed(piece):
                assert isinstance(message, dict | Shown)
            assert len(unpacker._bytes) <= 64 + 5


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\xff\xff\xff\xffJ", "too long"),
        (b"\x00\x00\x00\x02X{}", "no known kind"),
        (b"\x00\x00\x00\x02J[]", "no JSON object"),
        (b"\x00\x00\x00\x03JNaN", "no JSON"),
        (b"\x00\x00\x00\x02J\xff\xfe", "no JSON"),
        (b"\x00\x00\x00\x01P\x00", "no header"),
        (b"\x00\x00\x00\x04P\x00\x09{}", "cut off"),
    ],
)
def test_what_is_wrong_is_named(data: bytes, says: str) -> None:
    with pytest.raises(BrokenWords, match=says):
        Unpacker(1024).feed(data)


def test_deep_nesting_is_refused_not_a_crash() -> None:
    body = b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    with pytest.raises(BrokenWords):
        Unpacker(1 << 20).feed(len(body).to_bytes(4, "big") + b"J" + body)


def test_a_header_that_no_picture_could_have_is_not_sent() -> None:
    with pytest.raises(BrokenWords):
        pack(Shown({"text": "x" * 70_000}, b""))
