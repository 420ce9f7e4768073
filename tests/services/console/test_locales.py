"""Every language says everything, with the same parameters, and means what the tables mean."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache

import pytest

from services.console.locales import FOLDER, languages, words
from services.console.options import LANGUAGES
from services.console.problems import fill, table
from services.errors import NotFound

PLACEHOLDER = re.compile(r"\{(\w+)\}")
FORMS = {
    "en": {"one", "other"},
    "de": {"one", "other"},
    "fr": {"one", "many", "other"},
    "es": {"one", "many", "other"},
    "pl": {"one", "few", "many", "other"},
    "ru": {"one", "few", "many", "other"},
    "ar": {"zero", "one", "two", "few", "many", "other"},
    "ja": {"other"},
}
"""Plural categories of whole numbers, as Unicode CLDR has them."""

ALL_FORMS = set().union(*FORMS.values())
AREAS = sorted(file.stem for file in (FOLDER / "en").glob("*.json"))
OTHERS = [language for language in LANGUAGES if language != "en"]


@cache
def area(language: str, name: str) -> Mapping[str, str]:
    file = FOLDER / language / f"{name}.json"
    found: dict[str, str] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    return found


def stem(key: str) -> tuple[str, str]:
    """A key without its plural form, and the form."""
    head, _, last = key.rpartition(".")
    return (head, last) if last in ALL_FORMS else (key, "")


def plurals(found: Mapping[str, str]) -> set[str]:
    """Stems of keys that come in plural forms: those that have the form ``other``."""
    return {stem(key)[0] for key in found if stem(key)[1] == "other"}


def parameters(text: str) -> set[str]:
    return set(PLACEHOLDER.findall(text))


def single(found: Mapping[str, str], counted: set[str]) -> set[str]:
    return {key for key in found if stem(key)[0] not in counted}


@pytest.mark.parametrize("name", AREAS)
@pytest.mark.parametrize("language", OTHERS)
def test_a_language_has_the_words_that_english_has(language: str, name: str) -> None:
    english, other = area("en", name), area(language, name)
    counted = plurals(english)
    assert single(other, counted) == single(english, counted)
    assert plurals(other) == counted
    for head in counted:
        forms = {stem(key)[1] for key in other if stem(key)[0] == head}
        assert "other" in forms
        assert forms <= FORMS[language], f"{head} has forms that {language} does not"
        needed = FORMS[language] - {"zero", "two"} if language == "ar" else FORMS[language]
        needed = needed - {"many"} if language in ("fr", "es") else needed
        assert needed <= forms, f"{head} lacks forms of {language}"


@pytest.mark.parametrize("name", AREAS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_fills_in_what_english_fills_in(language: str, name: str) -> None:
    english = area("en", name)
    counted = plurals(english)
    for key, text in area(language, name).items():
        head, form = stem(key)
        assert text.strip(), f"{key} is empty"
        if head in counted:
            wanted = parameters(english[f"{head}.other"])
            # a form that stands for one number need not repeat it
            allowed = {"n"} if form in ("zero", "one", "two") else set()
            assert wanted - allowed <= parameters(text) <= wanted, key
        else:
            assert parameters(text) == parameters(english.get(key, text)), key


def test_no_key_is_in_two_areas() -> None:
    for language in LANGUAGES:
        seen: dict[str, str] = {}
        for name in AREAS:
            for key in area(language, name):
                assert seen.setdefault(key, name) == name, f"{key} in {language}"


def test_every_code_is_explained_in_english_as_in_its_table() -> None:
    english = words("en")
    for code, explanation in table().items():
        for part in ("what", "safe", "todo"):
            key = f"error.{code}.{part}"
            assert english.get(key) == getattr(explanation, part), key
    codes = {key.split(".")[1] for key in english if key.startswith("error.")}
    assert codes == set(table())


def test_codes_are_of_their_area_and_every_answer_says_something() -> None:
    for code, explanation in table().items():
        assert re.fullmatch(r"G-[1-69]\d{3}", code)
        assert explanation.what
        assert explanation.safe
        assert explanation.todo
        assert explanation.data in ("yes", "no", "partly")
        assert 400 <= explanation.status < 600


def test_parameters_are_put_in_as_text_and_never_again() -> None:
    assert fill("{words}", {"words": "{secret} & <b>", "secret": "x"}) == "{secret} & <b>"
    assert fill("{absent}!", {}) == "!"


def test_every_language_is_called_by_its_own_name() -> None:
    assert [each["code"] for each in languages()] == list(LANGUAGES)
    assert all(each["name"] for each in languages())


@pytest.mark.parametrize("code", ["xx", "", "../en", "EN"])
def test_a_language_that_is_not_spoken_is_said_to_be(code: str) -> None:
    with pytest.raises(NotFound, match="there are en"):
        words(code)
