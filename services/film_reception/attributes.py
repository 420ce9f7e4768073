"""Values of a print request: what is allowed, and how the rest is refused (PS3.3 C.13)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from services.film_reception.words import Refusal

INVALID: Final = 0x0106
MISSING: Final = 0x0120

_MOST_TEXT: Final = 1024

Check = Callable[[str], bool]


def tag_of(keyword: str) -> int:
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    return tag


def one_of(*values: str) -> Check:
    return lambda text: text in values


def whole(lowest: int, highest: int) -> Check:
    def check(text: str) -> bool:
        return text.isascii() and text.isdigit() and lowest <= int(text) <= highest

    return check


def density(text: str) -> bool:
    """Border and empty image density: a name, or hundredths of OD."""
    return text in ("BLACK", "WHITE") or whole(0, 400)(text)


def any_text(text: str) -> bool:
    return len(text) <= _MOST_TEXT


def require(dataset: Dataset, *keywords: str) -> None:
    """Refuse a request that lacks one of these.

    Raises
    ------
    Refusal
        Status 0120, with every tag that is missing.
    """
    missing = [tag_of(keyword) for keyword in keywords if keyword not in dataset]
    if missing:
        raise Refusal(MISSING, "missing", missing)


def require_values(dataset: Dataset, *keywords: str) -> None:
    """As :func:`require`, and none of them may be empty."""
    require(dataset, *keywords)
    empty = [tag_of(keyword) for keyword in keywords if dataset[keyword].is_empty]
    if empty:
        raise Refusal(MISSING, "empty", empty)


def check(dataset: Dataset, allowed: dict[str, Check]) -> None:
    """Refuse values that are not allowed, all of them at once; absent and empty ones pass.

    Raises
    ------
    Refusal
        Status 0106, with every tag whose value is wrong.
    """
    wrong = [
        tag_of(keyword)
        for keyword, good in allowed.items()
        if (value := text(dataset, keyword)) and not good(value)
    ]
    if wrong:
        raise Refusal(INVALID, "not here", wrong)


def text(dataset: Dataset, keyword: str, default: str = "") -> str:
    """A value as text; several values with backslashes between them."""
    value = dataset.get(keyword)
    if value is None:
        return default
    if isinstance(value, str) or not isinstance(value, Iterable):
        return str(value).strip() or default
    return "\\".join(str(each).strip() for each in value) or default


def only_item(dataset: Dataset, keyword: str) -> Dataset | None:
    """The item of a sequence of one; None where the sequence is absent or empty.

    Raises
    ------
    Refusal
        There are several items, or it is no sequence.
    """
    value: Any = dataset.get(keyword)
    if not value:
        return None
    try:
        (item,) = value
    except (TypeError, ValueError):
        raise Refusal(INVALID, f"{keyword} must have one item", [tag_of(keyword)]) from None
    if not isinstance(item, Dataset):
        raise Refusal(INVALID, f"{keyword} must be a sequence", [tag_of(keyword)])
    return item


def reference(dataset: Dataset, keyword: str) -> str:
    """The SOP Instance UID that a sequence of one refers to; empty without one."""
    item = only_item(dataset, keyword)
    return text(item, "ReferencedSOPInstanceUID") if item is not None else ""
