"""Which pedal, which scanner, and what a site's codes say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from drivers.barcode.errors import CodeRefused, MaskError
from drivers.barcode.gs1 import parse_gs1
from drivers.barcode.identity import GS1_RULES, Identifier, Reader, Rule
from drivers.barcode.mask import Mask
from drivers.barcode.symbology import read_symbol
from drivers.errors import SourceTimeout, SourceUnavailable
from drivers.hid.identity import Identity
from drivers.hid.kernel import EvdevBus
from drivers.hid.nodes import InputBus
from drivers.hid.pairing import pair
from firmware.config import Configuration
from firmware.config.panel import ON_USB
from services.console.workshop import Line, WorkshopRefusal

_SPECIAL = frozenset("$*~+^\\.[")
_LONGEST = 512


class Hands:
    """Satisfies :class:`services.console.workshop.HandDesk`.

    Parameters
    ----------
    bus : InputBus, optional
        The input devices; those of this machine where none are given.
    """

    def __init__(self, configuration: Configuration, bus: InputBus | None = None) -> None:
        self._configuration = configuration
        self._bus = bus or EvdevBus()

    def devices(self) -> list[dict[str, Any]]:
        """Every device with keys, and what it is configured as."""
        configured = [
            (Identity.parse(trigger.device), trigger)
            for trigger in self._configuration.triggers
            if trigger.kind in ON_USB and trigger.device
        ]
        rows: dict[str, dict[str, Any]] = {}
        for node in self._bus.nodes():
            if not node.keys or node.absolute:
                continue
            known = (trig for identity, trig in configured if identity.matches(node.identity))
            trigger = next(known, None)
            rows[str(node.identity)] = {
                "identity": str(node.identity),
                "name": node.name,
                "trigger": trigger.name if trigger else "",
                "kind": trigger.kind if trigger else "",
            }
        return list(rows.values())

    def pair(self, seconds: float) -> Iterator[Line]:
        """Wait for a press or a scan on a device that is not configured yet; its identity."""
        known = [
            Identity.parse(trigger.device)
            for trigger in self._configuration.triggers
            if trigger.kind in ON_USB and trigger.device
        ]
        yield Line("waiting", True, f"{seconds:.0f}", done=False)
        try:
            identity = pair(self._bus, seconds, but_not=known)
        except (SourceTimeout, SourceUnavailable) as error:
            yield Line("paired", False, error.reason, error.advice)
            return
        yield Line("paired", True, str(identity))

    def understand(self, text: str, rules: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """What a scan says by these rules, or by those of the site where none are given.

        Raises
        ------
        WorkshopRefusal
            ``G-5501`` where the text is no code, ``G-5502`` where a rule is none.
        """
        if not 0 < len(text) <= _LONGEST:
            raise WorkshopRefusal("G-5501", said="there is nothing in it, or far too much")
        try:
            symbol = read_symbol(text)
        except CodeRefused as error:
            raise WorkshopRefusal("G-5501", said=str(error)) from error
        panel = self._configuration.panel
        is_gs1 = symbol.gs1 or (panel.gs1_codes and not symbol.kind)
        elements: dict[str, str] = {}
        if is_gs1:
            try:
                elements = parse_gs1(symbol.text)
            except CodeRefused as error:
                raise WorkshopRefusal("G-5501", said=str(error)) from error
        found, problem = self._read(text, rules)
        return {
            "symbology": symbol.kind,
            "gs1": is_gs1,
            "text": symbol.text,
            "elements": elements,
            "found": found,
            "problem": problem,
        }

    def mask(self, text: str, start: int, end: int, *, open_ended: bool) -> str:
        """A mask that keeps the characters from ``start`` to ``end`` of a code like ``text``.

        ``open_ended`` lets the last character repeat, for numbers that grow.

        Raises
        ------
        WorkshopRefusal
            ``G-5503`` where nothing would be kept.
        """
        try:
            code = read_symbol(text).text
        except CodeRefused as error:
            raise WorkshopRefusal("G-5501", said=str(error)) from error
        if not 0 <= start < end <= len(code):
            raise WorkshopRefusal("G-5503")
        signs = [_sign(char, start <= at < end) for at, char in enumerate(code)]
        # characters of one kind at the end stand for any number of them
        if open_ended:
            while len(signs) > 1 and signs[-1] == signs[-2] and signs[-1][-1] in "~+":
                signs.pop()
        written = "".join(signs) + ("..." if open_ended else "")
        if Mask(written).apply(code) != code[start:end]:
            raise WorkshopRefusal("G-5503")
        return written

    def _read(self, text: str, rules: Sequence[Mapping[str, Any]]) -> tuple[dict[str, str], str]:
        given: Sequence[Any] = rules or [
            {
                "gives": rule.gives,
                "mask": rule.mask,
                "element": rule.element,
                "symbology": rule.symbology,
            }
            for rule in self._configuration.code_rules
        ]
        try:
            made = [_rule(each) for each in given]
            if not any(rule.element for rule in made):
                made += GS1_RULES
            scan = Reader(made, gs1=self._configuration.panel.gs1_codes).read(text)
        except MaskError as error:
            raise WorkshopRefusal("G-5502", said=str(error)) from error
        except CodeRefused as error:
            return {}, str(error)
        return {str(key): value for key, value in scan.identifiers.items()}, ""


def _rule(given: Mapping[str, Any]) -> Rule:
    try:
        return Rule(
            Identifier(given.get("gives", "")),
            str(given.get("mask", "")),
            str(given.get("element", "")),
            str(given.get("symbology", "")),
        )
    except (ValueError, AttributeError) as error:
        raise WorkshopRefusal("G-5502", said=str(error)) from error


def _sign(char: str, kept: bool) -> str:
    """How a mask writes one character of a code."""
    mark = "^" if kept else ""
    if char.isascii() and char.isdigit():
        return f"{mark}~"
    if char.isascii() and char.isalpha() and kept:
        return "^+"
    if char in _SPECIAL or not char.isprintable():
        return f"{mark}\\{ord(char):02x}" if ord(char) < 256 else ("$" if kept else "*")
    return f"{mark}{char}"
