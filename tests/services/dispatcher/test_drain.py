"""A person waits: everything goes now, and it is said what is left."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from services.box import Box
from services.dispatcher import drain
from services.dispatcher.drain import Left
from services.errors import NotFound
from services.outbox import operator, peer_state, queue
from services.outbox.model import Kind, State
from services.outbox.owner import this_process
from tests.services.boxes import acquire, archive
from tests.services.dispatcher.stage import Stage


def hold(box: Box, peer: str, kind: Kind) -> None:
    (delivery,) = queue.claim(box.catalog, peer, [kind], this_process("t"), at=box.wall())
    with box.catalog.writing() as db:
        queue.hold(db, delivery, status=0x0106, text="no", advice="ask")


def test_it_ends_when_nothing_is_owed_and_tells_how_it_goes(stage: Stage) -> None:
    stage.exam(images=3)
    told: list[Left] = []
    assert drain(stage.box, timeout=25, progress=told.append) == Left(0, 0)
    assert stage.safe()
    assert told[0] == Left(open=5, held=0)
    assert told[-1].nothing
    assert all(one != other for one, other in pairwise(told))


def test_pauses_and_delays_are_lifted_since_a_person_asked(stage: Stage) -> None:
    stage.exam()
    far = stage.box.wall() + 0.29
    with stage.box.catalog.writing() as db:
        db.conn.execute("UPDATE delivery SET next_attempt = ?", [far + 10_000])
    for peer in ("ris", "pacs"):
        peer_state.pause(stage.box.catalog, peer, "no answer", at=far)
    assert drain(stage.box, timeout=25).nothing


def test_it_does_not_wait_for_what_waits_for_a_person(stage: Stage) -> None:
    stage.exam()
    hold(stage.box, "ris", Kind.MPPS_CREATE)
    begun = time.monotonic()
    assert drain(stage.box, timeout=60) == Left(open=0, held=2), "the N-SET waits with it"
    assert time.monotonic() - begun < 25
    assert len(stage.committed()) == 2


def test_it_does_not_wait_for_a_peer_that_is_not_configured_any_more(stage: Stage) -> None:
    stage.make_box([stage.ris_peer(), stage.pacs_peer(), archive("gone")])
    stage.exam()
    stage.make_box([stage.ris_peer(), stage.pacs_peer()])
    begun = time.monotonic()
    assert drain(stage.box, timeout=60) == Left(open=0, held=2)
    assert time.monotonic() - begun < 25


def test_it_ends_when_the_time_is_up_and_loses_nothing(stage: Stage) -> None:
    stage.pacs.stop()
    stage.exam(images=3)
    left = drain(stage.box, timeout=1.0)
    assert (left.open, left.held) == (3, 0)
    assert stage.owed(State.SENDING) == []
    stage.pacs.start()
    assert drain(stage.box, timeout=25).nothing
    assert stage.safe()


def test_what_was_on_the_wire_when_the_time_was_up_counts_as_delivered(stage: Stage) -> None:
    stage.faults(stall_seconds=1.0, applies_to=("RIS",))
    stage.exam(images=0, ends=False)
    assert drain(stage.box, peer="ris", timeout=0.5) == Left(0, 0)


def test_one_peer_alone_may_be_drained(stage: Stage) -> None:
    stage.exam()
    assert drain(stage.box, peer="ris", timeout=25).nothing
    assert [step.status for step in stage.store.mpps_all()] == ["COMPLETED"]
    assert stage.at_pacs() == set()
    with pytest.raises(NotFound, match="configured: ris, pacs"):
        drain(stage.box, peer="nobody", timeout=1)


def test_what_is_taken_in_while_one_peer_is_drained_is_owed_to_all(stage: Stage) -> None:
    exam = stage.exam(images=0, ends=False)
    acquire(stage.box, exam)
    with stage.box.catalog.writing() as db:
        for table in ("delivery", "archived", "instance"):
            db.conn.execute(f"DELETE FROM {table} WHERE sop_instance_uid IS NOT NULL")
    drain(stage.box, peer="ris", timeout=25)
    assert [d.peer for d in operator.deliveries(stage.box.catalog)] == ["pacs"]


def test_a_drain_beside_the_dispatcher_doubles_nothing(stage: Stage) -> None:
    stage.faults(stall_seconds=0.02, applies_to=("PACS",))
    stage.exam(images=25)
    with stage.dispatching():
        assert drain(stage.box, timeout=25).nothing
    assert stage.safe()
    assert [i.times_received for i in stage.store.instances()] == [1] * 25
    assert [step.updates for step in stage.store.mpps_all()] == [1]
