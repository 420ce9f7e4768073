"""Whose exam it is: scans, confirming, opening, and asking again whether it still is them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlite_utils import Database
from starlette.routing import BaseRoute, Route

from device.errors import InvalidIdentity
from device.worklist import WorklistItem
from services import confirming, opening, scan_matching, still_here
from services.catalog import at_hand, audit, exams
from services.confirming import By, Confirmation, Differs, TooFew
from services.console.answers import Call, answer
from services.console.context import Context, Push
from services.console.identity_words import (
    as_person_name,
    identifier,
    list_of_texts,
    typed_name,
    worklist_keys,
)
from services.console.once import Once
from services.console.people import Role, needs
from services.console.problems import Problem
from services.console.worklist_routes import row_of
from services.errors import NotFound, StorageFull
from services.opening import AnotherOpen, Note, Typed
from services.patient_facts import exam_facts, items_facts
from services.scan_matching import Meant
from services.scanned_identity import NEEDED, Scanned
from services.still_here import Patience
from services.worklist_view import Entry

_log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
"""How often it is looked whether somebody must be asked again."""

_EXPLAINED = {
    Meant.NONE: "G-1102",
    Meant.SEVERAL: "G-1103",
    Meant.CONTRADICTION: "G-1104",
    Meant.OTHER_DAY: "G-1105",
    Meant.ELSEWHERE: "G-1106",
    Meant.OVER: "G-1107",
    Meant.NO_IDENTIFIER: "G-1108",
}
_FOR_THE_EYE = frozenset(
    (
        *("same_id", "started_elsewhere", "cancelled", "completed", "discontinued"),
        *("in_progress", "other_day", "other_modality", "old"),
    )
)
"""Warnings that a scan does not settle: that it is the right patient is not all."""


def routes(context: Context) -> list[BaseRoute]:
    area = _Identity(context)
    return [
        Route("/api/scan", answer(area.scan), methods=["POST"]),
        Route("/api/confirm/{keys}", answer(area.to_confirm)),
        Route("/api/worklist/not-this-patient", answer(area.reject), methods=["POST"]),
        Route("/api/exams/start", answer(area.start), methods=["POST"]),
        Route("/api/exams/unscheduled", answer(area.unscheduled), methods=["POST"]),
        Route("/api/exams/emergency", answer(area.emergency), methods=["POST"]),
        Route("/api/at-hand", answer(area.in_hand)),
        Route("/api/at-hand/confirm", answer(area.confirm), methods=["POST"]),
    ]


class _Identity:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._box = context.box
        self._once = Once()

    @needs(Role.OPERATOR)
    def scan(self, call: Call) -> dict[str, Any]:
        """What a code means for the worklist: ``rows`` are the entries, ``problem`` is why not."""
        self._refuse_beside_another()
        scanned = self._read(call.text("text"))
        today = self._box.clock.now().date()
        found = scan_matching.match(scanned, self._context.worklist.entries(), today)
        if found.meant in (Meant.NONE, Meant.NO_IDENTIFIER):
            raise Problem(_EXPLAINED[found.meant])
        rows = [row_of(self._box, entry) for entry in found.entries]
        problem = None
        if found.meant is not Meant.ONE:
            days = ", ".join(sorted({row["date"] for row in rows if row["date"]}))
            problem = Problem(_EXPLAINED[found.meant], {"date": days}).as_plain()["error"]
        return {
            "meant": found.meant.value,
            "rows": rows,
            "agreed": list(found.agreed),
            "one_patient": found.one_patient,
            "problem": problem,
            "sure": found.meant is Meant.ONE
            and len(found.agreed) >= NEEDED
            and not _for_the_eye(rows),
        }

    @needs(Role.OPERATOR)
    def to_confirm(self, call: Call) -> dict[str, Any]:
        """One entry, or several of one patient, as the screen shows it to be compared."""
        entries = self._entries(str(call.path["keys"]).split(","))
        items = [entry.facts.item for entry in entries]
        with _explained():
            opening.refuse_mixed(items)
        rows = [row_of(self._box, entry) for entry in entries]
        alike = {warning["key"] for row in rows for warning in row["warnings"] if "key" in warning}
        facts = items_facts(items, self._box.clock.now().date())
        open_now = opening.open_exams(self._box.catalog)
        return {
            **facts,
            "rows": rows,
            "alike": [
                row_of(self._box, entry)
                for entry in self._context.worklist.entries()
                if entry.facts.key in alike
            ],
            "enough": len({each["name"] for each in facts["identifiers"]}) >= NEEDED,
            "open_exam": open_now[0].exam_id if open_now else "",
            "for_the_eye": _for_the_eye(rows),
        }

    @needs(Role.OPERATOR)
    def reject(self, call: Call) -> dict[str, Any]:
        """Somebody found that an entry is not of the patient before them: a near miss, noted."""
        keys = worklist_keys(call)
        with self._box.catalog.writing() as db:
            self._note(call, "not-this-patient", f"{len(keys)} entries")(db, "")
        return {"noted": True}

    @needs(Role.OPERATOR)
    def start(self, call: Call) -> dict[str, Any]:
        return self._begin(call, self._scheduled)

    @needs(Role.OPERATOR)
    def unscheduled(self, call: Call) -> dict[str, Any]:
        return self._begin(call, self._typed)

    @needs(Role.OPERATOR)
    def emergency(self, call: Call) -> dict[str, Any]:
        return self._begin(call, self._nobody_asked)

    def _begin(self, call: Call, items: Any) -> dict[str, Any]:
        """Open the exam of what ``items`` makes of the call, once for each token."""
        protocol = call.text("protocol")
        if protocol and protocol not in {each.name for each in self._box.protocols}:
            raise Problem("G-1210", {"name": protocol})

        def step() -> dict[str, Any]:
            with _explained():
                self._refuse_beside_another()
                chosen, action, detail = items(call)
                exam = opening.begin(
                    self._box,
                    chosen,
                    self._note(call, action, detail),
                    protocol=protocol,
                    operators_name=as_person_name(call.session.name),
                )
            return {"exam": exam_facts(self._box, exam)}

        found = self._once.do(call.text("token", 64), step)
        assert isinstance(found, dict)
        return found

    def _scheduled(self, call: Call) -> tuple[Sequence[WorklistItem], str, str]:
        entries = self._entries(worklist_keys(call))
        items = [entry.facts.item for entry in entries]
        opening.refuse_mixed(items)
        if len(confirming.known(items)) < NEEDED:
            raise Problem("G-1207")
        confirmation = self._confirmation(call)
        # first whether the codes are of this patient at all: "read the warnings" says that they are
        agreed = confirming.confirm(items, confirmation)
        if confirmation.by is By.SCAN and _for_the_eye(
            [row_of(self._box, entry) for entry in entries]
        ):
            raise Problem("G-1211")
        return items, "exam-started", f"{confirmation.by}: {', '.join(agreed)}"

    def _typed(self, call: Call) -> tuple[Sequence[WorklistItem], str, str]:
        typed = Typed(
            patient_name=typed_name(call),
            patient_id=call.text("patient_id", 64),
            birth_date=call.text("birth_date", 10).replace("-", ""),
            sex=call.text("sex", 1),
            procedure=call.text("procedure", 64),
        )
        return [opening.unscheduled(self._box, typed)], "exam-started-unscheduled", ""

    def _nobody_asked(self, _: Call) -> tuple[Sequence[WorklistItem], str, str]:
        item = opening.emergency(self._box, self._context.options.emergency_prefix)
        return [item], "exam-started-emergency", ""

    @needs(Role.OPERATOR)
    def in_hand(self, _: Call) -> dict[str, Any]:
        """What is at hand, why somebody is to be asked, and whatever else was left open."""
        held = at_hand.get(self._box.catalog)
        opened = opening.open_exams(self._box.catalog)
        current = next((exam for exam in opened if held and exam.exam_id == held.exam_id), None)
        return {
            "exam": exam_facts(self._box, current) if current else None,
            "protocol": held.protocol if held else "",
            "since": held.since.isoformat() if held else "",
            "ask": held.doubt or "resumed" if held and held.confirmed_at is None else "",
            "open": [exam_facts(self._box, exam) for exam in opened],
        }

    @needs(Role.OPERATOR)
    def confirm(self, call: Call) -> dict[str, Any]:
        """A person has looked: this is the patient of this exam."""
        exam_id = call.text("exam", 16)
        confirmation = self._confirmation(call)
        with _explained("G-1208"):
            items = exams.load(self._box.catalog, exam_id).items
            needed = min(NEEDED, len(confirming.known(items)))
            agreed = confirming.confirm(items, confirmation, needed)
            note = self._note(call, "patient-confirmed", f"{confirmation.by}: {', '.join(agreed)}")
            exam = opening.take_to_hand(self._box, exam_id, note)
        return {"exam": exam_facts(self._box, exam)}

    def _confirmation(self, call: Call) -> Confirmation:
        said = call.body.get("confirmed")
        if not isinstance(said, dict) or said.get("by") not in tuple(By):
            raise Problem("G-9003", {"words": "confirmed must say by scan or by hold"})
        by = By(said["by"])
        if by is By.SCAN:
            texts = list_of_texts(said.get("scans"))
            return Confirmation(by, (), tuple(self._read(text) for text in texts))
        identifiers = said.get("identifiers")
        if not isinstance(identifiers, list):
            raise Problem("G-9003", {"words": "identifiers must be a list"})
        return Confirmation(by, tuple(identifier(each) for each in identifiers))

    def _read(self, text: str) -> Scanned:
        if self._context.read_scan is None:
            raise Problem("G-1109")
        try:
            scanned: Scanned = self._context.read_scan(text)
        except ValueError as error:
            raise Problem("G-1101", {"words": str(error)}) from None
        return scanned

    def _entries(self, keys: Sequence[str]) -> list[Entry]:
        known = {entry.facts.key: entry for entry in self._context.worklist.entries()}
        missing = [key for key in keys if key not in known]
        if missing or not keys:
            raise Problem("G-1204")
        return [known[key] for key in dict.fromkeys(keys)]

    def _refuse_beside_another(self) -> None:
        opened = opening.open_exams(self._box.catalog)
        if opened:
            raise Problem("G-1201", {"exam": opened[0].exam_id})

    def _note(self, call: Call, action: str, detail: str) -> Note:
        """What the audit keeps: who did what to which exam, and never whose it is."""
        session, at = call.session, self._box.clock.now()

        def note(db: Database, exam_id: str) -> None:
            audit.note(db, at, session.name, session.role.word, action, "done", exam_id, detail)

        return note


async def attend(context: Context) -> None:
    """Look again and again whether somebody must be asked, and keep the worklist read."""
    patience = Patience(context.options.ask_again_hours, context.options.ask_after_idle_minutes)
    recording = False

    def take(push: Push) -> None:
        nonlocal recording
        if push.get("push") == "state":
            recording = bool(push.get("recording"))

    silence = context.live.listen(take) if context.live else None
    seen = -1
    try:
        while True:
            try:
                seen = await asyncio.to_thread(
                    _look, context, patience, recording=recording, seen=seen
                )
            except Exception:  # noqa: BLE001 -- logged; the next look may succeed
                _log.exception("it could not be looked whether the patient must be confirmed")
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        if silence:
            silence()


def _look(context: Context, patience: Patience, *, recording: bool, seen: int) -> int:
    still_here.look(context.box, patience, recording=recording)
    version = context.box.catalog.version()
    if version != seen:
        context.worklist.day()
    return version


@contextlib.contextmanager
def _explained(not_there: str = "G-1204") -> Iterator[None]:
    """Give the refusals of the services their codes."""
    try:
        yield
    except AnotherOpen as error:
        raise Problem("G-1201", {"exam": error.exam_id}) from None
    except Differs as error:
        raise Problem("G-1203", {"names": ", ".join(error.names)}) from None
    except TooFew as error:
        known, agreed = ", ".join(error.known), ", ".join(error.agreed)
        raise Problem("G-1202", {"known": known, "agreed": agreed}) from None
    except opening.SeveralPatients:
        raise Problem("G-1205") from None
    except StorageFull as error:
        raise Problem("G-1206", {"words": str(error)}) from None
    except InvalidIdentity as error:
        raise Problem("G-1209", {"words": str(error)}) from None
    except (NotFound, opening.Ended):
        raise Problem(not_there) from None


def _for_the_eye(rows: Sequence[Mapping[str, Any]]) -> bool:
    return any(warning["kind"] in _FOR_THE_EYE for row in rows for warning in row["warnings"])
