"""Who could be taken for whom, in a list."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.look_alike import Likeness, Person, folded, look_alikes


def how(one: Person, other: Person) -> set[Likeness]:
    found = look_alikes([one, other])
    mirrored = {key: [alike.how for alike in others] for key, others in found.items()}
    assert mirrored.get(one.key) == mirrored.get(other.key), "a likeness has two sides"
    return {likeness for alike in found.get(one.key, ()) for likeness in alike.how}


def person(key: str, name: str = "", patient_id: str = "", birth_date: str = "") -> Person:
    return Person(key, name, patient_id or key * 3, "", birth_date)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SMITH^JOHN", "Smith^John"),
        ("Müller^Jörg", "MULLER^JORG"),
        ("Yamada^Tarou=山田^太郎", "Yamada^Taro=山田^太郎"),
        ("Łuczak^Ola", "Luczak^Ola"),
    ],
)
def test_the_same_name_however_it_is_written(one: str, other: str) -> None:
    assert Likeness.SAME_NAME in how(person("a", one), person("b", other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Smith^John^^^Jr", "Smith^John^^^Sr"),
        ("Smith^John Jr", "Smith^John"),
        ("Smith^John", "John^Smith"),
        ("Smith^John^A", "Smith^John^B"),
        ("Müller^Jörg", "Mueller^Joerg"),
        ("Meier^Hannah", "Meyer^Hanna"),
        ("Schmidt^Anna", "Schmitt^Anna"),
        ("Kowalska^Ewa", "Kowalski^Ewa"),
        ("Иванов^Пётр", "Иванова^Петр"),
    ],
)
def test_similar_names(one: str, other: str) -> None:
    assert Likeness.SIMILAR_NAME in how(person("a", one), person("b", other))


@pytest.mark.parametrize(
    ("one", "other"),
    [("Smith^John", "Baker^Mary"), ("Lee^An", "Lee^Bo"), ("", ""), ("Smith^John", "")],
)
def test_different_names_warn_of_nothing(one: str, other: str) -> None:
    assert how(person("a", one), person("b", other)) == set()


def test_one_birth_date_counts_where_a_name_is_shared() -> None:
    date = "19700131"
    assert how(person("a", "Smith^John", birth_date=date), person("b", "Smith^Ada", "X", date)) == {
        Likeness.SAME_BIRTH_DATE
    }
    assert how(person("a", "Smith^John", birth_date=date), person("b", "Baker^Mo", "X", date)) == (
        set()
    )


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("1000451", "1000461", True),
        ("1000451", "1000415", True),
        ("0045123", "45123", True),
        ("1000451", "1000999", False),
        ("12", "13", False),
    ],
)
def test_near_numbers_count_where_a_name_is_shared(one: str, other: str, alike: bool) -> None:
    found = how(Person("a", "Smith^John", one), Person("b", "Smith^Adelaide", other))
    assert (Likeness.SIMILAR_ID in found) is alike
    assert how(Person("a", "Smith^John", one), Person("b", "Baker^Mary", other)) == set(), (
        "numbers given out in turn would mark the whole list"
    )


def test_one_number_with_two_names_contradicts_itself() -> None:
    one, other = Person("a", "Smith^John", "7"), Person("b", "Baker^Mary", "7")
    assert Likeness.SAME_ID in how(one, other)
    assert how(Person("a", "Smith^John", "7", "HOSP"), Person("b", "Baker^Mary", "7", "LAB")) == (
        set()
    ), "numbers of two issuers are two numbers"


def test_two_orders_of_one_patient_warn_of_nothing() -> None:
    orders = [Person(key, "Smith^John", "7", "H", "19700131") for key in "ab"]
    assert look_alikes(orders) == {}
    without_issuer = Person("c", "SMITH^JOHN", "7", "", "19700131")
    assert look_alikes([*orders, without_issuer]) == {}


PEOPLE = st.builds(
    Person,
    key=st.uuids().map(str),
    name=st.sampled_from(["Smith^John", "Smith^Jon", "John^Smith", "Smith^Johnny^^^Jr", ""])
    | st.text(max_size=20),
    patient_id=st.text("0123456789-", max_size=8),
    issuer=st.sampled_from(["", "H", "L"]),
    birth_date=st.sampled_from(["", "19700131", "19700113"]),
)


@given(st.lists(PEOPLE, max_size=12, unique_by=lambda each: each.key))
def test_a_likeness_is_mutual_and_never_with_oneself(people: list[Person]) -> None:
    found = look_alikes(people)
    pairs = {(key, each.key): each.how for key, others in found.items() for each in others}
    assert all(pairs.get((other, one)) == kinds for (one, other), kinds in pairs.items())
    assert all(one != other and kinds for (one, other), kinds in pairs.items())


@given(st.lists(PEOPLE, max_size=12, unique_by=lambda each: each.key), st.randoms())
def test_the_order_of_the_list_does_not_matter(people: list[Person], random: object) -> None:
    shuffled = list(people)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert look_alikes(shuffled) == look_alikes(people)


@given(
    st.text(st.characters(categories=["L"], max_codepoint=0x24F), min_size=2, max_size=12),
    st.text(st.characters(categories=["L"], max_codepoint=0x24F), min_size=2, max_size=12),
)
def test_every_name_is_found_again_in_capitals_and_swapped(family: str, given_name: str) -> None:
    one = person("a", f"{family}^{given_name}")
    if folded(family.upper()) == folded(family) and folded(given_name.upper()) == folded(
        given_name
    ):
        assert Likeness.SAME_NAME in how(one, person("b", f"{family}^{given_name}".upper()))
    assert how(one, person("b", f"{given_name}^{family}")) & {
        Likeness.SAME_NAME,
        Likeness.SIMILAR_NAME,
    }


@given(st.text("0123456789", min_size=6, max_size=12), st.integers(0, 5), st.integers(1, 9))
def test_one_wrong_digit_is_seen(number: str, place: int, by: int) -> None:
    digit = str((int(number[place]) + by) % 10)
    wrong = number[:place] + digit + number[place + 1 :]
    found = how(Person("a", "Smith^John", number), Person("b", "Smith^John", wrong))
    assert found == {Likeness.SAME_NAME, Likeness.SIMILAR_ID}


def test_a_long_list_and_one_full_of_one_name_take_no_time() -> None:
    various = [
        Person(
            str(n), f"Family{n % 331}^Given{n % 97}", f"{100000 + n}", "H", f"19{n % 90:02d}0101"
        )
        for n in range(1000)
    ]
    same = [Person(str(n), "TEST^PATIENT", f"{100000 + n}") for n in range(1000)]
    began = time.perf_counter()
    look_alikes(various)
    assert len(look_alikes(same)) == 1000, "everyone has a namesake"
    assert time.perf_counter() - began < 10
