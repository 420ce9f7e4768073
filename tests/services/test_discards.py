"""Discarded before, while and after an image is sent; undone; and told to the archive."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import KeyObjectSelectionDocumentStorage

from device.errors import UnknownReason
from device.reasons import discontinuation_reason
from services import discards, exam_view, recovery, retention
from services import exams as lives
from services.box import Box
from services.catalog import discarded, exams
from services.catalog.discarded import Reach
from services.errors import CatalogError, NotFound
from services.outbox import commitments, operator, queue
from services.outbox.model import Kind, State
from services.retention import Removed
from tests.services import discard_workers, processes
from tests.services.boxes import (
    HandClock,
    acquire,
    archive,
    archived,
    begin,
    make_box,
    ris,
    states,
)

DAY = 86400.0
BLUR = "111210"
WRONG_PATIENT = "113037"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def box(tmp_path: Path, clock: HandClock) -> Iterator[Box]:
    made = make_box(tmp_path, [ris(), archive(rejection_notes=True), archive("copy")], clock)
    with made.catalog:
        yield made


def taken(box: Box, count: int = 2) -> list[str]:
    return [each.sop_instance_uid for each in acquire(box, begin(box), count).instances]


def reported(box: Box, exam_id: str = "1") -> list[str]:
    """What the final MPPS names."""
    (payload,) = (
        each.payload
        for each in operator.deliveries(box.catalog, exam_id=exam_id)
        if each.kind is Kind.MPPS_SET
    )
    message = lives.decode(payload or b"")
    return [
        str(image.ReferencedSOPInstanceUID)
        for series in message.PerformedSeriesSequence
        for image in series.ReferencedImageSequence
    ]


def stores(box: Box, uid: str) -> dict[str, str]:
    rows = box.catalog.rows(
        "SELECT peer, state FROM delivery WHERE kind = 'store' AND sop_instance_uid = ?", [uid]
    )
    return {row["peer"]: row["state"] for row in rows}


def claim(box: Box, peer: str = "pacs", limit: int = 1) -> list[Any]:
    return queue.claim(box.catalog, peer, [Kind.STORE], "test:1:1", at=box.wall(), limit=limit)


def store(box: Box, uid: str, peer: str = "pacs") -> None:
    """The archive takes everything up to this image."""
    while stores(box, uid)[peer] == "waiting":
        (delivery,) = claim(box, peer)
        with box.catalog.writing() as db:
            queue.finish(db, delivery, at=box.wall(), status=0)
            db.conn.execute(
                "UPDATE archived SET stored = 'then' WHERE sop_instance_uid = ? AND peer = ?",
                [delivery.sop_instance_uid, peer],
            )


def notes(box: Box) -> list[Dataset]:
    rows = box.catalog.rows("SELECT path FROM instance WHERE object = ?", [discarded.NOTE])
    return [dcmread(box.spool.absolute(row["path"])) for row in rows]


def test_a_discarded_image_stays_here_and_is_not_sent_reported_or_counted(box: Box) -> None:
    bad, good = taken(box)
    outcome = discards.discard(box, bad, BLUR, "Roe^Anna")
    assert outcome.recalled
    assert outcome.reach == {"pacs": Reach.KEPT, "copy": Reach.KEPT}
    assert stores(box, bad) == {"pacs": "cancelled", "copy": "cancelled"}
    assert {each.sop_instance_uid for each in claim(box, limit=9)} == {good}
    assert {path.stem for path in box.spool.files()} == {bad, good}
    lives.complete(box, "1")
    assert reported(box) == [good]
    assert exam_view.exam_as_plain(box, exams.load(box.catalog, "1"))["acquired"] == 1
    assert notes(box) == []
    kept = discarded.of_exam(box.catalog, "1")[bad]
    assert (kept.reason, kept.by) == (BLUR, "Roe^Anna")


def test_an_undone_discard_leaves_no_trace(box: Box) -> None:
    bad, good = taken(box)
    held = claim(box)[0]
    with box.catalog.writing() as db:
        queue.hold(db, held, status=0xA900, text="no", advice="ask")
    before = states(box)
    discards.discard(box, bad, BLUR)
    assert stores(box, bad) == {"pacs": "cancelled", "copy": "cancelled"}
    discards.restore(box, bad)
    assert states(box) == before
    assert operator.get(box.catalog, held.id).advice == "ask"
    lives.complete(box, "1")
    assert reported(box) == [bad, good]


def test_what_an_operator_had_cancelled_stays_cancelled_after_an_undo(box: Box) -> None:
    bad, _ = taken(box)
    (mine,) = (
        each.id
        for each in operator.deliveries(box.catalog)
        if each.sop_instance_uid == bad and each.peer == "copy"
    )
    operator.cancel(box.catalog, mine)
    discards.discard(box, bad, BLUR)
    discards.restore(box, bad)
    assert stores(box, bad) == {"pacs": "waiting", "copy": "cancelled"}


def test_one_that_is_being_sent_is_said_to_be_and_reported(box: Box) -> None:
    bad, good = taken(box)
    claim(box)
    outcome = discards.discard(box, bad, WRONG_PATIENT)
    assert outcome.reach == {"pacs": Reach.SENDING, "copy": Reach.KEPT}
    assert not outcome.recalled
    assert stores(box, bad) == {"pacs": "sending", "copy": "cancelled"}
    lives.complete(box, "1")
    assert reported(box) == [bad, good]
    (note,) = notes(box)
    assert note.ConceptNameCodeSequence[0].CodeValue == "113037"


@pytest.mark.parametrize("how", ["retry", "dead"])
def test_an_attempt_without_an_answer_is_not_repeated_and_counts_as_perhaps_there(
    box: Box, how: str
) -> None:
    bad, _ = taken(box)
    (delivery,) = claim(box)
    discards.discard(box, bad, BLUR)
    if how == "retry":
        with box.catalog.writing() as db:
            queue.retry(db, delivery, at=box.wall(), status=-1, text="broke off")
    else:
        assert queue.free_dead_leases(box.catalog) == 1
    assert stores(box, bad)["pacs"] == "cancelled"
    assert discarded.reach(box.catalog, bad)["pacs"] is Reach.PERHAPS
    lives.complete(box, "1")
    assert bad in reported(box)
    assert len(notes(box)) == 1


def test_one_that_was_claimed_and_put_down_unsent_never_was_there(box: Box) -> None:
    bad, good = taken(box)
    (delivery,) = claim(box)
    discards.discard(box, bad, BLUR)
    with box.catalog.writing() as db:
        queue.give_back(db, delivery, "put down")
    assert discarded.reach(box.catalog, bad)["pacs"] is Reach.KEPT
    lives.complete(box, "1")
    assert reported(box) == [good]
    assert notes(box) == []


def test_a_refusal_by_the_archive_means_that_it_is_not_there(box: Box) -> None:
    bad, _ = taken(box)
    (delivery,) = claim(box)
    discards.discard(box, bad, BLUR)
    with box.catalog.writing() as db:
        queue.retry(db, delivery, at=box.wall(), status=0xA700, text="full")
    assert discarded.reach(box.catalog, bad)["pacs"] is Reach.KEPT


def test_one_that_an_archive_has_is_told_to_that_archive_alone(box: Box) -> None:
    bad, good = taken(box)
    store(box, bad)
    discards.discard(box, bad, BLUR)
    lives.complete(box, "1")
    assert reported(box) == [bad, good]
    (note,) = notes(box)
    assert note.SOPClassUID == KeyObjectSelectionDocumentStorage
    assert note.PatientID == "PID-1"
    assert note.StudyInstanceUID == exams.load(box.catalog, "1").study_instance_uid
    assert stores(box, note.SOPInstanceUID) == {"pacs": "waiting"}


def test_an_archive_that_takes_no_notes_is_named(tmp_path: Path) -> None:
    with make_box(tmp_path, [archive()], HandClock()).catalog as catalog:
        box = replace(make_box(tmp_path, [archive()], HandClock()), catalog=catalog)
        bad, _ = taken(box)
        store(box, bad)
        outcome = discards.discard(box, bad, BLUR)
        assert discards.not_told(box, outcome.reach) == ["pacs"]
        lives.complete(box, "1")
        assert notes(box) == []


def test_reasons_get_notes_of_their_own(box: Box) -> None:
    first, second = taken(box)
    store(box, second)
    discards.discard(box, first, BLUR)
    discards.discard(box, second, WRONG_PATIENT)
    lives.discontinue(box, "1", discontinuation_reason("110514"))
    titles = {note.ConceptNameCodeSequence[0].CodeValue for note in notes(box)}
    assert titles == {"113001", "113037"}


def test_nobody_promises_to_keep_what_was_discarded(box: Box) -> None:
    bad, good = taken(box)
    store(box, good)
    discards.discard(box, bad, BLUR)
    with box.catalog.writing() as db:
        asked = commitments.uncommitted(db, "pacs", "1")
    assert [each.sop_instance_uid for each in asked] == [good]


def test_a_report_that_it_was_not_kept_does_not_send_it_again(box: Box) -> None:
    bad, _ = taken(box)
    store(box, bad)
    discards.discard(box, bad, BLUR)
    with box.catalog.writing() as db:
        queue.enqueue(db, Kind.STORE, "pacs", "1", at=box.wall(), sop_instance_uid=bad)
    assert State.WAITING.value not in stores(box, bad).values()


def test_a_discarded_image_is_not_resent_or_redirected(box: Box) -> None:
    bad, _ = taken(box)
    store(box, bad)
    discards.discard(box, bad, BLUR)
    for delivery in operator.deliveries(box.catalog, owed_only=False):
        if delivery.sop_instance_uid == bad:
            with pytest.raises(CatalogError):
                operator.resend(box.catalog, delivery.id)
            with pytest.raises(CatalogError):
                operator.redirect(box.catalog, delivery.id, box.peers, "copy", at=box.wall())


def test_an_exam_of_discarded_images_alone_is_not_completed(box: Box) -> None:
    for uid in taken(box):
        discards.discard(box, uid, BLUR)
    with pytest.raises(CatalogError, match="no images"):
        lives.complete(box, "1")
    lives.discontinue(box, "1", discontinuation_reason("110513"))
    assert reported(box) == []


def test_when_the_exam_has_ended_nothing_is_discarded_or_restored(box: Box) -> None:
    bad, good = taken(box)
    discards.discard(box, bad, BLUR)
    lives.complete(box, "1")
    with pytest.raises(CatalogError, match="has ended"):
        discards.restore(box, bad)
    with pytest.raises(CatalogError, match="has ended"):
        discards.discard(box, good, BLUR)


def test_bad_wishes_change_nothing(box: Box) -> None:
    (uid,) = taken(box, 1)
    with pytest.raises(UnknownReason):
        discards.discard(box, uid, "110513")
    with pytest.raises(NotFound):
        discards.discard(box, "1.2.3", BLUR)
    discards.restore(box, uid)
    assert discarded.of_exam(box.catalog, "1") == {}
    assert stores(box, uid) == {"pacs": "waiting", "copy": "waiting"}


def test_it_leaves_the_box_by_age_once_its_exam_is_over(box: Box, clock: HandClock) -> None:
    bad, good = taken(box)
    discards.discard(box, bad, BLUR)
    clock.advance(31 * DAY)
    assert retention.apply(box) == Removed(0, 0)
    lives.complete(box, "1")
    assert retention.apply(box) == Removed(1, 0)
    assert {path.stem for path in box.spool.files()} == {good}


def test_a_note_leaves_the_box_like_an_image(box: Box, clock: HandClock) -> None:
    bad, _ = taken(box)
    store(box, bad)
    discards.discard(box, bad, BLUR)
    lives.complete(box, "1")
    (note,) = notes(box)
    store(box, note.SOPInstanceUID)
    row = archived(box, note.SOPInstanceUID)
    assert row is not None
    assert not row["owes_commitment"]
    clock.advance(31 * DAY)
    assert retention.apply(box) == Removed(2, 0)


def test_an_end_that_fails_leaves_no_note(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, _ = taken(box)
    store(box, bad)
    discards.discard(box, bad, BLUR)
    before = {path.name for path in box.spool.files()}

    def fail(*_: object, **__: object) -> None:
        raise CatalogError("the card")

    monkeypatch.setattr(lives.commitments, "hasten", fail)
    with pytest.raises(CatalogError):
        lives.complete(box, "1")
    assert {path.name for path in box.spool.files()} == before
    assert notes(box) == []


def test_a_kill_between_note_and_end_ends_nothing_and_the_next_end_makes_one_note(
    tmp_path: Path,
) -> None:
    peers = [ris(), archive(rejection_notes=True)]
    box = make_box(tmp_path, peers, HandClock())
    with box.catalog:
        bad, good = taken(box)
        store(box, bad)
        discards.discard(box, bad, BLUR)
        processes.kill_itself(discard_workers.end_and_die_after_the_note, tmp_path)
        assert len(list(box.spool.files())) == 3
        report = recovery.recover(box)
        assert report.quarantined == 0
        assert {path.stem for path in box.spool.files()} == {bad, good}
        lives.complete(box, "1")
        assert len(notes(box)) == 1


def test_discarding_and_claiming_at_once_never_sends_what_was_recalled(tmp_path: Path) -> None:
    """Another process claims as fast as it can while images are discarded one by one."""
    box = make_box(tmp_path, [archive()], HandClock())
    with box.catalog:
        uids = taken(box, 40)
        start = processes.CONTEXT.Event()
        claimed = processes.CONTEXT.Queue()
        worker = processes.begin(discard_workers.claim_all, tmp_path, start, claimed)
        start.set()
        recalled = {uid for uid in uids if discards.discard(box, uid, BLUR).recalled}
        sent = set(claimed.get(timeout=processes.PATIENCE))
        worker.join(processes.PATIENCE)
        assert worker.exitcode == 0
        assert not recalled & sent
        assert recalled | sent == set(uids)


def test_discard_and_undo_race_with_the_end(box: Box) -> None:
    """Whatever order they fall in, the MPPS names exactly what is not discarded."""
    first, second, third = taken(box, 3)
    gate = threading.Barrier(3)
    refusals: list[str] = []

    def attempt(what: Callable[[], object]) -> None:
        gate.wait()
        try:
            what()
        except CatalogError as error:
            refusals.append(str(error))

    discards.discard(box, third, BLUR)
    threads = [
        threading.Thread(target=attempt, args=(what,))
        for what in (
            lambda: discards.discard(box, first, BLUR),
            lambda: discards.restore(box, third),
            lambda: lives.complete(box, "1"),
        )
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gone = set(discarded.of_exam(box.catalog, "1"))
    assert set(reported(box)) == {first, second, third} - gone
