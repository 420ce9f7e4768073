"""Which entries of a list could be taken for one another.

Most wrong-patient pictures come of a neighbouring row: two patients of one name, a junior and a
senior, names swapped or spelt otherwise, numbers that differ in one digit. Every rule here works
by sorting into buckets, so that a list of a thousand costs a thousand steps and not a million.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Likeness(StrEnum):
    """How two different patients are alike, the gravest first."""

    SAME_ID = "same_id"
    """One Patient ID with different names or birth dates: the list itself contradicts."""
    SAME_NAME = "same_name"
    SIMILAR_NAME = "similar_name"
    SAME_BIRTH_DATE = "same_birth_date"
    """And a name in common, or the same initials."""
    SIMILAR_ID = "similar_id"
    """One character differs or two are swapped, and a name or the birth date is in common."""


@dataclass(frozen=True, slots=True)
class Person:
    """What one entry says of its patient; ``key`` tells the entries apart.

    ``name`` has all component groups, ``birth_date`` is ``YYYYMMDD``; empty where not said.
    """

    key: str
    name: str = ""
    patient_id: str = ""
    issuer: str = ""
    birth_date: str = ""


@dataclass(frozen=True, slots=True)
class Alike:
    """Another entry that could be taken for this one."""

    key: str
    how: tuple[Likeness, ...]


_BUCKET: Final = 40
"""Entries of one bucket that are compared: a list full of one name is warned of all the same."""

_SHORTEST_NAME: Final = 7
_SHORTEST_ID: Final = 4
_NOT_PART_OF_A_NAME: Final = frozenset(
    (
        *("jr", "sr", "jun", "sen", "junior", "senior", "ii", "iii", "iv", "fils", "pere"),
        *("dr", "prof", "med", "mr", "mrs", "ms", "mme", "herr", "frau"),
    )
)
_LETTERS: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ё": "е"}
)


def folded(text: str) -> str:
    """Without case, accents and width, for comparing and for looking up."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return "".join(ch for ch in decomposed if not unicodedata.combining(ch))


def look_alikes(persons: Sequence[Person]) -> dict[str, tuple[Alike, ...]]:
    """By key, the entries of other patients that could be taken for it; none where there are none.

    Entries of one patient are no warning: a patient may have several orders.
    """
    described = [_Described(person) for person in persons]
    found: dict[str, dict[str, set[Likeness]]] = defaultdict(lambda: defaultdict(set))
    compared: set[tuple[str, str]] = set()
    for bucket in _buckets(described):
        for index, one in enumerate(bucket):
            for other in bucket[index + 1 : index + 1 + _BUCKET]:
                pair = (one.person.key, other.person.key)
                if pair in compared:
                    continue
                compared.add(pair)
                for how in _likenesses(one, other):
                    found[one.person.key][other.person.key].add(how)
                    found[other.person.key][one.person.key].add(how)
    order = list(Likeness)
    return {
        key: tuple(
            sorted(
                (
                    Alike(other, tuple(sorted(how, key=order.index)))
                    for other, how in others.items()
                ),
                key=lambda alike: (order.index(alike.how[0]), alike.key),
            )
        )
        for key, others in found.items()
        if others
    }


class _Described:
    """A person with everything that is compared, worked out once."""

    __slots__ = ("groups", "initials", "loose", "number", "person", "plain", "words")

    def __init__(self, person: Person) -> None:
        self.person = person
        self.groups = frozenset(filter(None, map(_plain, person.name.split("="))))
        parts = [_parts(group) for group in person.name.split("=")]
        self.words = frozenset(word for part in parts for word in part if len(word) > 1)
        self.loose = frozenset(filter(None, ("".join(sorted(map(_loose, p))) for p in parts)))
        self.plain = frozenset(filter(None, map(_family_and_first, person.name.split("="))))
        self.initials = frozenset(word[0] for word in parts[0])
        self.number = _number(person.patient_id)


def _buckets(described: Iterable[_Described]) -> Iterator[list[_Described]]:
    """Entries that share anything worth comparing, in their order."""
    buckets: dict[tuple[str, str], list[_Described]] = defaultdict(list)
    for one in described:
        for mark in set(_marks(one)):
            buckets[mark].append(one)
    return (bucket for bucket in buckets.values() if len(bucket) > 1)


def _marks(one: _Described) -> Iterator[tuple[str, str]]:
    if one.number:
        yield "number", one.number.lstrip("0")
    yield from (("name", group) for group in one.groups)
    yield from (("first names", name) for name in one.plain)
    yield from (("word", word) for word in one.words)
    for name in one.loose:
        yield "words", name
        if len(name) >= _SHORTEST_NAME:
            yield from (("near words", near) for near in _one_off(name))
    if one.person.birth_date:
        yield "birth date", one.person.birth_date


def _likenesses(one: _Described, other: _Described) -> Iterator[Likeness]:
    same_name = bool(one.groups & other.groups)
    same_birth_date = _same(one.person.birth_date, other.person.birth_date)
    if _is_same_patient(one, other, same_name=same_name, same_birth_date=same_birth_date):
        return
    if _same_number(one, other):
        yield Likeness.SAME_ID
    if same_name:
        yield Likeness.SAME_NAME
    elif one.plain & other.plain or _nearly_the_same_words(one.loose, other.loose):
        yield Likeness.SIMILAR_NAME
    shared = bool(one.words & other.words)
    if same_birth_date and (shared or (one.initials and one.initials == other.initials)):
        yield Likeness.SAME_BIRTH_DATE
    # numbers given out one after the other are all alike: by themselves they warn of nothing
    if (shared or same_birth_date) and _near_numbers(one.number, other.number):
        yield Likeness.SIMILAR_ID


def _is_same_patient(
    one: _Described, other: _Described, *, same_name: bool, same_birth_date: bool
) -> bool:
    if not _same_number(one, other):
        return False
    born = one.person.birth_date and other.person.birth_date
    named = one.groups and other.groups
    return (same_birth_date or not born) and (same_name or not named)


def _same_number(one: _Described, other: _Described) -> bool:
    """A number of two issuers is two; where one issuer is not said, it may be the same."""
    ours, theirs = one.person, other.person
    issuers = {ours.issuer.strip(), theirs.issuer.strip()} - {""}
    return _same(ours.patient_id.strip(), theirs.patient_id.strip()) and len(issuers) < 2


def _same(one: str, other: str) -> bool:
    return bool(one) and one == other


def _parts(group: str) -> list[str]:
    """The words of a name without titles and generations."""
    words = re.findall(r"\w+", folded(group))
    return [word for word in words if word not in _NOT_PART_OF_A_NAME]


def _plain(group: str) -> str:
    """Family, given and middle name and the suffix, each in its place."""
    components = folded(group).split("^")
    kept = [*components[:3], *components[4:5]]
    return "^".join(" ".join(re.findall(r"\w+", component)) for component in kept).strip("^")


def _family_and_first(group: str) -> str:
    """Family name and first given name: what is called out in a waiting room."""
    components = folded(group).split("^")
    family = _parts(components[0])
    given = _parts(components[1]) if len(components) > 1 else []
    return f"{''.join(family)}^{given[0]}" if family and given else ""


def _loose(word: str) -> str:
    """As it may be spelt by somebody else."""
    return re.sub(r"(?<=[aou])e", "", word).replace("y", "i").replace("ph", "f")


def _number(patient_id: str) -> str:
    return "".join(ch for ch in folded(patient_id) if ch.isalnum())


def _one_off(text: str) -> Iterator[str]:
    """Signatures of which texts that are one edit apart share at least one."""
    yield text
    for place in range(len(text)):
        yield text[:place] + text[place + 1 :]


def _near_numbers(one: str, other: str) -> bool:
    if min(len(one), len(other)) < _SHORTEST_ID or len(one) != len(other):
        return one != other and one.lstrip("0") == other.lstrip("0") and bool(one.strip("0"))
    differing = [place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    if len(differing) < 2:
        return True
    first, second = differing[0], differing[-1]
    swapped = one[first] == other[second] and one[second] == other[first]
    return len(differing) == 2 and second == first + 1 and swapped


def _nearly_the_same_words(ours: Iterable[str], theirs: Iterable[str]) -> bool:
    return any(one == other or _one_edit(one, other) for one in ours for other in theirs)


def _one_edit(one: str, other: str) -> bool:
    """One letter more, fewer or other in a name long enough for that to be a slip."""
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) < _SHORTEST_NAME or len(longer) - len(shorter) > 1:
        return False
    same = next((i for i, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), None)
    if same is None:
        return True
    tail = shorter[same + 1 :] if len(shorter) == len(longer) else shorter[same:]
    return tail == longer[same + 1 :]
