"""What an operator compares before an exam gets another worklist entry, and which way it goes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from device.exam import Exam
from device.worklist import WorklistItem
from services import matching
from services.box import Box
from services.catalog import exams
from services.catalog import worklist as cache
from services.catalog.worklist import CachedItem

STALE_SECONDS = 86_400.0
_STARTED = ("STARTED", "DEPARTED", "COMPLETED", "IN PROGRESS")

_COMPARED = (
    ("name", "patient_name"),
    ("birth_date", "patient_birth_date"),
    ("sex", "patient_sex"),
    ("patient_id", "patient_id"),
    ("issuer", "issuer_of_patient_id"),
    ("accession_number", "accession_number"),
    ("procedure", "requested_procedure_description"),
    ("study_instance_uid", "study_instance_uid"),
)
_OF_THE_PATIENT = frozenset({"name", "birth_date", "sex", "patient_id", "issuer"})


class Way(StrEnum):
    """What a match does: the box rewrites what only it has, the archive corrects the rest."""

    CORRECT = "correct"
    RECONCILE = "reconcile"


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of both sides; ``contradicts`` where both say something of the patient, unlike."""

    name: str
    here: str
    there: str
    contradicts: bool

    @property
    def differs(self) -> bool:
        return self.here != self.there


@dataclass(frozen=True, slots=True)
class Caution:
    """One thing to think of before confirming: a code, and values for its sentence."""

    code: str
    params: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Both identities side by side.

    Attributes
    ----------
    seal
        Stands for all that is shown: who confirms says it, so that nothing has changed meanwhile.
    """

    exam: Exam
    item: WorklistItem
    way: Way
    facts: tuple[Fact, ...]
    warnings: tuple[Caution, ...]
    seal: str


def propose(box: Box, exam_id: str, key: str) -> Proposal:
    """Compare an exam with a worklist entry.

    Raises
    ------
    NotFound
        There is no such exam or entry.
    """
    exam = exams.load(box.catalog, exam_id)
    entry = cache.get(box.catalog, key)
    way = Way.RECONCILE if matching.seen(box, exam_id) else Way.CORRECT
    facts = compare(exam.item, entry.item)
    warnings = tuple(_warnings(box, exam, entry, facts, way))
    return Proposal(exam, entry.item, way, facts, warnings, _seal(exam, entry.item, way, warnings))


def compare(here: WorklistItem, there: WorklistItem) -> tuple[Fact, ...]:
    """The facts of two identities, in the order in which people compare them."""
    facts = []
    for name, attribute in _COMPARED:
        ours, theirs = getattr(here, attribute), getattr(there, attribute)
        unlike = bool(ours and theirs) and ours != theirs
        facts.append(Fact(name, ours, theirs, unlike and name in _OF_THE_PATIENT))
    return tuple(facts)


def _warnings(
    box: Box, exam: Exam, entry: CachedItem, facts: Sequence[Fact], way: Way
) -> list[Caution]:
    found = [Caution(f"differs_{fact.name}") for fact in facts if fact.contradicts]
    if exam.item.key == entry.item.key:
        found.append(Caution("same_entry"))
    for other_id, state in cache.exams_of(box.catalog, entry.item.key):
        if other_id != exam.exam_id:
            found.append(Caution("entry_has_exam", {"exam": other_id, "state": state}))
    if entry.item.scheduled_procedure_step_status in _STARTED:
        found.append(Caution("entry_started_elsewhere"))
    if box.wall() - entry.received > STALE_SECONDS:
        found.append(Caution("entry_is_old"))
    modality = entry.item.modality
    if modality and exam.modality and modality != exam.modality:
        found.append(Caution("modality", {"here": exam.modality, "there": modality}))
    found += _about_the_study(box, exam, entry.item)
    found += _about_images(box, exam, way)
    return found


def _about_the_study(box: Box, exam: Exam, item: WorklistItem) -> list[Caution]:
    """Other exams of the former study keep it; one of another patient may have the new study."""
    found = [
        Caution("sister_exam", {"exam": each.exam_id})
        for each in exams.of_study(box.catalog, exam.study_instance_uid)
        if each.exam_id != exam.exam_id
    ]
    if not item.study_instance_uid:
        return found
    for each in exams.of_study(box.catalog, item.study_instance_uid):
        if each.exam_id != exam.exam_id and any(f.contradicts for f in compare(each.item, item)):
            found.append(Caution("study_of_another", {"exam": each.exam_id}))
    return found


def _about_images(box: Box, exam: Exam, way: Way) -> list[Caution]:
    row = box.catalog.row(
        "SELECT (SELECT count(*) FROM delivery WHERE exam_id = :exam AND attempts > 0"
        " AND kind IN ('film', 'paper')) AS sheets,"
        " (SELECT count(*) FROM delivery WHERE exam_id = :exam AND state IN ('waiting', 'held')"
        " AND kind IN ('film', 'paper')) AS waiting_sheets,"
        " (SELECT count(*) FROM instance WHERE exam_id = :exam) AS images",
        {"exam": exam.exam_id},
    )
    counts = row or {}
    found = []
    if counts.get("images"):
        found.append(Caution("look_at_pictures", {"n": counts["images"]}))
    if counts.get("sheets"):
        found.append(Caution("printed", {"n": counts["sheets"]}))
    if counts.get("waiting_sheets") and way is Way.CORRECT:
        found.append(Caution("prints_cancelled", {"n": counts["waiting_sheets"]}))
    return found


def _seal(exam: Exam, item: WorklistItem, way: Way, warnings: Sequence[Caution]) -> str:
    digest = hashlib.sha256(f"{exam.exam_id}\0{way}\0{warnings!r}".encode())
    for each in (*exam.items, item):
        digest.update(each.encode())
    return digest.hexdigest()[:32]
