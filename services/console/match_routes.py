"""Giving an exam to the entry that it belongs to, and the list of those the archive corrects."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlite_utils import Database
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from device.errors import DeviceError
from services import match_proposal, matching, reconciliation, scan_matching
from services.catalog import audit, exams
from services.console.answers import Call, allow, answer
from services.console.context import Context
from services.console.exam_routes import reconciliation_as_plain
from services.console.people import Role, needs
from services.console.problems import Problem
from services.console.worklist_routes import row_of
from services.errors import CatalogError, NotFound, StorageFull
from services.match_proposal import Proposal, Way
from services.patient_facts import exam_facts, items_facts


def routes(context: Context) -> list[BaseRoute]:
    area = _Matches(context)
    one = "/api/exams/{exam_id}/reconciliation"
    return [
        Route("/api/exams/{exam_id}/match/{key}", answer(area.look)),
        Route("/api/exams/{exam_id}/match", answer(area.match), methods=["POST"]),
        Route("/api/exams/{exam_id}/match/scan", answer(area.scan), methods=["POST"]),
        Route("/api/reconcile", answer(area.pending)),
        Route(f"{one}/sheet", answer(area.sheet)),
        Route(f"{one}/confirm", answer(area.confirm), methods=["POST"]),
        Route(f"{one}/done", answer(area.done), methods=["POST"]),
        Route(f"{one}/withdraw", answer(area.withdraw), methods=["POST"]),
    ]


class _Matches:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._box = context.box

    @needs(Role.OPERATOR)
    def look(self, call: Call) -> dict[str, Any]:
        """Both identities side by side, and which way it goes."""
        return self._as_plain(self._proposal(call.path["exam_id"], call.path["key"]))

    @needs(Role.OPERATOR)
    def match(self, call: Call) -> dict[str, Any]:
        """Do what was looked at: ``seal`` is that of the proposal, so that nothing has changed."""
        exam_id, session = str(call.path["exam_id"]), call.session
        proposal = self._proposal(exam_id, call.text("key", 64))
        if call.text("seal", 64) != proposal.seal:
            raise Problem("G-4204")
        with _explained():
            if proposal.way is Way.RECONCILE:
                found = reconciliation.ask(self._box, exam_id, proposal.item, by=session.name)
                self._note(call, "reconciliation-asked")
                if session.role >= Role.SUPERVISOR:
                    found = self._confirm(call)
                return {"way": Way.RECONCILE.value, **reconciliation_as_plain(found)}
            matched = matching.correct(
                self._box,
                exam_id,
                [proposal.item],
                by=session.name,
                note=lambda db: self._enter(db, call, "exam-matched"),
            )
        facts = exam_facts(self._box, matched.exam)
        return {"way": Way.CORRECT.value, "files": matched.files, "exam": facts}

    @needs(Role.OPERATOR)
    def scan(self, call: Call) -> dict[str, Any]:
        """The entries that a scanned code is of; the person still compares and confirms."""
        if self._context.read_scan is None:
            raise Problem("G-1109")
        try:
            scanned = self._context.read_scan(call.text("text"))
        except ValueError as error:
            raise Problem("G-1101", {"words": str(error)}) from None
        entries = self._context.worklist.entries()
        found = scan_matching.match(scanned, entries, self._box.clock.now().date())
        if not found.entries:
            raise Problem("G-1102")
        return {"rows": [row_of(self._box, entry) for entry in found.entries]}

    @needs(Role.OPERATOR)
    def pending(self, call: Call) -> dict[str, Any]:
        """Everybody may see what is to be corrected; only a supervisor acts on it."""
        box = self._box
        return {
            "may_act": call.session.role >= Role.SUPERVISOR,
            "reconciliations": [
                {
                    **reconciliation_as_plain(each),
                    "facts": exam_facts(box, exams.load(box.catalog, each.exam_id)),
                }
                for each in reconciliation.pending(box)
            ],
        }

    @needs(Role.OPERATOR)
    def sheet(self, call: Call) -> Response:
        """What the PACS administrator needs, as a text file."""
        exam_id = str(call.path["exam_id"])
        marked = reconciliation.history(self._box, exam_id)
        if not marked:
            raise Problem("G-4210", {"words": f"exam {exam_id} is not marked"})
        return PlainTextResponse(
            reconciliation.sheet(self._box, marked[-1]),
            headers={"content-disposition": f'attachment; filename="reconcile-{exam_id}.txt"'},
        )

    @needs(Role.SUPERVISOR)
    def confirm(self, call: Call) -> dict[str, Any]:
        with _explained():
            return reconciliation_as_plain(self._confirm(call))

    @needs(Role.SUPERVISOR)
    def done(self, call: Call) -> dict[str, Any]:
        with _explained():
            reconciliation.finish(self._box, call.path["exam_id"], by=call.session.name)
        self._note(call, "reconciliation-done")
        return {"done": True}

    @needs(Role.SUPERVISOR)
    def withdraw(self, call: Call) -> dict[str, Any]:
        with _explained():
            reconciliation.withdraw(self._box, call.path["exam_id"], by=call.session.name)
        self._note(call, "reconciliation-withdrawn")
        return {"done": True}

    def _confirm(self, call: Call) -> reconciliation.Reconciliation:
        allow(call.session, Role.SUPERVISOR)
        found = reconciliation.confirm(self._box, call.path["exam_id"], by=call.session.name)
        self._note(call, "reconciliation-confirmed")
        return found

    def _proposal(self, exam_id: str, key: str) -> Proposal:
        exams.load(self._box.catalog, exam_id)
        try:
            return match_proposal.propose(self._box, exam_id, key)
        except NotFound:
            raise Problem("G-4209") from None

    def _as_plain(self, proposal: Proposal) -> dict[str, Any]:
        today = self._box.clock.now().date()
        return {
            "way": proposal.way.value,
            "seal": proposal.seal,
            "key": proposal.item.key,
            "here": exam_facts(self._box, proposal.exam),
            "there": items_facts([proposal.item], today),
            "facts": [
                {
                    "name": fact.name,
                    "here": fact.here,
                    "there": fact.there,
                    "differs": fact.differs,
                    "contradicts": fact.contradicts,
                }
                for fact in proposal.facts
            ],
            "warnings": [{"code": each.code, "params": each.params} for each in proposal.warnings],
            "supervisor": proposal.way is Way.RECONCILE,
        }

    def _note(self, call: Call, action: str) -> None:
        with self._box.catalog.writing() as db:
            self._enter(db, call, action)

    def _enter(self, db: Database, call: Call, action: str) -> None:
        session, at = call.session, self._box.clock.now()
        audit.note(db, at, session.name, session.role.word, action, "done", call.path["exam_id"])


@contextmanager
def _explained() -> Iterator[None]:
    """Give the refusals of the services their codes."""
    try:
        yield
    except matching.SeenElsewhere:
        raise Problem("G-4205") from None
    except StorageFull as error:
        raise Problem("G-4207", {"words": str(error)}) from None
    except NotFound:
        raise
    except CatalogError as error:
        code = "G-4203" if "being acquired" in str(error) else "G-4206"
        raise Problem(code, {"words": str(error)}) from None
    except DeviceError as error:
        raise Problem("G-4208", {"words": str(error)}) from None
