"""The words for what goes wrong with a simulated device.

A fault is a word, with the picture that it begins at where ``@`` follows, and with how long it
lasts where ``+`` follows: ``unplug@100+1.5`` pulls the plug at picture 100 for a second and a half,
``freeze@50+75`` repeats picture 50 for three seconds of 25 pictures each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

FIRST = 50
"""Picture at which a fault begins where nothing else is said: two seconds of European video."""

_WORD = re.compile(r"(?P<word>[a-z-]+)(@(?P<at>\d{1,9}))?(\+(?P<length>\d{1,9}(\.\d{1,3})?))?")


@dataclass(frozen=True, slots=True)
class Fault:
    """One word.

    Attributes
    ----------
    meaning : str
        What happens, for the person who chooses.
    values : callable
        Makes fields of the simulation's own faults of where it begins and how long it lasts.
    length : float
        How long where nothing is said.
    """

    meaning: str
    values: Callable[[int, float], Mapping[str, Any]]
    length: float = 0.0


Faults = Mapping[str, Fault]


def problem(known: Faults, text: str) -> str:
    """What is wrong with a fault as somebody wrote it, or an empty text."""
    found = _WORD.fullmatch(text)
    if found is None or found["word"] not in known:
        return f"is no fault of this device; there are {', '.join(known)}"
    if found["at"] and int(found["at"]) < 1:
        return "begins before the first picture"
    return ""


def values(known: Faults, texts: Iterable[str]) -> dict[str, Any]:
    """Fields of the simulation's faults; :func:`problem` had nothing against the texts."""
    fields: dict[str, Any] = {}
    for text in texts:
        found = _WORD.fullmatch(text)
        assert found is not None
        fault = known[found["word"]]
        length = float(found["length"]) if found["length"] else fault.length
        fields.update(fault.values(int(found["at"] or FIRST), length))
    return fields


def names(texts: Iterable[str]) -> set[str]:
    """The bare words."""
    return {re.split(r"[@+]", text, maxsplit=1)[0] for text in texts}
