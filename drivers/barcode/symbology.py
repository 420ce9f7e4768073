"""From which kind of symbol a text came, where the scanner says so.

Scanners can be told to put an AIM symbology identifier before the text (ISO/IEC 15424): a right
bracket, a letter for the symbology and a modifier.
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.barcode.errors import CodeRefused

GROUP_SEPARATOR = "\x1d"

CODE_39 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"
"""The characters of Code 39 in the order of their values."""

_GS1 = {"C1", "d2", "e0", "e1", "e2", "Q3", "J1"}
"""GS1-128, DataMatrix, DataBar and composites, QR and DotCode that begin with FNC1."""

_CHECKED_39 = {"A1", "A5"}
"""Code 39 whose check character was verified by the scanner and sent along."""

_FULL_ASCII_39 = {"A4", "A5", "A7"}


@dataclass(frozen=True, slots=True)
class Symbol:
    """A text and the symbol that it was read from.

    Attributes
    ----------
    text : str
        Without prefix and without a check character of the symbology.
    kind : str
        Letter and modifier of the AIM identifier, such as ``C0`` for Code 128; empty where the
        scanner sends none.
    """

    text: str
    kind: str = ""

    @property
    def gs1(self) -> bool:
        """Whether the symbol itself says that it holds GS1 elements."""
        return self.kind in _GS1


def read_symbol(scanned: str) -> Symbol:
    """Take the AIM identifier off, and check what the symbology lets check.

    Raises
    ------
    CodeRefused
        Nothing is left, a character is in it that the symbology has not, or the check character
        of Code 39 is wrong.
    """
    kind, text = "", scanned
    if len(scanned) > 2 and scanned[0] == "]" and scanned[1].isalpha() and scanned[2].isalnum():
        kind, text = scanned[1:3], scanned[3:]
    if kind in _CHECKED_39:
        text = _without_check_character(text)
    if kind.startswith("A") and kind not in _FULL_ASCII_39 and not set(text) <= set(CODE_39):
        raise CodeRefused("the text holds characters that Code 39 does not have: scan it again")
    if any(char != GROUP_SEPARATOR and not char.isprintable() for char in text):
        raise CodeRefused("the text holds control characters: it is no code of this kind")
    if not text.strip():
        raise CodeRefused("the code is empty")
    return Symbol(text, kind)


def check_character_39(text: str) -> str:
    """The modulo 43 check character of a Code 39 text (ISO/IEC 16388 annex A)."""
    return CODE_39[sum(CODE_39.index(char) for char in text) % 43]


def _without_check_character(text: str) -> str:
    body, check = text[:-1], text[-1:]
    if not body or not set(text) <= set(CODE_39) or check_character_39(body) != check:
        raise CodeRefused("the check character of the Code 39 is wrong: scan it again")
    return body
