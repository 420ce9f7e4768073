"""Takes the control sequences of a dot-matrix printer out of the text that it would print.

Commands and the number of their parameters are those of ESC/P and ESC/P2 (Seiko Epson, reference
manual); a console's printer port mostly speaks nothing else.
"""

from __future__ import annotations

from enum import Enum, auto

ESC = 0x1B

_PARAMETERS = {
    **dict.fromkeys(b"!%-/3AIJNQRSUWaijklpqrstwx\x19 +", 1),
    **dict.fromkeys(b"$\\?cef", 2),
    **dict.fromkeys(b"X:", 3),
}
"""Bytes that follow a command; those that are not named here have none."""

_BIT_IMAGE = frozenset(b"KLYZ")
_UNTIL_NUL = frozenset(b"BDb")
_KEPT_CONTROLS = frozenset(b"\t\n\r\f")


class _State(Enum):
    TEXT = auto()
    COMMAND = auto()
    SKIPPING = auto()
    UNTIL_NUL = auto()
    COUNT_LOW = auto()
    COUNT_HIGH = auto()
    GRAPHICS_MODE = auto()
    EXTENDED = auto()
    PAGE_LENGTH = auto()


class PrinterText:
    """Keeps the text of a printer stream; sequences may be split between calls.

    A block of graphics is at most 6 times 65535 bytes long, so a damaged count cannot silence the
    line for good. :meth:`reset` begins anew, for a line that paused.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget a sequence that was begun."""
        self._state = _State.TEXT
        self._left = 0
        self._low = 0
        self._column_bytes = 1

    def feed(self, data: bytes) -> bytes:
        """The characters among ``data`` that would be printed, with tabs and line and page ends."""
        return bytes(byte for byte in data if self._is_text(byte))

    def _is_text(self, byte: int) -> bool:
        if self._state is _State.TEXT:
            if byte == ESC:
                self._state = _State.COMMAND
                return False
            return byte in _KEPT_CONTROLS or byte >= ord(" ")
        self._state = self._within(byte)
        return False

    def _within(self, byte: int) -> _State:
        """Where one more byte of a sequence leads."""
        if self._state is _State.COMMAND:
            return self._command(byte)
        if self._state is _State.SKIPPING:
            return self._skip(self._left - 1)
        if self._state is _State.UNTIL_NUL:
            return _State.TEXT if byte == 0 else _State.UNTIL_NUL
        if self._state is _State.COUNT_LOW:
            self._low = byte
            return _State.COUNT_HIGH
        if self._state is _State.COUNT_HIGH:
            return self._skip((self._low + 256 * byte) * self._column_bytes)
        if self._state is _State.PAGE_LENGTH:
            return self._skip(0 if byte else 1)  # NUL says that inches follow, not lines
        if self._state is _State.GRAPHICS_MODE:
            self._column_bytes = 6 if byte >= 64 else 3 if byte >= 32 else 1
        return _State.COUNT_LOW

    def _command(self, byte: int) -> _State:
        self._column_bytes = 1
        if byte == ord("C"):
            return _State.PAGE_LENGTH
        if byte in _BIT_IMAGE:
            return _State.COUNT_LOW
        if byte in _UNTIL_NUL:
            return _State.UNTIL_NUL
        if byte == ord("("):
            return _State.EXTENDED
        if byte == ord("*"):
            return _State.GRAPHICS_MODE
        if byte == ESC:
            return _State.COMMAND
        return self._skip(_PARAMETERS.get(byte, 0))

    def _skip(self, count: int) -> _State:
        self._left = count
        return _State.SKIPPING if count > 0 else _State.TEXT
