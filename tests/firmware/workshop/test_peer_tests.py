"""Trying peers out: DCMTK and Orthanc, nobody, and somebody who refuses."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest

from device.worklist import WorklistItem
from firmware.workshop.peer_tests import PeerTests, masked
from firmware.workshop.test_objects import make_test_exam
from services.box import Box
from services.dicom.peers import Peer, Service
from tests.peers.process import RunningPeer, free_port
from tests.services.boxes import make_box


def box_with(tmp_path: Path, *peers: Peer) -> Box:
    return make_box(tmp_path, peers)


def offering(running: RunningPeer, *services: Service) -> Peer:
    return replace(running.peer, services=frozenset(services))


@pytest.mark.peer
def test_orthanc_stores_finds_and_takes_a_commitment(tmp_path: Path, orthanc: RunningPeer) -> None:
    peer = replace(
        offering(orthanc, Service.STORE, Service.QUERY, Service.COMMIT), calling_ae_title="BOX"
    )
    lines = list(PeerTests(box_with(tmp_path, peer)).test(peer.name, objects=True))
    assert all(line.ok for line in lines), lines
    assert {"test object", "test object found", "test commitment"} <= {line.what for line in lines}


@pytest.mark.peer
def test_without_leave_nothing_is_left_at_the_peer(tmp_path: Path, storescp: RunningPeer) -> None:
    before = sorted(storescp.directory.rglob("*"))
    peer = offering(storescp, Service.STORE)
    lines = list(PeerTests(box_with(tmp_path, peer)).test(peer.name, objects=False))
    assert [line.what for line in lines] == ["verification", "store"]
    assert sorted(storescp.directory.rglob("*")) == before


@pytest.mark.peer
def test_a_step_is_begun_and_discontinued(tmp_path: Path, mpps_scp: RunningPeer) -> None:
    peer = offering(mpps_scp, Service.MPPS)
    lines = list(PeerTests(box_with(tmp_path, peer)).test(peer.name, objects=True))
    assert lines[-1].what == "test step"
    assert lines[-1].ok, lines


@pytest.mark.peer
def test_worklist_rows_are_counted_and_name_nobody(tmp_path: Path, wlmscpfs: RunningPeer) -> None:
    peer = offering(wlmscpfs, Service.WORKLIST)
    lines = list(PeerTests(box_with(tmp_path, peer)).test(peer.name, objects=False))
    rows = lines[-1]
    assert rows.what == "worklist rows"
    assert rows.ok
    assert "entries" in rows.said


def test_nobody_there_is_one_line_with_advice(tmp_path: Path) -> None:
    peer = Peer("dead", "DEAD", "127.0.0.1", free_port(), frozenset({Service.STORE}))
    lines = list(PeerTests(box_with(tmp_path, peer)).test("dead", objects=True))
    assert len(lines) == 1
    assert not lines[0].ok
    assert lines[0].advice


def test_a_masked_row_gives_no_name_and_no_number() -> None:
    item = WorklistItem.unscheduled(
        patient_id="4711081522", patient_name="Mustermann^Erika", study_instance_uid="1.2.3"
    )
    told = masked(item)
    assert "M*** E***" in told
    for secret in ("ustermann", "rika", "47110815"):
        assert secret not in told


def test_the_test_object_says_what_it_is(tmp_path: Path) -> None:
    exam = make_test_exam(box_with(tmp_path))
    dataset = pydicom.dcmread(io.BytesIO(exam.data))
    assert str(dataset.PatientName) == "GANTRY^TEST"
    assert dataset.PatientID == "GANTRY-TEST"
    assert "NO PATIENT" in dataset.SeriesDescription
    assert exam.ended.PerformedProcedureStepStatus == "DISCONTINUED"
    assert make_test_exam(box_with(tmp_path)).study_uid != exam.study_uid
