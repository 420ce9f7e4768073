"""Finds the messages in a stream of bytes, and tells what of it was none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from drivers.tty.escp import PrinterText
from drivers.tty.model import Framing, FramingKind, LineModel

BETWEEN_MESSAGES = b"\x00\x04\x05\x06\x11\x13\x15\n\r "
"""NUL, EOT, ENQ, ACK, XON, XOFF, NAK and line ends may stand between two messages; they are no
noise."""


@dataclass(frozen=True, slots=True)
class Payload:
    """What a sound message carries, without start, end and check."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Garble:
    """Bytes that are no message, and why."""

    data: bytes
    reason: str


class _Incomplete(Exception):
    """The rest of the message has not come yet."""


class Framer:
    """Cuts a stream into messages; holds back no more than the longest one.

    Parameters
    ----------
    model : LineModel
        Says how messages begin, end and are checked.
    """

    def __init__(self, model: LineModel) -> None:
        self._framing: Framing = model.framing
        self._checksum = model.checksum
        self._after = model.checksum.width if model.checksum and model.checksum.after_end else 0
        self._printer = PrinterText() if model.framing.printer_codes else None
        self._buffer = bytearray()
        self._overlong = False

    @property
    def pending(self) -> int:
        """Bytes of a message that is not complete."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Payload | Garble]:
        """Take more of the stream and return what is complete by now, in order."""
        self._buffer += self._printer.feed(data) if self._printer else data
        found: list[Payload | Garble] = []
        while self._buffer:
            try:
                one = self._cut()
            except _Incomplete:
                break
            if one is not None:
                found.append(one)
        return found

    def abandon(self) -> Garble | None:
        """Give up the message that is not complete, because the line paused or went away."""
        rest, self._overlong = bytes(self._buffer), False
        self._buffer.clear()
        if self._printer:
            self._printer.reset()
        return Garble(rest, "the message broke off") if rest.strip(BETWEEN_MESSAGES) else None

    def _cut(self) -> Payload | Garble | None:
        if self._framing.kind is FramingKind.TERMINATED:
            return self._cut_terminated()
        noise = self._skip_to_start()
        if noise is not None:
            return noise
        if self._framing.kind is FramingKind.FIXED:
            return self._cut_fixed()
        return self._cut_delimited()

    def _cut_terminated(self) -> Payload | Garble | None:
        place = self._find_end(0)
        if place is None:
            return self._bound()
        at, end = place
        if at > self._framing.longest:
            self._overlong = True
        if len(self._buffer) < at + len(end) + self._after:
            raise _Incomplete
        body = bytes(self._buffer[:at])
        check = bytes(self._buffer[at + len(end) : at + len(end) + self._after])
        del self._buffer[: at + len(end) + self._after]
        if self._overlong:
            self._overlong = False
            return Garble(b"", "the message is too long")
        return self._judge(body, end, check) if body else None

    def _cut_delimited(self) -> Payload | Garble | None:
        start = self._framing.start
        place = self._find_end(len(start))
        again = self._buffer.find(start, len(start), place[0] if place else None)
        if again > 0:
            return self._discard(again, "the message broke off")
        if place is None:
            if len(self._buffer) > len(start) + self._framing.longest + _longest(self._framing):
                return self._discard(len(start), "the message is too long")
            raise _Incomplete
        at, end = place
        if at - len(start) > self._framing.longest:
            return self._discard(len(start), "the message is too long")
        total = at + len(end) + self._after
        if len(self._buffer) < total:
            raise _Incomplete
        verdict = self._judge(
            bytes(self._buffer[len(start) : at]), end, bytes(self._buffer[at + len(end) : total])
        )
        del self._buffer[:total]
        return verdict

    def _cut_fixed(self) -> Payload | Garble | None:
        begin = len(self._framing.start)
        end = begin + self._framing.length
        if len(self._buffer) < end + self._after:
            raise _Incomplete
        verdict = self._judge(
            bytes(self._buffer[begin:end]), b"", bytes(self._buffer[end : end + self._after])
        )
        # after a damaged one the next may begin anywhere, even within it
        resync = isinstance(verdict, Garble) and begin > 0
        del self._buffer[: 1 if resync else end + self._after]
        return verdict

    def _skip_to_start(self) -> Garble | None:
        start = self._framing.start
        at = self._buffer.find(start)
        if at < 0:
            at = len(self._buffer) - _overlap(self._buffer, start)
            if at == 0:
                raise _Incomplete
        return self._discard(at, "there is noise between messages") if at else None

    def _discard(self, count: int, reason: str) -> Garble | None:
        lost = bytes(self._buffer[:count])
        del self._buffer[:count]
        return Garble(lost, reason) if lost.strip(BETWEEN_MESSAGES) else None

    def _bound(self) -> NoReturn:
        """Hold on to no more of a message without end than an end could begin in."""
        if self._overlong or len(self._buffer) > self._framing.longest + _longest(self._framing):
            self._overlong = True
            del self._buffer[: 1 - _longest(self._framing) or None]
        raise _Incomplete

    def _find_end(self, begin: int) -> tuple[int, bytes] | None:
        """Where the first end stands; of two at one place the longer."""
        places = [(self._buffer.find(end, begin), -len(end), end) for end in self._framing.ends]
        found = sorted(place for place in places if place[0] >= 0)
        return (found[0][0], found[0][2]) if found else None

    def _judge(self, body: bytes, end: bytes, check: bytes) -> Payload | Garble:
        checksum = self._checksum
        if checksum is None:
            return Payload(body)
        if not checksum.after_end:
            body, check = body[: -checksum.width], body[-checksum.width :]
        covered = body
        if checksum.covers_start:
            covered = self._framing.start + covered
        if checksum.covers_end:
            covered += end
        if not checksum.holds(covered, check):
            return Garble(body, "the checksum does not fit")
        return Payload(body)


def enframe(model: LineModel, body: bytes) -> bytes:
    """The bytes that a device of this kind sends for a payload; the opposite of a framer."""
    framing, checksum = model.framing, model.checksum
    end = framing.ends[0] if framing.ends else b""
    if checksum is None:
        return framing.start + body + end
    covered = (framing.start if checksum.covers_start else b"") + body
    check = checksum.of(covered + (end if checksum.covers_end else b""))
    if checksum.after_end:
        return framing.start + body + end + check
    return framing.start + body + check + end


def _longest(framing: Framing) -> int:
    return max(len(end) for end in framing.ends)


def _overlap(buffer: bytearray, start: bytes) -> int:
    """How many of the last bytes could be the beginning of a start."""
    for count in range(min(len(start) - 1, len(buffer)), 0, -1):
        if buffer.endswith(start[:count]):
            return count
    return 0
