"""Associations through pynetdicom end as they should, whatever the peer does."""

from __future__ import annotations

import dataclasses
import socket
import time

import pytest
from pynetdicom import evt

from services.dicom.association import associate, reply_of, require_context
from services.dicom.peers import Peer
from services.dicom.sop_classes import (
    MODALITY_PERFORMED_PROCEDURE_STEP,
    STORAGE_COMMITMENT_PUSH,
    VERIFICATION,
)
from services.errors import (
    ContextRefused,
    PeerAborted,
    PeerError,
    PeerRejected,
    PeerTimeout,
    PeerUnreachable,
)
from tests.peers.process import free_port, local_peer
from tests.services.dicom.objects import EXPLICIT
from tests.services.dicom.parrot import ABORT, Parrot, accept, pdu, read_pdu


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (pdu(3, bytes((0, 1, 1, 3))), PeerRejected, "does not know AE title BOX"),
        (pdu(3, bytes((0, 1, 1, 7))), PeerRejected, "correct ae_title"),
        (ABORT, PeerAborted, "broke off"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", PeerAborted, "broke off"),
        (accept({}), ContextRefused, "Verification"),
        (b"", PeerTimeout, "within 1 s"),
    ],
)
def test_refusals(answer: bytes, error: type[PeerError], words: str) -> None:
    def script(parrot: Parrot, connection: socket.socket) -> None:
        read_pdu(connection)
        connection.sendall(answer)
        parrot.finished.wait(60)

    begun = time.monotonic()
    with (
        Parrot(script) as parrot,
        pytest.raises(error, match=words),
        associate(parrot.peer(), "BOX", [VERIFICATION]),
    ):
        pass
    assert time.monotonic() - begun < 6


def test_a_rejection_faster_than_our_own_thread() -> None:
    """The reactor reads the answer and closes before the calling thread looks at the socket."""

    def script(parrot: Parrot, connection: socket.socket) -> None:
        read_pdu(connection)
        connection.sendall(pdu(3, bytes((0, 1, 1, 7))))
        parrot.finished.wait(60)

    def dawdle(event: evt.Event) -> None:
        deadline = time.monotonic() + 60
        while event.assoc.dul.is_alive() and time.monotonic() < deadline:
            if event.assoc.dul.to_user_queue.qsize() and not event.assoc.dul.socket._is_connected:
                return
            time.sleep(0.005)

    with (
        Parrot(script) as parrot,
        pytest.raises(PeerRejected, match="correct ae_title"),
        associate(parrot.peer(), "BOX", [VERIFICATION], [(evt.EVT_REQUESTED, dawdle)]),
    ):
        pass


def test_nobody_listens() -> None:
    with (
        pytest.raises(PeerUnreachable, match="nothing listens"),
        associate(local_peer("gone", "GONE", free_port()), "BOX", [VERIFICATION]),
    ):
        pass


def test_a_name_that_does_not_resolve() -> None:
    peer = dataclasses.replace(local_peer("gone", "GONE", 104), host="pacs.invalid")
    with (
        pytest.raises(PeerUnreachable, match="cannot be resolved"),
        associate(peer, "BOX", [VERIFICATION]),
    ):
        pass


@pytest.mark.parametrize(("answer", "error"), [(b"", PeerTimeout), (ABORT, PeerAborted)])
def test_no_answer_to_a_request(answer: bytes, error: type[PeerError]) -> None:
    def script(parrot: Parrot, connection: socket.socket) -> None:
        read_pdu(connection)
        connection.sendall(accept({1: EXPLICIT}))
        read_pdu(connection)
        connection.sendall(answer)
        parrot.finished.wait(60)

    with Parrot(script) as parrot:
        peer = parrot.peer(dimse=0.5)
        with pytest.raises(error):
            _ask(peer)


def _ask(peer: Peer) -> None:
    with associate(peer, "BOX", [VERIFICATION]) as association:
        begun = time.monotonic()
        status = association.send_c_echo()
        try:
            reply_of(peer, association, begun, status)
        finally:
            assert not association.is_established


def test_an_error_in_the_block_aborts() -> None:
    heard: list[int] = []

    def script(_parrot: Parrot, connection: socket.socket) -> None:
        read_pdu(connection)
        connection.sendall(accept({1: EXPLICIT}))
        heard.append(read_pdu(connection)[0])

    with (
        Parrot(script) as parrot,
        pytest.raises(ZeroDivisionError),
        associate(parrot.peer(), "BOX", [VERIFICATION]),
    ):
        raise ZeroDivisionError
    assert heard == [7]


def test_one_context_of_two_is_refused() -> None:
    def script(parrot: Parrot, connection: socket.socket) -> None:
        read_pdu(connection)
        connection.sendall(accept({3: EXPLICIT}))
        read_pdu(connection)
        connection.sendall(pdu(6, bytes(4)))
        parrot.finished.wait(60)

    wanted = [MODALITY_PERFORMED_PROCEDURE_STEP, STORAGE_COMMITMENT_PUSH]
    with Parrot(script) as parrot, associate(parrot.peer(), "BOX", wanted) as association:
        require_context(parrot.peer(), association, STORAGE_COMMITMENT_PUSH)
        with pytest.raises(ContextRefused, match="Performed Procedure Step"):
            require_context(parrot.peer(), association, MODALITY_PERFORMED_PROCEDURE_STEP)


def test_a_peer_that_never_answers_the_release_is_cut_off() -> None:
    def script(parrot: Parrot, connection: socket.socket) -> None:
        read_pdu(connection)
        connection.sendall(accept({1: EXPLICIT}))
        parrot.finished.wait(60)

    begun = time.monotonic()
    with Parrot(script) as parrot, associate(parrot.peer(), "BOX", [VERIFICATION]):
        pass
    assert time.monotonic() - begun < 6
