"""The form that is drawn from the configuration's own types."""

from __future__ import annotations

import json

import msgspec

from firmware.config.schema import Document
from firmware.workshop.keys import describe

KINDS = {"switch", "whole", "number", "text", "choice", "list", "table"}


def test_every_key_of_every_section_is_described() -> None:
    form = {section["section"]: section for section in describe()}
    assert set(form) == set(Document.__struct_fields__)
    for name, section in form.items():
        assert section["meaning"], name
        for key in section["keys"]:
            assert key["meaning"], (name, key["key"])
            assert key["kind"] in KINDS
            assert key["allowed"], (name, key["key"])


def test_the_form_is_json_and_says_range_default_and_choices() -> None:
    form = {section["section"]: section for section in json.loads(json.dumps(describe()))}
    assert form["peers"]["repeated"]
    assert not form["station"]["repeated"]
    keys = {key["key"]: key for key in form["peers"]["keys"]}
    assert keys["port"]["required"]
    assert (keys["port"]["least"], keys["port"]["most"]) == (1, 65535)
    assert keys["connect_timeout"]["default"] == 10.0
    assert sorted(keys["commitment"]["choices"]) == ["none", "required"]
    assert "worklist" in keys["services"]["item"]["choices"]


def test_defaults_are_those_that_the_box_takes() -> None:
    form = {section["section"]: section for section in describe()}
    retention = {key["key"]: key["default"] for key in form["retention"]["keys"]}
    assert retention == msgspec.to_builtins(Document().retention)


def test_kinds_say_where_a_key_has_a_meaning() -> None:
    form = {section["section"]: section for section in describe()}
    assert form["sources"]["depends"] == "kind"
    keys = {key["key"]: key for key in form["sources"]["keys"]}
    assert keys["path"]["kinds"] == ["replay", "folder"]
    assert keys["profile"]["refers"] == "profiles"
