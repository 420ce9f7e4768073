"""Goes through a document beside its types and notes every fault, not only the first.

msgspec itself stops at the first fault and names no neighbour of a misspelt key, so the types are
only read with it here; the conversion comes after, when there is nothing left to complain about.
"""

from __future__ import annotations

import datetime
import difflib
import math
from dataclasses import dataclass
from typing import Any

from msgspec import NODEFAULT
from msgspec import inspect as types

from firmware.config.faults import ABSENT, KeyPath, Report

_TOML_NAMES: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (int, "a whole number"),
    (float, "a number"),
    (str, "text"),
    (list, "a list"),
    (dict, "a table"),
    (datetime.date, "a date"),
    (datetime.time, "a time"),
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A type with what its metadata add."""

    type: types.Type
    description: str
    examples: tuple[Any, ...]
    allowed: str
    check: Any
    kinds: tuple[str, ...] | None


def rule_of(type_: types.Type) -> Rule:
    """Unwrap metadata and optional types (TOML has no null, so None is only ever a default)."""
    description = ""
    examples: tuple[Any, ...] = ()
    extra: dict[str, Any] = {}
    while isinstance(type_, types.Metadata | types.UnionType):
        if isinstance(type_, types.UnionType):
            members = [member for member in type_.types if not isinstance(member, types.NoneType)]
            if len(members) > 1:
                break
            type_ = members[0]
            continue
        schema = type_.extra_json_schema or {}
        description = schema.get("description", description)
        examples = tuple(schema.get("examples", examples))
        extra = type_.extra or extra
        type_ = type_.type
    return Rule(
        type=type_,
        description=description,
        examples=examples,
        allowed=extra.get("allowed") or range_of(type_),
        check=extra.get("check"),
        kinds=extra.get("kinds"),
    )


def range_of(type_: types.Type) -> str:
    """The allowed values of a type, in words."""
    if isinstance(type_, types.BoolType):
        return "true or false"
    if isinstance(type_, types.IntType | types.FloatType):
        noun = "a whole number" if isinstance(type_, types.IntType) else "a number"
        return f"{noun} from {type_.ge} to {type_.le}"
    if isinstance(type_, types.StrType):
        return _text_range(type_)
    if isinstance(type_, types.LiteralType | types.EnumType):
        return ", ".join(f'"{choice}"' for choice in choices_of(type_))
    if isinstance(type_, types.VarTupleType):
        return f"a list of: {rule_of(type_.item_type).allowed}"
    return "a table"


def _text_range(type_: types.StrType) -> str:
    if type_.max_length is None:
        return "text"
    if type_.min_length:
        return f"text of {type_.min_length} to {type_.max_length} characters"
    return f"text of at most {type_.max_length} characters"


def choices_of(type_: types.LiteralType | types.EnumType) -> tuple[str, ...]:
    """The values of an enumeration."""
    if isinstance(type_, types.EnumType):
        return tuple(str(member.value) for member in type_.cls)
    return tuple(str(value) for value in type_.values)


def walk(value: Any, type_: types.Type, path: KeyPath, report: Report) -> Any:
    """Note every fault of ``value`` in ``report`` and return what of it is sound.

    Returns
    -------
    Any
        The value with faulty parts left out, or :data:`ABSENT` where nothing of it is sound.
    """
    rule = rule_of(type_)
    if isinstance(rule.type, types.StructType):
        return _walk_table(value, rule.type, path, report)
    if isinstance(rule.type, types.VarTupleType):
        return _walk_list(value, rule, path, report)
    problem = _problem(value, rule)
    if problem:
        report.add(path, value, problem, rule.allowed, _nearest_choice(value, rule.type))
        return ABSENT
    return value


def closest(word: str, known: list[str]) -> str:
    """A sentence that offers the nearest known word, or an empty text."""
    lowered = {candidate.lower(): candidate for candidate in known}
    found = difflib.get_close_matches(word.lower(), list(lowered), n=1, cutoff=0.6)
    return f'did you mean "{lowered[found[0]]}"?' if found else ""


def _walk_table(value: Any, table: types.StructType, path: KeyPath, report: Report) -> Any:
    if not isinstance(value, dict):
        report.add(path, value, f"is {_kind(value)} where a table belongs", "a table")
        return ABSENT
    known = {field.encode_name: field for field in table.fields}
    sound: dict[str, Any] = {}
    for key, inner in value.items():
        if key not in known:
            _unknown_key(key, inner, list(known), path, report)
            continue
        checked = walk(inner, known[key].type, (*path, key), report)
        if checked is not ABSENT:
            sound[key] = checked
    for key, field in known.items():
        if field.required and field.default is NODEFAULT and key not in value:
            report.add((*path, key), ABSENT, "is missing", rule_of(field.type).allowed)
    return sound


def _unknown_key(key: str, value: Any, known: list[str], path: KeyPath, report: Report) -> None:
    near = closest(key, known)
    where = "here" if path else "at the top of the file"
    report.add(
        (*path, key),
        ABSENT if isinstance(value, dict | list) else value,
        f"there is no such key {where}",
        ", ".join(known),
        near,
    )


def _walk_list(value: Any, rule: Rule, path: KeyPath, report: Report) -> Any:
    if not isinstance(value, list):
        item = rule_of(rule.type.item_type).type  # type: ignore[attr-defined]
        tables = isinstance(item, types.StructType)
        hint = f"write [[{path[-1]}]] with two brackets" if tables and len(path) == 1 else ""
        report.add(path, value, f"is {_kind(value)} where a list belongs", rule.allowed, hint)
        return ABSENT
    assert isinstance(rule.type, types.VarTupleType)
    if len(value) < (rule.type.min_length or 0):
        report.add(path, value, "is empty", rule.allowed)
        return ABSENT
    return [
        walk(item, rule.type.item_type, (*path, index), report) for index, item in enumerate(value)
    ]


def _problem(value: Any, rule: Rule) -> str:
    """What is wrong with a single value, or an empty text."""
    problem = _type_problem(value, rule.type)
    if problem:
        return problem
    if rule.check and value != "":
        return str(rule.check(value))
    return ""


def _type_problem(value: Any, type_: types.Type) -> str:
    if isinstance(type_, types.UnionType):
        fits = [not _type_problem(value, member) for member in type_.types]
        return "" if any(fits) else f"is {_kind(value)}"
    if isinstance(type_, types.BoolType):
        return "" if isinstance(value, bool) else f"is {_kind(value)}"
    if isinstance(type_, types.IntType | types.FloatType):
        return _number_problem(value, type_)
    if isinstance(type_, types.StrType):
        return _text_problem(value, type_)
    if isinstance(type_, types.LiteralType | types.EnumType):
        known = isinstance(value, str) and value in choices_of(type_)
        return "" if known else "is not one of the words that belong here"
    if isinstance(type_, types.VarTupleType):
        strings = isinstance(value, list) and all(isinstance(item, str) for item in value)
        return "" if strings else f"is {_kind(value)}"
    return "" if isinstance(value, dict) else f"is {_kind(value)} where a table belongs"


def _number_problem(value: Any, type_: types.IntType | types.FloatType) -> str:
    wanted = int if isinstance(type_, types.IntType) else (int, float)
    if isinstance(value, bool) or not isinstance(value, wanted):
        return f"is {_kind(value)}"
    if isinstance(value, float) and not math.isfinite(value):
        return "is not a finite number"
    if type_.ge is not None and value < type_.ge:
        return "is too small"
    if type_.le is not None and value > type_.le:
        return "is too large"
    return ""


def _text_problem(value: Any, type_: types.StrType) -> str:
    if not isinstance(value, str):
        return f"is {_kind(value)} where text in quotes belongs"
    if len(value) < (type_.min_length or 0):
        return "is empty" if not value else "is too short"
    if type_.max_length is not None and len(value) > type_.max_length:
        return f"is too long: {len(value)} characters"
    return ""


def _nearest_choice(value: Any, type_: types.Type) -> str:
    if not isinstance(value, str) or not isinstance(type_, types.LiteralType | types.EnumType):
        return ""
    return closest(value, list(choices_of(type_)))


def _kind(value: Any) -> str:
    """What TOML calls a value."""
    return next((name for kind, name in _TOML_NAMES if isinstance(value, kind)), "something else")
