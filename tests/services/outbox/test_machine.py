"""Anything in any order: nothing is lost, no promise is taken back, nothing is owed twice."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
)

from device.commitment import CommitmentResult, FailedReference
from device.uids import random_uid
from services import exams as lives
from services import retention
from services.box import Box
from services.errors import CatalogError
from services.outbox import commitments, operator, queue
from services.outbox.model import Delivery, Kind
from services.outbox.owner import this_process
from tests.services.boxes import (
    SECONDARY_CAPTURE,
    YEAR,
    HandClock,
    add_images,
    archive,
    begin,
    make_box,
    ris,
)

ERRANDS = (
    ("pacs", Kind.STORE),
    ("copy", Kind.STORE),
    ("ris", Kind.MPPS_CREATE),
    ("ris", Kind.MPPS_SET),
)
ENDINGS = ("finish", "finish", "finish", "retry", "hold", "give back")

_LOST = """
    SELECT a.sop_instance_uid, a.peer FROM archived a JOIN instance i USING (sop_instance_uid)
    WHERE a.owes_commitment AND a.committed IS NULL
    AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.kind = 'store' AND d.peer = a.peer
        AND d.sop_instance_uid = a.sop_instance_uid
        AND d.state IN ('waiting', 'sending', 'held', 'cancelled'))
    AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.kind = 'commit' AND d.peer = a.peer
        AND d.exam_id = i.exam_id
        AND d.state IN ('waiting', 'sending', 'awaiting', 'held', 'cancelled'))
"""
_DOUBLED = """
    SELECT kind, peer, exam_id, sop_instance_uid, count(*) AS n FROM delivery
    WHERE state IN ('waiting', 'sending', 'awaiting', 'held')
    GROUP BY kind, peer, exam_id, sop_instance_uid HAVING n > 1
"""
_UNRULY = """
    SELECT s.id FROM delivery s WHERE s.kind = 'mpps-set' AND s.state IN ('sending', 'done')
    AND NOT EXISTS (SELECT 1 FROM delivery c WHERE c.kind = 'mpps-create'
        AND c.exam_id = s.exam_id AND c.peer = s.peer AND c.state = 'done')
"""


class Outbox(RuleBasedStateMachine):
    """One RIS, one archive that owes promises, one that only stores."""

    claims = Bundle("claims")
    transactions = Bundle("transactions")

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.clock = HandClock()
        peers = [ris(), archive(), archive("copy", commitment_required=False)]
        self.box: Box = make_box(Path(self.folder.name), peers, self.clock, keep_days=0)
        self.box.catalog.rows("PRAGMA synchronous = OFF")
        self.promised: set[str] = set()
        self.asked: dict[str, list[str]] = {}

    def teardown(self) -> None:
        if hasattr(self, "box"):
            self.box.catalog.close()
            self.folder.cleanup()

    @rule(images=st.integers(1, 3))
    def acquire(self, images: int) -> None:
        going_on = self.box.catalog.row("SELECT exam_id FROM exam WHERE state = 'IN PROGRESS'")
        exam = (
            lives.exams.load(self.box.catalog, going_on["exam_id"]) if going_on else begin(self.box)
        )
        add_images(self.box, exam, images)

    @rule()
    def complete(self) -> None:
        row = self.box.catalog.row(
            "SELECT exam_id FROM exam JOIN instance USING (exam_id) WHERE state = 'IN PROGRESS'"
        )
        if row:
            lives.complete(self.box, row["exam_id"])

    @rule(target=claims, errand=st.sampled_from(ERRANDS), limit=st.integers(1, 4))
    def claim(self, errand: tuple[str, Kind], limit: int) -> list[Delivery]:
        peer, kind = errand
        return self._claim(peer, kind, limit)

    def _claim(self, peer: str, kind: Kind, limit: int) -> list[Delivery]:
        return queue.claim(
            self.box.catalog, peer, [kind], this_process("m"), at=self.box.wall(), limit=limit
        )

    @rule(batch=consumes(claims), ending=st.sampled_from(ENDINGS))
    def settle(self, batch: list[Delivery], ending: str) -> None:
        self._settle(batch, ending)

    @rule(errand=st.sampled_from(ERRANDS), ending=st.sampled_from(ENDINGS))
    def deliver(self, errand: tuple[str, Kind], ending: str) -> None:
        """Claim and settle without anything between, as it is most of the time."""
        peer, kind = errand
        self._settle(self._claim(peer, kind, 4), ending)

    def _settle(self, batch: list[Delivery], ending: str) -> None:
        at = self.box.wall()
        for delivery in batch:
            with self.box.catalog.writing() as db:
                if ending == "retry":
                    queue.retry(db, delivery, at=at, status=0xA700, text="full")
                elif ending == "hold":
                    queue.hold(db, delivery, status=0xC000, text="no", advice="ask")
                elif ending == "give back":
                    queue.give_back(db, delivery, "stopped")
                else:
                    queue.finish(db, delivery, at=at, status=0)
                    if delivery.kind is Kind.STORE:
                        self._stored(db, delivery)

    def _stored(self, db: object, delivery: Delivery) -> None:
        when = self.clock.now().isoformat()
        db.conn.execute(  # type: ignore[attr-defined]
            "UPDATE archived SET stored = ? WHERE sop_instance_uid = ? AND peer = ?",
            [when, delivery.sop_instance_uid, delivery.peer],
        )
        if delivery.peer == "pacs":
            commitments.owe(db, "pacs", delivery.exam_id, at=self.box.wall())  # type: ignore[arg-type]

    @rule(
        target=transactions,
        answer=st.sampled_from(["accepted", "accepted", "refused", "lost", "report first"]),
        sent=st.booleans(),
    )
    def ask(self, answer: str, sent: bool) -> str:
        """Ask for what is due, often right after all images went out."""
        if sent:
            self._settle(self._claim("pacs", Kind.STORE, 50), "finish")
            self.clock.advance(queue.COMMIT_BATCH_SECONDS)
        transaction = random_uid()
        for delivery in queue.claim(
            self.box.catalog, "pacs", [Kind.COMMIT], this_process("m"), at=self.box.wall()
        ):
            found = commitments.begin(self.box.catalog, delivery, transaction, at=self.box.wall())
            self.asked[transaction] = [each.sop_instance_uid for each in found]
            if answer == "report first":
                self._report(transaction, self.asked[transaction], ())
            with self.box.catalog.writing() as db:
                if answer == "refused":
                    queue.hold(db, delivery, status=0x0122, text="no", advice="ask")
                elif answer == "lost":
                    queue.retry(db, delivery, at=self.box.wall(), status=None, text="gone")
                elif found:
                    commitments.await_report(
                        db, delivery, transaction, at=self.box.wall(), timeout=3600.0
                    )
        return transaction

    @rule(
        transaction=transactions,
        fate=st.lists(st.sampled_from(["committed", "failed", "forgotten"]), max_size=6),
        reason=st.sampled_from([0x0110, 0x0112, 0x0119, 0x0131, 0x0213]),
        foreign=st.booleans(),
        latest=st.booleans(),
    )
    def report(
        self, transaction: str, fate: list[str], reason: int, foreign: bool, latest: bool
    ) -> None:
        """Any report on any transaction: early, late, twice, partial, of one never asked."""
        if latest and self.asked:
            transaction = list(self.asked)[-1]
        asked = self.asked.get(transaction, [])
        fates = list(zip(asked, fate + ["committed"] * len(asked), strict=False))
        committed = [uid for uid, each in fates if each == "committed"]
        failed = [
            FailedReference(SECONDARY_CAPTURE, uid, reason)
            for uid, each in fates
            if each == "failed"
        ]
        if foreign:
            rows = self.box.catalog.rows("SELECT sop_instance_uid FROM instance")
            others = {row["sop_instance_uid"] for row in rows} - set(asked)
            before = self._committed()
            self._report(transaction, [*committed, *others], tuple(failed))
            assert not (self._committed() - before) & others
        else:
            self._report(transaction, committed, tuple(failed))

    def _report(
        self, transaction: str, committed: list[str], failed: tuple[FailedReference, ...]
    ) -> None:
        result = CommitmentResult(transaction, tuple(committed), failed)
        applied = commitments.apply_report(
            self.box.catalog, result, at=self.box.wall(), when=self.clock.now().isoformat()
        )
        assert applied.known == bool(self.asked.get(transaction))

    @rule(
        act=st.sampled_from(["resend", "cancel", "to pacs", "to copy"]),
        choice=st.integers(0, 10_000),
    )
    def operate(self, act: str, choice: int) -> None:
        ids = [row["id"] for row in self.box.catalog.rows("SELECT id FROM delivery ORDER BY id")]
        if not ids:
            return
        chosen = ids[choice % len(ids)]
        before = self.box.catalog.rows("SELECT * FROM delivery ORDER BY id")
        try:
            if act == "resend":
                operator.resend(self.box.catalog, chosen)
            elif act == "cancel":
                operator.cancel(self.box.catalog, chosen)
            else:
                target = act.removeprefix("to ")
                operator.redirect(
                    self.box.catalog, chosen, self.box.peers, target, at=self.box.wall()
                )
        except CatalogError:
            assert self.box.catalog.rows("SELECT * FROM delivery ORDER BY id") == before

    @rule(seconds=st.sampled_from([0.5, 5.0, 60.0, 1000.0, 4000.0]))
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(seconds=st.sampled_from([-30 * YEAR, -3600.0, 3600.0, 30 * YEAR]))
    def set_the_clock(self, seconds: float) -> None:
        if 1950 < self.clock.wall.year < 2090:
            self.clock.jump(seconds)

    @rule()
    def restart(self) -> None:
        assert queue.free_dead_leases(self.box.catalog) == 0, "this process lives"

    @rule()
    def keep_house(self) -> None:
        kept_days_make_everything_old = self.clock.wall
        self.clock.jump(3600)
        retention.apply(self.box)
        self.clock.wall = kept_days_make_everything_old

    def _committed(self) -> set[str]:
        rows = self.box.catalog.rows(
            "SELECT sop_instance_uid FROM archived WHERE committed IS NOT NULL"
        )
        return {row["sop_instance_uid"] for row in rows}

    @invariant()
    def nothing_is_lost(self) -> None:
        if hasattr(self, "box"):
            assert self.box.catalog.rows(_LOST) == []

    @invariant()
    def no_promise_is_taken_back(self) -> None:
        if not hasattr(self, "box"):
            return
        committed = self._committed()
        assert committed >= self.promised
        self.promised = committed

    @invariant()
    def nothing_is_owed_twice(self) -> None:
        if hasattr(self, "box"):
            assert self.box.catalog.rows(_DOUBLED) == []

    @invariant()
    def no_step_ends_before_it_begins(self) -> None:
        if hasattr(self, "box"):
            assert self.box.catalog.rows(_UNRULY) == []

    @invariant()
    def only_what_every_archive_vouches_for_has_left(self) -> None:
        if hasattr(self, "box"):
            assert (
                self.box.catalog.rows(
                    "SELECT i.sop_instance_uid FROM instance i JOIN archived a"
                    " USING (sop_instance_uid) JOIN exam e USING (exam_id)"
                    " WHERE i.removed IS NOT NULL AND (a.stored IS NULL OR e.state = 'IN PROGRESS'"
                    " OR (a.owes_commitment AND a.committed IS NULL))"
                )
                == []
            )


TestOutbox = Outbox.TestCase
TestOutbox.settings = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
