"""Masks: the documented signs, and that they never keep what they should not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.barcode.errors import MaskError
from drivers.barcode.mask import Mask


@pytest.mark.parametrize(
    ("mask", "code", "kept"),
    [
        ("P$$$$$$", "P123456", "123456"),
        ("P$$$$$$", "Q123456", None),
        ("P$$$$$$", "P12345", None),
        ("P$$$$$$", "P1234567", None),
        ("^P^~...", "P0815", "P0815"),
        ("^P^~...", "P08X5", None),
        ("^P^~...", "P", None),
        ("~~$...", "0147119", "47119"),
        ("~~$...", "0", None),
        ("~$", "A1", None),
        ("+$", "A1", "1"),
        ("+$", "11", None),
        ("^+^~", "x7", "x7"),
        ("^+^~", "77", None),
        ("*$*", "abc", "b"),
        ("^$$", "$5", "$5"),
        ("^^$", "^5", "^5"),
        (r"\24$", "$5", "5"),
        (r"^\2A$", "*5", "*5"),
        (r"^\5c$", "\\5", "\\5"),
        ("$...~~", "ab.12", None),
        ("[1%1%]^~...", "NAME%4711%19700101", "4711"),
        ("[1%1%]^~...", "NAME%4711", None),
        ("[2%1%]^~...", "NAME%4711", None),
        (r"[3\3b1\3b]^+^~^~^~^~^~^~^~", ";Mary;;X1234321;5715;01-09", "X1234321"),
        ("[1a2a]$...", "xa1a2a3", "1a2"),
        ("[P]$", "[P]4", "4"),
        ("$\n", "4\n", "4"),
        ("a.c$", "abc4", None),
    ],
)
def test_a_mask_keeps_what_it_says(mask: str, code: str, kept: str | None) -> None:
    assert Mask(mask).apply(code) == kept


@pytest.mark.parametrize(
    ("mask", "reason"),
    [
        ("", "no character"),
        ("...", "no character"),
        ("P~~~", "keeps nothing"),
        ("$^", "nothing behind"),
        (r"$\4", "hexadecimal"),
        (r"$^\zz", "hexadecimal"),
        ("[1%1%]", "no character"),
        ("$^...", "nothing behind"),
    ],
)
def test_a_wrong_mask_is_refused_with_the_place(mask: str, reason: str) -> None:
    with pytest.raises(MaskError, match=reason):
        Mask(mask)


signs = st.characters(min_codepoint=33, max_codepoint=126)


@given(st.text(signs, max_size=30))
def test_any_mask_works_or_is_refused(written: str) -> None:
    try:
        mask = Mask(written)
    except MaskError:
        return
    assert mask.apply("") is None


@given(
    st.lists(st.tuples(st.sampled_from("$*~+x"), st.booleans()), min_size=1, max_size=20), st.data()
)
def test_what_is_kept_is_made_of_the_marked_places(
    places: list[tuple[str, bool]], data: st.DataObject
) -> None:
    fitting = {"$": signs, "*": signs, "~": st.sampled_from("0123456789"),
               "+": st.sampled_from("abcXYZ"), "x": st.just("x")}  # fmt: skip
    written, code, expected = "", "", ""
    for sign, marked in [*places, ("$", False)]:
        char = data.draw(fitting[sign])
        kept = sign == "$" or (marked and sign != "*")
        written += f"^{sign}" if kept and sign != "$" else sign
        code += char
        expected += char if kept else ""
    assert Mask(written).apply(code) == expected


@given(st.text(signs, min_size=1, max_size=20), st.text(signs, min_size=1, max_size=20))
def test_a_mask_of_literals_fits_nothing_else(prefix: str, code: str) -> None:
    written = "".join(rf"\{ord(char):02x}" for char in prefix) + "$"
    kept = Mask(written).apply(code)
    assert (kept is not None) == (code[:-1] == prefix)
