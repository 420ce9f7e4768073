"""DIMSE command sets (PS3.7 annex E): implicit VR little endian, group 0000 only."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from services.dicom.dimse import DimseReply

NO_DATA_SET: Final = 0x0101
_DATA_SET_FOLLOWS = 0x0001
_MAX_ELEMENTS = 64


class CommandField(IntEnum):
    """(0000,0100), PS3.7 table E.1-1."""

    C_STORE_RQ = 0x0001
    C_STORE_RSP = 0x8001
    C_FIND_RQ = 0x0020
    C_FIND_RSP = 0x8020
    C_ECHO_RQ = 0x0030
    C_ECHO_RSP = 0x8030
    C_CANCEL_RQ = 0x0FFF


class Element(IntEnum):
    """Element numbers in group 0000."""

    GROUP_LENGTH = 0x0000
    AFFECTED_SOP_CLASS_UID = 0x0002
    COMMAND_FIELD = 0x0100
    MESSAGE_ID = 0x0110
    MESSAGE_ID_BEING_RESPONDED_TO = 0x0120
    PRIORITY = 0x0700
    DATA_SET_TYPE = 0x0800
    STATUS = 0x0900
    ERROR_COMMENT = 0x0902
    ERROR_ID = 0x0903
    AFFECTED_SOP_INSTANCE_UID = 0x1000


Command = Mapping[int, bytes]


def store_request(sop_class_uid: str, sop_instance_uid: str, message_id: int) -> bytes:
    """Write a C-STORE-RQ of medium priority (PS3.7 9.3.1.1)."""
    return _encode(
        (Element.AFFECTED_SOP_CLASS_UID, sop_class_uid),
        (Element.COMMAND_FIELD, CommandField.C_STORE_RQ),
        (Element.MESSAGE_ID, message_id),
        (Element.PRIORITY, 0),
        (Element.DATA_SET_TYPE, _DATA_SET_FOLLOWS),
        (Element.AFFECTED_SOP_INSTANCE_UID, sop_instance_uid),
    )


def find_request(sop_class_uid: str, message_id: int) -> bytes:
    """Write a C-FIND-RQ of medium priority (PS3.7 9.3.2.1)."""
    return _encode(
        (Element.AFFECTED_SOP_CLASS_UID, sop_class_uid),
        (Element.COMMAND_FIELD, CommandField.C_FIND_RQ),
        (Element.MESSAGE_ID, message_id),
        (Element.PRIORITY, 0),
        (Element.DATA_SET_TYPE, _DATA_SET_FOLLOWS),
    )


def cancel_request(message_id: int) -> bytes:
    """Write a C-CANCEL-RQ for an earlier request (PS3.7 9.3.2.3)."""
    return _encode(
        (Element.COMMAND_FIELD, CommandField.C_CANCEL_RQ),
        (Element.MESSAGE_ID_BEING_RESPONDED_TO, message_id),
        (Element.DATA_SET_TYPE, NO_DATA_SET),
    )


def echo_request(message_id: int) -> bytes:
    """Write a C-ECHO-RQ (PS3.7 9.3.5.1)."""
    return _encode(
        (Element.AFFECTED_SOP_CLASS_UID, "1.2.840.10008.1.1"),
        (Element.COMMAND_FIELD, CommandField.C_ECHO_RQ),
        (Element.MESSAGE_ID, message_id),
        (Element.DATA_SET_TYPE, NO_DATA_SET),
    )


def _encode(*elements: tuple[int, str | int]) -> bytes:
    body = b"".join(_element(number, value) for number, value in elements)
    return struct.pack("<HHLL", 0, Element.GROUP_LENGTH, 4, len(body)) + body


def _element(number: int, value: str | int) -> bytes:
    if isinstance(value, int):
        return struct.pack("<HHLH", 0, number, 2, value)
    text = value.encode("ascii")
    text += b"\0" * (len(text) & 1)
    return struct.pack("<HHL", 0, number, len(text)) + text


def decode_command(data: bytes) -> dict[int, bytes]:
    """Return the values of a command set by element number.

    Raises
    ------
    ValueError
        Elements are cut off, of another group, or absurdly many.
    """
    elements: dict[int, bytes] = {}
    position = 0
    while position < len(data):
        if position + 8 > len(data) or len(elements) >= _MAX_ELEMENTS:
            raise ValueError("the command set is cut off or too long")
        group, number, length = struct.unpack_from("<HHL", data, position)
        position += 8
        if group != 0 or position + length > len(data):
            raise ValueError("the command set holds a foreign or overlong element")
        elements[number] = data[position : position + length]
        position += length
    return elements


def number_in(command: Command, element: int) -> int | None:
    """Return the value of a US element, None where it is absent or malformed."""
    value = command.get(element, b"")
    return int.from_bytes(value, "little") if len(value) == 2 else None


def has_data_set(command: Command) -> bool:
    """Say whether a data set follows this command."""
    return number_in(command, Element.DATA_SET_TYPE) not in (None, NO_DATA_SET)


def reply_in(command: Command) -> DimseReply:
    """Return the status part of a response."""
    comment = command.get(Element.ERROR_COMMENT, b"").decode("ascii", "replace")
    return DimseReply(
        status=number_in(command, Element.STATUS),
        error_comment=comment.strip("\0 "),
        error_id=number_in(command, Element.ERROR_ID),
    )
