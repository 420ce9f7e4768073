"""Whatever a file holds: a configuration or a report, and every fault names a real key."""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

import tomlkit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import inspect as types

from firmware.config import Configuration, ConfigurationError, load
from firmware.config.schema import Document
from firmware.config.walk import rule_of
from tests.firmware.config.documents import VALID

_CALM = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
_INDEX = re.compile(r"\[\d+\]")
_SCALARS = (
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(max_size=20)
    | st.dates()
    | st.sampled_from(["", "CT", "replay", "store", "ISO_IR 100", 0, -1, 70000])
)
_VALUES = (
    _SCALARS
    | st.lists(_SCALARS, max_size=3)
    | st.dictionaries(st.text("abc", min_size=1, max_size=3), _SCALARS, max_size=2)
)


def _known_keys() -> set[str]:
    """Paths of the schema with the indexes left out."""
    known: set[str] = set()

    def visit(table: types.StructType, prefix: str) -> None:
        for field in table.fields:
            path = f"{prefix}{field.encode_name}"
            known.add(path)
            inner = rule_of(field.type).type
            if isinstance(inner, types.VarTupleType):
                inner = rule_of(inner.item_type).type
            if isinstance(inner, types.StructType):
                visit(inner, f"{path}.")

    visit(types.type_info(Document), "")
    return known


_KNOWN = _known_keys()


def _load(folder: Path, text: str) -> None:
    path = folder / "gantry.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        configuration = load(path)
    except ConfigurationError as error:
        faults = error.faults
    else:
        assert isinstance(configuration, Configuration)
        return
    for fault in faults:
        assert fault.problem
        assert fault.file == str(path)
        last = re.split(r"[.\[]", fault.key)[-1]
        in_text = last in text or last.rstrip("]").isdigit()
        assert not fault.key or _INDEX.sub("", fault.key) in _KNOWN or in_text


def _places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found: list[tuple[str | int, ...]] = []
    for key, item in inner:
        found.append((*path, key))
        if isinstance(item, dict | list):
            found += _places(item, (*path, key))
    return found


_PLACES = _places(tomllib.loads(VALID))


@_CALM
@given(data=st.data(), changes=st.integers(1, 5))
def test_any_value_at_any_key(tmp_path: Path, data: st.DataObject, changes: int) -> None:
    document = tomllib.loads(VALID)
    for _ in range(changes):
        *way, last = data.draw(st.sampled_from(_PLACES))
        holder: Any = document
        try:
            for step in way:
                holder = holder[step]
            action = data.draw(st.sampled_from(["set", "delete", "rename"]))
            if action == "set":
                holder[last] = data.draw(_VALUES)
            elif action == "delete":
                del holder[last]
            else:
                holder[f"{last}x"] = holder.pop(last)
        except (KeyError, IndexError, TypeError, AttributeError):
            continue
    try:
        text = tomlkit.dumps(document)
    except (TypeError, ValueError, AttributeError):
        return
    _load(tmp_path, text)


@_CALM
@given(
    at=st.integers(0, len(VALID)),
    length=st.integers(0, 30),
    noise=st.text(max_size=12) | st.sampled_from(['"', "[", "]]", "=", "\n", "'''", "\x00", "#"]),
)
def test_any_text_anywhere(tmp_path: Path, at: int, length: int, noise: str) -> None:
    _load(tmp_path, VALID[:at] + noise + VALID[at + length :])


@_CALM
@given(data=st.binary(max_size=200))
def test_any_bytes(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "gantry.toml"
    path.write_bytes(data)
    with suppress(ConfigurationError):
        load(path)
