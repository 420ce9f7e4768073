"""The worklist as the screen shows it: quick for a thousand entries, with what must be warned of.

Reading an entry as a data set costs far more than everything else, so each is read once and kept
until the RIS sends it differently.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from device.age import age_on
from device.errors import InvalidIdentity
from device.look_alike import Alike, Person, folded, look_alikes
from device.query_keys import DateRange
from device.side import side_of
from device.worklist import WorklistItem
from services.box import Box
from services.catalog.database import Catalog, Row

_log = logging.getLogger(__name__)

_ELSEWHERE = ("STARTED", "DEPARTED", "COMPLETED", "IN PROGRESS")
_ARRIVED = ("ARRIVED", "READY")
_CANCELLED = ("CANCELLED", "CANCELED", "DISCONTINUED")


class Preset(StrEnum):
    """Which part of the worklist is looked at."""

    TODAY = "today"
    ALL = "all"
    TOMORROW = "tomorrow"
    WEEK = "week"
    MINE = "mine"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Facts:
    """One entry, read; every text is empty where the entry says nothing.

    ``search`` is what a filter is looked up in, folded.
    """

    key: str
    peer: str
    patient_name: str
    patient_id: str
    issuer_of_patient_id: str
    birth_date: str
    sex: str
    accession_number: str
    requested_procedure_id: str
    procedure: str
    step: str
    side: str
    modality: str
    station_ae_titles: tuple[str, ...]
    start_date: str
    start_time: str
    status: str
    physician: str
    station_name: str
    alerts: tuple[str, ...]
    problems: tuple[str, ...]
    age: Mapping[str, int] | None
    search: str
    item: WorklistItem

    @property
    def person(self) -> Person:
        return Person(
            self.key,
            self.patient_name,
            self.patient_id,
            self.issuer_of_patient_id,
            self.birth_date,
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it stands now.

    Attributes
    ----------
    received
        Unix seconds when the RIS last sent it.
    exams
        Exams of ours that satisfy it, ``(id, state)``, oldest first.
    alike
        Entries of other patients that could be taken for it.
    """

    facts: Facts
    received: float
    exams: tuple[tuple[str, str], ...] = ()
    alike: tuple[Alike, ...] = ()

    @property
    def state(self) -> str:
        """What we did ourselves, else what the RIS says.

        One of ``in_progress``, ``completed``, ``discontinued``, ``started_elsewhere``,
        ``cancelled``, ``arrived`` and ``scheduled``.
        """
        if self.exams:
            return {
                "IN PROGRESS": "in_progress",
                "COMPLETED": "completed",
            }.get(self.exams[-1][1], "discontinued")
        status = self.facts.status.upper()
        for state, words in (
            ("started_elsewhere", _ELSEWHERE),
            ("cancelled", _CANCELLED),
            ("arrived", _ARRIVED),
        ):
            if status in words:
                return state
        return "scheduled"


class WorklistView:
    """Reads the cached worklist for the screen; threads may share it."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._lock = threading.Lock()
        self._read: dict[str, tuple[str, Facts]] = {}
        self._damaged: dict[str, str] = {}
        self._day = box.clock.now().date()
        self._alike: tuple[tuple[str, ...], dict[str, tuple[Alike, ...]]] = ((), {})

    def entries(self, days: DateRange = (None, None), *, mine: bool = False) -> list[Entry]:
        """The entries of these days by their scheduled start; such without a date are of any day.

        Look-alikes are searched among the entries that are shown: those are what a finger may
        hit. ``mine`` leaves out what is scheduled at other stations.
        """
        rows = _rows(self._box.catalog, days)
        with self._lock:
            self._begin_the_day()
            facts = self._facts(rows)
            shown = [
                (row, facts[row["key"]])
                for row in rows
                if row["key"] in facts
                if not mine or self._is_mine(facts[row["key"]])
            ]
            alike = self._look_alikes([fact for _, fact in shown])
        exams = _exams(self._box.catalog)
        return [
            Entry(
                fact,
                row["received"],
                tuple(exams.get(row["key"], ())),
                alike.get(row["key"], ()),
            )
            for row, fact in shown
        ]

    def day(self) -> list[Entry]:
        """Today's entries."""
        today = self._box.clock.now().date()
        return self.entries((today, today))

    def _begin_the_day(self) -> None:
        today = self._box.clock.now().date()
        if today != self._day:
            self._day = today
            self._read.clear()

    def _facts(self, rows: Sequence[Row]) -> dict[str, Facts]:
        stale = [
            row["key"]
            for row in rows
            if self._known(row["key"]) != row["mark"]
            and self._damaged.get(row["key"]) != row["mark"]
        ]
        marks = {row["key"]: row["mark"] for row in rows}
        for chunk in (stale[at : at + 200] for at in range(0, len(stale), 200)):
            for row in _datasets(self._box.catalog, chunk):
                self._take(row, marks[row["key"]])
        return {key: self._read[key][1] for key, mark in marks.items() if self._known(key) == mark}

    def _known(self, key: str) -> str:
        return self._read[key][0] if key in self._read else ""

    def _take(self, row: Row, mark: str) -> None:
        key = row["key"]
        try:
            item = WorklistItem.decode(row["dataset"])
        except InvalidIdentity as error:
            _log.warning("entry %s of %s: %s", key, row["peer"], error)
            self._damaged[key] = mark
            self._read.pop(key, None)
            return
        self._read[key] = (mark, facts_of(item, row["peer"], self._day))
        self._damaged.pop(key, None)
        if len(self._read) > 2 * _count(self._box.catalog) + 200:
            self._forget_what_left()

    def _forget_what_left(self) -> None:
        present = {row["key"] for row in self._box.catalog.rows("SELECT key FROM worklist_item")}
        self._read = {key: value for key, value in self._read.items() if key in present}
        self._damaged = {key: value for key, value in self._damaged.items() if key in present}

    def _look_alikes(self, facts: Sequence[Facts]) -> dict[str, tuple[Alike, ...]]:
        marks = tuple(f"{fact.key}{self._read[fact.key][0]}" for fact in facts)
        if self._alike[0] != marks:
            self._alike = (marks, look_alikes([fact.person for fact in facts]))
        return self._alike[1]

    def _is_mine(self, facts: Facts) -> bool:
        titles = facts.station_ae_titles
        return not titles or self._box.station.ae_title in titles


def days_of(
    preset: Preset, today: date, first: date | None = None, last: date | None = None
) -> DateRange:
    """The days that a preset shows; ``first`` and ``last`` are those of :attr:`Preset.CUSTOM`."""
    if preset is Preset.CUSTOM:
        return first, last
    if preset is Preset.ALL:
        return None, None
    if preset is Preset.TOMORROW:
        return today + timedelta(days=1), today + timedelta(days=1)
    if preset is Preset.WEEK:
        return today, today + timedelta(days=6)
    return today, today


def facts_of(item: WorklistItem, peer: str, today: date) -> Facts:
    """What the screen shows of an item; problems and age are those as seen from ``today``."""
    side = side_of(item)
    return Facts(
        key=item.key,
        peer=peer,
        patient_name=item.patient_name,
        patient_id=item.patient_id,
        issuer_of_patient_id=item.issuer_of_patient_id,
        birth_date=item.patient_birth_date,
        sex=item.patient_sex,
        accession_number=item.accession_number,
        requested_procedure_id=item.requested_procedure_id,
        procedure=item.requested_procedure_description,
        step=item.scheduled_procedure_step_description,
        side=side.value if side else "",
        modality=item.modality,
        station_ae_titles=tuple(filter(None, item.scheduled_station_ae_title.split("\\"))),
        start_date=item.start_date,
        start_time=item.start_time,
        status=item.scheduled_procedure_step_status,
        physician=item.referring_physicians_name,
        station_name=_text(item, "ScheduledStationName"),
        alerts=tuple(
            filter(None, (_text(item, keyword) for keyword in ("MedicalAlerts", "Allergies")))
        ),
        problems=item.problems(today),
        age=age_on(item.patient_birth_date, today),
        search=_searchable(item),
        item=item,
    )


def _searchable(item: WorklistItem) -> str:
    texts = (
        item.patient_name.replace("^", " ").replace("=", " "),
        item.patient_id,
        item.accession_number,
        item.requested_procedure_description,
        item.scheduled_procedure_step_description,
    )
    return folded(" ".join(texts))


def _rows(catalog: Catalog, days: DateRange) -> list[Row]:
    """Everything but the data sets, which a checksum at their beginning stands for."""
    first, last = days
    return catalog.rows(
        "SELECT key, peer, received,"
        " hex(substr(dataset, 1, 4)) || length(dataset) || peer AS mark FROM worklist_item"
        " WHERE start_date = '' OR (start_date >= ? AND start_date <= ?)"
        " ORDER BY start_date, start_time, key",
        [f"{first:%Y%m%d}" if first else "", f"{last:%Y%m%d}" if last else "99999999"],
    )


def _datasets(catalog: Catalog, keys: Iterable[str]) -> list[Row]:
    wanted = list(keys)
    places = ", ".join("?" * len(wanted))
    return catalog.rows(
        f"SELECT key, peer, dataset FROM worklist_item WHERE key IN ({places})",  # noqa: S608
        wanted,
    )


def _exams(catalog: Catalog) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for row in catalog.rows(
        "SELECT exam_item.key, exam.exam_id, exam.state FROM worklist_item"
        " CROSS JOIN exam_item ON exam_item.key = worklist_item.key"
        " JOIN exam ON exam.exam_id = exam_item.exam_id ORDER BY exam.number"
    ):
        found.setdefault(row["key"], []).append((row["exam_id"], row["state"]))
    return found


def _count(catalog: Catalog) -> int:
    row = catalog.row("SELECT count(*) AS count FROM worklist_item")
    return int(row["count"]) if row else 0


def _text(item: WorklistItem, keyword: str) -> str:
    value = item.dataset.get(keyword) or item.step.get(keyword)
    if value is None:
        return ""
    return str(value) if isinstance(value, str) else ", ".join(map(str, value))
