"""An exam gets the patient and the order that it really belongs to, while only the box has it.

Its files are written anew, its rows and messages are exchanged with them in one step of the
catalog, and the former files are removed. Whatever breaks in between, the exam is either wholly the
former one or wholly the new one: :mod:`services.match_journal` knows the rest. Once a peer may have
seen anything of it, nothing is rewritten any more: see :mod:`services.reconciliation`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlite_utils import Database

from device import mpps
from device.charset import UTF_8, CharacterSet, transcode
from device.errors import CharacterSetError
from device.exam import Exam
from device.worklist import WorklistItem
from services import character_sets, exam_list, match_journal, recovery
from services import exams as lives
from services.box import Box
from services.catalog import exams
from services.catalog.database import Row
from services.errors import CatalogError, StorageFull
from services.outbox.model import Kind
from services.printing import jobs
from services.rebound_file import Rebound, rewrite

_SEEN = """
    SELECT EXISTS (SELECT 1 FROM delivery WHERE exam_id = :exam AND attempts > 0
            AND kind IN ('mpps-create', 'mpps-set', 'store', 'commit', 'check', 'export'))
        OR EXISTS (SELECT 1 FROM archived a JOIN instance i USING (sop_instance_uid)
            WHERE i.exam_id = :exam AND a.stored IS NOT NULL) AS seen
"""
# every attempt counts, also one without an answer: it may have arrived

Note = Callable[[Database], None]

_REPRINT = "the exam was matched with another entry: print it again"


class SeenElsewhere(CatalogError):
    """A peer has seen something of the exam, or may have: only the archive can correct it."""

    def __init__(self, exam_id: str) -> None:
        super().__init__(
            f"something of exam {exam_id} has left the box, so it is not rewritten here: mark it "
            f"for reconciliation, and have the archive correct it"
        )


@dataclass(frozen=True, slots=True)
class Matched:
    """The exam as it is now, and the number of files that were written anew."""

    exam: Exam
    files: int


def seen(box: Box, exam_id: str) -> bool:
    """Whether anything of the exam has left the box, or may have."""
    row = box.catalog.row(_SEEN, {"exam": exam_id})
    return bool(row and row["seen"])


def correct(
    box: Box,
    exam_id: str,
    items: Sequence[WorklistItem],
    *,
    by: str,
    note: Note = lambda _: None,
) -> Matched:
    """Give an exam that nobody but the box has seen to another worklist entry.

    Returns once all of it is durable. The objects keep their UIDs, except that of the study.

    Parameters
    ----------
    items
        One entry as a rule, several of the same patient in the group case.
    by
        Who says so.
    note
        What else is kept in the step that decides it.

    Raises
    ------
    SeenElsewhere
        A peer has seen something of it; nothing was changed.
    StorageFull
        The medium has no room for a second copy of the exam's files; nothing was changed.
    CatalogError
        The exam is being acquired, has an unfinished image, or has this identity already; nothing
        was changed.
    DeviceError
        The new identity cannot be written as DICOM; nothing was changed.
    """
    exam = exams.load(box.catalog, exam_id)
    lives.refuse_mixed_patients(items)
    if [item.key for item in items] == [item.key for item in exam.items]:
        raise CatalogError(f"exam {exam_id} belongs to this entry already")
    match_journal.recover(box)
    if _leftovers(box, exam_id, _rows(box, exam_id)):
        # only then, since it walks the whole spool and lets nobody begin to acquire meanwhile
        recovery.recover(box)
    exam_list.learn(box)
    with box.spool.acquiring(exam_id):
        exam = exams.load(box.catalog, exam_id)
        rows = _rows(box, exam_id)
        _refuse_leftovers(box, exam_id, rows)
        _refuse_without_room(box, rows)
        number = _begin(box, exam, rows, by)
        try:
            bound, files = _rewrite(box, exam, items, rows, number)
            _exchange(box, exam, bound, files, number, by, note)
        except BaseException:
            match_journal.undo(box, number)
            raise
        match_journal.remove_files(box, number)
    return Matched(bound, len(files))


def bound_to(
    box: Box, exam: Exam, items: Sequence[WorklistItem], *, character_set: CharacterSet = ()
) -> Exam:
    """The exam as it will be for these entries; a study of its own where they name none.

    Parameters
    ----------
    character_set
        Instead of the one that fits the entries best.
    """
    item = items[0]
    alone = len({each.study_instance_uid for each in items}) == 1
    twin = _twin(box, exam, item)
    study = (item.study_instance_uid if alone else "") or (twin and twin.study_instance_uid)
    number = int(exam.exam_id)
    bound = replace(
        exam,
        items=tuple(items),
        study_instance_uid=study or box.uids(),
        study_id=item.requested_procedure_id or (twin.study_id if twin else f"G{number:09d}"),
        modality=_modality(box, exam, item),
        character_set=character_set or _character_set(box, exam, items),
    )
    started = exams.study_started(box.catalog, bound.study_instance_uid, number)
    return replace(bound, study_started=started)


def _twin(box: Box, exam: Exam, item: WorklistItem) -> Exam | None:
    """Another exam of the same entry on this box: both belong into one study."""
    row = box.catalog.row(
        "SELECT exam_id FROM exam_item WHERE key = ? AND exam_id != ? ORDER BY exam_id LIMIT 1",
        [item.key, exam.exam_id],
    )
    return exams.load(box.catalog, row["exam_id"]) if row else None


def _modality(box: Box, exam: Exam, item: WorklistItem) -> str:
    """What the operator chose stays; what came from the entry comes from the new one."""
    if exam.modality not in (exam.item.modality, box.station.modality):
        return exam.modality
    return item.modality or box.station.modality


def _character_set(box: Box, exam: Exam, items: Sequence[WorklistItem]) -> CharacterSet:
    more = [text for each in box.protocols for text in character_sets.of_protocol(each)]
    for series in exams.series_of(box.catalog, exam.exam_id):
        more += [series.protocol_name, series.series_description, series.body_part]
    return character_sets.for_exam(
        items,
        exam.operators_name,
        box.station,
        preferred=items[0].character_set or box.station.character_set,
        more=more,
    )


def _rows(box: Box, exam_id: str) -> list[Row]:
    return box.catalog.rows(
        "SELECT sop_instance_uid, path, size, sha256, provenance, missing FROM instance"
        " WHERE exam_id = ? AND removed IS NULL ORDER BY acquired, instance_number",
        [exam_id],
    )


def _refuse_leftovers(box: Box, exam_id: str, rows: Sequence[Row]) -> None:
    """A file that has no row yet would keep the former patient, and be taken in with it."""
    if _leftovers(box, exam_id, rows):
        raise CatalogError(
            f"exam {exam_id} has an image that a crash has left unfinished: the box takes it in "
            f"when nothing is being acquired. Match the exam after that"
        )


def _leftovers(box: Box, exam_id: str, rows: Sequence[Row]) -> set[str]:
    """Files of the exam that have no row."""
    folder = box.spool.absolute(exam_id)
    there = {f"{exam_id}/{path.name}" for path in folder.iterdir()} if folder.is_dir() else set()
    return there - {row["path"] for row in rows}


def _refuse_without_room(box: Box, rows: Sequence[Row]) -> None:
    needed = sum(row["size"] for row in rows if not row["missing"])
    if box.spool.usage().free < needed + _SPARE:
        raise StorageFull(
            f"matching needs room for a second copy of the exam ({needed / 2**20:.0f} MiB): "
            f"nothing was changed. Let the box send what it owes, or free space, then match again"
        )


_SPARE = 64 * 2**20


def _begin(box: Box, exam: Exam, rows: Sequence[Row], by: str) -> int:
    """Nothing of the exam is sent from here on, if nothing was until now."""
    with box.catalog.writing() as db:
        if seen(box, exam.exam_id):
            raise SeenElsewhere(exam.exam_id)
        return match_journal.begin(
            db,
            exam.exam_id,
            exam.item.encode(),
            [row["path"] for row in rows],
            when=box.clock.now().isoformat(),
            by=by,
        )


def _rewrite(
    box: Box, exam: Exam, items: Sequence[WorklistItem], rows: Sequence[Row], number: int
) -> tuple[Exam, list[Rebound]]:
    """All files anew; in UTF-8 where a text of one of them fits nothing narrower."""
    bound = bound_to(box, exam, items)
    try:
        return bound, _rewrite_all(box, bound, rows, number)
    except CharacterSetError:
        if bound.character_set == UTF_8:
            raise
        match_journal.remove_listed(box, number)
        bound = replace(bound, character_set=UTF_8)
        return bound, _rewrite_all(box, bound, rows, number)


def _rewrite_all(box: Box, bound: Exam, rows: Sequence[Row], number: int) -> list[Rebound]:
    return [
        rewrite(box.spool, row, match_journal.new_path(row["path"], number), bound)
        for row in rows
        if not row["missing"]
    ]


def _exchange(
    box: Box,
    exam: Exam,
    bound: Exam,
    files: list[Rebound],
    number: int,
    by: str,
    note: Note,
) -> None:
    """The one step in which the exam becomes another patient's: all of it, or nothing."""
    now = box.clock.now()
    with box.catalog.writing() as db:
        if seen(box, exam.exam_id):
            # a person has released a delivery meanwhile
            raise SeenElsewhere(exam.exam_id)
        rows = _rows(box, exam.exam_id)
        exams.rebind(db, bound)
        exam_list.note(db, int(bound.exam_id), bound.exam_id, bound.item.encode())
        _enter_files(db, rows, files, number)
        _renew_messages(box, db, bound)
        _cancel_prints(box, db, bound.exam_id, by)
        note(db)
        match_journal.list_files(db, number, [row["path"] for row in rows])
        match_journal.end(db, number, "done", when=now.isoformat())


def _enter_files(db: Database, rows: Sequence[Row], files: list[Rebound], number: int) -> None:
    written = {file.sop_instance_uid: file for file in files}
    for row in rows:
        file = written.get(row["sop_instance_uid"])
        if file is None:
            # gone from the card: should it come back, it is not to be taken for this patient's
            db.conn.execute(
                "UPDATE instance SET path = ? WHERE sop_instance_uid = ?",
                [match_journal.new_path(row["path"], number), row["sop_instance_uid"]],
            )
            continue
        provenance = {**json.loads(row["provenance"]), **file.provenance}
        db.conn.execute(
            "UPDATE instance SET path = ?, size = ?, sha256 = ?, provenance = ?"
            " WHERE sop_instance_uid = ?",
            [
                file.path,
                file.size,
                file.sha256,
                json.dumps(provenance, sort_keys=True),
                file.sop_instance_uid,
            ],
        )


def _renew_messages(box: Box, db: Database, exam: Exam) -> None:
    """What the RIS is owed says the new identity, in one character set from first to last."""
    create = lives.encode(mpps.create_dataset(exam, box.station))
    waiting = list(
        db.query(
            "SELECT id, kind, payload FROM delivery WHERE exam_id = ?"
            " AND kind IN ('mpps-create', 'mpps-set') AND attempts = 0",
            [exam.exam_id],
        )
    )
    for row in waiting:
        payload = create
        if row["kind"] == Kind.MPPS_SET:
            # it names series and images, and no patient
            final = transcode(lives.decode(row["payload"]), exam.character_set)
            payload = lives.encode(final)
        db.conn.execute("UPDATE delivery SET payload = ? WHERE id = ?", [payload, row["id"]])


def _cancel_prints(box: Box, db: Database, exam_id: str, by: str) -> None:
    """Sheets that wait bear the former name."""
    waiting = list(
        db.query(
            "SELECT j.id, j.delivery_id FROM print_job j JOIN delivery d ON d.id = j.delivery_id"
            " WHERE j.exam_id = ? AND d.state IN ('waiting', 'held')",
            [exam_id],
        )
    )
    for row in waiting:
        db.conn.execute(
            "UPDATE delivery SET state = 'cancelled', last_text = ?, advice = '' WHERE id = ?",
            [_REPRINT, row["delivery_id"]],
        )
        db.conn.execute(
            "UPDATE print_job SET outcome = 'cancelled', ended = ?, no_return = NULL WHERE id = ?",
            [box.clock.now().isoformat(), row["id"]],
        )
        jobs.note(db, box, row["id"], "cancelled", by=by, words=_REPRINT)
