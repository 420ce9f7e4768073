"""Checks of ``[panel]`` and ``[[triggers]]`` that lie between keys."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from firmware.config.check_capture import check_kinds
from firmware.config.faults import ABSENT, KeyPath, Report, spell
from firmware.config.panel import ON_PINS, ON_USB, TriggerSettings
from firmware.config.walk import closest

Table = Mapping[str, Any]
Entry = tuple[KeyPath, dict[str, Any]]

_RESERVED = 1
"""GPIO 0 and 1 belong to the identification of add-on boards."""


def check_panel(
    panel: Table,
    triggers: Iterable[Entry],
    lines: Collection[str],
    rules: bool,
    report: Report,
) -> None:
    """Note what a trigger lacks, and pins that have two tasks.

    Parameters
    ----------
    panel, triggers
        The readable parts of the document.
    lines
        Names of the sources of kind serial.
    rules
        Whether there is any entry under ``[[code_rules]]``, or codes are GS1.
    report
        Takes the faults.
    """
    used: dict[int, str] = {}
    for key, pin in panel.items():
        if key.endswith("_pin"):
            _check_pin(pin, ("panel", key), used, report)
    for path, trigger in triggers:
        kind = trigger.get("kind")
        if kind is None:
            continue
        _check_place(trigger, kind, path, used, report)
        if kind == "line":
            _check_line(trigger.get("name"), path, lines, report)
        _check_times(trigger, path, report)
        check_kinds(TriggerSettings, trigger, kind, path, report)
        if kind == "scanner" and not rules:
            report.warn(
                path,
                "there are no [[code_rules]] and panel.gs1_codes is false: only GS1 codes "
                "with an AIM prefix are understood",
            )
        if kind in ("pedal", "hid-pedal") and not any(
            value for key, value in trigger.items() if key.startswith("on_")
        ):
            report.warn(path, "no gesture of this pedal does anything: set on_short or on_press")


def _check_place(
    trigger: Table, kind: str, path: KeyPath, used: dict[int, str], report: Report
) -> None:
    if kind in ON_PINS:
        if not trigger.get("pin"):
            report.add((*path, "pin"), trigger.get("pin", ABSENT), f"{kind} needs a pin")
        _check_pin(trigger.get("pin", 0), (*path, "pin"), used, report)
    if kind in ON_USB and not trigger.get("device"):
        report.add(
            (*path, "device"),
            trigger.get("device", ABSENT),
            f"{kind} needs a device; no keyboard is taken without",
            "as 'gantry panel pair' prints it",
        )


def _check_line(name: str | None, path: KeyPath, lines: Collection[str], report: Report) -> None:
    if name is None or name in lines:
        return
    report.add(
        (*path, "name"),
        name,
        "is not the name of a source of kind serial",
        ", ".join(f'"{line}"' for line in lines) or "there is none under [[sources]] yet",
        closest(name, list(lines)),
    )


def _check_pin(pin: Any, path: KeyPath, used: dict[int, str], report: Report) -> None:
    if pin is ABSENT or not pin:
        return
    if pin <= _RESERVED:
        report.add(path, pin, "belongs to the identification of add-on boards", "2 to 27")
    where = spell(path)
    earlier = used.setdefault(pin, where)
    if earlier != where:
        report.add(path, pin, f"is already used by {earlier}", "a pin of its own")


def _check_times(trigger: Table, path: KeyPath, report: Report) -> None:
    hold, long = trigger.get("hold_seconds", 0), trigger.get("long_seconds", 0.6)
    if hold and hold <= long:
        report.add(
            (*path, "hold_seconds"),
            hold,
            "a hold must last longer than a long press",
            f"more than {long}, or 0",
        )
