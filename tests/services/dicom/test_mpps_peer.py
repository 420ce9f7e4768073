"""MPPS against an SCP that shares no code with us and validates by PS3.4 table F.7.2-1."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydicom.dataset import Dataset

from device.uids import random_uid
from services.dicom.association import associate
from services.dicom.dimse import DimseReply
from services.dicom.mpps import n_create, n_set
from services.dicom.outcome import Disposition, mpps_create_outcome, mpps_set_outcome
from services.dicom.sop_classes import MODALITY_PERFORMED_PROCEDURE_STEP
from tests.peers.process import RunningPeer

pytestmark = pytest.mark.peer

_EMPTY = (
    *("PatientID", "PatientBirthDate", "PatientSex", "PerformedStationName", "PerformedLocation"),
    *("PerformedProcedureStepDescription", "PerformedProcedureTypeDescription", "StudyID"),
    *("PerformedProcedureStepEndDate", "PerformedProcedureStepEndTime"),
)
_EMPTY_SEQUENCES = (
    *("ReferencedPatientSequence", "ProcedureCodeSequence", "PerformedProtocolCodeSequence"),
    *("PerformedSeriesSequence", "PerformedProcedureStepDiscontinuationReasonCodeSequence"),
)
_STEP_EMPTY = (
    *("AccessionNumber", "RequestedProcedureID", "RequestedProcedureDescription"),
    *("ScheduledProcedureStepID", "ScheduledProcedureStepDescription"),
)


def begun_step() -> Dataset:
    step = Dataset()
    step.StudyInstanceUID = random_uid()
    for keyword in _STEP_EMPTY:
        setattr(step, keyword, None)
    step.ReferencedStudySequence = []
    step.ScheduledProtocolCodeSequence = []
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.ScheduledStepAttributesSequence = [step]
    ds.PatientName = "Wang^XiaoDong=王^小东="
    ds.PerformedProcedureStepID = "1"
    ds.PerformedStationAETitle = "BOX"
    ds.PerformedProcedureStepStartDate = "20260102"
    ds.PerformedProcedureStepStartTime = "083000"
    ds.PerformedProcedureStepStatus = "IN PROGRESS"
    ds.Modality = "CT"
    for keyword in _EMPTY:
        setattr(ds, keyword, None)
    for keyword in _EMPTY_SEQUENCES:
        setattr(ds, keyword, [])
    return ds


def finished_step() -> Dataset:
    series = Dataset()
    series.ProtocolName = "Thorax"
    series.SeriesInstanceUID = random_uid()
    for keyword in ("PerformingPhysicianName", "OperatorsName", "SeriesDescription"):
        setattr(series, keyword, None)
    series.RetrieveAETitle = "PACS"
    series.ReferencedImageSequence = []
    series.ReferencedNonImageCompositeSOPInstanceSequence = []
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.PerformedProcedureStepStatus = "COMPLETED"
    ds.PerformedProcedureStepEndDate = "20260102"
    ds.PerformedProcedureStepEndTime = "084500"
    ds.PerformedSeriesSequence = [series]
    return ds


def create(running: RunningPeer, uid: str, ds: Dataset) -> DimseReply:
    with associate(running.peer, "BOX", [MODALITY_PERFORMED_PROCEDURE_STEP]) as association:
        return n_create(association, uid, ds, running.peer)


def finish(running: RunningPeer, uid: str, ds: Dataset) -> DimseReply:
    with associate(running.peer, "BOX", [MODALITY_PERFORMED_PROCEDURE_STEP]) as association:
        return n_set(association, uid, ds, running.peer)


def told(running: RunningPeer, uid: str) -> list[dict[str, Any]]:
    lines = running.log.read_text().splitlines()
    spoken = [json.loads(line) for line in lines if line.startswith('{"message"')]
    return [line for line in spoken if line["uid"] == uid]


def test_a_step_begins_and_ends(mpps_scp: RunningPeer) -> None:
    uid = random_uid()
    with associate(mpps_scp.peer, "BOX", [MODALITY_PERFORMED_PROCEDURE_STEP]) as association:
        assert n_create(association, uid, begun_step(), mpps_scp.peer).status == 0
        assert n_set(association, uid, finished_step(), mpps_scp.peer).status == 0
    created, ended = told(mpps_scp, uid)
    assert (created["message"], ended["message"]) == ("N-CREATE", "N-SET")
    assert "王^小东" in json.dumps(created["elements"]["PatientName"], ensure_ascii=False)
    assert ended["elements"]["PerformedProcedureStepStatus"] == "COMPLETED"


def test_repeated_create_is_a_duplicate(mpps_scp: RunningPeer) -> None:
    uid = random_uid()
    assert create(mpps_scp, uid, begun_step()).status == 0
    reply = create(mpps_scp, uid, begun_step())
    assert (reply.status, reply.error_comment) == (0x0111, "this step exists")
    judged = mpps_create_outcome(reply.status, reply.error_comment, reply.error_id, 1)
    assert judged.disposition is Disposition.DONE


def test_a_final_step_takes_no_more(mpps_scp: RunningPeer) -> None:
    uid = random_uid()
    assert create(mpps_scp, uid, begun_step()).status == 0
    assert finish(mpps_scp, uid, finished_step()).status == 0
    reply = finish(mpps_scp, uid, finished_step())
    assert (reply.status, reply.error_id) == (0x0110, 0xA710)
    judged = mpps_set_outcome(reply.status, reply.error_comment, reply.error_id, 1)
    assert judged.disposition is Disposition.DONE


def test_an_unknown_step_asks_for_its_creation(mpps_scp: RunningPeer) -> None:
    reply = finish(mpps_scp, random_uid(), finished_step())
    assert mpps_set_outcome(reply.status).disposition is Disposition.RECREATE


def test_what_is_missing_is_named(mpps_scp: RunningPeer) -> None:
    ds = begun_step()
    del ds.StudyID
    reply = create(mpps_scp, random_uid(), ds)
    outcome = mpps_create_outcome(reply.status, reply.error_comment)
    assert outcome.disposition is Disposition.HOLD
    assert "StudyID is missing" in outcome.text


def test_the_peer_refuses_what_is_not_to_be_set(mpps_scp: RunningPeer) -> None:
    uid = random_uid()
    assert create(mpps_scp, uid, begun_step()).status == 0
    ds = finished_step()
    ds.PatientName = "Other"
    assert finish(mpps_scp, uid, ds).status == 0x0105
