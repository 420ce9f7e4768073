"""Reads the tables of a driver file and notes every fault in them, not only the first."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from drivers.errors import DriverError

Choice = TypeVar("Choice", bound=StrEnum)

_ADVICE = "Correct the driver file"


class DriverFileInvalid(DriverError, ValueError):
    """A driver file cannot be used.

    Attributes
    ----------
    faults : tuple of str
        Everything that is wrong with it, each with the key that it stands at.
    """

    def __init__(self, device: str, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__(device, "; ".join(self.faults), _ADVICE)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.device, self.faults)


class Table:
    """One table of the file; every getter notes what is wrong and returns something of its type.

    Parameters
    ----------
    content : mapping
        As TOML gave it.
    where : str
        Path of the table within the file, empty for the file itself.
    faults : list of str
        Takes what is wrong; shared by all tables of a file.
    """

    def __init__(self, content: Mapping[str, Any], where: str, faults: list[str]) -> None:
        self._content = content
        self._where = where
        self._faults = faults
        self._asked: set[str] = set()

    def has(self, key: str) -> bool:
        """Whether the key stands in the table."""
        self._asked.add(key)
        return key in self._content

    def fault(self, key: str, problem: str) -> None:
        """Note what is wrong with a key."""
        path = f"{self._where}.{key}" if self._where and key else self._where or key
        self._faults.append(f"{path}: {problem}" if path else problem)

    def text(self, key: str, default: str | None = None) -> str:
        """A text; one without default has to be there and say something."""
        if not self.has(key):
            if default is None:
                self.fault(key, "is missing")
            return default or ""
        value = self._content[key]
        if not isinstance(value, str) or (default is None and not value):
            self.fault(key, "is a text that is not empty" if default is None else "is a text")
            return default or ""
        return value

    def octets(self, key: str) -> bytes:
        """The bytes of a text, each character one byte; empty where the key is absent."""
        return self._octets(key, self.text(key, ""))

    def octets_list(self, key: str) -> tuple[bytes, ...]:
        """The bytes of each of a list of texts, none of them empty."""
        texts = self.texts(key)
        if any(not text for text in texts):
            self.fault(key, "holds an empty text")
        return tuple(self._octets(key, text) for text in texts if text)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty where the key is absent."""
        value = self._content[key] if self.has(key) else []
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.fault(key, "is a list of texts")
            return ()
        return tuple(value)

    def flag(self, key: str, default: bool = False) -> bool:
        """True or false."""
        value = self._content[key] if self.has(key) else default
        if not isinstance(value, bool):
            self.fault(key, "is true or false")
            return default
        return value

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number within its range."""
        if not self.has(key) and default is not None:
            return default
        value = self._content.get(key)
        if type(value) is not int or not low <= value <= high:
            self.fault(key, f"is a whole number from {low} to {high}")
            return low if default is None else default
        return value

    def number(self, key: str, low: float, high: float, default: float | None) -> float | None:
        """A number within its range, or the default."""
        if not self.has(key):
            return default
        value = self._content[key]
        if type(value) not in (int, float) or not low <= value <= high:
            self.fault(key, f"is a number from {low:g} to {high:g}")
            return default
        return float(value)

    def pair(self, key: str) -> tuple[float, float] | None:
        """Two numbers, the first not above the second; None where they are absent or wrong."""
        if not self.has(key):
            return None
        value = self._content[key]
        numbers = isinstance(value, list) and all(type(one) in (int, float) for one in value)
        if not numbers or len(value) != 2 or not value[0] <= value[1]:
            self.fault(key, "is a list of two numbers, the smaller first")
            return None
        return value[0], value[1]

    def choice(self, key: str, kind: type[Choice], default: Choice | None = None) -> Choice:
        """One of the words of an enumeration."""
        word = self._content[key] if self.has(key) else default
        if isinstance(word, str) and word in set(kind):
            return kind(word)
        self.fault(key, f"is one of {', '.join(kind)}")
        return default or next(iter(kind))

    def word_map(self, key: str) -> dict[str, str]:
        """A table of words and what they stand for."""
        value = self._content[key] if self.has(key) else {}
        if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
            self.fault(key, "is a table of texts")
            return {}
        return dict(value)

    def table(self, key: str) -> Table | None:
        """A table within this one, None where it is absent."""
        if not self.has(key):
            return None
        value = self._content[key]
        if not isinstance(value, dict):
            self.fault(key, "is a table")
            return None
        return Table(value, f"{self._where}.{key}" if self._where else key, self._faults)

    def tables(self, key: str) -> list[Table]:
        """A list of tables within this one, counted from 1 in the report."""
        value = self._content[key] if self.has(key) else []
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self.fault(key, "is a list of tables")
            return []
        path = f"{self._where}.{key}" if self._where else key
        return [
            Table(one, f"{path}[{number}]", self._faults) for number, one in enumerate(value, 1)
        ]

    def finish(self) -> None:
        """Note every key that nobody asked for, with the likeliest of those that there are."""
        for key in self._content.keys() - self._asked:
            near = difflib.get_close_matches(key, self._asked, 1)
            self.fault(key, f"there is no such key; is it {near[0]}?" if near else "no such key")

    def _octets(self, key: str, text: str) -> bytes:
        try:
            return text.encode("latin-1")
        except UnicodeEncodeError:
            self.fault(key, "has a character that is not one byte")
            return b""
