"""The configuration as a form: every key with its meaning, kind, range and default.

Read from the types themselves, so that a new key is on the technician's screen with no more said
of it than in its own definition.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import NODEFAULT
from msgspec import inspect as types

from firmware.config.profiles import preset_names
from firmware.config.schema import Document
from firmware.config.walk import choices_of, rule_of

_REFERS: Final = {
    ("protocols", "source"): "sources",
    ("sources", "profile"): "profiles",
    ("profiles", "preset"): "presets",
}
"""Keys whose value is the name of an entry elsewhere."""

_DEPENDS: Final = {"sources": "kind", "triggers": "kind", "printers": "kind"}
"""Repeated tables in which one key decides which others have a meaning."""

SHIPPED: Final = "presets"


def describe() -> list[dict[str, Any]]:
    """Every section of the file in order.

    Returns
    -------
    list of dict
        ``section``, ``repeated``, ``meaning``, ``depends`` (the key that decides about others, or
        empty) and ``keys``; of each key ``key``, ``meaning``, ``kind``, ``allowed``, ``required``,
        ``default``, ``example``, ``kinds`` and, where they apply, ``least``, ``most``,
        ``shortest``, ``longest``, ``choices``, ``item`` and ``refers``.
    """
    document = types.type_info(Document)
    assert isinstance(document, types.StructType)
    return [_section(field) for field in document.fields]


def presets() -> list[str]:
    """Names of the capture profiles that are shipped."""
    return list(preset_names())


def _section(field: types.Field) -> dict[str, Any]:
    kind = rule_of(field.type).type
    repeated = isinstance(kind, types.VarTupleType)
    table = rule_of(kind.item_type).type if isinstance(kind, types.VarTupleType) else kind
    assert isinstance(table, types.StructType)
    name = field.encode_name
    return {
        "section": name,
        "repeated": repeated,
        "meaning": (table.cls.__doc__ or "").strip(),
        "depends": _DEPENDS.get(name, ""),
        "keys": [_key(name, each) for each in table.fields],
    }


def _key(section: str, field: types.Field) -> dict[str, Any]:
    rule = rule_of(field.type)
    return {
        "key": field.encode_name,
        "meaning": rule.description,
        "allowed": rule.allowed,
        "required": field.required,
        "default": _default(field),
        "example": _plain(rule.examples[0]) if rule.examples else None,
        "kinds": list(rule.kinds) if rule.kinds else [],
        "refers": _REFERS.get((section, field.encode_name), ""),
        **_kind(rule.type),
    }


def _kind(kind: types.Type) -> dict[str, Any]:
    if isinstance(kind, types.BoolType):
        return {"kind": "switch"}
    if isinstance(kind, types.IntType | types.FloatType):
        whole = isinstance(kind, types.IntType)
        return {"kind": "whole" if whole else "number", "least": kind.ge, "most": kind.le}
    if isinstance(kind, types.StrType):
        return {"kind": "text", "shortest": kind.min_length or 0, "longest": kind.max_length}
    if isinstance(kind, types.LiteralType | types.EnumType):
        return {"kind": "choice", "choices": list(choices_of(kind))}
    if isinstance(kind, types.VarTupleType):
        return {"kind": "list", "item": _item(kind.item_type)}
    if isinstance(kind, types.UnionType):
        return {"kind": "text", "shortest": 0, "longest": None}
    return {"kind": "table"}


def _item(type_: types.Type) -> dict[str, Any]:
    rule = rule_of(type_)
    return {"allowed": rule.allowed, **_kind(rule.type)}


def _default(field: types.Field) -> Any:
    if field.default is not NODEFAULT:
        return _plain(field.default)
    if field.default_factory is not NODEFAULT:
        return _plain(field.default_factory())
    return None


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, str):
        return str(value)
    return value
