"""Finds the frames in the bulk stream of the digitiser, and finds them again after damage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from drivers.usb.digitiser_protocol import BLOCK, HEADER_BYTES, Header, ProtocolError

CHUNK = 64 * 1024
"""Bytes that one transfer asks for, a multiple of every packet size and of a block."""

Read = Callable[[int, float], bytes]


@dataclass(frozen=True, slots=True)
class WholeFrame:
    """All bytes of one frame, not looked into; ``monotonic_ns`` is when its header came."""

    header: Header
    payload: bytes
    monotonic_ns: int


@dataclass(frozen=True, slots=True)
class LostFrame:
    """A frame that is damaged; ``header`` is None where not even that could be read."""

    header: Header | None
    reason: str


class FrameStream:
    """Cuts the bulk stream into frames.

    Parameters
    ----------
    read : callable
        ``read(length, timeout)`` is one bulk transfer.
    packet_bytes : int
        Largest packet of the endpoint: a transfer that is no multiple of it was cut short.
    clock : callable
        Monotonic nanoseconds.
    """

    def __init__(self, read: Read, packet_bytes: int, clock: Callable[[], int]) -> None:
        self._read = read
        self._packet_bytes = packet_bytes
        self._clock = clock
        self._buffer = bytearray()
        self._header: Header | None = None
        self._header_ns = 0
        self._searching = False

    @property
    def waiting_since_ns(self) -> int | None:
        """When the header of a frame came that is not complete yet, else None."""
        return self._header_ns if self._header is not None else None

    def reset(self, reason: str) -> LostFrame:
        """Give up the frame that is not complete, and begin anew."""
        lost = LostFrame(self._header, reason)
        self._buffer.clear()
        self._header = None
        self._searching = False
        return lost

    def advance(self, timeout: float) -> WholeFrame | LostFrame | None:
        """Make one transfer at most; None where no frame is complete by it.

        Raises what ``read`` raises; a frame that is partly here stays so.
        """
        missing = self._needed - len(self._buffer)
        if missing > 0:
            data = self._read(CHUNK if self._searching else min(missing, CHUNK), timeout)
            self._buffer += data
            if len(data) % self._packet_bytes:
                return self.reset("a transfer ended within the frame")
        if len(self._buffer) < self._needed:
            return None
        if self._header is None:
            return self._begin()
        return self._complete(self._header)

    @property
    def _needed(self) -> int:
        return BLOCK if self._header is None else self._header.stream_bytes

    def _begin(self) -> LostFrame | None:
        try:
            self._header = Header.unpack(bytes(self._buffer[:HEADER_BYTES]))
        except ProtocolError as error:
            return self._search(str(error))
        self._header_ns = self._clock()
        self._searching = False
        return None

    def _search(self, reason: str) -> LostFrame | None:
        """Go on to the next block that could begin a frame; told once for each loss."""
        del self._buffer[:BLOCK]
        first, self._searching = not self._searching, True
        return LostFrame(None, reason) if first else None

    def _complete(self, header: Header) -> WholeFrame:
        payload = bytes(self._buffer[HEADER_BYTES : HEADER_BYTES + header.payload_bytes])
        del self._buffer[: header.stream_bytes]
        self._header = None
        return WholeFrame(header, payload, self._header_ns)
