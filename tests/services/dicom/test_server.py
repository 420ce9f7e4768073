"""The box as SCP: who may call, how many, and what happens to a report at shutdown."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from pydicom.dataset import Dataset
from pynetdicom.pdu_primitives import SCP_SCU_RoleSelectionNegotiation

from device.uids import random_uid
from services.dicom.association import associate
from services.dicom.echo import echo
from services.dicom.server import DicomServer
from services.dicom.sop_classes import (
    STORAGE_COMMITMENT_PUSH,
    STORAGE_COMMITMENT_PUSH_INSTANCE,
    VERIFICATION,
)
from services.errors import ContextRefused, PeerRejected, PeerUnreachable
from tests.peers.process import local_peer, program

Start = Callable[..., DicomServer]


class Receiver:
    def __init__(self) -> None:
        self.reports: list[tuple[Dataset, int, str]] = []
        self.entered = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    def __call__(self, information: Dataset, event_type: int, calling_ae: str) -> int:
        self.entered.set()
        assert self.go_on.wait(60)
        self.reports.append((information, event_type, calling_ae))
        return 0x0000


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def start(receiver: Receiver) -> Iterator[Start]:
    servers: list[DicomServer] = []

    def begin(
        callers: tuple[str, ...] = (), most: int = 5, idle: float = 30.0, *, strict: bool = True
    ) -> DicomServer:
        server = DicomServer(
            *("BOX", "127.0.0.1", 0, callers, most, 65536, idle, receiver), strict_called_ae=strict
        )
        server.start()
        servers.append(server)
        return server

    yield begin
    for server in servers:
        server.stop(grace=0.5)


def report(uid: str) -> Dataset:
    ds = Dataset()
    ds.TransactionUID = uid
    ds.ReferencedSOPSequence = []
    return ds


@pytest.mark.peer
def test_echoscu(start: Start) -> None:
    server = start()
    command = [program("echoscu", "dcmtk"), "-aet", "ANY", "-aec", "BOX", "127.0.0.1"]
    subprocess.run([*command, str(server.port)], check=True, timeout=10)


def test_strangers_and_wrong_titles_are_rejected(start: Start) -> None:
    peer = local_peer("box", "BOX", start(("PACS",)).port)
    assert echo(peer, "PACS").milliseconds > 0
    with pytest.raises(PeerRejected, match="calling AE title not recognised"):
        echo(peer, "STRANGER")
    with pytest.raises(PeerRejected, match="called AE title not recognised"):
        echo(replace(peer, ae_title="OTHER"), "PACS")
    lenient = local_peer("box", "OTHER", start(strict=False).port)
    assert echo(lenient, "ANYBODY")


def test_only_what_the_box_does_is_accepted(start: Start) -> None:
    peer = local_peer("box", "BOX", start().port)
    with (
        pytest.raises(ContextRefused),
        associate(peer, "PACS", ["1.2.840.10008.5.1.4.1.1.2"]),
    ):
        pass


def test_one_association_too_many_is_rejected_and_a_place_comes_free(start: Start) -> None:
    peer = local_peer("box", "BOX", start(most=2).port)
    with ExitStack() as held:
        for _ in range(2):
            held.enter_context(associate(peer, "PACS", [VERIFICATION]))
        with pytest.raises(PeerRejected, match="local limit"):
            echo(peer, "PACS")
    deadline = time.monotonic() + 60
    while True:
        try:
            assert echo(peer, "PACS")
            return
        except PeerRejected:
            assert time.monotonic() < deadline


@pytest.mark.parametrize("with_roles", [True, False])
def test_reports_with_and_without_role_selection(
    start: Start, receiver: Receiver, *, with_roles: bool
) -> None:
    peer = local_peer("box", "BOX", start().port)
    role = SCP_SCU_RoleSelectionNegotiation()
    role.sop_class_uid = STORAGE_COMMITMENT_PUSH
    role.scu_role, role.scp_role = False, True
    uid = random_uid()
    with associate(
        peer, "PACS", [STORAGE_COMMITMENT_PUSH], ext_neg=[role] if with_roles else []
    ) as association:
        status, _ = association.send_n_event_report(
            report(uid), 1, STORAGE_COMMITMENT_PUSH, STORAGE_COMMITMENT_PUSH_INSTANCE
        )
    assert status.Status == 0
    information, event_type, calling_ae = receiver.reports[0]
    assert (information.TransactionUID, event_type, calling_ae) == (uid, 1, "PACS")


def test_stopping_waits_for_the_answer_to_a_report(start: Start, receiver: Receiver) -> None:
    server = start()
    peer = local_peer("box", "BOX", server.port)
    receiver.go_on.clear()
    statuses: list[int] = []

    def archive() -> None:
        with associate(peer, "PACS", [STORAGE_COMMITMENT_PUSH]) as association:
            status, _ = association.send_n_event_report(
                report(random_uid()), 1, STORAGE_COMMITMENT_PUSH, STORAGE_COMMITMENT_PUSH_INSTANCE
            )
            statuses.append(int(status.Status))

    calling = threading.Thread(target=archive)
    calling.start()
    assert receiver.entered.wait(60)
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    receiver.go_on.set()
    stopping.join(10)
    calling.join(10)
    assert statuses == [0]
    with pytest.raises(PeerUnreachable):
        echo(peer, "PACS")


@pytest.mark.parametrize("said", [b"", b"\x01\x00\x00\x00\x01\xf4" + bytes(20)])
@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_stopping_does_not_wait_for_who_never_introduced_himself(start: Start, said: bytes) -> None:
    server = start()
    with socket.create_connection(("127.0.0.1", server.port)) as silent:
        silent.sendall(said)
        assert echo(local_peer("box", "BOX", server.port), "PACS")
        begun = time.monotonic()
        server.stop(grace=3.0)
        assert time.monotonic() - begun < 2
        silent.settimeout(5)
        assert silent.recv(1) == b""


def test_idle_associations_are_ended(start: Start) -> None:
    peer = local_peer("box", "BOX", start(idle=0.5).port)
    with associate(peer, "PACS", [VERIFICATION]) as association:
        association.join(5)
        assert not association.is_alive()


def test_stopping_cuts_who_does_not_go(start: Start) -> None:
    server = start()
    with associate(local_peer("box", "BOX", server.port), "PACS", [VERIFICATION]) as association:
        begun = time.monotonic()
        server.stop(grace=0.2)
        assert time.monotonic() - begun < 3
        association.join(5)
        assert association.is_aborted
