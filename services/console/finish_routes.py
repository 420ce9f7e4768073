"""The end of an exam: what there is, what goes where, completed or discontinued."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.routing import BaseRoute, Route

from device.errors import IllegalTransition, UnknownReason
from device.exam import Exam, ExamState
from device.reasons import DISCONTINUATION_REASONS, discontinuation_reason
from services import discards
from services import exams as lives
from services.catalog import discarded, exams
from services.catalog.database import Row
from services.console.answers import Call, answer
from services.console.context import Context
from services.console.image_routes import image_as_plain
from services.console.people import Role, needs
from services.console.problems import Problem
from services.dicom.peers import Peer, Service
from services.errors import ExamBusy, ExamEnded, ExamWithoutImages
from services.outbox import peer_state
from services.patient_facts import exam_facts

_IMAGES = """
    SELECT i.*, s.series_number, s.protocol_name, s.series_description, s.modality
    FROM instance i JOIN series s USING (series_instance_uid)
    WHERE i.exam_id = ? AND i.object != ? ORDER BY s.series_number, i.instance_number
"""
_AT_PEERS = """
    SELECT a.peer, count(*) AS images, count(a.stored) AS stored, count(a.committed) AS committed,
        sum(a.owes_commitment) AS promised, sum(i.size) AS bytes
    FROM archived a JOIN instance i USING (sop_instance_uid)
    WHERE i.exam_id = ? AND i.discarded IS NULL AND i.object != ? GROUP BY a.peer
"""


def routes(context: Context) -> list[BaseRoute]:
    area = _Finish(context)
    return [
        Route("/api/exams/{exam_id}/finish", answer(area.overview)),
        Route("/api/exams/{exam_id}/complete", answer(area.complete), methods=["POST"]),
        Route("/api/exams/{exam_id}/discontinue", answer(area.discontinue), methods=["POST"]),
    ]


class _Finish:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._box = context.box

    @needs(Role.OPERATOR)
    def overview(self, call: Call) -> dict[str, Any]:
        """Everything that somebody looks at before the exam ends."""
        box = self._box
        exam = exams.load(box.catalog, call.path["exam_id"])
        rows = box.catalog.rows(_IMAGES, [exam.exam_id, discarded.NOTE])
        kept = [row for row in rows if row["discarded"] is None]
        return {
            "exam": exam_facts(box, exam),
            "open": exam.state is ExamState.IN_PROGRESS,
            "recording": self._recording(exam.exam_id),
            "images": len(kept),
            "can_complete": bool(kept),
            "series": _by_series(kept),
            "discarded": [self._discarded(row) for row in rows if row["discarded"] is not None],
            "archives": self._archives(exam),
            "reports": [
                {"peer": peer.name, **self._contact(peer)} for peer in box.offering(Service.MPPS)
            ],
            "reasons": list(DISCONTINUATION_REASONS),
        }

    @needs(Role.OPERATOR)
    def complete(self, call: Call) -> dict[str, Any]:
        exam_id = str(call.path["exam_id"])
        self._end(exam_id, lambda: lives.complete(self._box, exam_id))
        self._note(call, "complete", exam_id)
        return {"ended": True}

    @needs(Role.OPERATOR)
    def discontinue(self, call: Call) -> dict[str, Any]:
        exam_id, chosen = str(call.path["exam_id"]), call.text("reason", 64)
        if not chosen:
            raise Problem("G-3008")
        try:
            reason = discontinuation_reason(chosen)
        except UnknownReason:
            raise Problem("G-3003", {"reason": chosen}) from None
        self._end(exam_id, lambda: lives.discontinue(self._box, exam_id, reason))
        self._note(call, "discontinue", exam_id, reason.value)
        return {"ended": True}

    def _end(self, exam_id: str, end: Callable[[], Exam]) -> None:
        if self._recording(exam_id):
            raise Problem("G-3006")
        try:
            end()
        except ExamBusy:
            raise Problem("G-3006") from None
        except ExamWithoutImages:
            raise Problem("G-3005") from None
        except (ExamEnded, IllegalTransition):
            raise Problem("G-3007") from None

    def _recording(self, exam_id: str) -> bool:
        """Whether the acquisition service says that a clip of this exam is being recorded."""
        state = getattr(self._context.live, "state", None) or {}
        return bool(state.get("recording")) and state.get("exam") in (exam_id, None)

    def _archives(self, exam: Exam) -> list[dict[str, Any]]:
        """Where the images go; an archive that nothing is owed is not named."""
        rows = self._box.catalog.rows(_AT_PEERS, [exam.exam_id, discarded.NOTE])
        known = {peer.name: peer for peer in self._box.peers}
        return [
            {
                "peer": row["peer"],
                "images": row["images"],
                "stored": row["stored"],
                "committed": row["committed"],
                "commitment": bool(row["promised"]),
                "bytes": row["bytes"],
                **self._contact(known.get(row["peer"])),
            }
            for row in sorted(rows, key=lambda row: str(row["peer"]))
        ]

    def _contact(self, peer: Peer | None) -> dict[str, Any]:
        if peer is None:
            return {"last_contact": None, "away": True, "fault": ""}
        state = peer_state.get(self._box.catalog, peer.name)
        last = state.last_contact
        return {
            "last_contact": None if last is None else max(0.0, self._box.wall() - last),
            "away": bool(state.failures),
            "fault": state.last_error,
        }

    def _discarded(self, row: Row) -> dict[str, Any]:
        reach = discarded.reach(self._box.catalog, row["sop_instance_uid"])
        return {
            **image_as_plain(row),
            "archives": [
                {"peer": peer, "reach": each.value}
                for peer, each in reach.items()
                if each is not discarded.Reach.KEPT
            ],
            "not_told": discards.not_told(self._box, reach),
        }

    def _note(self, call: Call, action: str, exam_id: str, detail: str = "") -> None:
        self._context.people.note(call.session, action, "done", exam_id=exam_id, detail=detail)


def _by_series(rows: list[Row]) -> list[dict[str, Any]]:
    groups: dict[int, dict[str, Any]] = {}
    for row in rows:
        group = groups.setdefault(
            row["series_number"],
            {
                "series": row["series_number"],
                "protocol": row["protocol_name"],
                "description": row["series_description"],
                "images": [],
            },
        )
        group["images"].append(image_as_plain(row))
    return list(groups.values())
