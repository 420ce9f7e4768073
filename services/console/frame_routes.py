"""The shell of the page, and what it knows before any screen: the box, its health, its words."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from device.worklist import QueryKeys
from services import exam_view, exams_left
from services import worklist as worklists
from services.catalog import at_hand, exams
from services.catalog import worklist as cache
from services.console import locales, problems
from services.console.answers import Call, answer
from services.console.context import Context
from services.console.people import Role, needs
from services.outbox import operator, peer_state
from services.outbox.model import State


def routes(context: Context) -> list[BaseRoute]:
    frame = _Frame(context)
    return [
        Route("/", frame.page),
        Route("/health", answer(frame.health)),
        Route("/api/frame", answer(frame.facts)),
        Route("/api/locale/{language}", answer(frame.words)),
        Route("/api/status", answer(frame.status)),
        Route("/api/problems", answer(frame.problems)),
        Route("/api/overview", answer(frame.overview)),
        Route("/api/exams/{exam_id}", answer(frame.exam)),
    ]


class _Frame:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._box = context.box
        self._templates = Environment(
            loader=PackageLoader("services.console"), autoescape=select_autoescape()
        )

    async def page(self, _: Request) -> Response:
        text = self._templates.get_template("console.html").render(
            station=self._box.station, options=self._context.options
        )
        return HTMLResponse(text)

    @needs(Role.NOBODY)
    def facts(self, call: Call) -> dict[str, Any]:
        """What the page starts from; nothing in it needs a sign-in."""
        options, station = self._context.options, self._box.station
        return {
            "station": station.station_name or station.ae_title,
            "software_version": self._box.software_version,
            "languages": locales.languages(),
            "preferences": self._context.preferences.of(call.session),
            "panel_width_mm": options.panel_width_mm,
            "kiosk": call.session.kiosk,
            "person": call.session.name,
            "role": call.session.role.word,
        }

    @needs(Role.NOBODY)
    def words(self, call: Call) -> dict[str, str]:
        return locales.words(str(call.path["language"]))

    @needs(Role.NOBODY)
    def health(self, _: Call) -> dict[str, Any]:
        box = self._box
        usage = box.spool.usage()
        return {
            "station": box.station.ae_title,
            "software_version": box.software_version,
            "disk_percent": round(usage.percent, 1),
            "accepts_exams": usage.percent < box.retention.high_water_percent,
        }

    def status(self, call: Call) -> dict[str, Any]:
        """What the bar above every screen shows."""
        box = self._box
        counts = operator.owed(box.catalog)
        states = [peer_state.get(box.catalog, peer.name) for peer in box.peers]
        return {
            "now": box.clock.now().isoformat(),
            "role": call.session.role.word,
            "owed": sum(counts.values()),
            "held": counts[State.HELD],
            "peers": [{"name": each.peer, "fault": each.last_error} for each in states],
            "open": self._open(),
            "clock": self._context.clock_trust(),
            "exams_left": exams_left.exams_left(self._box),
            **self.health(call),
        }

    def _open(self) -> dict[str, Any] | None:
        """Whose exam is open, so that nobody walks away from it unnoticed."""
        held = at_hand.get(self._box.catalog)
        if held is None:
            return None
        exam = exams.load(self._box.catalog, held.exam_id)
        return {
            "exam": exam.exam_id,
            "patient_name": exam.item.patient_name,
            "patient_id": exam.item.patient_id,
        }

    def problems(self, _: Call) -> list[dict[str, Any]]:
        """Every code with what is said of it, for the help."""
        return [
            {
                "code": code,
                "text": each.what,
                "data": each.data,
                "safe": each.safe,
                "todo": each.todo,
            }
            for code, each in sorted(problems.table().items())
        ]

    def overview(self, call: Call) -> dict[str, Any]:
        box = self._box
        today = box.clock.now().date()
        entries = cache.items(box.catalog, QueryKeys(date=today))
        owed = operator.deliveries(box.catalog, limit=200)
        return {
            "worklist": [worklists.as_plain(box, entry, today) for entry in entries],
            "freshness": [worklists.age_of(box, fresh) for fresh in cache.freshness(box.catalog)],
            "exams": [exam_view.exam_as_plain(box, exam) for exam in exams.recent(box.catalog, 50)],
            "owed": [exam_view.delivery_as_plain(delivery) for delivery in owed],
            "peers": [self._peer(peer.name) for peer in box.peers],
            "health": self.health(call),
        }

    def _peer(self, name: str) -> dict[str, Any]:
        state = peer_state.get(self._box.catalog, name)
        return {
            "name": name,
            "last_contact": state.last_contact,
            "fault": state.last_error,
            "owed": sum(operator.owed(self._box.catalog, name).values()),
        }

    def exam(self, call: Call) -> dict[str, Any]:
        box = self._box
        return exam_view.exam_in_detail(box, exams.load(box.catalog, call.path["exam_id"]))
