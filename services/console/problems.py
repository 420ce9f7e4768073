"""Everything that the console refuses or fails at: a code, and four answers for the person.

Each area keeps its own table in :mod:`services.console.problem_tables`; codes are ``G-`` and four
digits: 1xxx worklist and identity, 2xxx acquisition, 3xxx exam and images, 4xxx deliveries, 5xxx
technician, 6xxx print, 9xxx service and sign-in.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from services.console import problem_tables

DataSafe = Literal["yes", "no", "partly"]

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is said of one code, in English; ``{name}`` stands for a parameter.

    Attributes
    ----------
    what : str
        What happened.
    data : str
        Whether images and deliveries are safe: yes, no or partly.
    safe : str
        The same as a sentence.
    todo : str
        What the person in front of the screen does now.
    status : int
        HTTP status of the answer.
    """

    what: str
    data: DataSafe
    safe: str
    todo: str
    status: int = 409


class Problem(Exception):
    """Ends a request with an explained refusal.

    Parameters
    ----------
    code : str
        A key of one of the tables, such as ``G-9001``.
    params : mapping
        Values for the placeholders; a peer's own words go here as they came.
    status : int
        HTTP status where the table's own does not fit.
    """

    def __init__(
        self, code: str, params: Mapping[str, Any] | None = None, status: int | None = None
    ) -> None:
        self.code = code
        self.params = dict(params or {})
        self.explanation = table()[code]
        self.status = status or self.explanation.status
        super().__init__(f"{code}: {fill(self.explanation.what, self.params)}")

    def as_plain(self) -> dict[str, Any]:
        """The body of the answer."""
        explanation = self.explanation
        return {
            "error": {
                "code": self.code,
                "params": self.params,
                "text": fill(explanation.what, self.params),
                "data": explanation.data,
                "safe": fill(explanation.safe, self.params),
                "todo": fill(explanation.todo, self.params),
            }
        }


def fill(text: str, params: Mapping[str, Any]) -> str:
    """Put the parameters into the placeholders; one that is not given stays empty."""
    return _PLACEHOLDER.sub(lambda match: str(params.get(match[1], "")), text)


@cache
def table() -> Mapping[str, Explanation]:
    """All tables as one.

    Raises
    ------
    ValueError
        When two areas use the same code.
    """
    merged: dict[str, Explanation] = {}
    for found in pkgutil.iter_modules(problem_tables.__path__):
        area = importlib.import_module(f"{problem_tables.__name__}.{found.name}")
        twice = merged.keys() & area.PROBLEMS.keys()
        if twice:
            raise ValueError(f"{area.__name__} uses codes of another area: {sorted(twice)}")
        merged.update(area.PROBLEMS)
    return merged
