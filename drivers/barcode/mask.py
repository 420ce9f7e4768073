r"""Site masks: how a hospital says which part of its codes is the number.

A mask describes a code character by character. It is written as on point-of-care devices that
hospitals know already, with one addition (``...``):

=============  =========================================================
sign           the character of the code at this place
=============  =========================================================
``$``          is any, and kept
``*``          is any, and dropped
``~``          is a digit, and dropped
``+``          is a letter, and dropped
``^~``         is a digit, and kept
``^+``         is a letter, and kept
``^x``         is exactly ``x`` (any other sign), and kept
other sign     is exactly this sign, and dropped
``...``        at the end: the sign before it once or any more times
``\hh``        stands for the character with this hexadecimal value
=============  =========================================================

The code must be exactly as long as the mask says. Before the mask, ``[nCmD]`` cuts a piece out of
the code first: what stands behind the n-th ``C`` and before the m-th ``D`` that follows; n and m
are one digit, ``C`` and ``D`` one sign or ``\hh`` each.

====================  ==========================  ==========
mask                  code                        kept
====================  ==========================  ==========
``P$$$$$$``           P123456                     123456
``^P^~...``           P0815                       P0815
``~~$...``            0147119                     47119
``[1%1%]^~...``       NAME%4711%19700101          4711
====================  ==========================  ==========
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from drivers.barcode.errors import MaskError

_MORE = "..."
_CLASSES = {"~": "[0-9]", "+": "[A-Za-z]"}
_CUT = re.compile(r"\[([1-9])(\\[0-9a-fA-F]{2}|[^\\])([1-9])(\\[0-9a-fA-F]{2}|[^\\])\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Cut:
    """What is cut out of a code before its mask is laid on."""

    start: str
    starts: int
    end: str
    ends: int

    def apply(self, text: str) -> str | None:
        parts = text.split(self.start, self.starts)
        if len(parts) <= self.starts:
            return None
        behind = parts[-1].split(self.end)
        if len(behind) <= self.ends:
            return None
        return self.end.join(behind[: self.ends])


class Mask:
    """One mask, read once.

    Parameters
    ----------
    written : str
        As described above.

    Raises
    ------
    MaskError
        Saying what is wrong with it, and where.
    """

    def __init__(self, written: str) -> None:
        self.written = written
        cut = _CUT.match(written)
        self._cut = _read_cut(cut) if cut else None
        begin = cut.end() if cut else 0
        self._pattern, keeps = _compile(written, begin)
        if not keeps:
            raise MaskError(f"mask {written!r} keeps nothing: mark what to keep by $ or ^")

    def apply(self, text: str) -> str | None:
        """What the mask keeps of a code; None where the code does not fit it."""
        piece = self._cut.apply(text) if self._cut else text
        found = self._pattern.fullmatch(piece) if piece is not None else None
        if found is None:
            return None
        return "".join(group for group in found.groups() if group) or None


def _read_cut(found: re.Match[str]) -> _Cut:
    starts, start, ends, end = found.groups()
    return _Cut(_plain(start), int(starts), _plain(end), int(ends))


def _plain(sign: str) -> str:
    return chr(int(sign[1:], 16)) if sign.startswith("\\") else sign


def _compile(written: str, begin: int) -> tuple[re.Pattern[str], bool]:
    """The mask as a regular expression whose groups are what is kept."""
    end = len(written) - len(_MORE) if written.endswith(_MORE) else len(written)
    expressions: list[str] = []
    keeps = False
    place = begin
    while place < end:
        expression, kept, place = _next(written, place, end)
        last = place >= end and end < len(written)
        repeated = f"(?:{expression})+" if last else expression
        expressions.append(f"({repeated})" if kept else repeated)
        keeps |= kept
    if not expressions:
        raise MaskError(f"mask {written!r} describes no character")
    return re.compile("".join(expressions), re.DOTALL), keeps


def _next(written: str, place: int, end: int) -> tuple[str, bool, int]:
    """Expression of the sign at ``place``, whether it is kept, and the place behind it."""
    sign = written[place]
    if sign == "$":
        return ".", True, place + 1
    if sign == "*":
        return ".", False, place + 1
    if sign in _CLASSES:
        return _CLASSES[sign], False, place + 1
    if sign != "^":
        literal, behind = _literal(written, place, end)
        return re.escape(literal), False, behind
    if place + 1 >= end:
        raise MaskError(f"mask {written!r}: ^ at place {place + 1} has nothing behind it")
    if written[place + 1] in _CLASSES:
        return _CLASSES[written[place + 1]], True, place + 2
    literal, behind = _literal(written, place + 1, end)
    return re.escape(literal), True, behind


def _literal(written: str, place: int, end: int) -> tuple[str, int]:
    if written[place] != "\\":
        return written[place], place + 1
    digits = written[place + 1 : min(place + 3, end)]
    if not re.fullmatch(r"[0-9a-fA-F]{2}", digits):
        raise MaskError(
            f"mask {written!r}: \\ at place {place + 1} needs two hexadecimal digits behind it"
        )
    return chr(int(digits, 16)), place + 3
