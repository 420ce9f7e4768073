"""Taking pictures by touch: what is asked goes to the acquisition service at once or not at all."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.routing import BaseRoute, Route

from device.exam import Exam, ExamState
from device.protocol import ObjectKind, Protocol
from services.box import Box
from services.catalog import at_hand, exams, received_sheets
from services.catalog.database import Row
from services.catalog.discarded import NOTE
from services.console.answers import Call, answer
from services.console.context import Context
from services.console.people import Role, needs
from services.console.problems import Problem
from services.errors import NotFound
from services.exams_left import exams_left
from services.live.client import LiveAway, Unsure
from services.live.words import Words
from services.patient_facts import exam_facts
from services.refusals import (
    NO_EXAM,
    NO_SUCH_PROTOCOL,
    OTHER_EXAM,
    RECORDING,
    SERVICE_AWAY,
    UNSURE,
)

MOST_IMAGES = 60
"""Images that the screen is told of, the newest ones; the review has them all."""

_MOST_SCANNED = 4096
_NEWEST = """
    SELECT i.sop_instance_uid, i.instance_number, i.frames, i.dropped, i.discarded, i.acquired,
        s.series_number, (i.frames > 1 OR i.object IN ('video', 'SC multi-frame')) AS clip
    FROM instance i JOIN series s USING (series_instance_uid)
    WHERE i.exam_id = ? AND i.object != ? ORDER BY i.rowid DESC LIMIT ?
"""
_COUNTS = """
    SELECT count(*) AS images,
        coalesce(sum(frames > 1 OR object IN ('video', 'SC multi-frame')), 0) AS clips
    FROM instance WHERE exam_id = ? AND object != ? AND discarded IS NULL
"""


def routes(context: Context) -> list[BaseRoute]:
    area = _Acquire(context)
    return [
        Route("/api/acquire", answer(area.overview)),
        Route("/api/acquire/capture", answer(area.capture), methods=["POST"]),
        Route("/api/acquire/record_start", answer(area.record_start), methods=["POST"]),
        Route("/api/acquire/record_stop", answer(area.record_stop), methods=["POST"]),
        Route("/api/acquire/scan", answer(area.scan), methods=["POST"]),
        Route("/api/acquire/protocol", answer(area.protocol), methods=["POST"]),
    ]


class _Acquire:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._box = context.box

    @needs(Role.OPERATOR)
    async def overview(self, _: Call) -> dict[str, Any]:
        """Everything that the screen begins with; ``live`` is None while nobody takes pictures."""
        live = await self._state()
        found = await asyncio.to_thread(overview, self._box)
        return {**found, "live": live}

    @needs(Role.OPERATOR)
    async def capture(self, call: Call) -> Words:
        return await self._ask("capture", exam=call.text("exam", 16))

    @needs(Role.OPERATOR)
    async def record_start(self, call: Call) -> Words:
        return await self._ask("record_start", exam=call.text("exam", 16))

    @needs(Role.OPERATOR)
    async def record_stop(self, _: Call) -> Words:
        return await self._ask("record_stop")

    @needs(Role.OPERATOR)
    async def scan(self, call: Call) -> Words:
        """Compare a code with the open exam; a verdict is an answer, also when it is a stop."""
        said = await self._request("scan", text=call.text("text", _MOST_SCANNED))
        if not said["ok"] and not said.get("verdict"):
            raise Problem(said["code"], said["params"])
        return {key: said[key] for key in ("ok", "exam", "verdict", "code")}

    @needs(Role.OPERATOR)
    async def protocol(self, call: Call) -> dict[str, Any]:
        """Take the next pictures by another protocol; never while a clip is recorded."""
        name = call.text("protocol")
        if name not in {each.name for each in self._box.protocols}:
            raise Problem(NO_SUCH_PROTOCOL, {"protocol": name})
        live = await self._state()
        if live is not None and live["recording"]:
            raise Problem(RECORDING)
        await asyncio.to_thread(self._choose, name, call.text("exam", 16))
        return {"protocol": name}

    def _choose(self, name: str, meant: str) -> None:
        hand = at_hand.get(self._box.catalog)
        if hand and meant and hand.exam_id != meant:
            # a page that has not heard yet that another patient was opened elsewhere
            raise Problem(OTHER_EXAM)
        try:
            with self._box.catalog.writing() as db:
                at_hand.choose_protocol(db, hand.exam_id if hand else "", name)
        except NotFound:
            raise Problem(NO_EXAM) from None

    async def _ask(self, do: str, **more: str) -> Words:
        said = await self._request(do, **more)
        if not said["ok"]:
            raise Problem(said["code"], said["params"])
        return said

    async def _request(self, do: str, **more: str) -> Words:
        if self._context.live is None:
            raise Problem(SERVICE_AWAY)
        try:
            return await self._context.live.request(do, **more)
        except Unsure:
            raise Problem(UNSURE) from None
        except LiveAway:
            raise Problem(SERVICE_AWAY) from None

    async def _state(self) -> Words | None:
        try:
            return await self._request("state")
        except Problem:
            return None


def overview(box: Box) -> dict[str, Any]:
    """What the catalog knows of the exam at hand and of what can be taken."""
    hand = at_hand.get(box.catalog)
    exam = _exam(box, hand.exam_id if hand else "")
    exam_id = exam.exam_id if exam else ""
    newest = box.catalog.rows(_NEWEST, [exam_id, NOTE, MOST_IMAGES])
    counts = box.catalog.row(_COUNTS, [exam_id, NOTE]) or {}
    return {
        "exam": exam_facts(box, exam) if exam else None,
        "protocol": hand.protocol if hand else "",
        "ask": hand.doubt or "resumed" if hand and hand.confirmed_at is None else "",
        "protocols": [_protocol(protocol) for protocol in box.protocols],
        "images": [_image(row) for row in reversed(newest)],
        "stills": counts["images"] - counts["clips"],
        "clips": counts["clips"],
        "exams_left": exams_left(box),
        "film_pictures": received_sheets.pictures_waiting(box.catalog),
    }


def _exam(box: Box, exam_id: str) -> Exam | None:
    if exam_id:
        return exams.load(box.catalog, exam_id)
    rows = box.catalog.rows(
        "SELECT exam_id FROM exam WHERE state = ? LIMIT 2", [ExamState.IN_PROGRESS]
    )
    return exams.load(box.catalog, rows[0]["exam_id"]) if len(rows) == 1 else None


def _protocol(protocol: Protocol) -> dict[str, Any]:
    return {
        "name": protocol.name,
        "source": protocol.source,
        "object": protocol.object.value,
        "modality": protocol.modality,
        "body_part": protocol.body_part,
        "side": protocol.laterality,
        "description": protocol.series_description,
        "clips": protocol.object is ObjectKind.SC,
    }


def _image(row: Row) -> dict[str, Any]:
    return {
        "uid": row["sop_instance_uid"],
        "series": row["series_number"],
        "number": row["instance_number"],
        "clip": bool(row["clip"]),
        "frames": row["frames"],
        "dropped": row["dropped"],
        "discarded": bool(row["discarded"]),
        "acquired": row["acquired"],
    }
