"""Everything reaches its peer once, whatever the peer does on the way."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import dcmread

from device.reasons import discontinuation_reason
from services import exams as lives
from services.dicom.peers import Timeouts
from services.hospital import CommitmentMode, HospitalStore, Ris
from services.outbox import operator, peer_state
from services.outbox.model import Kind, State
from tests.services.boxes import acquire
from tests.services.dispatcher.stage import Stage, until


def test_an_exam_reaches_the_hospital_whole(stage: Stage) -> None:
    exam = stage.exam(images=5)
    stage.deliver_all()
    assert stage.safe()
    assert [instance.times_received for instance in stage.store.instances()] == [1] * 5
    (step,) = stage.store.mpps_all()
    assert (step.sop_instance_uid, step.status) == (exam.mpps_uid, "COMPLETED")
    named = {
        image.ReferencedSOPInstanceUID
        for series in step.dataset.PerformedSeriesSequence
        for image in series.ReferencedImageSequence
    }
    assert named == stage.acquired()


def test_images_arrive_with_the_pixels_they_were_taken_with(stage: Stage) -> None:
    stage.exam(images=1)
    stage.deliver_all()
    (held,) = stage.store.instances()
    (row,) = stage.box.catalog.rows("SELECT path FROM instance")
    sent = dcmread(stage.box.spool.absolute(row["path"]))
    assert dcmread(held.path).PixelData == sent.PixelData


def test_images_go_while_the_exam_goes_on_and_the_end_follows(stage: Stage) -> None:
    with stage.dispatching() as dispatcher:
        exam = stage.exam(images=2, ends=False)
        until(dispatcher, lambda: len(stage.at_pacs()) == 2)
        until(dispatcher, lambda: bool(stage.store.mpps_all()))
        assert stage.store.mpps_all()[0].status == "IN PROGRESS"
        acquire(stage.box, exam, 1)
        lives.complete(stage.box, exam.exam_id)
        until(dispatcher, stage.safe)
    assert stage.store.mpps_all()[0].status == "COMPLETED"


def test_an_exam_without_images_is_reported_as_discontinued(stage: Stage) -> None:
    exam = stage.exam(images=0, ends=False)
    lives.discontinue(stage.box, exam.exam_id, discontinuation_reason("110513"))
    stage.deliver_all()
    assert [step.status for step in stage.store.mpps_all()] == ["DISCONTINUED"]


@pytest.mark.parametrize(
    ("mode", "wait"),
    [
        (CommitmentMode.SECOND, 0.0),
        (CommitmentMode.SECOND, 2.0),
        (CommitmentMode.SAME, 3.0),
        (CommitmentMode.SAME, 0.0),
        (CommitmentMode.LATE, 0.0),
        (CommitmentMode.DUPLICATE, 0.0),
        (CommitmentMode.PARTIAL, 0.0),
    ],
)
def test_the_promise_is_taken_whichever_way_it_comes(
    stage: Stage, mode: CommitmentMode, wait: float
) -> None:
    stage.make_box([stage.ris_peer(), stage.pacs_peer(commitment_wait=wait)])
    stage.faults(commitment=mode, commitment_delay=0.4)
    stage.exam(images=4)
    with stage.dispatching() as dispatcher:
        until(dispatcher, stage.safe)
    sent = sorted(instance.times_received for instance in stage.store.instances())
    again = mode is CommitmentMode.PARTIAL
    assert sent == ([1, 1, 1, 2] if again else [1, 1, 1, 1])


def test_a_promise_that_never_comes_is_asked_for_again(stage: Stage) -> None:
    stage.make_box([stage.ris_peer(), stage.pacs_peer(commitment_timeout=0.3)])
    stage.faults(commitment=CommitmentMode.NEVER)
    stage.exam()
    with stage.dispatching() as dispatcher:
        until(dispatcher, lambda: len(stage.store.commitments()) >= 2)
        assert stage.committed() == set()
        stage.faults()
        until(dispatcher, stage.safe)
    transactions = [entry.transaction_uid for entry in stage.store.commitments()]
    assert len(set(transactions)) == len(transactions)
    assert [i.times_received for i in stage.store.instances()] == [1, 1]


def test_an_archive_that_is_full_for_a_while_gets_everything_once_later(stage: Stage) -> None:
    stage.faults(store_status=0xA700, store_status_count=5)
    stage.exam(images=4)
    stage.deliver_all()
    assert stage.safe()
    assert [i.times_received for i in stage.store.instances()] == [1] * 4
    assert sum(store.attempts for store in stage.all(Kind.STORE)) == 4 + 5


def test_an_image_that_is_refused_for_good_is_held_alone_with_the_archives_words(
    stage: Stage,
) -> None:
    stage.faults(store_status=0xC000, store_status_count=1)
    stage.exam(images=3)
    with stage.dispatching() as dispatcher:
        until(dispatcher, lambda: len(stage.committed()) == 2)
        until(dispatcher, lambda: len(stage.owed()) == 1)
        (held,) = stage.owed()
        assert (held.kind, held.state, held.last_status) == (Kind.STORE, State.HELD, 0xC000)
        assert "fault" in held.last_text, "the archive's own comment"
        operator.resend(stage.box.catalog, held.id)
        until(dispatcher, stage.safe)


def test_an_archive_that_refuses_associations_is_tried_until_it_takes_them(stage: Stage) -> None:
    stage.faults(refuse_associations=True, applies_to=("PACS",))
    stage.exam()
    with stage.dispatching() as dispatcher:
        until(dispatcher, lambda: peer_state.get(stage.box.catalog, "pacs").failures >= 3)
        assert "congestion" in peer_state.get(stage.box.catalog, "pacs").last_error
        stage.faults()
        until(dispatcher, stage.safe)
    state = peer_state.get(stage.box.catalog, "pacs")
    assert (state.failures, state.last_error) == (0, "")
    assert {store.attempts for store in stage.all(Kind.STORE)} == {1}, "nothing was ever claimed"


def test_an_archive_that_breaks_off_in_the_middle_gets_the_rest_later(stage: Stage) -> None:
    stage.faults(abort_mid_pdu=2)
    stage.exam(images=7)
    stage.deliver_all()
    assert stage.safe()
    assert [i.times_received for i in stage.store.instances()] == [1] * 7
    assert max(store.attempts for store in stage.all(Kind.STORE)) > 1


def test_an_archive_that_stalls_is_left_and_tried_again(stage: Stage) -> None:
    quick = Timeouts(connect=1.0, acse=1.0, dimse=0.2)
    stage.make_box([stage.ris_peer(), stage.pacs_peer(timeouts=quick)])
    stage.faults(stall_seconds=1.0, applies_to=("PACS",))
    stage.exam()
    with stage.dispatching() as dispatcher:
        until(dispatcher, lambda: peer_state.get(stage.box.catalog, "pacs").failures >= 1)
        stage.faults()
        until(dispatcher, stage.safe)


def test_a_dead_archive_never_delays_the_ris(stage: Stage) -> None:
    stage.faults(silent=True, applies_to=("PACS",))
    stage.exam()
    with stage.dispatching() as dispatcher:
        until(dispatcher, lambda: [s.status for s in stage.store.mpps_all()] == ["COMPLETED"])
        assert peer_state.get(stage.box.catalog, "pacs").failures == 0, "it still waits there"
        stage.faults()
        until(dispatcher, stage.safe)


def test_a_hospital_that_was_down_gets_the_steps_in_their_order(stage: Stage) -> None:
    stage.ris.stop()
    stage.pacs.stop()
    exams = [stage.exam(number=number) for number in (1, 2, 3)]
    with stage.dispatching() as dispatcher:
        until(
            dispatcher,
            lambda: all(
                peer_state.get(stage.box.catalog, name).failures for name in ("ris", "pacs")
            ),
        )
        stage.ris.start()
        stage.pacs.start()
        until(dispatcher, stage.safe)
    steps = stage.store.mpps_all()
    assert [step.sop_instance_uid for step in steps] == [exam.mpps_uid for exam in exams]
    assert [(step.status, step.updates) for step in steps] == [("COMPLETED", 1)] * 3


def test_a_ris_that_lost_a_step_gets_its_beginning_again(stage: Stage, tmp_path: Path) -> None:
    with stage.dispatching() as dispatcher:
        exam = stage.exam(ends=False)
        until(dispatcher, lambda: bool(stage.store.mpps_all()))
        until(
            dispatcher,
            lambda: [d.state for d in stage.all(Kind.MPPS_CREATE)] == [State.DONE],
        )
        stage.ris.stop()
        with (
            HospitalStore(tmp_path / "restored.db") as restored,
            Ris(restored, port=stage.ris.port),
        ):
            lives.complete(stage.box, exam.exam_id)
            until(
                dispatcher,
                lambda: [s.status for s in restored.mpps_all()] == ["COMPLETED"],
            )
            until(dispatcher, stage.safe)


def test_a_ris_that_answers_late_has_the_step_once(stage: Stage) -> None:
    quick = Timeouts(connect=1.0, acse=1.0, dimse=0.2)
    stage.make_box([stage.ris_peer(timeouts=quick), stage.pacs_peer()])
    stage.faults(stall_seconds=0.5, applies_to=("RIS",))
    stage.exam()
    with stage.dispatching() as dispatcher:
        until(dispatcher, lambda: bool(stage.store.mpps_all()))
        stage.faults()
        until(dispatcher, stage.safe)
    (step,) = stage.store.mpps_all()
    assert (step.status, step.updates) == ("COMPLETED", 1)
    (create,) = stage.all(Kind.MPPS_CREATE)
    assert create.attempts > 1
    assert create.last_status == 0x0111, "its repetition was a duplicate, which is success"


def test_a_ris_that_fails_for_a_while_is_asked_again(stage: Stage) -> None:
    stage.faults(mpps_status=0x0110, mpps_status_count=3)
    stage.exam()
    stage.deliver_all()
    assert [step.status for step in stage.store.mpps_all()] == ["COMPLETED"]


def test_a_step_that_the_ris_refuses_for_good_keeps_no_other_back(stage: Stage) -> None:
    stage.faults(mpps_status=0x0106, mpps_status_count=1)
    stage.exam(number=1)
    second = stage.exam(number=2)
    with stage.dispatching() as dispatcher:
        until(dispatcher, lambda: [s.status for s in stage.store.mpps_all()] == ["COMPLETED"])
        until(dispatcher, lambda: len(stage.committed()) == 4)
    assert stage.store.mpps_all()[0].sop_instance_uid == second.mpps_uid
    create, end = stage.owed()
    assert (create.kind, create.state) == (Kind.MPPS_CREATE, State.HELD)
    assert (end.kind, end.state) == (Kind.MPPS_SET, State.WAITING)
