"""What a person may do with a delivery, and what is refused with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from device.exam import Exam
from services import exams as lives
from services.box import Box
from services.errors import CatalogError, NotFound
from services.outbox import operator, peer_state, queue
from services.outbox.model import Delivery, Kind, State
from services.outbox.owner import this_process
from tests.services.boxes import (
    HandClock,
    add_images,
    archive,
    archived,
    begin,
    make_box,
    ris,
    states,
)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    peers = [ris(), ris("ris2"), archive(), archive("pacs2")]
    made = make_box(tmp_path, peers, HandClock())
    with made.catalog:
        yield made


@pytest.fixture
def exam(box: Box) -> Exam:
    """With one image, completed."""
    begun = begin(box)
    add_images(box, begun)
    lives.complete(box, begun.exam_id)
    return begun


def one(box: Box, kind: Kind, peer: str, state: State | None = None) -> Delivery:
    """The latest delivery of this kind for this peer."""
    found = operator.deliveries(box.catalog, owed_only=False)
    return [d for d in found if (d.kind, d.peer) == (kind, peer) and state in (None, d.state)][-1]


def claim(box: Box, kind: Kind, peer: str) -> Delivery:
    (delivery,) = queue.claim(box.catalog, peer, [kind], this_process("t"), at=box.wall())
    return delivery


def hold(box: Box, kind: Kind, peer: str) -> Delivery:
    delivery = claim(box, kind, peer)
    with box.catalog.writing() as db:
        queue.hold(db, delivery, status=0x0106, text="refused", advice="ask")
    return operator.get(box.catalog, delivery.id)


def finish(box: Box, kind: Kind, peer: str) -> Delivery:
    delivery = claim(box, kind, peer)
    with box.catalog.writing() as db:
        queue.finish(db, delivery, at=box.wall(), status=0)
    return operator.get(box.catalog, delivery.id)


def redirect(box: Box, delivery: Delivery, target: str) -> list[Delivery]:
    return operator.redirect(box.catalog, delivery.id, box.peers, target, at=box.wall())


def test_a_held_delivery_is_due_again_and_its_peer_is_tried_at_once(box: Box, exam: Exam) -> None:
    held = hold(box, Kind.STORE, "pacs")
    peer_state.pause(box.catalog, "pacs", "no answer", at=box.wall())
    resent = operator.resend(box.catalog, held.id)
    assert (resent.state, resent.advice) == (State.WAITING, "")
    assert peer_state.seconds_paused(box.catalog, "pacs", at=box.wall()) == 0
    assert claim(box, Kind.STORE, "pacs").id == held.id


def test_what_is_being_sent_is_left_alone(box: Box, exam: Exam) -> None:
    sending = claim(box, Kind.STORE, "pacs")
    for act in (
        lambda: operator.resend(box.catalog, sending.id),
        lambda: operator.cancel(box.catalog, sending.id),
        lambda: redirect(box, sending, "pacs2"),
    ):
        with pytest.raises(CatalogError, match=r"sen[dt]"):
            act()
    assert operator.get(box.catalog, sending.id).state is State.SENDING


def test_an_image_may_be_sent_again_after_it_was_taken_and_a_message_may_not(
    box: Box, exam: Exam
) -> None:
    create = finish(box, Kind.MPPS_CREATE, "ris")
    store = finish(box, Kind.STORE, "pacs")
    with pytest.raises(CatalogError, match="only images"):
        operator.resend(box.catalog, create.id)
    assert operator.resend(box.catalog, store.id).state is State.WAITING


def test_a_thing_that_is_owed_already_is_not_owed_twice(box: Box, exam: Exam) -> None:
    done = finish(box, Kind.STORE, "pacs")
    with box.catalog.writing() as db:
        queue.enqueue(
            db,
            Kind.STORE,
            "pacs",
            exam.exam_id,
            at=box.wall(),
            sop_instance_uid=done.sop_instance_uid,
        )
    newer = one(box, Kind.STORE, "pacs")
    with pytest.raises(CatalogError, match=f"by delivery {newer.id} already"):
        operator.resend(box.catalog, done.id)
    assert operator.resend(box.catalog, newer.id).state is State.WAITING


def test_an_image_that_left_the_box_is_not_sent_again(box: Box, exam: Exam) -> None:
    done = finish(box, Kind.STORE, "pacs")
    with box.catalog.writing() as db:
        db.conn.execute("UPDATE instance SET removed = 'yesterday'")
    with pytest.raises(CatalogError, match="left this box"):
        operator.resend(box.catalog, done.id)


def test_a_cancelled_image_stays_owed_in_the_record(box: Box, exam: Exam) -> None:
    held = hold(box, Kind.STORE, "pacs")
    (cancelled,) = operator.cancel(box.catalog, held.id)
    assert cancelled.state is State.CANCELLED
    row = archived(box, str(held.sop_instance_uid))
    assert row is not None
    assert row["stored"] is None
    assert operator.resend(box.catalog, held.id).state is State.WAITING


def test_what_has_ended_cannot_be_cancelled(box: Box, exam: Exam) -> None:
    done = finish(box, Kind.STORE, "pacs")
    with pytest.raises(CatalogError, match="is done"):
        operator.cancel(box.catalog, done.id)


def test_the_end_of_a_step_goes_with_its_cancelled_beginning_and_comes_back_with_it(
    box: Box, exam: Exam
) -> None:
    create = one(box, Kind.MPPS_CREATE, "ris")
    cancelled = operator.cancel(box.catalog, create.id)
    assert [each.kind for each in cancelled] == [Kind.MPPS_CREATE, Kind.MPPS_SET]
    assert one(box, Kind.MPPS_SET, "ris2").state is State.WAITING, "the other RIS is not concerned"
    with pytest.raises(CatalogError, match="resend that one"):
        operator.resend(box.catalog, cancelled[1].id)
    operator.resend(box.catalog, create.id)
    finish(box, Kind.MPPS_CREATE, "ris")
    finish(box, Kind.MPPS_SET, "ris")


def test_an_exam_that_ends_after_its_beginning_was_cancelled_can_still_be_reported(
    box: Box,
) -> None:
    begun = begin(box)
    add_images(box, begun)
    create = one(box, Kind.MPPS_CREATE, "ris")
    operator.cancel(box.catalog, create.id)
    lives.complete(box, begun.exam_id)
    assert one(box, Kind.MPPS_SET, "ris").state is State.CANCELLED
    operator.resend(box.catalog, create.id)
    finish(box, Kind.MPPS_CREATE, "ris")
    finish(box, Kind.MPPS_SET, "ris")


def test_a_redirected_image_is_owed_elsewhere_and_here_no_more(box: Box, exam: Exam) -> None:
    held = hold(box, Kind.STORE, "pacs")
    uid = str(held.sop_instance_uid)
    with box.catalog.writing() as db:
        db.conn.execute("DELETE FROM archived WHERE peer = 'pacs2'")
        db.conn.execute("DELETE FROM delivery WHERE kind = 'store' AND peer = 'pacs2'")
    (moved,) = redirect(box, held, "pacs2")
    assert (moved.kind, moved.peer, moved.sop_instance_uid) == (Kind.STORE, "pacs2", uid)
    assert archived(box, uid, "pacs") is None
    there = archived(box, uid, "pacs2")
    assert there is not None
    assert there["owes_commitment"] == 1
    assert operator.get(box.catalog, held.id).state is State.CANCELLED
    with pytest.raises(CatalogError, match="redirect the delivery that took its place"):
        operator.resend(box.catalog, held.id)
    (back,) = redirect(box, moved, "pacs")
    assert back.state is State.WAITING
    assert archived(box, uid, "pacs") is not None


def test_an_image_redirected_to_where_it_is_owed_anyhow_is_owed_there_once(
    box: Box, exam: Exam
) -> None:
    held = hold(box, Kind.STORE, "pacs")
    (owed,) = redirect(box, held, "pacs2")
    assert owed.id == one(box, Kind.STORE, "pacs2").id
    assert list(states(box, "store").values()) == ["cancelled", "waiting"]


def test_what_an_archive_has_stored_stays_on_record_when_the_rest_is_redirected(
    box: Box, exam: Exam
) -> None:
    done = finish(box, Kind.STORE, "pacs")
    with box.catalog.writing() as db:
        db.conn.execute("UPDATE archived SET stored = 'now' WHERE peer = 'pacs'")
    redirect(box, operator.resend(box.catalog, done.id), "pacs2")
    assert archived(box, str(done.sop_instance_uid), "pacs") is not None


def test_a_redirected_step_takes_its_end_along(box: Box) -> None:
    solo = make_box(box.state_dir / "solo", [ris()], HandClock())
    begun = begin(solo)
    add_images(solo, begun)
    lives.complete(solo, begun.exam_id)
    create = one(solo, Kind.MPPS_CREATE, "ris")
    moved = operator.redirect(
        solo.catalog, create.id, [*solo.peers, ris("ris2")], "ris2", at=solo.wall()
    )
    assert [(each.kind, each.peer) for each in moved] == [
        (Kind.MPPS_CREATE, "ris2"),
        (Kind.MPPS_SET, "ris2"),
    ]
    assert [each.payload for each in moved] == [
        create.payload,
        one(solo, Kind.MPPS_SET, "ris").payload,
    ]
    back = operator.redirect(
        solo.catalog, moved[0].id, [*solo.peers, ris("ris2")], "ris", at=solo.wall()
    )
    finish(solo, Kind.MPPS_CREATE, "ris")
    assert finish(solo, Kind.MPPS_SET, "ris").id == back[1].id, "the first try blocks nothing"
    solo.catalog.close()


@pytest.mark.parametrize(
    ("kind", "peer", "target", "words"),
    [
        (Kind.MPPS_CREATE, "ris", "ris2", "has or is owed this mpps-create already"),
        (Kind.MPPS_SET, "ris", "ris2", "goes where its N-CREATE went"),
        (Kind.STORE, "pacs", "ris", "not configured for the service 'store'"),
        (Kind.STORE, "pacs", "pacs", "is waiting for pacs"),
    ],
)
def test_a_redirection_without_sense_is_refused_and_changes_nothing(
    box: Box, exam: Exam, kind: Kind, peer: str, target: str, words: str
) -> None:
    before = states(box)
    with pytest.raises(CatalogError, match=words):
        redirect(box, one(box, kind, peer), target)
    assert states(box) == before


def test_a_commitment_is_not_redirected_and_may_be_cancelled(box: Box, exam: Exam) -> None:
    finish(box, Kind.STORE, "pacs")
    with box.catalog.writing() as db:
        queue.enqueue(db, Kind.COMMIT, "pacs", exam.exam_id, at=box.wall())
    commit = one(box, Kind.COMMIT, "pacs")
    with pytest.raises(CatalogError, match="redirect their store deliveries"):
        redirect(box, commit, "pacs2")
    assert operator.cancel(box.catalog, commit.id)[0].state is State.CANCELLED


def test_nothing_is_known_of_a_peer_or_a_number_that_is_not_there(box: Box, exam: Exam) -> None:
    with pytest.raises(NotFound, match=r"ris, ris2, pacs, pacs2"):
        redirect(box, one(box, Kind.STORE, "pacs"), "nowhere")
    for act in (operator.get, operator.resend, operator.cancel):
        with pytest.raises(NotFound, match="no delivery 999"):
            act(box.catalog, 999)


def test_what_is_owed_is_counted_by_state_and_peer(box: Box, exam: Exam) -> None:
    hold(box, Kind.STORE, "pacs")
    finish(box, Kind.MPPS_CREATE, "ris")
    everything = operator.owed(box.catalog)
    assert everything == {
        State.WAITING: 4,
        State.SENDING: 0,
        State.AWAITING: 0,
        State.HELD: 1,
    }
    assert operator.owed(box.catalog, "pacs")[State.HELD] == 1
    assert sum(operator.owed(box.catalog, "ris").values()) == 1


def test_what_only_a_person_can_move_is_told_apart(box: Box, exam: Exam) -> None:
    assert operator.stuck(box.catalog, box.peers) == 0
    hold(box, Kind.MPPS_CREATE, "ris")
    assert operator.stuck(box.catalog, box.peers) == 1, "its N-SET"
    left = [peer for peer in box.peers if peer.name != "pacs2"]
    assert operator.stuck(box.catalog, left) == 2, "and the image for an archive that is gone"
    assert operator.stuck(box.catalog, left, "pacs") == 0


def test_the_list_is_cut_at_the_newest(box: Box, exam: Exam) -> None:
    everything = operator.deliveries(box.catalog, owed_only=False)
    assert operator.deliveries(box.catalog, limit=2) == everything[-2:]
    finish(box, Kind.STORE, "pacs")
    assert len(operator.deliveries(box.catalog)) == len(everything) - 1
    assert operator.deliveries(box.catalog, exam_id="99") == []


def test_of_more_than_are_shown_those_that_wait_for_a_person_come_first(box: Box) -> None:
    exam = begin(box)
    add_images(box, exam, 5)
    first = operator.deliveries(box.catalog)[0]
    (held,) = queue.claim(
        box.catalog, first.peer, [first.kind], this_process("test"), at=box.wall()
    )
    with box.catalog.writing() as db:
        queue.hold(db, held, status=0x0106, text="no", advice="ask")
    everything = [each.id for each in operator.deliveries(box.catalog)]
    shown = [each.id for each in operator.deliveries(box.catalog, limit=3)]
    assert shown == [held.id, *everything[-2:]]
