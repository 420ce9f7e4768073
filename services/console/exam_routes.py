"""``/api/exams``: finding exams, one exam with all that became of it, and going on with one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlite_utils import Database
from starlette.routing import BaseRoute, Route

from device.exam import Exam, ExamState
from services import (
    appending,
    confirming,
    exam_list,
    exam_view,
    matching,
    opening,
    outbox_list,
    reconciliation,
)
from services.catalog import audit, exams
from services.confirming import By, Confirmation, Differs, TooFew
from services.console.answers import Call, answer
from services.console.context import Context
from services.console.once import Once
from services.console.people import Role, needs
from services.console.problems import Problem
from services.exam_list import Which
from services.outbox import progress
from services.patient_facts import exam_facts
from services.reconciliation import Reconciliation
from services.scanned_identity import NEEDED

_LARGEST_PAGE = 100
_RECENT_DAYS = 1


def routes(context: Context) -> list[BaseRoute]:
    area = _Exams(context)
    return [
        Route("/api/exams", answer(area.page)),
        Route("/api/exams/{exam_id}", answer(area.exam)),
        Route("/api/exams/{exam_id}/append", answer(area.append), methods=["POST"]),
    ]


class _Exams:
    def __init__(self, context: Context) -> None:
        self._box = context.box
        self._once = Once()

    @needs(Role.OPERATOR)
    def page(self, call: Call) -> dict[str, Any]:
        which = which_of(call)
        number, size = numbers_of(call, exam_list.PAGE)
        found = exam_list.page(
            self._box, str(call.query.get("filter", ""))[:100], which, number, size
        )
        return {
            "exams": found.exams,
            "total": found.total,
            "page": number,
            "size": size,
            "state": which.value,
        }

    @needs(Role.OPERATOR)
    def exam(self, call: Call) -> dict[str, Any]:
        box = self._box
        exam = exams.load(box.catalog, call.path["exam_id"])
        bound = exam_list.destinations(box, [exam.exam_id]).get(exam.exam_id, [])
        on_the_way = {each.peer: each for each in progress.of_peers(box)}
        marked = reconciliation.history(box, exam.exam_id)
        return {
            **exam_view.exam_in_detail(box, exam),
            "facts": exam_facts(box, exam),
            "destinations": [
                {**each.as_plain(), **_pace(on_the_way.get(each.peer))} for each in bound
            ],
            "standing": exam_list.standing(bound),
            "lines": outbox_list.page(box, exam_id=exam.exam_id, size=_LARGEST_PAGE).lines,
            "sisters": [
                each.exam_id
                for each in exams.of_study(box.catalog, exam.study_instance_uid)
                if each.exam_id != exam.exam_id
            ],
            "left_the_box": matching.seen(box, exam.exam_id),
            "reconciliations": [reconciliation_as_plain(each) for each in marked],
            "history": _history(box, exam.exam_id),
            "may_append": exam.state is not ExamState.IN_PROGRESS,
            "is_old": exam.ended is not None
            and (box.clock.now() - exam.ended).days >= _RECENT_DAYS,
        }

    @needs(Role.OPERATOR)
    def append(self, call: Call) -> dict[str, Any]:
        """Begin a further exam for the same patient, whom a person has just compared."""
        exam_id = str(call.path["exam_id"])

        def step() -> dict[str, Any]:
            exam = exams.load(self._box.catalog, exam_id)
            if exam.state is ExamState.IN_PROGRESS:
                raise Problem("G-4211", {"exam": exam_id})
            agreed = _confirmed(call, exam)
            try:
                begun = appending.append(self._box, exam_id, self._note(call, exam_id, agreed))
            except opening.AnotherOpen as error:
                raise Problem("G-4212", {"exam": error.exam_id}) from None
            return {"exam": exam_facts(self._box, begun)}

        found = self._once.do(call.text("token", 64), step)
        assert isinstance(found, dict)
        return found

    def _note(self, call: Call, former: str, agreed: tuple[str, ...]) -> opening.Note:
        session, at = call.session, self._box.clock.now()

        def note(db: Database, exam_id: str) -> None:
            detail = f"to exam {former}; compared: {', '.join(agreed)}"
            audit.note(
                db, at, session.name, session.role.word, "exam-appended", "done", exam_id, detail
            )

        return note


def _confirmed(call: Call, exam: Exam) -> tuple[str, ...]:
    """The identifiers that the person had before their eyes must be those of the exam."""
    said = call.body.get("identifiers")
    if not isinstance(said, list):
        raise Problem("G-9003", {"words": "identifiers must be a list"})
    shown = tuple(
        (str(each.get("name", "")), str(each.get("value", "")))
        for each in said
        if isinstance(each, dict)
    )
    needed = min(NEEDED, len(confirming.known(exam.items)))
    try:
        return confirming.confirm(exam.items, Confirmation(By.HOLD, shown), needed)
    except (Differs, TooFew):
        raise Problem("G-4213") from None


def _pace(found: progress.PeerProgress | None) -> dict[str, Any]:
    """How fast the peer takes images now, and whether it is left alone."""
    if found is None:
        return {"bytes_per_second": 0, "seconds_left": None, "paused_seconds": 0, "fault": ""}
    return {
        "bytes_per_second": found.bytes_per_second,
        "seconds_left": found.seconds_left,
        "paused_seconds": found.paused_seconds,
        "fault": found.fault,
        "last_contact": found.last_contact,
    }


def _history(box: Any, exam_id: str) -> list[dict[str, Any]]:
    """What people did with the exam, newest last; never who the patient was before."""
    return box.catalog.rows(  # type: ignore[no-any-return]
        "SELECT at, who, role, action, outcome, detail FROM audit_event WHERE exam_id = ?"
        " ORDER BY id LIMIT 200",
        [exam_id],
    )


def reconciliation_as_plain(found: Reconciliation) -> dict[str, Any]:
    """One reconciliation for JSON; times are ISO 8601."""

    def moment(when: datetime | None) -> str:
        return when.isoformat() if when else ""

    entry = found.entry
    return {
        "exam": found.exam_id,
        "stage": found.stage.value,
        "asked": moment(found.asked),
        "asked_by": found.asked_by,
        "confirmed": moment(found.confirmed),
        "confirmed_by": found.confirmed_by,
        "ended": moment(found.ended),
        "ended_by": found.ended_by,
        "entry": {
            "patient_name": entry.patient_name,
            "patient_id": entry.patient_id,
            "birth_date": entry.patient_birth_date,
            "sex": entry.patient_sex,
            "accession_number": entry.accession_number,
            "study_instance_uid": entry.study_instance_uid,
            "procedure": entry.requested_procedure_description,
        },
    }


def which_of(call: Call) -> Which:
    """Which exams are asked for.

    Raises
    ------
    Problem
        G-9003 for a state that there is not.
    """
    try:
        return Which(call.query.get("state", Which.ALL) or Which.ALL)
    except ValueError:
        known = ", ".join(Which)
        raise Problem("G-9003", {"words": f"state must be one of {known}"}) from None


def numbers_of(call: Call, usual: int) -> tuple[int, int]:
    """The page and its size that are asked for.

    Raises
    ------
    Problem
        G-9003 when they are no numbers, or too large.
    """
    try:
        number, size = int(call.query.get("page", 0)), int(call.query.get("size", usual))
    except ValueError:
        raise Problem("G-9003", {"words": "page and size must be numbers"}) from None
    if not 0 <= number <= 10**6 or not 0 < size <= _LARGEST_PAGE:
        raise Problem("G-9003", {"words": f"size must be 1 to {_LARGEST_PAGE}"})
    return number, size
