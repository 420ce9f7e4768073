"""The few PDUs that an association requestor writes and reads (PS3.8 9.3).

Reading is bounded and total: whatever a peer sends, the answer is a value or ``ValueError``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

APPLICATION_CONTEXT: Final = "1.2.840.10008.3.1.1.1"
HEADER_LENGTH: Final = 6
RELEASE_REQUEST: Final = bytes((5, 0, 0, 0, 0, 4, 0, 0, 0, 0))
RELEASE_RESPONSE: Final = bytes((6, 0, 0, 0, 0, 4, 0, 0, 0, 0))
USER_ABORT: Final = bytes((7, 0, 0, 0, 0, 4, 0, 0, 0, 0))

_FIXED_ACCEPT_LENGTH = 68
_PDV_OVERHEAD = 6
_COMMAND, _LAST = 1, 2

Buffer = bytes | memoryview


class PduType(IntEnum):
    """First byte of a PDU."""

    ASSOCIATE_RQ = 1
    ASSOCIATE_AC = 2
    ASSOCIATE_RJ = 3
    P_DATA = 4
    RELEASE_RQ = 5
    RELEASE_RP = 6
    ABORT = 7


@dataclass(frozen=True, slots=True)
class Proposal:
    """One presentation context to propose."""

    sop_class_uid: str
    transfer_syntaxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What matters of an A-ASSOCIATE-AC.

    ``transfer_syntaxes`` maps the id of each accepted context to its syntax; ``max_pdu`` is what
    the peer takes, 0 for no limit.
    """

    transfer_syntaxes: dict[int, str]
    max_pdu: int


@dataclass(frozen=True, slots=True)
class Fragment:
    """One presentation data value of a P-DATA-TF."""

    context_id: int
    is_command: bool
    is_last: bool
    data: bytes


def context_id(index: int) -> int:
    """Return the id of the n-th proposed context: odd, 1 to 255."""
    return 2 * index + 1


def encode_associate_request(
    called_ae: str,
    calling_ae: str,
    proposals: Sequence[Proposal],
    max_pdu: int,
    implementation: tuple[str, str],
) -> bytes:
    """Write an A-ASSOCIATE-RQ (PS3.8 9.3.2).

    Parameters
    ----------
    called_ae, calling_ae : str
        AE titles, 1 to 16 characters.
    proposals : sequence of Proposal
        1 to 128 contexts; the n-th gets the id ``context_id(n)``.
    max_pdu : int
        Longest P-DATA-TF that we take, in bytes, never 0.
    implementation : tuple of str
        Implementation Class UID and Implementation Version Name (PS3.7 D.3.3.2).
    """
    contexts = b"".join(_context_item(index, item) for index, item in enumerate(proposals))
    class_uid, version = implementation
    user = (
        _item(0x51, struct.pack(">L", max_pdu))
        + _item(0x52, class_uid.encode("ascii"))
        + _item(0x55, version.encode("ascii"))
    )
    body = (
        struct.pack(">HH16s16s32x", 1, 0, _ae_title(called_ae), _ae_title(calling_ae))
        + _item(0x10, APPLICATION_CONTEXT.encode("ascii"))
        + contexts
        + _item(0x50, user)
    )
    return struct.pack(">BBL", PduType.ASSOCIATE_RQ, 0, len(body)) + body


def _context_item(index: int, proposal: Proposal) -> bytes:
    syntaxes = b"".join(_item(0x40, uid.encode("ascii")) for uid in proposal.transfer_syntaxes)
    abstract = _item(0x30, proposal.sop_class_uid.encode("ascii"))
    return _item(0x20, bytes((context_id(index), 0, 0, 0)) + abstract + syntaxes)


def _item(kind: int, value: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(value)) + value


def _ae_title(title: str) -> bytes:
    return title.encode("ascii").ljust(16)


def decode_associate_accept(body: bytes) -> Acceptance:
    """Read an A-ASSOCIATE-AC after its header (PS3.8 9.3.3).

    Raises
    ------
    ValueError
        The items do not fit the PDU.
    """
    if len(body) < _FIXED_ACCEPT_LENGTH:
        raise ValueError("the A-ASSOCIATE-AC is too short")
    accepted: dict[int, str] = {}
    max_pdu = 0
    for kind, value in _items(body[_FIXED_ACCEPT_LENGTH:]):
        if kind == 0x21 and len(value) >= 4 and value[2] == 0:
            syntaxes = [uid for sub, uid in _items(value[4:]) if sub == 0x40]
            if len(syntaxes) == 1:
                accepted[value[0]] = _uid(syntaxes[0])
        elif kind == 0x50:
            lengths = [data for sub, data in _items(value) if sub == 0x51 and len(data) == 4]
            max_pdu = int.from_bytes(lengths[0], "big") if lengths else 0
    return Acceptance(accepted, max_pdu)


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position < len(data):
        if position + 4 > len(data):
            raise ValueError("an item is cut off")
        kind, length = struct.unpack_from(">BxH", data, position)
        position += 4
        if position + length > len(data):
            raise ValueError("an item is longer than its PDU")
        yield kind, data[position : position + length]
        position += length


def _uid(data: bytes) -> str:
    return data.decode("ascii", "replace").rstrip("\0 ")


def decode_associate_reject(body: bytes) -> tuple[int, int, int]:
    """Return result, source and diagnostic of an A-ASSOCIATE-RJ (PS3.8 9.3.4).

    Raises
    ------
    ValueError
        The PDU is too short.
    """
    if len(body) < 4:
        raise ValueError("the A-ASSOCIATE-RJ is too short")
    return body[1], body[2], body[3]


def decode_fragments(body: bytes) -> Iterator[Fragment]:
    """Read the presentation data values of a P-DATA-TF after its header (PS3.8 9.3.5).

    Raises
    ------
    ValueError
        A value does not fit the PDU.
    """
    position = 0
    while position < len(body):
        if position + _PDV_OVERHEAD > len(body):
            raise ValueError("a presentation data value is cut off")
        length, context, flags = struct.unpack_from(">LBB", body, position)
        end = position + 4 + length
        if length < 2 or end > len(body):
            raise ValueError("a presentation data value does not fit its PDU")
        data = body[position + _PDV_OVERHEAD : end]
        yield Fragment(context, bool(flags & _COMMAND), bool(flags & _LAST), data)
        position = end


def encode_message(
    context: int, command: bytes, data_set: memoryview | None, max_pdu: int
) -> Iterator[tuple[Buffer, Buffer]]:
    """Cut a message into P-DATA-TF PDUs: pairs of header and body, the body never copied.

    Parameters
    ----------
    context : int
        Presentation context id.
    command, data_set
        Encoded command set, and the encoded data set or None.
    max_pdu : int
        Longest PDU that the peer takes, at least 8 bytes, not counting the header.
    """
    yield from _cut(context, _COMMAND, memoryview(command), max_pdu)
    if data_set is not None:
        yield from _cut(context, 0, data_set, max_pdu)


def _cut(
    context: int, kind: int, content: memoryview, max_pdu: int
) -> Iterator[tuple[Buffer, Buffer]]:
    step = (max_pdu - _PDV_OVERHEAD) & ~1
    total = len(content)
    for start in range(0, total, step):
        part = content[start : start + step]
        size = len(part)
        flags = kind | (_LAST if start + size == total else 0)
        header = struct.pack(
            ">BBLLBB", PduType.P_DATA, 0, size + _PDV_OVERHEAD, size + 2, context, flags
        )
        yield header, part
