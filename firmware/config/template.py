"""Writes a ``gantry.toml`` in which every key is explained, from the types themselves.

Explanations begin with ``# `` and keys with ``#`` alone, as in sshd_config: taking that mark away
from every key gives a complete, valid configuration.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import NODEFAULT, Struct
from msgspec import inspect as types

from firmware.config.capture import ProfileSettings, SourceSettings
from firmware.config.console import ConsoleSettings
from firmware.config.film_reception import FilmReceptionSettings
from firmware.config.panel import CodeRuleSettings, PanelSettings, TriggerSettings
from firmware.config.printing import PrinterSettings
from firmware.config.schema import (
    ListenerSettings,
    PeerTable,
    ProtocolTable,
    RetentionSettings,
    StationTable,
)
from firmware.config.update import UpdateSettings
from firmware.config.walk import Rule, rule_of

_WIDTH = 96
_OPENING = """\
# gantry.toml: what this box is, and whom it talks to.
# Lines that begin with "# " explain; take the "#" away from a key to set it.
# What stands there is the default, or an example where there is none.
# 'gantry check' explains every fault of this file at once.
"""
_FILM = {"ae_title": "FILM", "host": "192.0.2.20"}
_SECTIONS: tuple[tuple[str, type[Struct], Mapping[str, Any]], ...] = (
    ("[station]", StationTable, {}),
    ("[listener]", ListenerSettings, {}),
    ("[console]", ConsoleSettings, {}),
    ("[[peers]]", PeerTable, {}),
    ("[[printers]]", PrinterSettings, {"name": "film", "kind": "dicom", **_FILM}),
    ("[[printers]]", PrinterSettings, {"name": "paper", "kind": "cups"}),
    ("[film_reception]", FilmReceptionSettings, {"printer": "paper"}),
    ("[update]", UpdateSettings, {}),
    ("[[sources]]", SourceSettings, {"name": "scanner", "kind": "replay"}),
    ("[[sources]]", SourceSettings, {"name": "pattern", "kind": "pattern"}),
    ("[[sources]]", SourceSettings, {"name": "stick", "kind": "folder"}),
    ("[[sources]]", SourceSettings, {"name": "grabber", "kind": "v4l2"}),
    ("[[sources]]", SourceSettings, {"name": "digitiser", "kind": "usb"}),
    ("[[sources]]", SourceSettings, {"name": "generator", "kind": "serial"}),
    ("[[sources]]", SourceSettings, {"name": "simulated grabber", "kind": "simulated"}),
    ("[[profiles]]", ProfileSettings, {}),
    ("[[protocols]]", ProtocolTable, {}),
    ("[panel]", PanelSettings, {}),
    ("[[triggers]]", TriggerSettings, {"name": "left pedal", "kind": "pedal", "pin": 17}),
    ("[[triggers]]", TriggerSettings, {"name": "x-ray", "kind": "exposure", "pin": 27}),
    ("[[triggers]]", TriggerSettings, {"name": "USB pedal", "kind": "hid-pedal"}),
    ("[[triggers]]", TriggerSettings, {"name": "scanner", "kind": "scanner"}),
    ("[[code_rules]]", CodeRuleSettings, {"gives": "patient_id"}),
    ("[retention]", RetentionSettings, {}),
)
_ATTRIBUTES: Mapping[str, Mapping[str, Any]] = {
    "geometry": {
        "PixelSpacing": [0.5, 0.5],
        "ImageOrientationPatient": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        "ImagePositionPatient": [-125.0, -125.0, 0.0],
        "SliceThickness": 5.0,
        "SpacingBetweenSlices": 5.0,
        "PatientPosition": "HFS",
    },
    "technique": {
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "KVP": 120,
        "RescaleSlope": 1,
        "RescaleIntercept": -1024,
        "RescaleType": "HU",
    },
}


def template() -> str:
    """The text of a commented configuration; valid as it stands and with every key set."""
    parts = [_OPENING]
    for header, struct, values in _SECTIONS:
        parts.append("\n".join(_section(header, struct, values)))
    return "\n".join(parts)


def _section(header: str, struct: type[Struct], values: Mapping[str, Any]) -> Iterator[str]:
    yield from _prose((struct.__doc__ or "").strip())
    yield f"#{header}"
    table = types.type_info(struct)
    assert isinstance(table, types.StructType)
    for field in table.fields:
        rule = rule_of(field.type)
        if rule.kinds and values["kind"] not in rule.kinds:
            continue
        yield from _prose(f"{rule.description} Allowed: {rule.allowed}.")
        if isinstance(rule.type, types.DictType):
            yield from _attributes(header, field.encode_name)
        else:
            value = values.get(field.encode_name, _value(field, rule))
            yield f"#{field.encode_name} = {_toml(value)}"
    yield ""


def _attributes(header: str, name: str) -> Iterator[str]:
    yield f"#[{header.strip('[]')}.{name}]"
    for keyword, value in _ATTRIBUTES[name].items():
        yield f"#{keyword} = {_toml(value)}"


def _value(field: types.Field, rule: Rule) -> Any:
    """The default where it says something, else an example."""
    if field.default not in (NODEFAULT, "", (), None) or not rule.examples:
        return field.default
    return rule.examples[0]


def _prose(text: str) -> Iterator[str]:
    yield from textwrap.wrap(
        text, _WIDTH, initial_indent="# ", subsequent_indent="#   ", break_long_words=False
    )


def _toml(value: Any) -> str:
    """A value as TOML spells it; JSON agrees for everything that the schema holds."""
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
