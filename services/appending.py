"""Going on with an exam that has ended: a further step in its study, for the same patient."""

from __future__ import annotations

from sqlite_utils import Database

from device.exam import Exam
from services import exams as lives
from services import opening
from services.box import Box
from services.catalog import at_hand
from services.opening import AnotherOpen, Note


def append(box: Box, exam_id: str, note: Note, *, operators_name: str = "") -> Exam:
    """Begin a further exam in the study of an ended one, and take it to hand.

    Raises
    ------
    AnotherOpen
        The patient cannot be changed while an exam is open.
    NotFound, StorageFull, CatalogError
        As :func:`services.exams.append`.
    """

    def along(db: Database, exam: Exam) -> None:
        for other in opening.open_exams(box.catalog):
            if other.exam_id != exam.exam_id:
                raise AnotherOpen(other.exam_id)
        at_hand.set(db, exam.exam_id, "", box.clock.now())
        note(db, exam.exam_id)

    return lives.append(box, exam_id, operators_name=operators_name, along=along)
