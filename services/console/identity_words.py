"""What the page sends when somebody confirms or types a patient, checked for its form."""

from __future__ import annotations

from typing import Any

from services import confirming
from services.console.answers import Call
from services.console.problems import Problem

_MOST_KEYS = 20


def worklist_keys(call: Call) -> list[str]:
    """Keys of the entries that are meant."""
    return list_of_texts(call.body.get("keys"))


def list_of_texts(said: Any) -> list[str]:
    """A list of a few texts, none of them long.

    Raises
    ------
    Problem
        G-9003 for anything else.
    """
    if not isinstance(said, list) or not 0 < len(said) <= _MOST_KEYS:
        raise Problem("G-9003", {"words": f"a list of 1 to {_MOST_KEYS} texts is needed"})
    if not all(isinstance(each, str) and len(each) <= 1024 for each in said):
        raise Problem("G-9003", {"words": "only texts are understood"})
    return list(said)


def identifier(said: Any) -> tuple[str, str]:
    """Name and value of something that was compared."""
    name, value = (said.get("name"), said.get("value")) if isinstance(said, dict) else ("", "")
    if name not in confirming.IDENTIFIERS or not isinstance(value, str):
        raise Problem("G-9003", {"words": "an identifier is a name and a value"})
    return str(name), value


def typed_name(call: Call) -> str:
    """PN of the groups that were typed: ``names`` has the family and given name of each.

    The order is alphabetic, ideographic, phonetic (PS3.5 6.2.1.2).
    """
    groups = call.body.get("names", [])
    if not isinstance(groups, list) or len(groups) > 3:
        raise Problem("G-9003", {"words": "names must be a list of up to three"})
    return "=".join(_group(group) for group in groups).rstrip("=")


def _group(said: Any) -> str:
    if not isinstance(said, dict):
        raise Problem("G-9003", {"words": "a name has family and given"})
    parts = [said.get(part, "") for part in ("family", "given")]
    if not all(isinstance(part, str) for part in parts):
        raise Problem("G-9003", {"words": "family and given are texts"})
    family, given = (part.strip() for part in parts)
    if set("^=\\") & set(family + given):
        raise Problem("G-1209", {"words": "A name cannot hold ^, = or \\."})
    return f"{family}^{given}".rstrip("^")


def as_person_name(name: str) -> str:
    """The operator's name as PN; empty where it cannot be one."""
    return "" if set("^=\\") & set(name) or len(name) > 64 else name
