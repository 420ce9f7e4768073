"""Attribute matching of PS3.4 C.2.2.2: single value, wild card, range, list of UID."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from services.errors import ServiceError

_DATE = re.compile(r"\d{8}")
_TIME = re.compile(r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?")
_UID = re.compile(r"[0-9.]{1,64}")
_FIRST_TIME, _LAST_TIME = "000000.000000", "235959.999999"


class BadIdentifier(ServiceError, ValueError):
    """The query cannot be answered (status A900); the text names attributes, never values."""

    def __init__(self, comment: str, tag: int | None = None) -> None:
        self.comment = comment
        self.tag = tag
        super().__init__(comment)


@dataclass(frozen=True, slots=True)
class Range:
    """From ``low`` to ``high``, both included; empty text is open. Compared as text."""

    low: str = ""
    high: str = ""

    def __bool__(self) -> bool:
        return bool(self.low or self.high)

    @property
    def is_range(self) -> bool:
        return self.low != self.high

    def holds(self, value: str) -> bool:
        return (not self.low or value >= self.low) and (not self.high or value <= self.high)


def date_range(dataset: Dataset, keyword: str) -> Range:
    """A DA key as a range of ``YYYYMMDD``; BadIdentifier when it is none."""
    low, high = _bounds(dataset, keyword)
    for bound in (low, high):
        if bound and not _DATE.fullmatch(bound):
            raise BadIdentifier(f"{keyword} is neither a date nor a range of dates")
    return Range(low, high)


def time_range(dataset: Dataset, keyword: str) -> Range:
    """A TM key as a range of ``HHMMSS.FFFFFF``; what is left out of a bound is the widest."""
    low, high = _bounds(dataset, keyword)
    for bound in (low, high):
        if bound and not _TIME.fullmatch(bound):
            raise BadIdentifier(f"{keyword} is neither a time nor a range of times")
    return Range(full_time(low) if low else "", high + _LAST_TIME[len(high) :] if high else "")


def full_time(value: str) -> str:
    """A TM value with all its digits, for comparison."""
    return value + _FIRST_TIME[len(value) :]


def in_period(dates: Range, times: Range, date: str, time: str) -> bool:
    """Date and time matching; two ranges together are one period (PS3.4 table K.6-1).

    "July 5 to July 7" and "10 to 18 o'clock" is July 5, 10:00 to July 7, 18:00.
    """
    moment = full_time(time)
    if not (dates.is_range and times.is_range):
        return dates.holds(date) and times.holds(moment)
    low = dates.low + (times.low or _FIRST_TIME) if dates.low else ""
    high = dates.high + (times.high or _LAST_TIME) if dates.high else ""
    return Range(low, high).holds(date + moment)


def single_text(dataset: Dataset, keyword: str) -> str:
    """A text key without its padding; "*" and an absent key are the empty text (universal)."""
    value = dataset.get(keyword)
    if isinstance(value, MultiValue):
        raise BadIdentifier(f"{keyword} takes one value")
    text = "" if value is None else str(value).strip()
    return "" if text == "*" else text


def uid_list(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    """A UI key: one UID or several; BadIdentifier for what is no UID."""
    value = dataset.get(keyword)
    values: list[Any] = list(value) if isinstance(value, MultiValue) else [value]
    uids = tuple(str(one).strip() for one in values if one)
    if not all(_UID.fullmatch(uid) for uid in uids):
        raise BadIdentifier(f"{keyword} is no UID")
    return uids


def has_wildcard(key: str) -> bool:
    return "*" in key or "?" in key


def text_matches(key: str, value: str) -> bool:
    """Single value and wild card matching; case counts."""
    if not key:
        return True
    return bool(_pattern(key).fullmatch(value.strip()))


def name_matches(key: str, value: str) -> bool:
    """Person names: wild cards, case does not count, nor do trailing empty components.

    A key of one component group is looked for in every group of the name, so that a name is
    found by what is typed in any script; a key of several is compared group by group.
    """
    if not key:
        return True
    wanted, groups = _groups(key), _groups(value)
    if len(wanted) == 1:
        return any(_pattern(wanted[0]).fullmatch(group) for group in groups)
    pairs = zip(wanted, groups + [""] * len(wanted), strict=False)
    return all(_pattern(key).fullmatch(group) for key, group in pairs if key)


def same_name(one: str, other: str) -> bool:
    """Whether two person names are equal but for case and empty trailing parts."""
    return _groups(one) == _groups(other)


def _groups(name: str) -> list[str]:
    folded = unicodedata.normalize("NFC", name).casefold()
    groups = [group.strip().rstrip("^ ") for group in folded.split("=")]
    while len(groups) > 1 and not groups[-1]:
        groups.pop()
    return groups


@lru_cache(maxsize=256)
def _pattern(key: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(letter) or re.escape(letter) for letter in key), re.DOTALL)


def _bounds(dataset: Dataset, keyword: str) -> tuple[str, str]:
    text = single_text(dataset, keyword)
    if "-" not in text:
        return text, text
    low, _, high = text.partition("-")
    return low.strip(), high.strip()
