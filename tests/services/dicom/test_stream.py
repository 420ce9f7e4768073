"""Storing to peers that abort, stall, babble or go away: an error in time, never a hang."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from services.dicom.peers import Peer
from services.dicom.store import StoreSession
from services.errors import (
    CatalogError,
    ContextRefused,
    PeerAborted,
    PeerError,
    PeerRejected,
    PeerTimeout,
    PeerUnreachable,
)
from tests.services.dicom.objects import (
    EXPLICIT,
    SECONDARY_CAPTURE,
    data_set_bytes,
    write_object,
)
from tests.services.dicom.parrot import (
    ABORT,
    RELEASE,
    Parrot,
    accept,
    pdu,
    read_exactly,
    read_message,
    read_pdu,
    response,
)

WANTED = [(SECONDARY_CAPTURE, EXPLICIT)]
STORE_RESPONSE = 0x8001
ACCEPTED = accept({1: EXPLICIT})


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return write_object(tmp_path)


@pytest.fixture
def long_picture(tmp_path: Path) -> Path:
    """More than the socket buffers of both ends hold."""
    return write_object(tmp_path, rows=4096, columns=4096)


def store(peer: Peer, path: Path) -> None:
    with StoreSession(peer, "BOX", WANTED) as session:
        session.send(path)


def accepting(answer: bytes, *, after_reading: bool = True) -> Parrot:
    """Accept the association, read the object or not, say ``answer`` and wait to be left."""

    def script(parrot: Parrot, connection: socket.socket) -> None:
        read_pdu(connection)
        connection.sendall(ACCEPTED)
        if after_reading:
            read_message(connection, with_data_set=True)
        connection.sendall(answer)
        parrot.finished.wait(60)

    return Parrot(script)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (ABORT, PeerAborted),
        (RELEASE, PeerAborted),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", PeerAborted),
        (bytes(6), PeerAborted),
        (b"\x04\x00\xff\xff\xff\xff", PeerAborted),
        (pdu(4, b"\x00\x00\xff\xff\x01\x03"), PeerAborted),
        (pdu(4, b"\x00\x00\x00\x06\x01\x03\x00\x00\x00\x00"), PeerAborted),
        (response(STORE_RESPONSE, 99, 0), PeerAborted),
        (response(0x8030, 1, 0), PeerAborted),
        (response(STORE_RESPONSE, 1, 0)[:20], PeerTimeout),
        (b"", PeerTimeout),
    ],
    ids=[
        "abort",
        "release",
        "http",
        "zeros",
        "4 GiB PDU",
        "overlong value",
        "cut command",
        "other message",
        "other service",
        "half an answer",
        "silence",
    ],
)
def test_bad_answers(picture: Path, answer: bytes, error: type[PeerError]) -> None:
    begun = time.monotonic()
    with accepting(answer) as parrot, pytest.raises(error):
        store(parrot.peer(dimse=0.5), picture)
    assert time.monotonic() - begun < 5


def test_a_peer_that_closes_without_a_word(picture: Path) -> None:
    def script(_parrot: Parrot, connection: socket.socket) -> None:
        read_pdu(connection)
        connection.sendall(ACCEPTED)
        read_message(connection, with_data_set=True)

    with Parrot(script) as parrot, pytest.raises(PeerUnreachable, match="broke"):
        store(parrot.peer(), picture)


def test_a_peer_that_stops_reading(long_picture: Path) -> None:
    begun = time.monotonic()
    with (
        accepting(b"", after_reading=False) as parrot,
        pytest.raises(PeerTimeout, match="stopped reading"),
    ):
        store(parrot.peer(dimse=0.5), long_picture)
    assert time.monotonic() - begun < 5


def test_an_abort_in_the_middle_is_heard_although_nobody_reads(long_picture: Path) -> None:
    with accepting(ABORT, after_reading=False) as parrot, pytest.raises(PeerAborted):
        store(parrot.peer(dimse=2.0), long_picture)


def test_babble_in_the_middle(long_picture: Path) -> None:
    babble = b"HTTP/1.1 500 Internal Server Error\r\n\r\n"
    with accepting(babble, after_reading=False) as parrot, pytest.raises(PeerAborted):
        store(parrot.peer(dimse=2.0), long_picture)


@pytest.mark.parametrize("farewell", [ABORT, b"HTTP/1.1 500 Oh\r\n", b"", RELEASE])
def test_what_was_stored_stays_stored_however_the_peer_says_goodbye(
    picture: Path, farewell: bytes
) -> None:
    def script(_parrot: Parrot, connection: socket.socket) -> None:
        read_pdu(connection)
        connection.sendall(ACCEPTED)
        read_message(connection, with_data_set=True)
        connection.sendall(response(STORE_RESPONSE, 1, 0))
        read_pdu(connection)
        connection.sendall(farewell)

    with Parrot(script) as parrot, StoreSession(parrot.peer(), "BOX", WANTED) as session:
        assert session.send(picture).status == 0


def test_a_peer_that_resets_in_the_middle(long_picture: Path) -> None:
    def script(_parrot: Parrot, connection: socket.socket) -> None:
        read_pdu(connection)
        connection.sendall(ACCEPTED)
        read_exactly(connection, 100_000)

    with Parrot(script) as parrot, pytest.raises(PeerUnreachable):
        store(parrot.peer(), long_picture)


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (pdu(3, bytes((0, 1, 1, 3))), PeerRejected, "does not know AE title BOX"),
        (pdu(3, bytes((0, 1, 1, 7))), PeerRejected, "does not call itself PARROT"),
        (pdu(3, bytes((0, 2, 3, 2))), PeerRejected, "tries again by itself"),
        (pdu(3, b"\0"), PeerAborted, "cannot be read"),
        (ABORT, PeerAborted, "aborted"),
        (accept({}), ContextRefused, "Secondary Capture"),
        (accept({9: EXPLICIT}), ContextRefused, "Secondary Capture"),
        (accept({1: "1.2.840.10008.1.2.4.50"}), ContextRefused, "Secondary Capture"),
        (accept({1: EXPLICIT}, max_pdu=3), PeerAborted, "maximum PDU of 3"),
        (b"220 mail.example ESMTP\r\n", PeerAborted, "cannot be read"),
        (b"", PeerTimeout, "association request"),
    ],
)
def test_associations_that_do_not_come_about(
    picture: Path, answer: bytes, error: type[PeerError], words: str
) -> None:
    def script(parrot: Parrot, connection: socket.socket) -> None:
        read_pdu(connection)
        connection.sendall(answer)
        parrot.finished.wait(60)

    with Parrot(script) as parrot, pytest.raises(error, match=words):
        store(parrot.peer(), picture)


@pytest.mark.parametrize("max_pdu", [0, 128, 130, 16384, 1 << 20])
def test_the_peers_pdu_length_is_respected(picture: Path, max_pdu: int) -> None:
    lengths: list[int] = []
    received = bytearray()

    def script(_parrot: Parrot, connection: socket.socket) -> None:
        read_pdu(connection)
        connection.sendall(accept({1: EXPLICIT}, max_pdu))
        last_of_data = False
        while not last_of_data:
            _, body = read_pdu(connection)
            lengths.append(len(body))
            if not body[5] & 1:
                received.extend(body[6:])
                last_of_data = bool(body[5] & 2)
        connection.sendall(response(STORE_RESPONSE, 1, 0))
        read_pdu(connection)
        connection.sendall(pdu(6, bytes(4)))

    with Parrot(script) as parrot:
        store(parrot.peer(), picture)
    assert bytes(received) == data_set_bytes(picture)
    assert max(lengths) <= (max_pdu or 131072)


def test_an_association_survives_what_is_wrong_with_a_file(tmp_path: Path, picture: Path) -> None:
    broken = tmp_path / "broken.dcm"
    broken.write_bytes(b"nothing that DICOM knows")
    empty = tmp_path / "empty.dcm"
    empty.touch()
    with accepting(response(STORE_RESPONSE, 1, 0xB007)) as parrot:
        session = StoreSession(parrot.peer(), "BOX", WANTED)
        with session:
            with pytest.raises(CatalogError, match=r"broken\.dcm"):
                session.send(broken)
            with pytest.raises(CatalogError, match=r"empty\.dcm"):
                session.send(empty)
            assert session.send(picture).status == 0xB007
        with pytest.raises(RuntimeError):
            session.send(picture)


def test_no_more_contexts_than_fit() -> None:
    proposed: list[bytes] = []

    def script(parrot: Parrot, connection: socket.socket) -> None:
        proposed.append(read_pdu(connection)[1])
        connection.sendall(ABORT)
        parrot.finished.wait(60)

    wanted = [(f"1.2.3.{number}", EXPLICIT) for number in range(100)]
    with Parrot(script) as parrot, pytest.raises(PeerAborted):
        StoreSession(parrot.peer(), "BOX", wanted).__enter__()
    assert proposed[0].count(b"1.2.3.") == 128
    assert b"1.2.3.99" in proposed[0]


def test_memory_stays_flat_for_a_huge_object(tmp_path: Path, picture: Path) -> None:
    huge = tmp_path / "huge.dcm"
    huge.write_bytes(picture.read_bytes())
    os.truncate(huge, 1 << 30)
    memory: list[int] = []
    drained: list[int] = []

    def script(parrot: Parrot, connection: socket.socket) -> None:
        read_pdu(connection)
        connection.sendall(accept({1: EXPLICIT}, 131072))
        drained.append(_drain(connection, memory))
        connection.sendall(response(STORE_RESPONSE, 1, 0))
        parrot.finished.wait(60)

    before = _private_memory()
    with Parrot(script) as parrot:
        peer = parrot.peer(dimse=20)
        session = StoreSession(peer, "BOX", WANTED)
        session.__enter__()
        assert session.send(huge).status == 0
        session.__exit__(PeerTimeout, None, None)
    assert drained[0] > (1 << 30) - 4096
    assert max(memory) - before < 20 << 20


def _drain(connection: socket.socket, memory: list[int]) -> int:
    """Read one message with a data set, noting now and then what memory it takes."""
    sink = memoryview(bytearray(1 << 18))
    total = 0
    while True:
        header = read_exactly(connection, 12)
        left = int.from_bytes(header[2:6], "big") - 6
        is_data, is_last = not header[11] & 1, bool(header[11] & 2)
        total += left if is_data else 0
        while left:
            left -= connection.recv_into(sink[:left])
        if total >> 26 > len(memory):
            memory.append(_private_memory())
        if is_data and is_last:
            return total


def _private_memory() -> int:
    """Bytes that belong to this process alone: mapped file pages do not count."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) << 10
    raise AssertionError("no RssAnon in /proc/self/status")
