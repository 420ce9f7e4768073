"""The holes of pynetdicom stay closed."""

from __future__ import annotations

import logging
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pynetdicom.timer
import pytest
from pydicom.dataset import Dataset
from pynetdicom.transport import AssociationSocket

from services.dicom import guards
from services.dicom.association import associate
from services.dicom.echo import echo
from services.dicom.peers import Peer, Timeouts
from services.dicom.server import DicomServer
from services.dicom.sop_classes import (
    MODALITY_PERFORMED_PROCEDURE_STEP,
    MODALITY_WORKLIST_FIND,
    VERIFICATION,
)
from services.errors import PeerError
from tests.peers.process import local_peer
from tests.services.dicom.certificates import Authority
from tests.services.dicom.parrot import Parrot, accept, pdu, read_pdu

HALF_A_REQUEST = struct.pack(">BBL", 1, 0, 500) + bytes(20)


def nobody_reports(_information: Dataset, _event_type: int, _calling_ae: str) -> int:
    raise AssertionError("no report was expected")


@pytest.fixture
def server() -> Iterator[DicomServer]:
    server = DicomServer(
        "BOX", "127.0.0.1", 0, [], 10, 65536, 30.0, nobody_reports, negotiation_timeout=1.0
    )
    server.start()
    yield server
    server.stop(grace=0.5)


def as_peer(server: DicomServer) -> Peer:
    return local_peer("box", "BOX", server.port)


def wait_for_end(connection: socket.socket) -> float:
    """Return the seconds until the other side closes."""
    begun = time.monotonic()
    connection.settimeout(20)
    try:
        while connection.recv(1024):
            pass
    except ConnectionError:
        pass
    return time.monotonic() - begun


def test_installing_twice_changes_nothing() -> None:
    before = AssociationSocket.recv
    guards.install()
    assert AssociationSocket.recv is before


def test_ten_half_requests_keep_nobody_out(server: DicomServer) -> None:
    silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(10)]
    for connection in silent:
        connection.sendall(HALF_A_REQUEST)
    for _ in range(3):
        assert echo(as_peer(server), "ME").milliseconds < 1000
    assert max(wait_for_end(connection) for connection in silent) < 10
    for connection in silent:
        connection.close()


def test_a_dripping_request_is_cut(server: DicomServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(HALF_A_REQUEST[:6])
        stop = threading.Event()

        def drip() -> None:
            while not stop.wait(0.2):
                try:
                    connection.sendall(b"\0")
                except OSError:
                    return

        dripping = threading.Thread(target=drip)
        dripping.start()
        assert wait_for_end(connection) < 8
        stop.set()
        dripping.join()


@pytest.mark.parametrize("kind", [1, 4])
def test_a_monstrous_pdu_is_not_swallowed(server: DicomServer, kind: int) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(struct.pack(">BBL", kind, 0, 300 << 20) + bytes(4096))
        assert wait_for_end(connection) < 8
    assert echo(as_peer(server), "ME")


@pytest.mark.parametrize(
    "noise", [b"GET / HTTP/1.1\r\n\r\n", bytes(64), b"\xff" * 64, pdu(1, bytes(68)), pdu(5, b"")]
)
def test_noise_does_not_kill_the_listener(server: DicomServer, noise: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(noise)
        connection.shutdown(socket.SHUT_WR)
        wait_for_end(connection)
    assert echo(as_peer(server), "ME")


def test_a_silent_caller_does_not_block_a_tls_listener(authority: Authority) -> None:
    server = DicomServer(
        *("BOX", "127.0.0.1", 0, [], 10, 65536, 30.0, nobody_reports),
        tls=authority.issue("listener"),
        negotiation_timeout=2.0,
    )
    server.start()
    try:
        peer = Peer(
            "box", "BOX", "127.0.0.1", server.port, frozenset(), tls=authority.issue("caller")
        )
        with socket.create_connection(("127.0.0.1", server.port)) as silent:
            begun = time.monotonic()
            echo(peer, "ME")
            with associate(peer, "ME", [VERIFICATION]) as association:
                assert association.send_c_echo().Status == 0
            assert time.monotonic() - begun < 2
            assert wait_for_end(silent) < 10
        with pytest.raises(PeerError):
            echo(local_peer("box", "BOX", server.port), "ME")
        assert echo(peer, "ME")
    finally:
        server.stop(grace=0.5)


def test_tls_callers_without_a_certificate_are_refused(authority: Authority) -> None:
    server = DicomServer(
        *("BOX", "127.0.0.1", 0, [], 10, 65536, 30.0, nobody_reports),
        tls=authority.issue("listener2"),
    )
    server.start()
    try:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            _speak_anonymously(server.port, authority)
    finally:
        server.stop(grace=0.5)


def _speak_anonymously(port: int, authority: Authority) -> None:
    context = ssl.create_default_context(cafile=str(authority.certificate))
    with (
        socket.create_connection(("127.0.0.1", port)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as anonymous,
    ):
        anonymous.settimeout(5)
        anonymous.sendall(pdu(1, bytes(68)))
        if not anonymous.recv(1):
            raise ConnectionResetError


def test_a_peer_that_stops_reading_does_not_hold_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "SEND_DEADLINE", 0.5)
    huge = Dataset()
    huge.add_new(0x00091010, "OB", bytes(64 << 20))

    def script(parrot: Parrot, connection: socket.socket) -> None:
        read_pdu(connection)
        connection.sendall(accept({1: "1.2.840.10008.1.2"}, max_pdu=1 << 20))
        parrot.finished.wait(20)

    begun = time.monotonic()
    with Parrot(script) as parrot:
        peer = parrot.peer(dimse=1.0)
        with associate(peer, "ME", [MODALITY_PERFORMED_PROCEDURE_STEP]) as association:
            status, _ = association.send_n_create(huge, MODALITY_PERFORMED_PROCEDURE_STEP, "1.2.3")
    assert "Status" not in status
    assert time.monotonic() - begun < 8


def test_session_tickets_are_not_taken_for_an_answer(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TLS 1.3 makes the socket readable long before the peer has answered anything."""
    monkeypatch.setattr(guards, "PDU_DEADLINE", 0.3)
    theirs = authority.issue("slow")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(theirs.certificate, theirs.key)

    def script(parrot: Parrot, plain: socket.socket) -> None:
        with context.wrap_socket(plain, server_side=True) as connection:
            read_pdu(connection)
            parrot.finished.wait(1.0)
            connection.sendall(accept({1: "1.2.840.10008.1.2"}))
            assert read_pdu(connection)[0] == 5
            connection.sendall(pdu(6, bytes(4)))

    with Parrot(script) as parrot:
        timeouts = Timeouts(connect=5.0, acse=5.0)
        peer = replace(parrot.peer(), tls=authority.issue("patient"), timeouts=timeouts)
        with associate(peer, "ME", [VERIFICATION]) as association:
            assert association.is_established


def test_timers_do_not_follow_the_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    timer = pynetdicom.timer.Timer(30)
    timer.start()
    wall = time.time()
    monkeypatch.setattr(time, "time", lambda: wall + 200 * 86400)
    assert not timer.expired
    monkeypatch.setattr(time, "time", lambda: wall - 3600)
    assert timer.remaining <= 30


def test_small_exchanges_do_not_wait_for_delayed_acknowledgements(server: DicomServer) -> None:
    with associate(as_peer(server), "ME", [VERIFICATION]) as association:
        taken = []
        for number in range(1, 12):
            begun = time.monotonic()
            assert association.send_c_echo(msg_id=number).Status == 0
            taken.append(time.monotonic() - begun)
    assert sorted(taken)[len(taken) // 2] < 0.03


def test_identifiers_stay_out_of_the_logs(caplog: pytest.LogCaptureFixture) -> None:
    """A worklist query through pynetdicom itself, answered with a broken identifier."""
    caplog.set_level(logging.INFO)
    identifier = Dataset()
    identifier.PatientName = "Geheim^Gerda"
    identifier.PatientID = "4711-GEHEIM"
    answer = _pending_with(b"\x10\x00\x10\x00\xff\xff\x00\x00Geheim^Gerda")

    def script(parrot: Parrot, connection: socket.socket) -> None:
        read_pdu(connection)
        connection.sendall(accept({1: "1.2.840.10008.1.2"}))
        read_pdu(connection)
        read_pdu(connection)
        connection.sendall(answer)
        parrot.finished.wait(60)

    with (
        Parrot(script) as parrot,
        associate(parrot.peer(), "ME", [MODALITY_WORKLIST_FIND]) as association,
    ):
        list(association.send_c_find(identifier, MODALITY_WORKLIST_FIND))
    assert caplog.records
    assert "geheim" not in caplog.text.lower()


def test_exceptions_of_the_libraries_lose_their_values(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("pynetdicom.dimse")
    try:
        raise ValueError("Geheim^Gerda is no number")
    except ValueError as error:
        logger.exception(error)
    logger.info("(0010,0010) PN [Geheim^Gerda]")
    logger.warning("Invalid value for VR DA: '%s'", "19691301-GEHEIM")
    logging.getLogger("pydicom").error("bad value 'GEHEIM'")
    logger.info("Association Accepted")
    assert "geheim" not in caplog.text.lower()
    assert "ValueError" in caplog.text
    assert "Invalid value for VR DA" in caplog.text
    assert caplog.records[-1].getMessage() == "bad value '...'"


def _pending_with(identifier: bytes) -> bytes:
    elements = struct.pack("<HHLH", 0, 0x0100, 2, 0x8020)
    elements += struct.pack("<HHLH", 0, 0x0120, 2, 1)
    elements += struct.pack("<HHLH", 0, 0x0800, 2, 1)
    elements += struct.pack("<HHLH", 0, 0x0900, 2, 0xFF00)
    command = struct.pack("<HHLL", 0, 0, 4, len(elements)) + elements
    return pdu(
        4,
        struct.pack(">LBB", len(command) + 2, 1, 3)
        + command
        + struct.pack(">LBB", len(identifier) + 2, 1, 2)
        + identifier,
    )


@pytest.mark.parametrize("command", [b"", b"garbage", bytes(40)])
def test_what_cannot_be_decoded_ends_its_connection(server: DicomServer, command: bytes) -> None:
    with associate(as_peer(server), "ME", [VERIFICATION]) as association:
        context = association.accepted_contexts[0].context_id
        association.dul.kill_dul()
        association.dul.join()
        connection = association.dul.socket.socket
        part = bytes((context, 3)) + command
        data = struct.pack(">L", len(part)) + part
        connection.sendall(struct.pack(">BBL", 4, 0, len(data)) + data)
        assert wait_for_end(connection) < 8
        association.kill()
    assert echo(as_peer(server), "ME")
