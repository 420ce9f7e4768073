"""Commitment reports: on the same association, on another one, early, unreadable."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.ae import ApplicationEntity

from device.commitment import parse_report, request_dataset
from device.exam import InstanceReference
from device.uids import random_uid
from services.dicom.commitment import request_commitment
from services.dicom.peers import Peer
from services.dicom.server import DicomServer
from services.dicom.sop_classes import (
    STORAGE_COMMITMENT_PUSH,
    STORAGE_COMMITMENT_PUSH_INSTANCE,
)
from services.dicom.store import StoreSession
from services.errors import ContextRefused
from tests.peers.process import RunningPeer, local_peer
from tests.services.dicom.objects import EXPLICIT, SECONDARY_CAPTURE, write_object

LOST = InstanceReference(SECONDARY_CAPTURE, "1.2.826.0.1.3680043.10.999.404")


class Desk:
    """Takes reports and lets a test wait for them."""

    def __init__(self) -> None:
        self.reports: list[tuple[Dataset, int, str]] = []
        self.came = threading.Event()

    def take(self, information: Dataset, event_type: int, calling_ae: str) -> int:
        self.reports.append((information, event_type, calling_ae))
        self.came.set()
        return 0x0000


@pytest.fixture
def desk() -> Desk:
    return Desk()


def reference(path: Path) -> InstanceReference:
    head = pydicom.dcmread(path, stop_before_pixels=True)
    return InstanceReference(str(head.SOPClassUID), str(head.SOPInstanceUID))


@pytest.mark.peer
def test_orthanc_reports_on_an_association_of_its_own(
    orthanc: RunningPeer, desk: Desk, tmp_path: Path
) -> None:
    path = write_object(tmp_path, study=21)
    with StoreSession(orthanc.peer, "BOX", [(SECONDARY_CAPTURE, EXPLICIT)]) as session:
        assert session.send(path).status == 0
    server = DicomServer(
        "BOX", "127.0.0.1", orthanc.report_port, ["ORTHANC"], 5, 65536, 30.0, desk.take
    )
    server.start()
    try:
        transaction = random_uid()
        asked = request_dataset(transaction, [reference(path), LOST])
        begun = time.monotonic()
        reply = request_commitment(orthanc.peer, "BOX", asked, _unexpected, 20.0, desk.came.is_set)
        assert reply.status == 0
        assert desk.came.wait(60)
        assert time.monotonic() - begun < 15
    finally:
        server.stop()
    information, event_type, calling_ae = desk.reports[0]
    result = parse_report(information, event_type)
    assert (result.transaction_uid, calling_ae) == (transaction, "ORTHANC")
    assert result.committed == (reference(path).sop_instance_uid,)
    assert [failed.sop_instance_uid for failed in result.failed] == [LOST.sop_instance_uid]


@pytest.mark.peer
def test_another_stack_reports_on_the_same_association(mpps_scp: RunningPeer, desk: Desk) -> None:
    transaction = random_uid()
    begun = time.monotonic()
    reply = request_commitment(
        *(mpps_scp.peer, "BOX", request_dataset(transaction, [LOST]), desk.take, 10.0),
        lambda: False,
    )
    assert reply.status == 0
    assert time.monotonic() - begun < 5
    information, event_type, calling_ae = desk.reports[0]
    assert parse_report(information, event_type).committed == (LOST.sop_instance_uid,)
    assert calling_ae == "JSRIS"
    deadline = time.monotonic() + 60
    while '"REPORTED"' not in mpps_scp.log.read_text() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert '{"message":"REPORTED","uid":"","status":0,' in mpps_scp.log.read_text()


@pytest.mark.peer
def test_an_archive_without_commitment_says_so(storescp: RunningPeer, desk: Desk) -> None:
    asked = request_dataset(random_uid(), [LOST])
    with pytest.raises(ContextRefused, match="Storage Commitment"):
        request_commitment(storescp.peer, "BOX", asked, desk.take, 5.0, lambda: False)


def _unexpected(_information: Dataset, _event_type: int, _calling_ae: str) -> int:
    raise AssertionError("the report was expected at the listener")


@pytest.fixture
def hasty_archive() -> Iterator[tuple[Peer, list[int]]]:
    """An archive that reports before it answers the request."""
    answers: list[int] = []

    def act(event: evt.Event) -> tuple[int, None]:
        status, _ = event.assoc.send_n_event_report(
            event.action_information, 1, STORAGE_COMMITMENT_PUSH, STORAGE_COMMITMENT_PUSH_INSTANCE
        )
        answers.append(int(status.Status))
        return 0x0000, None

    entity = ApplicationEntity("HASTY")
    entity.add_supported_context(STORAGE_COMMITMENT_PUSH, scu_role=True, scp_role=True)
    server = entity.start_server(
        ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_N_ACTION, act)]
    )
    yield local_peer("hasty", "HASTY", int(server.server_address[1])), answers
    server.shutdown()


def test_a_report_before_the_answer(hasty_archive: tuple[Peer, list[int]], desk: Desk) -> None:
    peer, answers = hasty_archive
    transaction = random_uid()
    begun = time.monotonic()
    reply = request_commitment(
        peer, "BOX", request_dataset(transaction, [LOST]), desk.take, 10.0, lambda: False
    )
    assert reply.status == 0
    assert time.monotonic() - begun < 3
    assert answers == [0]
    assert parse_report(*desk.reports[0][:2]).transaction_uid == transaction


def test_a_receiver_that_fails_is_answered_for(hasty_archive: tuple[Peer, list[int]]) -> None:
    def fail(_information: Dataset, _event_type: int, _calling_ae: str) -> int:
        raise RuntimeError("the catalog is busy")

    peer, answers = hasty_archive
    asked = request_dataset(random_uid(), [LOST])
    assert request_commitment(peer, "BOX", asked, fail, 1.0, lambda: False).status == 0
    assert answers == [0x0110]
