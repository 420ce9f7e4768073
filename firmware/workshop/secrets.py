"""What of a configuration must not leave the box: words that open something."""

from __future__ import annotations

import re
from typing import Any

import tomlkit

_SECRET = re.compile(r"pass(word|phrase|wd)|secret|token|credential|community|(^|_)pin$", re.I)
_NO_SECRET = re.compile(r"(ready|recording|fault|buzzer)_pin$|^pin$")
_LOGIN = re.compile(r"(://)[^/@\s]*@")


def is_secret(key: str) -> bool:
    """Whether the value of a key with this name opens something; GPIO pins do not."""
    return bool(_SECRET.search(key)) and not _NO_SECRET.search(key)


def exported(text: str) -> str:
    """The file without secrets, comments and all, for another box or for a second look."""
    document = tomlkit.parse(text)
    _clean(document)
    return _LOGIN.sub(r"\1", tomlkit.dumps(document))


def bare(text: str) -> str:
    """The file without secrets and without comments, in which anything may have been noted."""
    document = tomlkit.parse(text).unwrap()
    _clean(document)
    return _LOGIN.sub(r"\1", tomlkit.dumps(document))


def _clean(table: Any) -> None:
    if isinstance(table, list):
        for entry in table:
            _clean(entry)
        return
    if not isinstance(table, dict):
        return
    for key in list(table):
        if is_secret(str(key)) and isinstance(table[key], str):
            del table[key]
        else:
            _clean(table[key])
