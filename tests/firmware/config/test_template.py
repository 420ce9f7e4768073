"""The template explains every key and is a valid configuration in both states."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from msgspec import inspect as types

from firmware.config import SourceSettings, template
from firmware.config.schema import Document
from firmware.config.walk import rule_of
from tests.firmware.config.documents import load_text

_KEY_MARK = re.compile(r"^#(?=[^\s#])", re.MULTILINE)


def _all_set() -> str:
    return _KEY_MARK.sub("", template())


def test_as_it_stands_it_says_nothing_and_is_valid(tmp_path: Path) -> None:
    assert tomllib.loads(template()) == {}
    assert load_text(tmp_path, template()).listener.port == 4006


def test_with_every_key_set_it_is_valid(tmp_path: Path) -> None:
    configuration = load_text(tmp_path, _all_set())
    assert configuration.peers[0].tls is not None
    kinds = rule_of(types.type_info(SourceSettings).fields[1].type).type
    assert {source.kind for source in configuration.sources} == set(kinds.values)
    assert configuration.profiles[0].preset == "composite-pal"
    assert not [text for text in configuration.warnings if "protocols" in text]


def test_every_key_is_there_with_its_range_above_it() -> None:
    document = tomllib.loads(_all_set())
    for section in types.type_info(Document).fields:
        inner = rule_of(section.type).type
        repeated = isinstance(inner, types.VarTupleType)
        table = rule_of(inner.item_type).type if repeated else inner
        entries = document[section.encode_name]
        given = set().union(*entries) if repeated else set(entries)
        assert given == {field.encode_name for field in table.fields}
        for field in table.fields:
            rule = rule_of(field.type)
            assert rule.description, field.name
            assert rule.allowed, field.name
    text = " ".join(template().replace("\n#   ", " ").split())
    assert "Allowed: a whole number from 1 to 65535. #port = 4006" in text
    assert '#commitment = "none"' in text
