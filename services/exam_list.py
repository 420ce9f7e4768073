"""The exams for the screen: found by name or number among years of them, a page at a time."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlite_utils import Database

from device.errors import InvalidIdentity
from device.worklist import WorklistItem
from services.box import Box
from services.catalog.database import Row
from services.outbox.model import OPEN

PAGE = 20
_AT_ONCE = 500


class Which(StrEnum):
    """Which exams are looked at."""

    ALL = "all"
    OPEN = "open"
    OWED = "owed"
    HELD = "held"
    RECONCILE = "reconcile"


_OPEN_EXAMS = f"SELECT exam_id FROM delivery INDEXED BY delivery_open WHERE {OPEN}"  # noqa: S608 -- constants only
# named, since SQLite would rather scan the deliveries of all years

_WHERE = {
    Which.ALL: "TRUE",
    Which.OPEN: "e.state = 'IN PROGRESS'",
    Which.OWED: f"e.exam_id IN ({_OPEN_EXAMS})",
    Which.HELD: f"e.exam_id IN ({_OPEN_EXAMS} AND state = 'held')",
    Which.RECONCILE: "e.exam_id IN (SELECT exam_id FROM reconciliation"
    " WHERE state IN ('asked', 'confirmed'))",
}

_PAGE = """
    SELECT e.exam_id, e.state, e.started, e.ended, e.modality, e.study_instance_uid,
        f.patient_name, f.patient_id, f.birth_date, f.sex, f.accession_number, f.description,
        f.scheduled,
        (SELECT state FROM reconciliation r WHERE r.exam_id = e.exam_id
            AND r.state IN ('asked', 'confirmed')) AS reconciliation
    FROM exam_face f JOIN exam e USING (number)
    WHERE {where} AND (:words = '' OR f.searched LIKE :words ESCAPE '!')
    ORDER BY number DESC LIMIT :limit OFFSET :offset
"""
_COUNT = """
    SELECT count(*) AS n FROM exam_face f JOIN exam e USING (number)
    WHERE {where} AND (:words = '' OR f.searched LIKE :words ESCAPE '!')
"""
_IMAGES = """
    SELECT exam_id, count(*) AS taken, count(discarded) AS discarded FROM instance
    WHERE exam_id IN (SELECT value FROM json_each(?)) AND object != 'rejection note'
    GROUP BY exam_id
"""
_ARCHIVED = """
    SELECT i.exam_id, a.peer, count(*) AS images, count(a.stored) AS stored,
        count(a.committed) AS committed, sum(a.owes_commitment) AS promised
    FROM instance i JOIN archived a USING (sop_instance_uid)
    WHERE i.exam_id IN (SELECT value FROM json_each(?)) AND i.discarded IS NULL
        AND i.object != 'rejection note'
    GROUP BY i.exam_id, a.peer
"""
_OPEN_DELIVERIES = f"""
    SELECT exam_id, peer, state, count(*) AS n, CASE kind WHEN 'store' THEN 'image'
        WHEN 'commit' THEN 'promise' WHEN 'check' THEN 'promise' ELSE 'report' END AS thing
    FROM delivery WHERE exam_id IN (SELECT value FROM json_each(?)) AND {OPEN}
        AND kind IN ('mpps-create', 'mpps-set', 'store', 'commit', 'check')
    GROUP BY exam_id, peer, thing, state
"""  # noqa: S608 -- constants only


@dataclass(slots=True)
class Destination:
    """Where the images of one exam stand at one peer, in numbers of images.

    ``failed`` is whatever waits for a person, ``reports`` the messages that are on their way to a
    RIS, and ``asking`` the promises that are to be asked for or waited for. ``images`` is 0 for a
    peer that gets reports alone.
    """

    peer: str
    images: int = 0
    stored: int = 0
    committed: int = 0
    promised: int = 0
    queued: int = 0
    sending: int = 0
    failed: int = 0
    reports: int = 0
    asking: int = 0

    @property
    def state(self) -> str:
        """``held``, ``sending``, ``waiting``, ``committed``, ``sent`` or ``kept``."""
        if self.failed:
            return "held"
        if self.sending:
            return "sending"
        if self.queued or self.reports:
            return "waiting"
        if self.promised and self.committed >= self.promised:
            return "committed"
        return "sent" if self.stored >= self.images else "kept"

    def as_plain(self) -> dict[str, Any]:
        """For JSON."""
        return {name: getattr(self, name) for name in (*self.__slots__, "state")}


@dataclass(frozen=True, slots=True)
class Page:
    """Some exams, newest first, of the ``total`` that fit."""

    exams: list[dict[str, Any]] = field(default_factory=list)
    total: int = 0


def page(
    box: Box,
    words: str = "",
    which: Which = Which.ALL,
    number: int = 0,
    size: int = PAGE,
) -> Page:
    """The exams whose name, ID, accession number or number holds ``words``.

    Letters are compared without case, accents and the signs between the parts of a name.
    """
    learn(box)
    asked = {"words": _pattern(words), "limit": size, "offset": number * size}
    where = _WHERE[which]
    rows = box.catalog.rows(_PAGE.format(where=where), asked)
    total = (box.catalog.row(_COUNT.format(where=where), asked) or {"n": 0})["n"]
    ids = [row["exam_id"] for row in rows]
    images, bound = _images(box, ids), destinations(box, ids)
    return Page(
        [
            {
                **_renamed(row),
                **images.get(row["exam_id"], {"taken": 0, "discarded": 0}),
                "destinations": [each.as_plain() for each in bound.get(row["exam_id"], [])],
                "standing": standing(bound.get(row["exam_id"], [])),
            }
            for row in rows
        ],
        total,
    )


def destinations(box: Box, exam_ids: Sequence[str]) -> dict[str, list[Destination]]:
    """By exam, where its images and reports go, in the order of the configuration."""
    ids = json.dumps(list(exam_ids))
    found: dict[tuple[str, str], Destination] = {}

    def at(row: Row) -> Destination:
        return found.setdefault((row["exam_id"], row["peer"]), Destination(row["peer"]))

    for row in box.catalog.rows(_ARCHIVED, [ids]):
        each = at(row)
        each.images, each.stored = row["images"], row["stored"]
        each.committed, each.promised = row["committed"], row["promised"]
    for row in box.catalog.rows(_OPEN_DELIVERIES, [ids]):
        _count(at(row), row)
    order = {peer.name: place for place, peer in enumerate(box.peers)}
    result: dict[str, list[Destination]] = {}
    for (exam_id, peer), each in sorted(
        found.items(), key=lambda one: (order.get(one[0][1], len(order)), one[0][1])
    ):
        assert each.peer == peer
        result.setdefault(exam_id, []).append(each)
    return result


_GRAVEST = ("held", "sending", "waiting", "kept", "sent", "committed")


def standing(bound: Sequence[Destination]) -> str:
    """One word for all destinations: the one that has got the least."""
    states = {each.state for each in bound}
    return next((state for state in _GRAVEST if state in states), "kept")


def _count(destination: Destination, row: Row) -> None:
    if row["state"] == "held":
        destination.failed += row["n"]
    elif row["thing"] == "promise":
        destination.asking += row["n"]
    elif row["state"] == "sending":
        destination.sending += row["n"]
    elif row["thing"] == "report":
        destination.reports += row["n"]
    else:
        destination.queued += row["n"]


def _images(box: Box, exam_ids: Sequence[str]) -> dict[str, Row]:
    rows = box.catalog.rows(_IMAGES, [json.dumps(list(exam_ids))])
    return {row.pop("exam_id"): row for row in rows}


def _renamed(row: Row) -> dict[str, Any]:
    plain = {**row, "exam": row["exam_id"], "scheduled": bool(row["scheduled"])}
    del plain["exam_id"]
    return plain


def learn(box: Box) -> int:
    """Note the faces of exams that were begun since; how many those were.

    They are worklist data sets, too dear to be read for each search. Learning them here, and not
    where exams are begun, also covers what an older version of the box has begun.
    """
    learnt = 0
    while True:
        rows = box.catalog.rows(
            "SELECT e.number, e.exam_id, i.dataset FROM exam e JOIN exam_item i"
            " ON i.exam_id = e.exam_id AND i.position = 0"
            " WHERE e.number > (SELECT coalesce(max(number), 0) FROM exam_face)"
            " ORDER BY e.number LIMIT ?",
            [_AT_ONCE],
        )
        if not rows:
            return learnt
        with box.catalog.writing() as db:
            for row in rows:
                note(db, row["number"], row["exam_id"], row["dataset"])
        learnt += len(rows)


def note(db: Database, number: int, exam_id: str, dataset: bytes) -> None:
    """Note the face of one exam, in place of what was noted of it."""
    try:
        item = WorklistItem.decode(dataset)
    except InvalidIdentity:
        # damaged on the card: it is listed by its number, and its own page says what is wrong
        item = None
    facts = (
        (
            item.patient_name,
            item.patient_id,
            item.patient_birth_date,
            item.patient_sex,
            item.accession_number,
            item.requested_procedure_description or item.scheduled_procedure_step_description,
            int(item.scheduled),
        )
        if item
        else ("", "", "", "", "", "", 1)
    )
    searched = " ".join(folded(str(text)) for text in (exam_id, *facts[:2], facts[4]))
    db.conn.execute(
        "INSERT OR REPLACE INTO exam_face (number, exam_id, patient_name, patient_id, birth_date,"
        " sex, accession_number, description, scheduled, searched)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [number, exam_id, *facts, searched],
    )


def folded(text: str) -> str:
    """For comparing: without case, accents and the signs between the parts of a name."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(each for each in plain if not unicodedata.combining(each))
    return " ".join(letters.replace("^", " ").replace("=", " ").replace(",", " ").split())


def _pattern(words: str) -> str:
    wanted = folded(words)
    if not wanted:
        return ""
    escaped = "".join(f"!{each}" if each in "!%_" else each for each in wanted)
    return "%" + escaped.replace(" ", "%") + "%"
