"""Exams, series and instances as rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from device.exam import Exam, ExamState, InstanceReference, Series
from device.provenance import Origin
from device.reasons import discontinuation_reason
from device.worklist import WorklistItem
from services.catalog import discarded, provenance
from services.catalog.database import Catalog, Row
from services.errors import NotFound


@dataclass(frozen=True, slots=True)
class Instance:
    """One SOP Instance in the spool.

    ``path`` is relative to the spool, ``provenance`` tells by DICOM keyword where a value came
    from and ``origins`` what was said of the picture, ``dropped`` counts frames that the source
    lost while this instance was taken.
    """

    sop_instance_uid: str
    series_instance_uid: str
    exam_id: str
    instance_number: int
    sop_class_uid: str
    transfer_syntax_uid: str
    path: str
    size: int
    sha256: str
    object: str
    frames: int
    dropped: int
    provenance: Mapping[str, str]
    acquired: datetime
    origins: tuple[Origin, ...] = ()


def next_number(db: Database) -> int:
    """The number that the next exam gets; numbers are never used twice."""
    row = db.conn.execute("SELECT seq FROM sqlite_sequence WHERE name = 'exam'").fetchone()
    return 1 if row is None else int(row[0]) + 1


def insert(db: Database, number: int, exam: Exam) -> None:
    """Enter a new exam with the worklist items that it is bound to."""
    db.table("exam").insert({"number": number, **_exam_row(exam)})
    _insert_items(db, exam)


def _insert_items(db: Database, exam: Exam) -> None:
    db.table("exam_item").insert_all(
        {
            "exam_id": exam.exam_id,
            "position": position,
            "key": item.key,
            "dataset": item.encode(),
        }
        for position, item in enumerate(exam.items)
    )


def update(db: Database, exam: Exam) -> None:
    """Write an exam's state, end and reason back."""
    row = _exam_row(exam)
    db.conn.execute(
        "UPDATE exam SET state = ?, ended = ?, discontinuation_reason = ? WHERE exam_id = ?",
        [row["state"], row["ended"], row["discontinuation_reason"], exam.exam_id],
    )


def rebind(db: Database, exam: Exam) -> None:
    """Write back that an exam belongs to other worklist items, and to their study."""
    row = _exam_row(exam)
    db.conn.execute(
        "UPDATE exam SET study_instance_uid = ?, study_id = ?, modality = ?, character_set = ?"
        " WHERE exam_id = ?",
        [exam.study_instance_uid, exam.study_id, exam.modality, row["character_set"], exam.exam_id],
    )
    db.conn.execute("DELETE FROM exam_item WHERE exam_id = ?", [exam.exam_id])
    _insert_items(db, exam)


def study_started(catalog: Catalog, study_instance_uid: str, number: int) -> datetime | None:
    """When the first exam of a study began; None when that is the exam with this number."""
    row = catalog.row(
        "SELECT started FROM exam WHERE study_instance_uid = ? AND number < ?"
        " ORDER BY number LIMIT 1",
        [study_instance_uid, number],
    )
    return None if row is None else datetime.fromisoformat(row["started"])


def note_character_set(db: Database, exam: Exam) -> None:
    """Write an exam's character set back."""
    db.conn.execute(
        "UPDATE exam SET character_set = ? WHERE exam_id = ?",
        [json.dumps(exam.character_set), exam.exam_id],
    )


def load(catalog: Catalog, exam_id: str) -> Exam:
    """The exam with this id.

    Raises
    ------
    NotFound
        When there is none.
    """
    row = catalog.row("SELECT * FROM exam WHERE exam_id = ?", [exam_id])
    if row is None:
        raise NotFound(f"there is no exam {exam_id}: 'gantry exam list' shows those there are")
    blobs = catalog.rows(
        "SELECT dataset FROM exam_item WHERE exam_id = ? ORDER BY position", [exam_id]
    )
    reason = row["discontinuation_reason"]
    return Exam(
        exam_id=row["exam_id"],
        mpps_uid=row["mpps_uid"],
        study_instance_uid=row["study_instance_uid"],
        study_id=row["study_id"],
        performed_procedure_step_id=row["performed_procedure_step_id"],
        items=tuple(WorklistItem.decode(blob["dataset"]) for blob in blobs),
        modality=row["modality"],
        state=ExamState(row["state"]),
        started=datetime.fromisoformat(row["started"]),
        ended=datetime.fromisoformat(row["ended"]) if row["ended"] else None,
        character_set=tuple(json.loads(row["character_set"])),
        operators_name=row["operators_name"],
        performing_physicians_name=row["performing_physicians_name"],
        discontinuation_reason=discontinuation_reason(reason) if reason else None,
        study_started=study_started(catalog, row["study_instance_uid"], row["number"]),
    )


def recent(catalog: Catalog, limit: int = 100) -> list[Exam]:
    """The latest exams, newest first."""
    rows = catalog.rows("SELECT exam_id FROM exam ORDER BY number DESC LIMIT ?", [limit])
    return [load(catalog, row["exam_id"]) for row in rows]


def of_study(catalog: Catalog, study_instance_uid: str) -> list[Exam]:
    """The exams of one study, oldest first."""
    rows = catalog.rows(
        "SELECT exam_id FROM exam WHERE study_instance_uid = ? ORDER BY number",
        [study_instance_uid],
    )
    return [load(catalog, row["exam_id"]) for row in rows]


def insert_series(db: Database, exam_id: str, series: Series) -> None:
    db.table("series").insert(
        {
            "series_instance_uid": series.series_instance_uid,
            "exam_id": exam_id,
            "series_number": series.series_number,
            "modality": series.modality,
            "protocol_name": series.protocol_name,
            "series_description": series.series_description,
            "frame_of_reference_uid": series.frame_of_reference_uid,
            "body_part": series.body_part,
            "laterality": series.laterality,
            "started": series.started.isoformat(),
        }
    )


def series_of(catalog: Catalog, exam_id: str) -> tuple[Series, ...]:
    """The exam's series with their instances, in the order in which they were begun.

    Left out are discarded images that no archive has or can have, and series without any other.
    """
    instances: dict[str, list[InstanceReference]] = {}
    for row in catalog.rows(
        "SELECT i.series_instance_uid, i.sop_class_uid, i.sop_instance_uid FROM instance i"  # noqa: S608 -- constants only
        f" WHERE i.exam_id = ? AND {discarded.REPORTED} ORDER BY i.instance_number",
        [exam_id],
    ):
        reference = InstanceReference(row["sop_class_uid"], row["sop_instance_uid"])
        instances.setdefault(row["series_instance_uid"], []).append(reference)
    rows = catalog.rows("SELECT * FROM series WHERE exam_id = ? ORDER BY series_number", [exam_id])
    return tuple(
        _series(row, tuple(instances[row["series_instance_uid"]]))
        for row in rows
        if row["series_instance_uid"] in instances
    )


def series(db: Database, exam_id: str, series_instance_uid: str) -> Series:
    """One series of the exam, without its instances.

    Raises
    ------
    NotFound
        The exam has no such series.
    """
    rows = db.query(
        "SELECT * FROM series WHERE exam_id = ? AND series_instance_uid = ?",
        [exam_id, series_instance_uid],
    )
    for row in rows:
        return _series(row, ())
    raise NotFound(f"exam {exam_id} has no series {series_instance_uid}")


def next_instance_number(catalog: Catalog, series_instance_uid: str) -> int:
    """One more than any instance of the series has."""
    rows = catalog.rows(
        "SELECT max(instance_number) AS last FROM instance WHERE series_instance_uid = ?",
        [series_instance_uid],
    )
    return 1 + (rows[0]["last"] or 0)


def next_series_number(db: Database, exam_id: str, study_instance_uid: str) -> int:
    """One more than any series of the same study has, so that an appended exam goes on counting."""
    row = db.conn.execute(
        "SELECT max(series_number) FROM series JOIN exam USING (exam_id)"
        " WHERE exam.study_instance_uid = ? OR exam.exam_id = ?",
        [study_instance_uid, exam_id],
    ).fetchone()
    return 1 + (row[0] or 0)


def insert_instance(db: Database, instance: Instance) -> None:
    db.table("instance").insert(
        {
            "sop_instance_uid": instance.sop_instance_uid,
            "series_instance_uid": instance.series_instance_uid,
            "exam_id": instance.exam_id,
            "instance_number": instance.instance_number,
            "sop_class_uid": instance.sop_class_uid,
            "transfer_syntax_uid": instance.transfer_syntax_uid,
            "path": instance.path,
            "size": instance.size,
            "sha256": instance.sha256,
            "object": instance.object,
            "frames": instance.frames,
            "dropped": instance.dropped,
            "provenance": json.dumps(dict(instance.provenance), sort_keys=True),
            "acquired": instance.acquired.isoformat(),
        }
    )
    provenance.insert(db, instance.sop_instance_uid, instance.origins)


def instances_of(catalog: Catalog, exam_id: str) -> list[Row]:
    """The exam's instances with what each archive has said of them, for display."""
    rows = catalog.rows(
        "SELECT i.*, s.series_number FROM instance i JOIN series s USING (series_instance_uid)"
        " WHERE i.exam_id = ? ORDER BY s.series_number, i.instance_number",
        [exam_id],
    )
    archived: dict[str, list[Row]] = {}
    for row in catalog.rows(
        "SELECT a.* FROM archived a JOIN instance i USING (sop_instance_uid)"
        " WHERE i.exam_id = ? ORDER BY a.peer",
        [exam_id],
    ):
        archived.setdefault(row["sop_instance_uid"], []).append(row)
    return [{**row, "archives": archived.get(row["sop_instance_uid"], [])} for row in rows]


def _series(row: Row, instances: tuple[InstanceReference, ...]) -> Series:
    return Series(
        series_instance_uid=row["series_instance_uid"],
        series_number=row["series_number"],
        modality=row["modality"],
        protocol_name=row["protocol_name"],
        series_description=row["series_description"],
        frame_of_reference_uid=row["frame_of_reference_uid"],
        started=datetime.fromisoformat(row["started"]),
        body_part=row["body_part"],
        laterality=row["laterality"],
        instances=instances,
    )


def _exam_row(exam: Exam) -> Row:
    reason = exam.discontinuation_reason
    return {
        "exam_id": exam.exam_id,
        "mpps_uid": exam.mpps_uid,
        "study_instance_uid": exam.study_instance_uid,
        "study_id": exam.study_id,
        "performed_procedure_step_id": exam.performed_procedure_step_id,
        "state": exam.state.value,
        "modality": exam.modality,
        "started": exam.started.isoformat(),
        "ended": exam.ended.isoformat() if exam.ended else None,
        "character_set": json.dumps(exam.character_set),
        "operators_name": exam.operators_name,
        "performing_physicians_name": exam.performing_physicians_name,
        "discontinuation_reason": reason.value if reason else None,
    }
