"""What a peer does not do at all, and faults of our own: held alone, and nothing else waits."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services import exams as lives
from services.dicom.peers import Service
from services.dispatcher import Dispatcher, service
from services.errors import PeerError
from services.outbox import peer_state
from services.outbox.model import Kind, State
from tests.services.boxes import acquire
from tests.services.dispatcher.stage import Stage, until

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
COMMITMENT = "1.2.840.10008.1.20.1"
VERIFICATION = "1.2.840.10008.1.1"
FIND = "1.2.840.10008.5.1.4.1.2.2.1"

Maker = Callable[..., Stage]


def failures(stage: Stage) -> int:
    return peer_state.get(stage.box.catalog, "pacs").failures


def held(stage: Stage) -> list[str]:
    return [delivery.last_text for delivery in stage.owed(State.HELD)]


def test_a_class_that_the_archive_refuses_is_held_and_the_others_go(make_stage: Maker) -> None:
    stage = make_stage(SECONDARY_CAPTURE)
    exam = stage.exam(images=2, ends=False)
    stage.take_ct(exam, 3)
    lives.complete(stage.box, exam.exam_id)
    with stage.dispatching() as dispatcher:
        until(dispatcher, lambda: len(stage.committed()) == 3)
        until(dispatcher, lambda: len(stage.owed()) == 2)
    assert [words.count("Secondary Capture") for words in held(stage)] == [1, 1]
    assert failures(stage) == 0


def test_an_archive_that_takes_nothing_of_what_is_owed_is_said_to_and_not_paused(
    make_stage: Maker,
) -> None:
    stage = make_stage(SECONDARY_CAPTURE)
    exam = stage.exam(images=2, ends=False)
    with stage.dispatching() as dispatcher:
        until(dispatcher, lambda: len(held(stage)) == 2)
        assert failures(stage) == 0
        stage.take_ct(exam)
        until(dispatcher, lambda: len(stage.at_pacs()) == 1)


def test_an_archive_without_commitment_still_gets_its_images(make_stage: Maker) -> None:
    stage = make_stage(COMMITMENT)
    stage.exam()
    with stage.dispatching() as dispatcher:
        until(dispatcher, lambda: bool(held(stage)))
        (commit,) = stage.owed(State.HELD)
        assert commit.kind is Kind.COMMIT
        assert commit.advice
        stage.exam(number=2)
        until(dispatcher, lambda: len(stage.at_pacs()) == 4)
        assert failures(stage) == 0


def test_a_ris_without_mpps_holds_the_step_and_keeps_no_image_back(stage: Stage) -> None:
    services = frozenset({Service.MPPS, Service.STORE, Service.COMMIT})
    stage.make_box([stage.pacs_peer(services=services)])
    stage.exam()
    with stage.dispatching() as dispatcher:
        until(dispatcher, lambda: len(stage.committed()) == 2)
    (create,) = stage.owed(State.HELD)
    assert create.kind is Kind.MPPS_CREATE
    assert failures(stage) == 0


def test_a_peer_without_verification_is_delivered_to_after_it_was_down(
    make_stage: Maker,
) -> None:
    stage = make_stage(VERIFICATION)
    stage.pacs.stop()
    stage.exam()
    with stage.dispatching() as dispatcher:
        until(dispatcher, lambda: failures(stage) >= 1)
        stage.pacs.start()
        until(dispatcher, stage.safe)


def test_a_class_that_comes_while_an_association_is_open_gets_one_of_its_own(
    stage: Stage,
) -> None:
    stage.faults(stall_seconds=0.05, applies_to=("PACS",))
    exam = stage.exam(images=20, ends=False)
    with stage.dispatching() as dispatcher:
        until(dispatcher, lambda: len(stage.at_pacs()) >= 1)
        stage.take_ct(exam, 2)
        lives.complete(stage.box, exam.exam_id)
        until(dispatcher, stage.safe)
    assert held(stage) == []
    assert [i.times_received for i in stage.store.instances()] == [1] * 22


def test_nothing_stays_leased_when_the_archive_breaks_off_among_several_classes(
    stage: Stage,
) -> None:
    stage.faults(stall_seconds=0.05, abort_mid_pdu=17, applies_to=("PACS",))
    exam = stage.exam(images=18, ends=False)
    with stage.dispatching() as dispatcher:
        until(dispatcher, lambda: len(stage.at_pacs()) >= 1)
        stage.take_ct(exam, 2)
        until(dispatcher, lambda: failures(stage) > 0)
        until(dispatcher, lambda: not stage.owed(State.SENDING))
        stage.faults()
        lives.complete(stage.box, exam.exam_id)
        until(dispatcher, stage.safe)
    assert held(stage) == []


@pytest.mark.parametrize("damage", [b"", b"this is no DICOM file", None])
def test_a_damaged_file_is_held_alone(stage: Stage, damage: bytes | None) -> None:
    exam = stage.exam(images=0, ends=False)
    broken = acquire(stage.box, exam, 3).instances[1]
    lives.complete(stage.box, exam.exam_id)
    with stage.dispatching() as dispatcher:
        pass
    path = stage.box.spool.absolute(broken.path)
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage)
    with stage.box.catalog.writing() as db:
        db.conn.execute("UPDATE delivery SET state = 'waiting' WHERE kind = 'store'")
    with stage.dispatching() as dispatcher:
        until(dispatcher, lambda: len(stage.committed()) >= 2 and len(stage.owed()) == 1)
        assert not dispatcher.wait(0)
    (delivery,) = stage.owed(State.HELD)
    assert delivery.sop_instance_uid == broken.sop_instance_uid
    assert delivery.advice
    assert failures(stage) == 0


@pytest.mark.parametrize("damage", ["x'FFFF'", "NULL", "substr(payload, 1, length(payload) - 9)"])
def test_a_message_that_cannot_be_read_is_held_alone(stage: Stage, damage: str) -> None:
    stage.exam(number=1)
    with stage.box.catalog.writing() as db:
        db.conn.execute(f"UPDATE delivery SET payload = {damage} WHERE kind = 'mpps-create'")
    second = stage.exam(number=2)
    with stage.dispatching() as dispatcher:
        until(
            dispatcher,
            lambda: [s.sop_instance_uid for s in stage.store.mpps_all()] == [second.mpps_uid],
        )
        until(dispatcher, lambda: len(stage.committed()) == 4)
    create, _ = stage.owed()
    assert (create.kind, create.state) == (Kind.MPPS_CREATE, State.HELD)
    assert "fault of its own" in create.advice


def test_an_archive_that_is_asked_whether_it_has_the_images_proves_it(stage: Stage) -> None:
    stage.make_box([stage.pacs_peer(commitment_required=False, instance_check=True)])
    stage.exam()
    stage.deliver_all()
    rows = stage.box.catalog.rows("SELECT stored, committed, proof FROM archived")
    assert [(bool(r["stored"]), r["committed"], r["proof"]) for r in rows] == [
        (True, None, "query")
    ] * 2


def test_images_that_the_archive_does_not_show_are_for_a_person(stage: Stage) -> None:
    stage.make_box([stage.pacs_peer(commitment_required=False, instance_check=True)])
    stage.exam()
    with stage.box.catalog.writing() as db:
        db.conn.execute("UPDATE archived SET stored = 'it says'")
        db.conn.execute(
            "UPDATE delivery SET kind = 'check', sop_instance_uid = NULL"
            " WHERE id = (SELECT min(id) FROM delivery)"
        )
        db.conn.execute("UPDATE delivery SET state = 'cancelled' WHERE kind = 'store'")
    with stage.dispatching() as dispatcher:
        until(dispatcher, lambda: bool(held(stage)))
    (check,) = stage.owed()
    assert "2 images that the archive took are not found" in check.last_text


def test_an_archive_without_query_is_not_asked_for_ever_and_gets_its_images(
    make_stage: Maker,
) -> None:
    stage = make_stage(FIND)
    stage.make_box([stage.pacs_peer(commitment_required=False, instance_check=True)])
    stage.exam()
    with stage.dispatching() as dispatcher:
        until(dispatcher, lambda: bool(held(stage)))
        stage.exam(number=2)
        until(dispatcher, lambda: len(stage.at_pacs()) == 4)
        assert failures(stage) == 0


def test_what_is_stopped_in_the_middle_goes_on_later(stage: Stage) -> None:
    stage.faults(stall_seconds=0.1, applies_to=("PACS",))
    stage.exam(images=12)
    with stage.dispatching() as dispatcher:
        until(dispatcher, lambda: len(stage.at_pacs()) >= 2)
    assert len(stage.at_pacs()) < 12
    assert stage.owed(State.SENDING) == []
    stage.faults()
    stage.deliver_all()
    assert stage.safe()
    assert [i.times_received for i in stage.store.instances()] == [1] * 12


def test_a_worker_that_dies_ends_the_dispatcher_with_its_reason(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(_: object) -> float:
        raise RuntimeError("the card is gone")

    monkeypatch.setattr(service.PeerWorker, "work", break_down)
    dispatcher = Dispatcher(stage.box)
    dispatcher.start()
    with pytest.raises(RuntimeError, match="the card is gone"):
        dispatcher.wait(20)
    dispatcher.stop()


def test_what_a_peer_does_never_ends_the_dispatcher(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def strange(*_: object, **__: object) -> None:
        raise PeerError("pacs", "it did something strange")

    stage.exam()
    with monkeypatch.context() as odd:
        odd.setattr("services.dispatcher.store.StoreSession", strange)
        with stage.dispatching() as dispatcher:
            until(dispatcher, lambda: failures(stage) >= 2)
    stage.deliver_all()
    assert stage.safe()
