"""An exam that has left the box under a wrong identity: what the archive must correct, and who.

Nothing of the exam is rewritten or reported anew: what was not sent yet follows under the identity
that the archive has, so that the study stays in one piece and is corrected there as one. Anybody
may ask for it, a supervisor confirms, and says when the archive has been corrected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from device.exam import Exam, ExamState
from device.reasons import discontinuation_reason
from device.worklist import WorklistItem
from services import exams as lives
from services import matching
from services.box import Box
from services.catalog import exams
from services.catalog.database import Row
from services.errors import CatalogError, NotFound

WRONG_ENTRY: Final = discontinuation_reason("110514")
"""(110514, DCM, "Incorrect worklist entry selected"), PS3.16 CID 9300."""


class Stage(StrEnum):
    """``asked -> confirmed -> done``, or withdrawn before it is done."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    DONE = "done"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """One exam that is to be corrected at the archive.

    ``entry`` is the worklist entry to which it really belongs.
    """

    id: int
    exam_id: str
    stage: Stage
    entry: WorklistItem
    asked: datetime
    asked_by: str
    confirmed: datetime | None
    confirmed_by: str
    ended: datetime | None
    ended_by: str


def ask(box: Box, exam_id: str, item: WorklistItem, *, by: str) -> Reconciliation:
    """Mark an exam as sent under a wrong identity; a supervisor confirms it.

    Raises
    ------
    NotFound
        There is no such exam.
    CatalogError
        Nothing of it has left the box, so it can be matched here; it has this entry already, or is
        marked already.
    """
    exam = exams.load(box.catalog, exam_id)
    if item.key == exam.item.key:
        raise CatalogError(f"exam {exam_id} belongs to this entry already")
    with box.catalog.writing() as db:
        if not matching.seen(box, exam_id):
            raise CatalogError(
                f"nothing of exam {exam_id} has left the box: match it with the entry here"
            )
        if _open(box, exam_id) is not None:
            raise CatalogError(
                f"exam {exam_id} is marked for reconciliation already: withdraw that first"
            )
        db.conn.execute(
            "INSERT INTO reconciliation (exam_id, state, entry, asked, asked_by)"
            " VALUES (?, 'asked', ?, ?, ?)",
            [exam_id, item.encode(), box.clock.now().isoformat(), by],
        )
    return of_exam(box, exam_id)


def confirm(box: Box, exam_id: str, *, by: str) -> Reconciliation:
    """A supervisor agrees. An exam that is still open is discontinued as a wrong selection.

    Its final MPPS says :data:`WRONG_ENTRY`; a step that was reported as ended stays as it was
    reported, since a new one is never invented.

    Raises
    ------
    NotFound
        The exam is not marked.
    CatalogError
        The exam is being acquired, or it is confirmed already.
    """
    if of_exam(box, exam_id).stage is not Stage.ASKED:
        raise CatalogError(f"the reconciliation of exam {exam_id} is confirmed already")
    if exams.load(box.catalog, exam_id).state is ExamState.IN_PROGRESS:
        # first, since a crash after it leaves what can be confirmed once more
        lives.discontinue(box, exam_id, WRONG_ENTRY)
    _advance(
        box, exam_id, (Stage.ASKED,), "state = 'confirmed', confirmed = ?, confirmed_by = ?", by
    )
    return of_exam(box, exam_id)


def finish(box: Box, exam_id: str, *, by: str) -> None:
    """A supervisor says that the archive has been corrected.

    Raises
    ------
    NotFound
        The exam is not marked.
    CatalogError
        No supervisor has confirmed that it is to be corrected.
    """
    _advance(box, exam_id, (Stage.CONFIRMED,), "state = 'done', ended = ?, ended_by = ?", by)


def withdraw(box: Box, exam_id: str, *, by: str) -> None:
    """The exam has the right identity after all, or another entry is meant.

    Raises
    ------
    NotFound
        The exam is not marked.
    """
    stages = (Stage.ASKED, Stage.CONFIRMED)
    _advance(box, exam_id, stages, "state = 'withdrawn', ended = ?, ended_by = ?", by)


def pending(box: Box) -> list[Reconciliation]:
    """What is to be corrected, oldest first."""
    rows = box.catalog.rows(
        "SELECT * FROM reconciliation WHERE state IN ('asked', 'confirmed') ORDER BY id"
    )
    return [_read(row) for row in rows]


def of_exam(box: Box, exam_id: str) -> Reconciliation:
    """The open reconciliation of an exam.

    Raises
    ------
    NotFound
        The exam is not marked.
    """
    row = _open(box, exam_id)
    if row is None:
        raise NotFound(f"exam {exam_id} is not marked for reconciliation")
    return _read(row)


def history(box: Box, exam_id: str) -> list[Reconciliation]:
    """All that was ever marked of an exam, oldest first."""
    rows = box.catalog.rows("SELECT * FROM reconciliation WHERE exam_id = ? ORDER BY id", [exam_id])
    return [_read(row) for row in rows]


def _open(box: Box, exam_id: str) -> Row | None:
    return box.catalog.row(
        "SELECT * FROM reconciliation WHERE exam_id = ? AND state IN ('asked', 'confirmed')",
        [exam_id],
    )


def _advance(box: Box, exam_id: str, stages: Sequence[Stage], changes: str, by: str) -> None:
    with box.catalog.writing() as db:
        found = of_exam(box, exam_id)
        if found.stage not in stages:
            raise CatalogError(
                f"a supervisor must confirm the reconciliation of exam {exam_id} first"
            )
        db.conn.execute(
            f"UPDATE reconciliation SET {changes} WHERE id = ?",  # noqa: S608 -- our own text
            [box.clock.now().isoformat(), by, found.id],
        )


def _read(row: Row) -> Reconciliation:
    def moment(name: str) -> datetime | None:
        return datetime.fromisoformat(row[name]) if row[name] else None

    return Reconciliation(
        id=row["id"],
        exam_id=row["exam_id"],
        stage=Stage(row["state"]),
        entry=WorklistItem.decode(row["entry"]),
        asked=datetime.fromisoformat(row["asked"]),
        asked_by=row["asked_by"],
        confirmed=moment("confirmed"),
        confirmed_by=row["confirmed_by"],
        ended=moment("ended"),
        ended_by=row["ended_by"],
    )


def sheet(box: Box, found: Reconciliation) -> str:
    """What the PACS administrator needs, as text: both identities, and what is where.

    In English, by the attributes' own names, since it goes to another department's system.
    """
    exam = exams.load(box.catalog, found.exam_id)
    lines = [
        f"Reconciliation {found.id} of {box.station.ae_title}"
        f" ({box.station.station_name or 'no station name'}), exam {exam.exam_id}",
        f"Asked {found.asked:%Y-%m-%d %H:%M} by {found.asked_by or 'the operator'}; "
        + (
            f"confirmed {found.confirmed:%Y-%m-%d %H:%M} by {found.confirmed_by}"
            if found.confirmed
            else "NOT CONFIRMED YET"
        ),
        "",
        "These images were sent under a wrong identity. Please correct the study at the archive.",
        "",
        *_identity("AS SENT (wrong)", exam.item, exam.study_instance_uid),
        "",
        *_identity("AS IT SHOULD BE", found.entry, found.entry.study_instance_uid),
        "",
        f"MPPS (SOP Instance UID): {exam.mpps_uid}, {exam.state.value}",
    ]
    for series in exams.series_of(box.catalog, exam.exam_id):
        lines += ["", f"Series {series.series_number} (UID {series.series_instance_uid}):"]
        lines += [f"  {each.sop_instance_uid}" for each in series.instances]
    lines += ["", *_whereabouts(box, exam)]
    return "\n".join(lines) + "\n"


def _identity(title: str, item: WorklistItem, study: str) -> list[str]:
    facts = (
        ("Patient's Name", item.patient_name),
        ("Patient ID", item.patient_id),
        ("Issuer of Patient ID", item.issuer_of_patient_id),
        ("Patient's Birth Date", item.patient_birth_date),
        ("Patient's Sex", item.patient_sex),
        ("Accession Number", item.accession_number),
        ("Study Instance UID", study),
        ("Requested Procedure ID", item.requested_procedure_id),
        ("Scheduled Procedure Step ID", item.scheduled_procedure_step_id),
        ("Requested Procedure Description", item.requested_procedure_description),
    )
    return [title, *(f"  {name}: {value or '(empty)'}" for name, value in facts)]


def _whereabouts(box: Box, exam: Exam) -> list[str]:
    rows = box.catalog.rows(
        "SELECT a.peer, count(*) AS owed, count(a.stored) AS stored, count(a.committed) AS promised"
        " FROM archived a JOIN instance i USING (sop_instance_uid) WHERE i.exam_id = ?"
        " GROUP BY a.peer ORDER BY a.peer",
        [exam.exam_id],
    )
    return [
        f"At {row['peer']}: {row['stored']} of {row['owed']} images stored, "
        f"{row['promised']} committed. The rest follows under the identity as sent."
        if row["stored"] < row["owed"]
        else f"At {row['peer']}: all {row['owed']} images stored, {row['promised']} committed."
        for row in rows
    ]
