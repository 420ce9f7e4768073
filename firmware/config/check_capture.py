"""Checks of ``[[sources]]`` and ``[[profiles]]`` that lie between keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec import inspect as types

from firmware.capture import faults
from firmware.capture.simulated import faults_of
from firmware.config import profiles
from firmware.config.capture import SIDE_CHANNELS, SourceSettings
from firmware.config.faults import ABSENT, KeyPath, Report
from firmware.config.walk import closest, rule_of

Table = Mapping[str, Any]
Entry = tuple[KeyPath, dict[str, Any]]


def check_profiles(entries: Iterator[Entry], report: Report) -> None:
    """Note unknown presets, and values of a profile that do not go together."""
    for path, profile in entries:
        preset = profile.get("preset", "")
        if preset and preset not in profiles.preset_names():
            known = profiles.preset_names()
            report.add(
                (*path, "preset"),
                preset,
                "is not the name of a shipped profile",
                ", ".join(known),
                closest(preset, list(known)),
            )
        elif "name" in profile and ABSENT not in _leaves(profile):
            for problem in profiles.problems(profile):
                report.add(path, profile["name"], problem, "what 'gantry config template' explains")


def check_source(source: Table, path: KeyPath, report: Report) -> None:
    """Note what a source lacks, and what has no meaning for its kind."""
    kind = source.get("kind")
    if kind is None:
        return
    if kind in ("replay", "folder") and not source.get("path"):
        what = "a file or a folder" if kind == "replay" else "a folder"
        report.add((*path, "path"), source.get("path", ABSENT), f"{kind} needs {what}")
    if kind == "v4l2" and not source.get("profile"):
        report.add(
            (*path, "profile"),
            source.get("profile", ABSENT),
            "a grabber's pictures cannot be read without a profile",
            "name of an entry of [[profiles]], or a shipped preset",
        )
    if kind == "serial":
        for key in ("device", "driver"):
            if not source.get(key):
                report.add((*path, key), source.get(key, ABSENT), "a serial source needs it")
    if source.get("colour") and source.get("bits", 8) != 8:
        report.add((*path, "bits"), source["bits"], "a colour pattern has 8 bits", "8")
    _check_faults(source, path, report)
    check_kinds(SourceSettings, source, kind, path, report)


def check_references(sources: Iterator[Entry], named: Iterator[Entry], report: Report) -> None:
    """Note sources whose profile is neither configured nor shipped."""
    configured = [entry["name"] for _, entry in named if "name" in entry]
    for path, source in sources:
        wanted = source.get("profile", "")
        if not wanted or wanted in configured or wanted in profiles.preset_names():
            continue
        known = [*configured, *profiles.preset_names()]
        report.add(
            (*path, "profile"),
            wanted,
            "is neither an entry of [[profiles]] nor a shipped preset",
            ", ".join(known),
            closest(wanted, known),
        )


def gives_pictures(source: Table) -> bool:
    """Whether a protocol can take its pictures from it."""
    return source.get("kind") not in SIDE_CHANNELS


def _check_faults(source: Table, path: KeyPath, report: Report) -> None:
    known = faults_of(source.get("model", ""))
    for index, word in enumerate(source.get("faults", ())):
        problem = "" if word is ABSENT else faults.problem(known, word)
        if problem:
            report.add((*path, "faults", index), word, problem)


def check_kinds(
    struct: type[Struct], entry: Table, kind: str, path: KeyPath, report: Report
) -> None:
    """Note keys of an entry that have no meaning for its kind."""
    table = types.type_info(struct)
    assert isinstance(table, types.StructType)
    for field in table.fields:
        kinds = rule_of(field.type).kinds
        if kinds and kind not in kinds and field.encode_name in entry:
            report.add(
                (*path, field.encode_name),
                entry[field.encode_name],
                f'has no meaning where kind is "{kind}"; remove it',
                f"only with kind {' or '.join(kinds)}",
            )


def _leaves(table: Table) -> list[Any]:
    found: list[Any] = []
    for value in table.values():
        found.extend(value if isinstance(value, list) else [value])
    return found
