"""``/api/worklist``: the list, its age, and asking the RIS again."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import date, datetime
from typing import Any

from starlette.routing import BaseRoute, Route

from device.look_alike import folded
from device.query_keys import DateRange
from device.worklist import QueryKeys
from services import worklist as worklists
from services.box import Box
from services.catalog import worklist as cache
from services.console.answers import Call, answer
from services.console.context import Context
from services.console.people import Role, needs
from services.console.problems import Problem
from services.dicom.peers import Service
from services.worklist_view import Entry, Preset, days_of
from services.worklist_warnings import problems_of

MOST_ENTRIES = 1000
"""Entries that one refresh takes from a RIS; presets and filter make a long list short."""

PATIENCE_SECONDS = 15.0
"""How long a refresh is waited for; it goes on by itself, and the page hears of what it brings."""


def routes(context: Context) -> list[BaseRoute]:
    area = _Worklist(context)
    return [
        Route("/api/worklist", answer(area.show)),
        Route("/api/worklist/refresh", answer(area.refresh), methods=["POST"]),
    ]


class _Worklist:
    def __init__(self, context: Context) -> None:
        self._box = context.box
        self._view = context.worklist
        self._asking: dict[DateRange, asyncio.Task[list[worklists.Refreshed]]] = {}

    @needs(Role.OPERATOR)
    def show(self, call: Call) -> dict[str, Any]:
        preset, days = _chosen(self._box, call.query)
        entries = self._view.entries(days, mine=preset is Preset.MINE)
        wanted = folded(call.query.get("filter", "")).split()
        rows = [row_of(self._box, entry) for entry in entries]
        if wanted:
            rows = [row for row in rows if all(word in row["search"] for word in wanted)]
        now = self._box.clock.now()
        digest = _digest(rows)
        if digest == call.query.get("known"):
            return {"same": True, "sources": sources(self._box)}
        return {
            "same": False,
            "digest": digest,
            "preset": preset.value,
            "from": days[0].isoformat() if days[0] else "",
            "to": days[1].isoformat() if days[1] else "",
            "today": now.date().isoformat(),
            "now": now.isoformat(),
            "rows": rows,
            "sources": sources(self._box),
        }

    @needs(Role.OPERATOR)
    async def refresh(self, call: Call) -> dict[str, Any]:
        if not self._box.offering(Service.WORKLIST):
            raise Problem("G-1001")
        _, days = _chosen(self._box, call.body)
        asking = self._ask(days)
        done, _ = await asyncio.wait({asking}, timeout=PATIENCE_SECONDS)
        if not done:
            return {"pending": True, "peers": []}
        outcomes = asking.result()
        if all(outcome.error for outcome in outcomes):
            raise Problem("G-1002", {"words": " ".join(outcome.error for outcome in outcomes)})
        return {
            "pending": False,
            "peers": [
                {
                    "peer": outcome.peer,
                    "items": outcome.items,
                    "error": outcome.error,
                    "notes": list(outcome.notes),
                }
                for outcome in outcomes
            ],
        }

    def _ask(self, days: DateRange) -> asyncio.Task[list[worklists.Refreshed]]:
        """One question for the same days at a time, however often the button is pressed."""
        running = self._asking.get(days)
        if running is not None and not running.done():
            return running
        keys = QueryKeys(date=None if days == (None, None) else days)
        task = asyncio.create_task(
            asyncio.to_thread(worklists.refresh, self._box, keys, MOST_ENTRIES)
        )
        self._asking = {day: each for day, each in self._asking.items() if not each.done()}
        self._asking[days] = task
        return task


def row_of(box: Box, entry: Entry) -> dict[str, Any]:
    """One entry for the page; ``search`` is what a filter is looked up in."""
    facts = entry.facts
    today = box.clock.now().date()
    return {
        "key": facts.key,
        "peer": facts.peer,
        "patient_name": facts.patient_name,
        "patient_id": facts.patient_id,
        "issuer_of_patient_id": facts.issuer_of_patient_id,
        "birth_date": facts.birth_date,
        "age": facts.age,
        "sex": facts.sex,
        "accession_number": facts.accession_number,
        "procedure": facts.procedure or facts.step,
        "step": facts.step,
        "side": facts.side,
        "modality": facts.modality,
        "date": facts.start_date,
        "time": facts.start_time[:4],
        "state": entry.state,
        "physician": facts.physician,
        "alerts": list(facts.alerts),
        "exam": entry.exams[-1][0] if entry.exams else "",
        "warnings": problems_of(box, entry, today),
        "search": facts.search,
    }


def sources(box: Box) -> list[dict[str, Any]]:
    """How old the list of every RIS is, and whether it answered last time.

    ``age`` is in seconds, None where no whole list ever came.
    """
    known = {fresh.peer: fresh for fresh in cache.freshness(box.catalog)}
    return [
        _source(box, peer.name, known.get(peer.name)) for peer in box.offering(Service.WORKLIST)
    ]


def _digest(rows: list[dict[str, Any]]) -> str:
    """Tells a list from another one, so that a page that has it is not sent it again."""
    return hashlib.sha256(repr(rows).encode("utf-8", "replace")).hexdigest()[:16]


def _source(box: Box, name: str, fresh: cache.Freshness | None) -> dict[str, Any]:
    succeeded = fresh.succeeded if fresh else None
    return {
        "peer": name,
        "age": None if succeeded is None else max(0, int(box.wall() - succeeded)),
        "online": fresh is not None and not fresh.error,
        "asked": fresh is not None,
        "error": fresh.error if fresh else "",
        "truncated": fresh.truncated if fresh else False,
        "items": fresh.items if fresh else 0,
    }


def _chosen(box: Box, said: Any) -> tuple[Preset, DateRange]:
    try:
        preset = Preset(str(said.get("preset", Preset.TODAY)))
        first, last = (_day(str(said.get(key, ""))) for key in ("from", "to"))
    except ValueError:
        raise Problem("G-9003", {"words": "preset, from or to is not understood"}) from None
    if first and last and first > last:
        raise Problem("G-9003", {"words": "the days end before they begin"})
    return preset, days_of(preset, box.clock.now().date(), first, last)


def _day(text: str) -> date | None:
    return datetime.fromisoformat(text).date() if text else None
