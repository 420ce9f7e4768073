"""Taking a patient to hand: one exam is open on the screen at a time, with its patient confirmed.

The exam, its place at hand and what is noted of it are one step in the catalog: no crash leaves an
exam that nobody sees, and no second tap begins a second one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from device.exam import Exam, ExamState
from device.worklist import WorklistItem
from services import exams as lives
from services.box import Box
from services.catalog import at_hand, exams
from services.catalog.database import Catalog
from services.errors import CatalogError

Note = Callable[[Database, str], None]
"""Notes for the audit, within the step, that the exam of this number was opened."""

_OPEN = "SELECT exam_id FROM exam WHERE state = ? ORDER BY number"


class AnotherOpen(CatalogError):
    """The patient cannot be changed while an exam is open; ``exam_id`` is that exam."""

    def __init__(self, exam_id: str) -> None:
        self.exam_id = exam_id
        super().__init__(
            f"exam {exam_id} is still open: finish it before another patient is opened"
        )


class SeveralPatients(CatalogError):
    """Entries of several patients were chosen for one exam."""


class Ended(CatalogError):
    """The exam that was meant is not open any more."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What an operator says of a patient who is not on the worklist; empty where not known.

    ``patient_name`` is written as DICOM does, ``birth_date`` is ``YYYYMMDD``.
    """

    patient_name: str = ""
    patient_id: str = ""
    birth_date: str = ""
    sex: str = ""
    procedure: str = ""
    modality: str = ""


def open_exams(catalog: Catalog) -> list[Exam]:
    """Every exam that has not ended, oldest first."""
    rows = catalog.rows(_OPEN, [ExamState.IN_PROGRESS])
    return [exams.load(catalog, row["exam_id"]) for row in rows]


def refuse_mixed(items: Sequence[WorklistItem]) -> None:
    """Return if one exam may satisfy all of these entries.

    Raises
    ------
    SeveralPatients
        They are of different patients.
    """
    try:
        lives.refuse_mixed_patients(items)
    except CatalogError as error:
        raise SeveralPatients(str(error)) from error


def begin(
    box: Box,
    items: Sequence[WorklistItem],
    note: Note,
    *,
    protocol: str = "",
    modality: str = "",
    operators_name: str = "",
) -> Exam:
    """Begin the exam of a patient whom a person has just confirmed, and take it to hand.

    Parameters
    ----------
    protocol
        Name of the protocol to begin with; empty for the first one.

    Raises
    ------
    AnotherOpen
        Whoever opened it.
    StorageFull, CatalogError
        As :func:`services.exams.start`.
    """

    def along(db: Database, exam: Exam) -> None:
        _refuse_beside_another(db, exam.exam_id)
        at_hand.set(db, exam.exam_id, protocol, box.clock.now())
        note(db, exam.exam_id)

    return lives.start(box, items, modality=modality, operators_name=operators_name, along=along)


def unscheduled(box: Box, typed: Typed) -> WorklistItem:
    """An entry of what was typed and nothing else.

    Raises
    ------
    InvalidIdentity
        Names every fault at once.
    """
    return WorklistItem.unscheduled(
        patient_id=typed.patient_id,
        patient_name=typed.patient_name,
        birth_date=typed.birth_date,
        sex=typed.sex,
        study_instance_uid=box.uids(),
        character_set=box.station.character_set,
        modality=typed.modality,
        study_description=typed.procedure,
    )


def emergency(box: Box, prefix: str) -> WorklistItem:
    """An entry for somebody whom nobody has time to ask: a number of ours, and nothing more.

    Patient ID is the site's prefix, the station and the time (PS3.3 C.7.1.1 asks for no name), so
    that it is plain to everybody that it was made up and where to ask.
    """
    now = box.clock.now()
    return unscheduled(box, Typed(patient_id=f"{prefix}{box.station.ae_title}-{now:%Y%m%d-%H%M%S}"))


def take_to_hand(box: Box, exam_id: str, note: Note) -> Exam:
    """Take an open exam to hand whose patient a person has just confirmed.

    Raises
    ------
    AnotherOpen
        A different one is at hand: its patient comes first.
    Ended
        The exam has ended.
    """
    exam = exams.load(box.catalog, exam_id)
    with box.catalog.writing() as db:
        _require_open(db, exam_id)
        held = at_hand.get(box.catalog)
        if held is not None and held.exam_id != exam_id:
            raise AnotherOpen(held.exam_id)
        if held is None:
            at_hand.set(db, exam_id, "", box.clock.now())
        else:
            at_hand.confirm(db, exam_id, box.clock.now())
        note(db, exam_id)
    return exam


def _refuse_beside_another(db: Database, exam_id: str) -> None:
    for row in db.query(_OPEN, [ExamState.IN_PROGRESS]):
        if row["exam_id"] != exam_id:
            raise AnotherOpen(row["exam_id"])


def _require_open(db: Database, exam_id: str) -> None:
    for row in db.query("SELECT state FROM exam WHERE exam_id = ?", [exam_id]):
        if row["state"] != ExamState.IN_PROGRESS:
            raise Ended(f"exam {exam_id} has ended meanwhile: {row['state']}")
