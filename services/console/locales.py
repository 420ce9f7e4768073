"""The words of the console: one folder a language, one file an area, keys that never repeat."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from services.console.options import LANGUAGES
from services.errors import NotFound

FOLDER = Path(__file__).parent / "locales"

_NAMES = {
    "en": "English",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "pl": "Polski",
    "ru": "Русский",
    "ar": "العربية",
    "ja": "日本語",
}


def languages() -> list[dict[str, str]]:
    """Every language by its code and by what its speakers call it."""
    return [{"code": code, "name": _NAMES[code]} for code in LANGUAGES]


def words(language: str) -> dict[str, str]:
    """All areas of one language; a word that it lacks is there in English.

    Raises
    ------
    NotFound
        The console does not speak it.
    """
    if language not in LANGUAGES:
        raise NotFound(f"there is no language {language!r}; there are {', '.join(LANGUAGES)}")
    return _merged(language)


@lru_cache(maxsize=1)
def _merged(language: str) -> dict[str, str]:
    # one language is kept: a kiosk speaks one at a time
    merged = {} if language == "en" else _read("en")
    return merged | _read(language)


def _read(language: str) -> dict[str, str]:
    merged: dict[str, str] = {}
    for file in sorted((FOLDER / language).glob("*.json")):
        merged.update(json.loads(file.read_text("utf-8")))
    return merged
