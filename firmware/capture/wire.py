"""What goes over the socket between the capture process and the one that it captures for.

One datagram is one message (``SOCK_SEQPACKET``), in MessagePack. The worker sends no code and no
object of Python's: whoever feeds it bad video gets no further than the worker.
"""

from __future__ import annotations

import socket
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from firmware.capture.spec import Spec

NO_DEVICE = "no device"
LIVE = "live"
FROZEN = "frozen"
"""Some of the states of :class:`drivers.video.signal.SignalState`, for sources that have none."""

LARGEST_MESSAGE = 128 * 1024
"""Bytes; a header has a few hundred, with the attributes of a native picture a few thousand."""

_DESCRIPTORS = 4


class Begin(Struct, frozen=True, tag="begin"):
    """To the worker, first of all: what to capture; wall time is told in this zone."""

    spec: Spec
    zone: str


class Free(Struct, frozen=True, tag="free"):
    """To the worker: nobody reads this slot any more."""

    ring: int
    slot: int


class Opening(Struct, frozen=True, tag="opening"):
    """The worker lives and opens its source, which may take a while."""


class Ring(Struct, frozen=True, tag="ring"):
    """A new ring of this number; the descriptor of its memory comes along."""

    ring: int
    slots: int
    slot_bytes: int


class Condition(Struct, frozen=True):
    """How the source is, told with everything that the worker says.

    Attributes
    ----------
    state : str
        In the words of :class:`drivers.video.signal.SignalState`.
    dropped : int
        Pictures lost by the source, or for want of a free slot.
    withheld : int
        Pictures that showed no patient.
    frame_time_ms : float or None
        Nominal time between two pictures.
    """

    state: str
    dropped: int = 0
    withheld: int = 0
    frame_time_ms: float | None = None


class Beat(Struct, frozen=True, tag="beat"):
    """The worker lives. ``reason`` and ``advice`` say why no picture comes, if none does."""

    condition: Condition
    reason: str = ""
    advice: str = ""


class Failed(Struct, frozen=True, tag="failed"):
    """The source cannot be opened, or went away; ``final`` where it will not come back."""

    condition: Condition
    device: str
    reason: str
    advice: str
    opened: bool
    final: bool = False
    corrupt: bool = False


class End(Struct, frozen=True, tag="end"):
    """A source that ends has ended."""

    condition: Condition


class Picture(Struct, frozen=True, tag="picture"):
    """A picture lies in a slot: its samples, then its own JPEG stream of so many bytes.

    The rest is as :class:`drivers.frame.Frame` has it.
    """

    condition: Condition
    ring: int
    slot: int
    shape: tuple[int, ...]
    dtype: str
    jpeg_bytes: int
    bits_stored: int
    photometric: str
    sequence: int
    monotonic_ns: int
    taken_at: datetime
    attributes: dict[str, Any]
    lossy_ratio: float | None
    lossy_method: str | None
    native: bool


ToWorker = Begin | Free
FromWorker = Opening | Ring | Beat | Failed | End | Picture

_to_worker = msgspec.msgpack.Decoder(ToWorker)
_from_worker = msgspec.msgpack.Decoder(FromWorker)


def _plain(value: Any) -> Any:
    """Values of the DICOM library as MessagePack has them; decimal strings keep their text."""
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str | float | Decimal):
        return str(value)
    return list(value)


_encoder = msgspec.msgpack.Encoder(enc_hook=_plain)


class WireBroken(Exception):
    """The other side said something that is no message."""


def send(
    link: socket.socket, message: ToWorker | FromWorker, descriptor: int | None = None
) -> None:
    """Send one message, with a file descriptor where one goes along.

    Raises
    ------
    OSError
        The other side is gone.
    """
    data = _encoder.encode(message)
    if descriptor is None:
        link.send(data, socket.MSG_NOSIGNAL)
    else:
        socket.send_fds(link, [data], [descriptor], socket.MSG_NOSIGNAL)


def receive_from_worker(link: socket.socket) -> tuple[FromWorker, list[int]] | None:
    """The next message with its descriptors, or None where the worker is gone.

    Raises
    ------
    WireBroken
        It was no message.
    """
    try:
        data, descriptors, _, _ = socket.recv_fds(link, LARGEST_MESSAGE, _DESCRIPTORS)
    except ConnectionResetError:
        return None
    if not data:
        return None
    try:
        return _from_worker.decode(data), descriptors
    except msgspec.DecodeError as error:
        raise WireBroken(str(error)) from error


def receive_in_worker(link: socket.socket) -> ToWorker | None:
    """The next message, or None where nobody wants pictures any more."""
    try:
        data = link.recv(LARGEST_MESSAGE)
    except ConnectionResetError:
        return None
    return _to_worker.decode(data) if data else None
