"""An exam sent under a wrong identity: the archive corrects it, the box rewrites nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from device.exam import ExamState
from device.worklist import QueryKeys
from services import exams as lives
from services import match_proposal, matching, reconciliation
from services.box import Box
from services.catalog import exams
from services.catalog import worklist as cache
from services.errors import CatalogError, NotFound
from services.match_proposal import Way
from services.outbox import operator, queue
from services.outbox.model import Kind
from services.reconciliation import Stage
from tests.services.boxes import acquire, archive, begin, item, make_box, ris

RIGHT = item(2, name="Roe^Richard", PatientID="PID-77", PatientBirthDate="19551231", PatientSex="M")


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = make_box(tmp_path, [ris(), archive()])
    with made.catalog:
        cache.replace(made.catalog, "ris", QueryKeys(), [RIGHT], truncated=False, at=made.wall())
        yield made


def send(box: Box, kind: Kind, peer: str, count: int = 1) -> None:
    for claimed in queue.claim(box.catalog, peer, [kind], "me:1:1", at=box.wall(), limit=count):
        with box.catalog.writing() as db:
            queue.finish(db, claimed, at=box.wall(), status=0)
            db.conn.execute(
                "UPDATE archived SET stored = 'now' WHERE sop_instance_uid = ? AND peer = ?",
                [claimed.sop_instance_uid, peer],
            )


def sent_exam(box: Box, *, ended: bool = True) -> str:
    exam = begin(box)
    acquire(box, exam, frames=3)
    if ended:
        lives.complete(box, exam.exam_id)
    send(box, Kind.MPPS_CREATE, "ris")
    send(box, Kind.STORE, "pacs", 2)
    return exam.exam_id


def messages(box: Box, exam_id: str) -> list[tuple[str, str, bytes | None]]:
    found = operator.deliveries(box.catalog, exam_id=exam_id, owed_only=False)
    return [(each.kind.value, each.state.value, each.payload) for each in found]


def test_the_way_depends_on_what_has_left_the_box(box: Box) -> None:
    exam = begin(box)
    assert match_proposal.propose(box, exam.exam_id, RIGHT.key).way is Way.CORRECT
    send(box, Kind.MPPS_CREATE, "ris")
    assert match_proposal.propose(box, exam.exam_id, RIGHT.key).way is Way.RECONCILE


def test_a_proposal_names_what_contradicts(box: Box) -> None:
    exam = begin(box)
    acquire(box, exam)
    found = match_proposal.propose(box, exam.exam_id, RIGHT.key)
    unlike = {fact.name for fact in found.facts if fact.contradicts}
    assert unlike == {"name", "birth_date", "sex", "patient_id"}
    codes = [caution.code for caution in found.warnings]
    assert codes[:4] == ["differs_name", "differs_birth_date", "differs_sex", "differs_patient_id"]
    assert "look_at_pictures" in codes


def test_the_seal_changes_with_anything_that_was_shown(box: Box) -> None:
    exam = begin(box)
    first = match_proposal.propose(box, exam.exam_id, RIGHT.key).seal
    assert match_proposal.propose(box, exam.exam_id, RIGHT.key).seal == first
    changed = item(2, name="Roe^Rick", PatientID="PID-77")
    cache.replace(box.catalog, "ris", QueryKeys(), [changed], truncated=False, at=box.wall())
    second = match_proposal.propose(box, exam.exam_id, RIGHT.key).seal
    send(box, Kind.MPPS_CREATE, "ris")
    third = match_proposal.propose(box, exam.exam_id, RIGHT.key).seal
    assert len({first, second, third}) == 3


def test_a_sent_exam_is_marked_confirmed_and_done_and_nothing_is_sent_anew(box: Box) -> None:
    exam_id = sent_exam(box)
    before, exam = messages(box, exam_id), exams.load(box.catalog, exam_id)
    marked = reconciliation.ask(box, exam_id, RIGHT, by="Ann")
    assert (marked.stage, marked.asked_by, marked.entry) == (Stage.ASKED, "Ann", RIGHT)
    with pytest.raises(CatalogError, match="supervisor"):
        reconciliation.finish(box, exam_id, by="Sue")
    confirmed = reconciliation.confirm(box, exam_id, by="Sue")
    assert (confirmed.stage, confirmed.confirmed_by) == (Stage.CONFIRMED, "Sue")
    assert [each.exam_id for each in reconciliation.pending(box)] == [exam_id]
    reconciliation.finish(box, exam_id, by="Sue")
    assert reconciliation.pending(box) == []
    assert [each.ended_by for each in reconciliation.history(box, exam_id)] == ["Sue"]
    assert messages(box, exam_id) == before
    assert exams.load(box.catalog, exam_id) == exam


def test_what_is_still_unsent_goes_under_the_identity_that_was_sent(box: Box) -> None:
    exam_id = sent_exam(box)
    reconciliation.ask(box, exam_id, RIGHT, by="Ann")
    reconciliation.confirm(box, exam_id, by="Sue")
    left = queue.claim(box.catalog, "pacs", [Kind.STORE], "me:1:1", at=box.wall(), limit=9)
    assert len(left) == 1
    with pytest.raises(matching.SeenElsewhere):
        matching.correct(box, exam_id, [RIGHT], by="Ann")


def test_an_open_exam_is_discontinued_as_a_wrong_selection(box: Box) -> None:
    exam_id = sent_exam(box, ended=False)
    reconciliation.ask(box, exam_id, RIGHT, by="Ann")
    assert exams.load(box.catalog, exam_id).state is ExamState.IN_PROGRESS
    reconciliation.confirm(box, exam_id, by="Sue")
    ended = exams.load(box.catalog, exam_id)
    assert ended.state is ExamState.DISCONTINUED
    final = next(payload for kind, _, payload in messages(box, exam_id) if kind == "mpps-set")
    (reason,) = lives.decode(final or b"").PerformedProcedureStepDiscontinuationReasonCodeSequence
    assert (reason.CodeValue, reason.CodingSchemeDesignator) == ("110514", "DCM")
    creates = [kind for kind, _, _ in messages(box, exam_id) if kind == "mpps-create"]
    assert len(creates) == 1


def test_an_exam_that_nobody_has_seen_is_matched_here_instead(box: Box) -> None:
    exam = begin(box)
    with pytest.raises(CatalogError, match="match it"):
        reconciliation.ask(box, exam.exam_id, RIGHT, by="Ann")


def test_an_exam_is_marked_once_and_may_be_marked_again_when_withdrawn(box: Box) -> None:
    exam_id = sent_exam(box)
    reconciliation.ask(box, exam_id, RIGHT, by="Ann")
    with pytest.raises(CatalogError, match="already"):
        reconciliation.ask(box, exam_id, RIGHT, by="Ben")
    reconciliation.withdraw(box, exam_id, by="Sue")
    with pytest.raises(NotFound):
        reconciliation.confirm(box, exam_id, by="Sue")
    reconciliation.ask(box, exam_id, RIGHT, by="Ben")
    assert [each.stage for each in reconciliation.history(box, exam_id)] == ["withdrawn", "asked"]


def test_confirming_twice_is_refused(box: Box) -> None:
    exam_id = sent_exam(box)
    reconciliation.ask(box, exam_id, RIGHT, by="Ann")
    reconciliation.confirm(box, exam_id, by="Sue")
    with pytest.raises(CatalogError, match="already"):
        reconciliation.confirm(box, exam_id, by="Sue")


def test_the_sheet_tells_the_administrator_both_identities_and_every_image(box: Box) -> None:
    exam_id = sent_exam(box)
    found = reconciliation.ask(box, exam_id, RIGHT, by="Ann")
    text = reconciliation.sheet(box, found)
    exam = exams.load(box.catalog, exam_id)
    assert "NOT CONFIRMED" in text
    for value in (
        "PID-1", "PID-77", "ACC0001", "ACC0002", exam.study_instance_uid, exam.mpps_uid,
        "Roe^Richard", "Doe^Jane", "2 of 3 images stored",
    ):  # fmt: skip
        assert value in text
    for row in box.catalog.rows("SELECT sop_instance_uid FROM instance"):
        assert row["sop_instance_uid"] in text
