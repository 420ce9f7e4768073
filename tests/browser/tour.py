"""Every screen of the console with something on it, for whoever wants to look at all of them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from playwright.sync_api import Page

from services.hospital import Faults
from tests.browser.ward import Ward
from tests.end_to_end.cli import until

PAGE = {"X-Gantry": "1"}
REFUSED = "the server responded with a status of 4"
"""Chromium logs every refusal as an error."""

_SCREENS = Path(__file__).parents[2] / "services" / "console" / "static" / "js" / "screens"
_PIN = {"name": "Tess", "pin": "48151623"}
_MANY = 8
_NAMED = ("ruler", "range", "settings")
_FURTHER = {
    "settings/station": "settings-station",
    "settings/peers?entry=0": "settings-peer",
    "ruler/pattern": "ruler-pattern",
    "range/pattern": "range-pattern",
}


@dataclass(frozen=True, slots=True)
class Stop:
    """One screen: which of the page's routes it is, its address, and the name of its picture.

    ``ready`` is a selector that says that its content is there; ``act`` goes further from there,
    to a sheet for instance.
    """

    pattern: str
    route: str
    name: str
    ready: str = "#screen > *"
    act: Callable[[Page], None] | None = None


def patterns() -> list[str]:
    """Every route that the page knows."""
    return re.findall(r'^  "?([a-z:/]+)"?: \(\) =>', (_SCREENS / "index.js").read_text(), re.M)


def tools() -> list[str]:
    """Every technician's tool that the page knows."""
    text = (_SCREENS / "technician" / "tool.js").read_text()
    return re.findall(r'^  "?([a-z-]+)"?: \(\) =>', text, re.M)


def visit(page: Page, ward: Ward, stop: Stop) -> None:
    """Show one screen and wait until it stands still."""
    page.goto(f"{ward.url}/#/{stop.route}")
    screen = stop.pattern.split("/")[0]
    page.wait_for_selector(f'#screen[data-screen="{screen}"]', timeout=20_000)
    page.wait_for_selector(stop.ready, state="attached", timeout=20_000)
    page.wait_for_load_state("networkidle")
    if stop.act:
        stop.act(page)


def tapping(*names: str) -> Callable[[Page], None]:
    """Tap these controls, one after the other."""

    def act(page: Page) -> None:
        for name in names:
            page.locator(f'[data-test^="{name}"]').first.click(timeout=15_000)

    return act


def stops_before(scene: Scene) -> list[Stop]:
    """What is seen while no exam is open."""
    return [
        Stop("worklist", "worklist", "worklist", '[data-test^="row-"]'),
        Stop("worklist", "worklist", "worklist-search", '[data-test^="row-"]', tapping("search")),
        Stop("worklist", "worklist", "worklist-show", '[data-test^="row-"]', tapping("show")),
        Stop("worklist", "worklist", "emergency", '[data-test^="row-"]', tapping("emergency")),
        Stop("confirm/:keys", f"confirm/{scene.key('Katherine')}", "confirm"),
        Stop("unscheduled", "unscheduled", "unscheduled"),
        Stop("unscheduled", "unscheduled", "birth-date", act=tapping("un-birth")),
        Stop("exams", "exams", "exams", "a.exam-row"),
        Stop("exam/:exam", f"exam/{scene.sent}", "exam-committed", ".exam-images img"),
        Stop("exam/:exam", f"exam/{scene.held}", "exam-held", ".exam-images img"),
        Stop("finish/:exam", f"finish/{scene.sent}", "finish-ended"),
        Stop("queue", "queue", "queue", "li.line"),
        Stop("queue", "queue?held=1", "queue-cancel", "li.line", tapping("cancel-")),
        Stop("match/:exam", f"match/{scene.unscheduled}", "match-choose"),
        Stop(
            "match/:exam/:key",
            f"match/{scene.unscheduled}/{scene.key('Ferreira')}",
            "match-compare",
        ),
        Stop("reconcile", "reconcile", "reconcile"),
        Stop("print/:exam", f"print/{scene.sent}", "print"),
        Stop("films", "films", "films"),
        Stop("menu", "menu", "menu"),
        Stop("signin", "signin", "signin"),
        Stop("settings", "settings", "settings"),
        Stop("help", "help", "help"),
        Stop("help/:code", "help/G-2103", "help-code"),
        Stop("about", "about", "about"),
    ]


def stops_during(uid: str) -> list[Stop]:
    """What is seen while an exam is open."""
    live = '[data-test=preview][data-state="live"]'
    return [
        Stop("acquire", "acquire", "acquire", live),
        Stop("acquire", "acquire", "protocols", live, tapping("protocol-open")),
        Stop("acquire", "acquire", "recording", live, tapping("record")),
        Stop("acquire", "acquire", "refused", live, tapping("capture")),
        Stop("acquire", "acquire", "recorded", live, tapping("record")),
        Stop("review/:uid", f"review/{uid}", "review"),
        Stop("finish", "finish", "finish"),
        Stop("finish", "finish", "discontinue", act=tapping("finish-discontinue")),
        Stop("worklist", "worklist", "worklist-beside", '[data-test^="row-"]'),
        Stop("menu", "menu", "menu-beside"),
    ]


def stops_of_technician() -> list[Stop]:
    """What is seen by a technician who has signed in."""
    tool = "service/:tool"
    return [
        Stop("people", "people", "people"),
        Stop("service", "service", "service", ".tech-body"),
        *(
            Stop(tool, f"service/{name}", f"service-{name}", ".tech-body")
            for name in tools()
            if name not in _NAMED
        ),
        *(
            Stop(f"{tool}/:name", f"service/{name}", f"service-{picture}", ".tech-body")
            for name, picture in _FURTHER.items()
        ),
    ]


class Scene:
    """A morning at the box, played through its interface: some sent, some held, one open."""

    def __init__(self, ward: Ward) -> None:
        self.ward = ward
        self._client = httpx.Client(base_url=ward.url, headers=PAGE, timeout=30)
        self.sent = self.held = self.unscheduled = self.open = ""

    def play(self) -> None:
        """Everything up to the exam that stays open."""
        self.wait_for_worklist()
        self.sent = self._whole("Müller")
        self.ward.committed(self.sent)
        self.ward.hospital.store.set_faults(Faults(store_status=0xA900))
        self.held = self._whole("Yamada")
        until(lambda: self.ward.api(f"/api/exams/{self.held}")["standing"] == "held", 60)
        self.ward.hospital.store.set_faults(Faults(refuse_associations=True))
        self.unscheduled = self._unscheduled()

    def wait_for_worklist(self) -> None:
        until(lambda: len(self._rows()) > _MANY, 60)

    def mark_for_correction(self) -> None:
        """The images that were sent are found to be of somebody else."""
        path = f"/api/exams/{self.sent}/match"
        key = self.key("Ferreira")
        seal = self.ward.api(f"{path}/{key}")["seal"]
        self._post(path, {"key": key, "seal": seal})

    def begin(self, words: str = "Smith^Catherine") -> str:
        """Open an exam of the worklist, and leave it open."""
        key = self.key(words)
        shown = self.ward.api(f"/api/confirm/{key}")
        confirmed = {"by": "hold", "identifiers": shown["identifiers"]}
        begun = self._post(
            "/api/exams/start", {"keys": [key], "confirmed": confirmed, "token": words}
        )
        self.open = begun["exam"]["exam"]
        until(lambda: self.ready(), 60)
        return self.open

    def capture(self) -> str:
        """Take a picture of the open exam; its UID."""
        before = len(self._images())
        until(lambda: self._captured(), 60)
        until(lambda: len(self._images()) > before, 30)
        return str(self._images()[0]["uid"])

    def complete(self) -> None:
        self._post(f"/api/exams/{self.open}/complete", {})
        self.open = ""

    def doubt(self, why: str) -> None:
        """Let the box doubt whose exam is open; empty: it is sure again."""
        confirmed = "''" if why else "since"
        file = self.ward.gantry.state / "catalog.sqlite"
        with closing(sqlite3.connect(file, timeout=20)) as database:
            database.execute(f"UPDATE at_hand SET confirmed_at = {confirmed}, doubt = ?", [why])
            database.commit()

    def key(self, words: str) -> str:
        """The key of a patient's entry in the worklist."""
        (row, *_) = [row for row in self._rows() if words in row["patient_name"]]
        return quote(row["key"], safe="")

    def ready(self) -> bool:
        live = self.ward.api("/api/acquire")["live"]
        return bool(
            live and live["exam"] == self.open and (live["source"] or {}).get("state") == "live"
        )

    def _captured(self) -> bool:
        answer = self._client.post("/api/acquire/capture", json={"exam": self.open})
        return answer.status_code == 200

    def _whole(self, words: str) -> str:
        exam = self.begin(words)
        for _ in range(2):
            self.capture()
        self.complete()
        return exam

    def _unscheduled(self) -> str:
        typed = {
            "names": [{"family": "Unknown", "given": "Man"}],
            "patient_id": "TMP-1",
            "token": "unscheduled",
        }
        self.open = self._post("/api/exams/unscheduled", typed)["exam"]["exam"]
        exam = self.open
        self.capture()
        self.complete()
        return exam

    def _rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.ward.api("/api/worklist?preset=today")["rows"]
        return rows

    def _images(self) -> list[dict[str, Any]]:
        images: list[dict[str, Any]] = self.ward.api("/api/acquire")["images"]
        return images

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._client.post(path, json=body)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        said: dict[str, Any] = answer.json()
        return said


def sign_in(page: Page) -> None:
    """A technician signs in; the first one chooses the PIN."""
    page.wait_for_selector('body[data-ready="yes"]')
    page.evaluate(
        """async (who) => {
          const post = (path) => fetch(path, {method: 'POST', body: JSON.stringify(who),
            headers: {'Content-Type': 'application/json', 'X-Gantry': '1'}});
          const first = await post('/api/session/first');
          if (!first.ok) await post('/api/session/sign-in');
        }""",
        _PIN,
    )
    page.reload()
    page.wait_for_selector('body[data-ready="yes"]')
