"""Three exams while nobody answers; then everybody does, and nobody at the box lifts a finger."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

import pytest

from tests.end_to_end.cli import Gantry, answers, until
from tests.end_to_end.gate import Gate
from tests.end_to_end.settings import Settings
from tests.end_to_end.witnesses import (
    OrthancRecord,
    mpps_messages,
    received_by_storescp,
    reported_images,
)
from tests.peers.process import RunningPeer

ARRIVAL_SECONDS = 60.0


@dataclass
class Offline:
    """What was done with the network down, by the name of the exam."""

    exams: dict[str, dict[str, Any]]
    owed_offline: int

    def uids(self, name: str) -> set[str]:
        return {image["sop_instance_uid"] for image in self.exams[name]["images"]}


def owed(gantry: Gantry) -> int:
    with sqlite3.connect(gantry.state / "catalog.sqlite") as catalog:
        return int(
            catalog.execute(
                "SELECT count(*) FROM delivery WHERE state NOT IN ('done', 'cancelled')"
            ).fetchone()[0]
        )


def take(gantry: Gantry, exam: str, frames: int) -> None:
    gantry("exam", "acquire", exam, "--protocol", "picture", "--frames", str(frames)).good()


def work_offline(gantry: Gantry) -> dict[str, str]:
    """One exam from the cached worklist, one unscheduled, one broken off."""
    cached = gantry("worklist", "--cached", "--json").good().json()
    keys = {entry["patient_id"]: entry["key"] for entry in cached}
    gantry("worklist", "--refresh").refused("ris", "--cached")
    shown = gantry("worklist", "--patient-id", "E2E4").good()
    assert "E2E4" in shown.out
    assert "offline" in shown.err

    exams = {"cached": gantry("exam", "start", "--item", keys["E2E4"]).good().out.strip()}
    take(gantry, exams["cached"], 4)
    gantry("exam", "complete", exams["cached"]).good()

    person = ["--patient-id", "X-77", "--patient-name", "Unknown^Ulla", "--sex", "F"]
    started = gantry("exam", "start", "--unscheduled", *person, "--birth-date", "1980-05-06")
    exams["unscheduled"] = started.good().out.strip()
    take(gantry, exams["unscheduled"], 3)
    gantry("exam", "complete", exams["unscheduled"]).good()

    exams["broken off"] = gantry("exam", "start", "--item", keys["E2E5"]).good().out.strip()
    take(gantry, exams["broken off"], 2)
    gantry("exam", "discontinue", exams["broken off"], "--reason", "110513").good()
    return exams


@pytest.fixture(scope="module")
def offline(
    tmp_path_factory: pytest.TempPathFactory,
    orders: RunningPeer,
    mpps_scp: RunningPeer,
    orthanc: RunningPeer,
    second_archive: RunningPeer,
) -> Offline:
    doors = {
        name: Gate(peer.peer.port)
        for name, peer in {
            "ris": orders, "mpps": mpps_scp, "orthanc": orthanc, "second": second_archive
        }.items()
    }  # fmt: skip
    settings = Settings(listener=orthanc.report_port)
    settings.peer("ris", "RIS", doors["ris"].port, "worklist")
    settings.peer("mpps", "JSRIS", doors["mpps"].port, "mpps")
    settings.peer(
        "orthanc", "ORTHANC", doors["orthanc"].port, "store", "commit", commitment="required"
    )
    settings.peer("second", "STORESCP", doors["second"].port, "store")
    settings.pattern("picture", rate=0, rows=64, columns=64)
    settings.protocol("picture", "SC", modality="OT")
    gantry = settings.write(tmp_path_factory.mktemp("offline"))
    try:
        return _play(gantry, settings, doors)
    finally:
        for door in doors.values():
            door.close()


def _play(gantry: Gantry, settings: Settings, doors: dict[str, Gate]) -> Offline:
    doors["ris"].open()
    gantry("worklist", "--refresh").good()
    doors["ris"].shut()
    with gantry.running("run", ready=lambda: answers(settings.listener)) as service:
        exams = work_offline(gantry)
        waiting = owed(gantry)
        until(
            lambda: all(f"{name}: " in service.text() for name in ("mpps", "orthanc", "second")),
            30,
            lambda: f"the dispatcher did not try everybody:\n{service.text()}",
        )
        for door in doors.values():
            door.open()
        until(lambda: owed(gantry) == 0, ARRIVAL_SECONDS, service.text)
    details = {
        name: gantry("exam", "show", exam, "--json").good().json() for name, exam in exams.items()
    }
    return Offline(details, waiting)


NUMBERS = {"cached": 4, "unscheduled": 3, "broken off": 2}


@pytest.mark.peer
def test_everything_waited_and_nothing_was_sent_while_nobody_answered(offline: Offline) -> None:
    # a store to each of two archives for every image, an N-CREATE and an N-SET for every exam
    assert offline.owed_offline == 2 * sum(NUMBERS.values()) + 2 * len(NUMBERS)


@pytest.mark.peer
@pytest.mark.parametrize("name", NUMBERS)
def test_each_image_arrives_exactly_once(
    offline: Offline, orthanc: RunningPeer, second_archive: RunningPeer, name: str
) -> None:
    uids = offline.uids(name)
    assert len(uids) == NUMBERS[name]
    assert OrthancRecord(orthanc).of_study(offline.exams[name]["study_instance_uid"]) == uids
    assert {uid: received_by_storescp(second_archive, uid) for uid in uids} == dict.fromkeys(
        uids, 1
    )
    assert offline.exams[name]["committed"] == NUMBERS[name]


@pytest.mark.peer
@pytest.mark.parametrize(
    ("name", "status"),
    [("cached", "COMPLETED"), ("unscheduled", "COMPLETED"), ("broken off", "DISCONTINUED")],
)
def test_the_ris_gets_the_start_before_the_end_and_each_once(
    offline: Offline, mpps_scp: RunningPeer, name: str, status: str
) -> None:
    messages = mpps_messages(mpps_scp, offline.exams[name]["mpps_uid"])
    assert [(message["message"], message["status"]) for message in messages] == [
        ("N-CREATE", 0),
        ("N-SET", 0),
    ]
    created, final = (message["elements"] for message in messages)
    assert created["PerformedProcedureStepStatus"] == "IN PROGRESS"
    assert final["PerformedProcedureStepStatus"] == status
    assert reported_images(messages[1]) == offline.uids(name)


@pytest.mark.peer
def test_the_reason_and_the_unscheduled_patient_reach_the_ris(
    offline: Offline, mpps_scp: RunningPeer
) -> None:
    _, final = mpps_messages(mpps_scp, offline.exams["broken off"]["mpps_uid"])
    reasons = final["elements"]["PerformedProcedureStepDiscontinuationReasonCodeSequence"]
    reason = reasons[0] if isinstance(reasons, list) else reasons
    assert (reason["CodeValue"], reason["CodingSchemeDesignator"]) == ("110513", "DCM")
    created = mpps_messages(mpps_scp, offline.exams["unscheduled"]["mpps_uid"])[0]["elements"]
    assert created["PatientID"] == "X-77"
    assert created["PatientBirthDate"] == "19800506"
