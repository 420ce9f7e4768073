"""Which character a key types on a keyboard of the layout US, to which scanners are set."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ENTER = frozenset({28, 96})
SHIFT = frozenset({42, 54})
CONTROL = frozenset({29, 97})

GROUP_SEPARATOR = "\x1d"
"""What a scanner sends for FNC1, as Control and the right bracket, where its mode keeps it."""

_RIGHT_BRACKET = 27

_ROWS = (
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (57, " ", " "),
)
_KEYPAD = {55: "*", 71: "7", 72: "8", 73: "9", 74: "-", 75: "4", 76: "5", 77: "6", 78: "+",
           79: "1", 80: "2", 81: "3", 82: "0", 83: ".", 98: "/"}  # fmt: skip

PLAIN: Mapping[int, str] = MappingProxyType(
    {first + place: char for first, row, _ in _ROWS for place, char in enumerate(row)} | _KEYPAD
)
SHIFTED: Mapping[int, str] = MappingProxyType(
    {first + place: char for first, _, row in _ROWS for place, char in enumerate(row)} | _KEYPAD
)


def character(code: int, *, shift: bool, control: bool) -> str | None:
    """What the key types; None for one that types nothing, or nothing that a code may hold."""
    if control:
        return GROUP_SEPARATOR if code == _RIGHT_BRACKET else None
    return (SHIFTED if shift else PLAIN).get(code)
