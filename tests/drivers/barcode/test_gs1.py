"""GS1 elements: with and without their separators, and with every kind of damage."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.barcode.errors import CodeRefused
from drivers.barcode.gs1 import check_digit, parse_gs1
from drivers.barcode.symbology import GROUP_SEPARATOR as GS

GSRN = "735005385000000011"
SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-./:_"


def checked(digits: str) -> str:
    return digits + check_digit(digits)


@pytest.mark.parametrize(
    "number",
    ["4006381333931", "9780201379624", "00012345600012", "106141412345678908", "73513537"],
)
def test_check_digits_of_known_numbers(number: str) -> None:
    assert check_digit(number[:-1]) == number[-1]


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        (f"8018{GSRN}", {"8018": GSRN}),
        (f"{GS}8018{GSRN}", {"8018": GSRN}),
        (f"8018{GSRN}{GS}725019591224", {"8018": GSRN, "7250": "19591224"}),
        (f"8018{GSRN}725019591224", {"8018": GSRN, "7250": "19591224"}),
        (f"8018{GSRN}{GS}801912", {"8018": GSRN, "8019": "12"}),
        (f"8017{GSRN}", {"8017": GSRN}),
        (
            f"0104006381333931172812001{0}LOT-7{GS}21S/N_9",
            {"01": "04006381333931", "17": "281200", "10": "LOT-7", "21": "S/N_9"},
        ),
        (f"3103001250{GS}10A", {"3103": "001250", "10": "A"}),
        # swallowed separator: what follows a lot number is taken for its rest
        ("10AB21CD", {"10": "AB21CD"}),
    ],
)
def test_elements_are_parted(text: str, elements: dict[str, str]) -> None:
    assert parse_gs1(text) == elements


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no GS1 element"),
        (GS, "no GS1 element"),
        ("XYZ", "known here"),
        ("9", "known here"),
        (f"8018{GSRN[:-1]}2", r"\(8018\) has a wrong check digit"),
        (f"8018{GSRN[:-1]}", r"\(8018\) does not hold"),
        (f"8018{GSRN[:9]}{GS}{GSRN[9:]}", r"\(8018\) does not hold"),
        (f"8018{GSRN}4711", "known here"),
        (f"8018{GSRN}{GS}8018{checked('73500538500000002')}", "twice"),
        ("10" + "A" * 21, r"\(10\)"),
        (f"10{GS}21A", r"\(10\)"),
        ("10A B", r"\(10\)"),
        ("17251332", r"\(17\)"),
        ("725020260231x", "known here"),
        ("725020261301", r"\(7250\)"),
    ],
)
def test_damage_is_refused_and_named(text: str, reason: str) -> None:
    with pytest.raises(CodeRefused, match=reason):
        parse_gs1(text)


def test_a_refusal_never_repeats_what_was_scanned() -> None:
    with pytest.raises(CodeRefused) as refusal:
        parse_gs1(f"8018{GSRN[:-1]}2")
    assert not re.search(r"\d{6}", str(refusal.value))


fixed = st.sampled_from(
    [("00", 18), ("01", 14), ("8017", 18), ("8018", 18), ("402", 17), ("414", 13)]
).flatmap(
    lambda kind: st.text("0123456789", min_size=kind[1] - 1, max_size=kind[1] - 1).map(
        lambda digits: (kind[0], checked(digits))
    )
)
variable = st.tuples(
    st.sampled_from(["10", "21", "240", "90"]), st.text(SAFE, min_size=1, max_size=20)
)
elements = st.lists(
    st.one_of(fixed, variable), min_size=1, max_size=8, unique_by=lambda element: element[0]
)


@given(elements)
def test_with_separators_everything_is_read_back(made: list[tuple[str, str]]) -> None:
    text = GS.join(identifier + data for identifier, data in made)
    assert parse_gs1(text) == dict(made)


@given(st.lists(fixed, max_size=5, unique_by=lambda element: element[0]), variable)
def test_fixed_elements_first_need_no_separator(
    made: list[tuple[str, str]], last: tuple[str, str]
) -> None:
    text = "".join(identifier + data for identifier, data in [*made, last])
    assert parse_gs1(text) == dict([*made, last])


@given(fixed, st.data())
def test_one_wrong_digit_is_always_noticed(element: tuple[str, str], data: st.DataObject) -> None:
    identifier, digits = element
    place = data.draw(st.integers(0, len(digits) - 1))
    wrong = data.draw(st.sampled_from([d for d in "0123456789" if d != digits[place]]))
    with pytest.raises(CodeRefused, match="check digit"):
        parse_gs1(identifier + digits[:place] + wrong + digits[place + 1 :])


@given(st.text(st.characters(max_codepoint=127), max_size=60))
def test_any_text_is_parted_or_refused(text: str) -> None:
    try:
        found = parse_gs1(text)
    except CodeRefused:
        return
    assert found
