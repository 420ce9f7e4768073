"""Discarding an image with a reason, bringing it back, and telling the archives that have it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pydicom.uid import KeyObjectSelectionDocumentStorage
from sqlite_utils import Database

from device.discard_reasons import DiscardReason, discard_reason
from device.exam import Exam, InstanceReference, Series
from device.iod.encoding import encode
from device.iod.rejection import Rejected, RejectionContext, build_rejection
from services.box import Box
from services.catalog import discarded, exams
from services.catalog.database import Row
from services.catalog.discarded import Reach
from services.catalog.exams import Instance
from services.dicom.peers import Peer, Service
from services.errors import ExamEnded, NotFound
from services.outbox.model import Kind
from services.outbox.queue import enqueue


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a discard came to.

    ``reach`` tells for each archive how far the image had got. ``recalled`` says that none of them
    has it or can have it: then it never leaves the box.
    """

    sop_instance_uid: str
    exam_id: str
    reason: DiscardReason
    reach: dict[str, Reach]

    @property
    def recalled(self) -> bool:
        return all(each is Reach.KEPT for each in self.reach.values())


def discard(box: Box, sop_instance_uid: str, reason: str, by: str = "") -> Outcome:
    """Discard one image: it stays on the box, and nothing of it is sent any more.

    One durable step together with the cancelling of its deliveries, so that the dispatcher has
    either claimed one before, and then :attr:`Outcome.reach` says so, or never will.

    Parameters
    ----------
    reason
        A code value of :data:`device.discard_reasons.DISCARD_REASONS`.
    by
        Who discards it; empty where nobody signed in.

    Raises
    ------
    device.errors.UnknownReason
        The reason is none of them.
    NotFound
        There is no such image.
    ExamEnded
        What was reported of the image stands.
    """
    why = discard_reason(reason)
    with box.catalog.writing() as db:
        row = _of_an_open_exam(db, sop_instance_uid)
        at = box.clock.now().isoformat()
        discarded.mark(db, sop_instance_uid, at=at, reason=why.code.value, by=by)
        reach = discarded.reach(box.catalog, sop_instance_uid)
    return Outcome(sop_instance_uid, row["exam_id"], why, reach)


def restore(box: Box, sop_instance_uid: str) -> str:
    """Bring a discarded image back, with everything that was owed of it; its exam's id.

    Raises
    ------
    NotFound, ExamEnded
        As for :func:`discard`.
    """
    with box.catalog.writing() as db:
        row = _of_an_open_exam(db, sop_instance_uid)
        discarded.unmark(db, sop_instance_uid)
    return str(row["exam_id"])


def _of_an_open_exam(db: Database, sop_instance_uid: str) -> Row:
    row = discarded.find(db, sop_instance_uid)
    if row is None or row["object"] == discarded.NOTE:
        raise NotFound(
            f"there is no image {sop_instance_uid}: 'gantry exam show EXAM --json' lists those of "
            f"an exam"
        )
    if row["state"] != "IN PROGRESS":
        raise ExamEnded(
            f"exam {row['exam_id']} has ended, and its images were reported to the RIS as they "
            f"were then. Ask the PACS administrator to hide this one at the archive"
        )
    return row


def not_told(box: Box, reach: dict[str, Reach]) -> list[str]:
    """The archives that have the image, or may, and that nothing tells of its discarding."""
    told = {peer.name for peer in _told(box)}
    return [name for name, each in reach.items() if each is not Reach.KEPT and name not in told]


@contextmanager
def telling(box: Box, db: Database, exam: Exam) -> Iterator[None]:
    """Around the rest of the step that ends an exam: owe the archives their rejection notes.

    A note is a file before its row is committed; when the step fails it goes again, and after a
    crash recovery lets it go.
    """
    written: list[str] = []
    try:
        for code, rejected, peers in _due(box, exam):
            note = _write(box, db, exam, code, rejected)
            written.append(note.path)
            _owe(box, db, note, peers)
        yield
    except BaseException:
        for path in written:
            box.spool.remove(path)
        raise


_Due = tuple[str, tuple[Rejected, ...], tuple[Peer, ...]]


def _due(box: Box, exam: Exam) -> list[_Due]:
    """One note a reason and set of images; archives that have the same ones share it."""
    wanted: dict[tuple[str, tuple[Rejected, ...]], list[Peer]] = {}
    images = _discarded_images(box, exam.exam_id)
    for peer in _told(box):
        by_reason: dict[str, list[Rejected]] = {}
        for image, code, reach in images:
            if reach.get(peer.name, Reach.KEPT) is not Reach.KEPT:
                by_reason.setdefault(code, []).append(image)
        for code, rejected in by_reason.items():
            wanted.setdefault((code, tuple(rejected)), []).append(peer)
    return [(code, rejected, tuple(peers)) for (code, rejected), peers in wanted.items()]


def _told(box: Box) -> list[Peer]:
    return [peer for peer in box.offering(Service.STORE) if peer.rejection_notes]


def _discarded_images(box: Box, exam_id: str) -> list[tuple[Rejected, str, dict[str, Reach]]]:
    rows = box.catalog.rows(
        "SELECT i.sop_instance_uid, i.sop_class_uid, i.series_instance_uid, i.discard_reason"
        " FROM instance i JOIN series s USING (series_instance_uid)"
        " WHERE i.exam_id = ? AND i.discarded IS NOT NULL"
        " ORDER BY s.series_number, i.instance_number",
        [exam_id],
    )
    return [
        (
            Rejected(
                row["series_instance_uid"],
                InstanceReference(row["sop_class_uid"], row["sop_instance_uid"]),
            ),
            row["discard_reason"],
            discarded.reach(box.catalog, row["sop_instance_uid"]),
        )
        for row in rows
    ]


def _write(
    box: Box, db: Database, exam: Exam, code: str, rejected: tuple[Rejected, ...]
) -> Instance:
    now = box.clock.now()
    series = Series(
        series_instance_uid=box.uids(),
        series_number=exams.next_series_number(db, exam.exam_id, exam.study_instance_uid),
        modality="KO",
        protocol_name=discarded.NOTE,
        series_description="",
        frame_of_reference_uid=box.uids(),
        started=now,
    )
    exams.insert_series(db, exam.exam_id, series)
    uid = box.uids()
    context = RejectionContext(exam, series, box.station, uid, now)
    built = build_rejection(context, discard_reason(code), rejected)
    data = encode(built)
    note = Instance(
        sop_instance_uid=uid,
        series_instance_uid=series.series_instance_uid,
        exam_id=exam.exam_id,
        instance_number=1,
        sop_class_uid=str(KeyObjectSelectionDocumentStorage),
        transfer_syntax_uid=str(built.file_meta.TransferSyntaxUID),
        path=box.spool.path_of(exam.exam_id, uid),
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        object=discarded.NOTE,
        frames=0,
        dropped=0,
        provenance={},
        acquired=now,
    )
    box.spool.write(note.path, data)
    return note


def _owe(box: Box, db: Database, note: Instance, peers: tuple[Peer, ...]) -> None:
    exams.insert_instance(db, note)
    at = box.wall()
    for peer in peers:
        # an archive acts upon a note and may keep none: its promise is not waited for
        db.table("archived").insert(
            {"sop_instance_uid": note.sop_instance_uid, "peer": peer.name, "owes_commitment": 0}
        )
        enqueue(
            db, Kind.STORE, peer.name, note.exam_id, at=at, sop_instance_uid=note.sop_instance_uid
        )
