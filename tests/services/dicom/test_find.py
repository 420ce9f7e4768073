"""Queries to providers that misbehave."""

from __future__ import annotations

import socket
import struct
import time

import pytest
from pydicom.dataset import Dataset

from device.worklist import QueryKeys
from services.dicom.encoding import encode_data_set
from services.dicom.worklist import find_worklist
from services.errors import PeerAborted, PeerError, PeerTimeout
from tests.peers.worklists import ENTRIES, entry_data_set
from tests.services.dicom.objects import EXPLICIT
from tests.services.dicom.parrot import (
    Parrot,
    accept,
    pdu,
    read_message,
    read_pdu,
    response,
)

FIND_RESPONSE = 0x8020
UTF_8 = ("ISO_IR 192",)


def pending(identifier: bytes) -> bytes:
    elements = b"".join(
        struct.pack("<HHLH", 0, number, 2, value)
        for number, value in (
            *((0x0100, FIND_RESPONSE), (0x0120, 1)),
            *((0x0800, 0x0001), (0x0900, 0xFF00)),
        )
    )
    command = struct.pack("<HHLL", 0, 0, 4, len(elements)) + elements
    return pdu(4, struct.pack(">LBB", len(command) + 2, 1, 3) + command) + pdu(
        4, struct.pack(">LBB", len(identifier) + 2, 1, 2) + identifier
    )


def row(number: int) -> bytes:
    return pending(encode_data_set(entry_data_set(ENTRIES[0], number), EXPLICIT))


def provider(*answers: bytes, final: bytes = b"") -> Parrot:
    def script(parrot: Parrot, connection: socket.socket) -> None:
        read_pdu(connection)
        connection.sendall(accept({1: EXPLICIT}))
        read_message(connection, with_data_set=True)
        connection.sendall(b"".join(answers))
        connection.sendall(final)
        kind, _ = read_pdu(connection)
        if kind == 5:
            connection.sendall(pdu(6, bytes(4)))
        parrot.finished.wait(60)

    return Parrot(script)


SUCCESS = response(FIND_RESPONSE, 1, 0)


def test_broken_answers_are_reported_and_the_rest_is_kept() -> None:
    nobody = Dataset()
    nobody.StudyInstanceUID = "1.2.3"
    answers = (
        row(1),
        pending(b"\x10\x00\x10\x00PN\xff\xffGeheim^Gerda"),
        pending(encode_data_set(nobody, EXPLICIT)),
        row(2),
    )
    with provider(*answers, final=SUCCESS) as parrot:
        answer = find_worklist(parrot.peer(), "BOX", QueryKeys(), UTF_8, 10)
    assert [item.accession_number for item in answer.items] == ["ACC0001", "ACC0002"]
    assert len(answer.problems) == 2
    assert "answer 2" in answer.problems[0]
    assert "Geheim" not in "".join(answer.problems)


def test_answers_that_do_not_match_are_left_out_and_counted() -> None:
    with provider(row(1), row(2), row(3), final=SUCCESS) as parrot:
        keys = QueryKeys(accession_number="ACC0002")
        answer = find_worklist(parrot.peer(), "BOX", keys, UTF_8, 10)
    assert [item.accession_number for item in answer.items] == ["ACC0002"]
    assert answer.rejected == 2


def test_the_cancel_arrives_at_the_provider() -> None:
    heard: list[bytes] = []

    def script(parrot: Parrot, connection: socket.socket) -> None:
        read_pdu(connection)
        connection.sendall(accept({1: EXPLICIT}))
        read_message(connection, with_data_set=True)
        connection.sendall(row(1) + row(2) + row(3) + row(4))
        heard.append(read_pdu(connection)[1])
        connection.sendall(row(5) + response(FIND_RESPONSE, 1, 0xFE00))
        read_pdu(connection)
        connection.sendall(pdu(6, bytes(4)))
        parrot.finished.wait(60)

    with Parrot(script) as parrot:
        answer = find_worklist(parrot.peer(), "BOX", QueryKeys(), UTF_8, 2)
    assert (len(answer.items), answer.truncated) == (2, True)
    assert struct.pack("<HHLH", 0, 0x0100, 2, 0x0FFF) in heard[0]


@pytest.mark.parametrize(
    ("final", "error", "words"),
    [
        (response(FIND_RESPONSE, 1, 0xA700), PeerError, "A700"),
        (response(FIND_RESPONSE, 1, 0xC001), PeerError, "C001"),
        (response(0x8001, 1, 0), PeerAborted, "something else"),
        (b"", PeerTimeout, "no answer"),
    ],
)
def test_queries_that_fail_as_a_whole(final: bytes, error: type[PeerError], words: str) -> None:
    begun = time.monotonic()
    with provider(row(1), final=final) as parrot, pytest.raises(error, match=words):
        find_worklist(parrot.peer(dimse=0.5), "BOX", QueryKeys(), UTF_8, 10)
    assert time.monotonic() - begun < 5


def test_a_provider_that_does_not_stop_is_cut_off() -> None:
    def script(parrot: Parrot, connection: socket.socket) -> None:
        read_pdu(connection)
        connection.sendall(accept({1: EXPLICIT}))
        read_message(connection, with_data_set=True)
        while not parrot.finished.is_set():
            connection.sendall(row(1))

    begun = time.monotonic()
    with Parrot(script) as parrot:
        answer = find_worklist(parrot.peer(dimse=0.5), "BOX", QueryKeys(), UTF_8, 3)
    assert len(answer.items) == 3
    assert answer.truncated
    assert time.monotonic() - begun < 5
