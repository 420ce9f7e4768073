"""Images discarded before, while and after the dispatcher sends them, to archives that answer."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import KeyObjectSelectionDocumentStorage

from services import discards
from services import exams as lives
from services.catalog import discarded
from services.catalog.discarded import Reach
from services.dicom.peers import Service
from services.dicom.query import instances_present
from services.dispatcher import drain
from services.outbox.model import Kind, State
from tests.peers.process import RunningPeer, program
from tests.services.boxes import HandClock, acquire, begin, make_box
from tests.services.dispatcher.stage import Stage, until

BLUR = "111210"


@pytest.fixture
def told(make_stage: Callable[..., Stage]) -> Stage:
    """A stage whose archive acts upon rejection notes."""
    stage = make_stage()
    stage.make_box([stage.ris_peer(), stage.pacs_peer(rejection_notes=True)])
    return stage


def taken(stage: Stage, count: int = 3) -> list[str]:
    exam = stage.exam(images=count, ends=False)
    rows = stage.box.catalog.rows(
        "SELECT sop_instance_uid FROM instance WHERE exam_id = ? ORDER BY instance_number",
        [exam.exam_id],
    )
    return [row["sop_instance_uid"] for row in rows]


def send(stage: Stage) -> None:
    """Let the dispatcher send images until none is owed; promises come when the exam has ended."""
    with stage.dispatching() as dispatcher:
        until(dispatcher, lambda: all(each.kind is not Kind.STORE for each in stage.owed()))


def reported(stage: Stage) -> set[str]:
    (step,) = stage.store.mpps_all()
    assert step.status == "COMPLETED"
    return {
        str(image.ReferencedSOPInstanceUID)
        for series in step.dataset.PerformedSeriesSequence
        for image in series.ReferencedImageSequence
    }


def rejected(stage: Stage) -> set[str]:
    """What the rejection notes at the archive name."""
    return {
        str(item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID)
        for instance in stage.store.instances()
        if instance.sop_class_uid == KeyObjectSelectionDocumentStorage
        for item in dcmread(instance.path).ContentSequence
        if item.ValueType == "IMAGE"
    }


def images_at_pacs(stage: Stage) -> set[str]:
    return {
        instance.sop_instance_uid
        for instance in stage.store.instances()
        if instance.sop_class_uid != KeyObjectSelectionDocumentStorage
    }


def sending(stage: Stage) -> list[str]:
    return [
        str(each.sop_instance_uid) for each in stage.all(Kind.STORE) if each.state is State.SENDING
    ]


def test_discarded_before_it_is_sent_it_never_leaves(told: Stage) -> None:
    bad, *good = taken(told)
    assert discards.discard(told.box, bad, BLUR).recalled
    send(told)
    lives.complete(told.box, "1")
    told.deliver_all()
    assert told.at_pacs() == set(good) == told.committed() == reported(told)
    assert rejected(told) == set()


def test_discarded_while_it_is_sent_it_is_reported_and_rejected(told: Stage) -> None:
    """Of what was claimed together, only the one on the wire gets away."""
    uids = taken(told, 6)
    told.faults(stall_seconds=0.6, applies_to=("PACS",))
    with told.dispatching() as dispatcher:
        until(dispatcher, lambda: len(sending(told)) == 6)
        outcomes = [discards.discard(told.box, uid, BLUR) for uid in uids[:5]]
        assert {each.reach["pacs"] for each in outcomes} == {Reach.SENDING}
        until(dispatcher, lambda: not sending(told))
        told.faults()
        lives.complete(told.box, "1")
        until(dispatcher, lambda: told.owed() == [])
    away = images_at_pacs(told)
    assert uids[5] in away
    assert len(away) < 5, "what was not on the wire yet was recalled"
    assert reported(told) == away
    assert rejected(told) == away - {uids[5]}
    assert told.committed() == {uids[5]}


def test_discarded_after_it_was_sent_it_is_rejected_there(told: Stage) -> None:
    bad, *good = taken(told)
    send(told)
    outcome = discards.discard(told.box, bad, BLUR)
    assert outcome.reach == {"pacs": Reach.STORED}
    lives.complete(told.box, "1")
    told.deliver_all()
    assert reported(told) == {bad, *good} == images_at_pacs(told)
    assert rejected(told) == {bad}


def test_cut_off_in_the_middle_it_is_not_sent_again(told: Stage) -> None:
    (bad,) = taken(told, 1)
    told.faults(stall_seconds=0.4, abort_mid_pdu=1, applies_to=("PACS",))
    with told.dispatching() as dispatcher:
        acquire(told.box, lives.exams.load(told.box.catalog, "1"), 1)
        second = next(iter(told.acquired() - {bad}))
        until(dispatcher, lambda: second in sending(told) and bad in told.at_pacs())
        discards.discard(told.box, second, BLUR)
        until(dispatcher, lambda: second not in sending(told))
        told.faults()
        dispatcher.wake()
        lives.complete(told.box, "1")
        until(dispatcher, lambda: told.owed() == [])
    assert second not in told.at_pacs()
    reach = discarded.reach(told.box.catalog, second)["pacs"]
    assert reach in (Reach.PERHAPS, Reach.KEPT)
    assert (second in reported(told)) == (reach is Reach.PERHAPS)
    assert (second in rejected(told)) == (reach is Reach.PERHAPS)


def test_brought_back_it_is_sent(told: Stage) -> None:
    bad, *_ = uids = taken(told)
    discards.discard(told.box, bad, BLUR)
    send(told)
    discards.restore(told.box, bad)
    lives.complete(told.box, "1")
    told.deliver_all()
    assert told.safe()
    assert reported(told) == set(uids)


@pytest.mark.peer
@pytest.mark.parametrize("peer", ["storescp", "orthanc"])
def test_real_archives_take_the_note(
    peer: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    running: RunningPeer = request.getfixturevalue(peer)
    archive = replace(
        running.peer, name="pacs", services=frozenset({Service.STORE}), rejection_notes=True
    )
    box = make_box(tmp_path / "box", [archive], HandClock())
    with box.catalog:
        exam = begin(box)
        bad, good, never = (each.sop_instance_uid for each in acquire(box, exam, 3).instances)
        discards.discard(box, never, BLUR)
        assert drain(box, timeout=20).nothing
        discards.discard(box, bad, BLUR)
        lives.complete(box, "1")
        assert drain(box, timeout=20).nothing
        (note,) = box.catalog.rows(
            "SELECT sop_instance_uid FROM instance WHERE object = ?", [discarded.NOTE]
        )
        uid = note["sop_instance_uid"]
        if peer == "orthanc":
            wanted = {bad, good, never, uid}
            there = instances_present(running.peer, "BOX", exam.study_instance_uid, wanted)
            assert there == wanted - {never}
            return
        (file,) = [path for path in running.directory.rglob("*") if uid in path.name]
        dumped = subprocess.run(
            [program("dsrdump", "dcmtk"), str(file)], capture_output=True, check=False
        )
        assert b"Rejected for Quality Reasons" in dumped.stdout, dumped.stderr
